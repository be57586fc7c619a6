"""Vouchers that a sale brings, as this store knows it: printed at once under codes of its own where the programme lets it, else promised.

A code follows from a secret that never leaves this machine, and from the document: the same sale has the same code however often it is
told, a copy of this store's data that sells something else makes other ones, and nobody can work one out. It travels with the document. The
cloud gives the voucher, under this code, when its own rules do; until it knows the sale, the code is nothing that anybody could use.
"""

from __future__ import annotations

import secrets
import sqlite3
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from v5_agent.effects import Effects
from v5_agent.i18n import text
from v5_agent.local import Local
from v5_agent.outbox import Outbox
from v5_agent.taken import Use, use
from v5_core import receipts
from v5_core.codes import derive_code, spell
from v5_core.hooks import CommitResponse, Message, ReceiptLine, VoucherView
from v5_core.model import Printed, SalesDocument
from v5_core.programme import Programme, VoucherRule
from v5_core.push import ReplicaCustomer
from v5_core.stored import Draft, Measured, basis, draft
from v5_core.words import Words

__all__ = ["Due", "Making"]

_AT_SALES: Final = frozenset({"till", "anonymous", "next_purchase"})
_KEPT_AS: Final = "voucher_secret"


@dataclass(frozen=True, slots=True)
class Due:
    """One voucher that a sale brings.

    Attributes:
        certain: The store can tell that nobody else took the last one.
        counts: What it adds to limits.
    """

    programme: Programme
    rule: VoucherRule
    draft: Draft
    certain: bool
    counts: tuple[Use, ...] = ()

    @property
    def ref(self) -> str:
        """As documents name the rule."""
        return f"{self.programme.id}/{self.rule.id}"


class Making:
    """Reads; says what a sale's document should carry and what it takes, for the caller's transaction to write."""

    def __init__(self, local: Local, outbox: Outbox, effects: Effects) -> None:
        self._local = local
        self._outbox = outbox
        self._effects = effects
        self._lock = threading.Lock()
        self._secret = b""

    def due(self, document: SalesDocument, one: ReplicaCustomer | None) -> list[Due]:
        """What the rules give for a sale. Rules that go by earlier purchases are the cloud's."""
        facts = self._local.replica.facts
        rules = [(programme, rule) for programme in facts.programmes for rule in programme.vouchers if rule.kind in _AT_SALES]
        if not rules:
            return []
        who = self._local.facts(one, document.issued_at)
        self._secret = self._secret or self._kept()
        found: list[Due] = []
        for programme, rule in rules:
            amount = None if rule.period_days or rule.visits > 1 else basis(programme, rule, document, who, facts.zone)
            if amount is None:
                continue
            rounding = programme.policies.discount_rounding
            made = draft(rule, Measured(amount), at=document.issued_at, zone=facts.zone, rounding=rounding)
            if made is not None:
                found += self._within(programme, rule, made, document, one)
        return found

    def _within(
        self, programme: Programme, rule: VoucherRule, made: Draft, document: SalesDocument, one: ReplicaCustomer | None
    ) -> Iterable[Due]:
        if not rule.limits:
            return (Due(programme, rule, made, certain=True),)
        own, asked = self._local.own, self._local.replica.facts.asked
        day, customer = own.day(document.issued_at), one.customer if one else ""
        used = own.in_use(one, day, own.counted(one))
        keys = asked.limit_keys(programme.id, rule.id, day, customer)
        if any(used.get(name.partition("|")[2], 0) >= limit.uses for limit, _, name in keys):
            return ()
        counts = tuple(Use(use(scope, name), 1, customer, programme.id) for _, scope, name in keys)
        return (Due(programme, rule, made, all(limit.by in ("customer", "store") for limit in rule.limits), counts),)

    # ── codes ──────────────────────────────────────────────────────────────────────────────────────────────────────────────
    def printed(self, tx: sqlite3.Connection, document: SalesDocument, due: Sequence[Due]) -> SalesDocument:
        """The document with the codes that its receipt shows, within what each programme lets a store print by itself."""
        if document.printed or not any(one.certain and one.programme.policies.offline_vouchers for one in due):
            return document
        told = self._effects.answer_of("commit", document.keys[0], CommitResponse)
        known = {one.code for one in told.vouchers} if told else set()
        found: list[Printed] = []
        made: dict[str, int] = {}
        for one in due:
            code = derive_code(self._secret, f"{document.keys[0]}\x1f{one.ref}")
            name, most = one.programme.id, one.programme.policies.offline_vouchers
            if one.certain and (spell(code) in known or self._local.taken.made(tx, name) + made.get(name, 0) < most):
                made[name] = made.get(name, 0) + 1
                found.append(Printed(rule=one.ref, code=code))
        return document.model_copy(update={"printed": tuple(found)}) if found else document

    def _kept(self) -> bytes:
        with self._lock:
            kept = self._outbox.meta(_KEPT_AS)
            if kept is None:
                kept = secrets.token_hex(32)
                self._outbox.set_meta(_KEPT_AS, kept)
            return bytes.fromhex(kept)

    @staticmethod
    def uses(document: SalesDocument, due: Sequence[Due]) -> list[Use]:
        """What the printed vouchers count."""
        codes = {one.rule for one in document.printed}
        made: dict[str, int] = {}
        found: dict[str, Use] = {}
        for one in due:
            if one.ref in codes:
                made[one.programme.id] = made.get(one.programme.id, 0) + 1
                found |= {counted.what: counted for counted in one.counts}
        return [*(Use(f"made|{name}", times, "", name) for name, times in made.items()), *found.values()]

    # ── words ──────────────────────────────────────────────────────────────────────────────────────────────────────────────
    def views(self, document: SalesDocument, due: Sequence[Due]) -> tuple[VoucherView, ...]:
        """The printed vouchers, as the till shows them."""
        zone, codes = self._local.replica.facts.zone, {one.rule: one.code for one in document.printed}
        return tuple(
            VoucherView(
                code=spell(codes[one.ref]),
                kind=one.draft.kind,
                title=one.draft.title,
                amount=one.draft.amount,
                percent=one.draft.percent,
                rule=one.draft.offer or one.rule.id,
                valid_from=one.draft.valid_from.astimezone(zone).date(),
                valid_until=(one.draft.valid_until - timedelta(microseconds=1)).astimezone(zone).date(),
            )
            for one in due
            if one.ref in codes
        )

    @staticmethod
    def lines(words: Words, views: Sequence[VoucherView], due: Sequence[Due]) -> tuple[ReceiptLine, ...]:
        """The printed vouchers at the foot of the receipt."""
        least = {one.draft.offer or one.rule.id: one.draft.minimum for one in due}
        return tuple(line for view in views for line in receipts.voucher_lines(words, view, minimum=least.get(view.rule, 0)))

    def promised(self, document: SalesDocument, due: Sequence[Due]) -> tuple[Message, ...]:
        """Vouchers that the sale seems to bring and that only the cloud makes."""
        codes = {one.rule for one in document.printed}
        titles = [one.rule.title or one.rule.id for one in due if one.ref not in codes]
        return tuple(Message(audience="cashier", text=text(self._local.language, "alert.voucher_follows", title=title)) for title in titles)
