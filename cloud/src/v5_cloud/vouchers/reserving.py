"""What holds reserve beside points: coupons, stored value, uses of limited offers and of entitlements; and how they let go of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from v5_cloud.ledger.working import Cause
from v5_cloud.membership.records import Member
from v5_cloud.models import Reservation
from v5_cloud.programmes.asks import Asks, CounterKey
from v5_cloud.programmes.service import Catalogue
from v5_cloud.vouchers.counters import SEEN, Counters
from v5_cloud.vouchers.purse import ALLOW, MONEY, Purse
from v5_core.codes import fold_code, mistyped, spell
from v5_core.engine import Compiled
from v5_core.errors import ConflictError, FieldError, NotFoundError
from v5_core.hooks import HoldRequest, StoredUse
from v5_core.ledger import place_hold, release_hold
from v5_core.money import format_scaled
from v5_core.programme import OfferBase, Programme
from v5_core.stored import refusal
from v5_core.words import words_of

__all__ = ["Reserving", "free", "let_go"]


@dataclass(slots=True)
class Reserving:
    """One hold under way. Everything is refused or everything is reserved.

    Attributes:
        hold: Its id; stored value is kept under ids that begin with it.
        body: What is reserved, as the row keeps it.
    """

    purse: Purse
    counters: Counters
    programmes: Catalogue
    request: HoldRequest
    hold: str
    customer: str | None
    members: Sequence[Member]
    zone: ZoneInfo
    language: str
    expires_at: datetime
    body: dict[str, Any] = field(default_factory=lambda: {"codes": [], "rules": [], "counters": [], "stored": []})

    @property
    def day(self) -> date:
        """Today at the store."""
        return self.purse.now.astimezone(self.zone).date()

    @property
    def asks(self) -> Asks:
        """What the programmes of today need."""
        return self.programmes.asks(self.purse.now)

    def take(self) -> tuple[StoredUse, ...]:
        """Reserves all that the request names.

        Raises:
            ConflictError: Something of it cannot be had (`used_up`, `expired`, `insufficient_value` ...).
            NotFoundError: There is no such code (`unknown`) or rule (`unknown_rule`).
        """
        request = self.request
        codes = [*request.codes, *(one.code for one in request.applied if one.code)]
        self.purse.load([*codes, *(one.code for one in request.stored_value)], lock=True)
        compiled = self.programmes.at(self.purse.now)
        for index, code in enumerate(dict.fromkeys(codes)):
            self._code(code, f"codes.{index}", compiled)
        uses = tuple(self._stored(index) for index in range(len(request.stored_value)))
        for index, rule in enumerate(dict.fromkeys(request.rules)):
            self._rule(rule, f"rules.{index}")
        for index, one in enumerate(request.applied):
            if self._counts(one.rule):
                self._rule(one.rule, f"applied.{index}")
        return uses

    def _counts(self, rule: str) -> bool:
        # Of all that a quote applied only some is counted.
        found = self._offer(rule)
        return found is not None and bool(found[1].limits or found[1].budgets or found[1].entitlement)

    def _refuse(self, problem: str, code: str, field_name: str) -> ConflictError | NotFoundError:
        words = words_of(self.language, self.purse.currency)
        text = words.say(f"code_{problem}", code=spell(fold_code(code)))
        if problem == "unknown" and mistyped(code):
            problem = "mistyped"
        kind = NotFoundError if problem in ("unknown", "mistyped") else ConflictError
        return kind(text, code=problem, errors=(FieldError(field_name, problem, text),))

    def _code(self, code: str, field_name: str, compiled: Compiled) -> None:
        row = self.purse.row(code)
        if row is None:
            opened = compiled.codes.get(fold_code(code))
            if not opened:
                raise self._refuse("unknown", code, field_name)
            for rule in opened:
                self._rule(rule.rule_id, field_name, code=fold_code(code))
            return
        if row.kind in MONEY:
            raise self._refuse("stored_value", code, field_name)
        problem = refusal(self.purse.coupon(row), at=self.purse.now, store=self.request.store, customer=self.customer)
        times = self.request.taking(row.offer or "voucher").times
        if not problem and times > row.uses - row.used - row.held:
            problem = "used_up"
        if problem:
            raise self._refuse(problem, code, field_name)
        row.held += times
        self.body["codes"] += [row.code] * times
        if row.offer:
            self._rule(row.offer, field_name, code=row.code)

    def _stored(self, index: int) -> StoredUse:
        asked, field_name = self.request.stored_value[index], f"stored_value.{index}"
        row = self.purse.row(asked.code)
        if row is None or row.account_id is None:
            raise self._refuse("unknown" if row is None else "condition", asked.code, field_name)
        problem = refusal(self.purse.stored(row), at=self.purse.now, store=self.request.store, customer=self.customer)
        if problem:
            raise self._refuse(problem, asked.code, field_name)
        there = self.purse.balance(row)
        amount = there if asked.amount is None else asked.amount
        if amount > there:
            text = words_of(self.language, row.currency).say("stored_short", code=spell(row.code), amount=format_scaled(there, 2))
            raise ConflictError(text, code="insufficient_value", errors=(FieldError(f"{field_name}.amount", "insufficient_value", text),))
        # What is used up at once is held as a whole: nothing else may draw on it meanwhile.
        kept = there if row.whole else amount
        name = f"{self.hold}.{index}"
        state = self.purse.working.state(row.account_id)
        held = place_hold(state, name, kept, at=self.purse.now, expires_at=self.expires_at, policies=ALLOW)
        self.purse.working.apply(held, Cause())
        self.body["stored"].append([row.code, name, amount])
        return StoredUse(code=spell(row.code), kind=row.kind, amount=amount, left=there - kept)

    def _rule(self, rule: str, field_name: str, code: str = "") -> None:
        found = self._offer(rule)
        if found is None:
            wrong = FieldError(field_name, "unknown_rule", "name an offer as the quote named it")
            raise NotFoundError(f"No programme has a rule {rule!r}.", code="unknown_rule", errors=(wrong,))
        if rule in self.body["rules"]:
            return
        programme, offer = found
        self.body["rules"].append(rule)
        applied = self.request.taking(rule)
        # A counter, what may be on it, and what this takes.
        wanted: list[tuple[CounterKey, int, int]] = []
        keys = self.asks.limit_keys(programme.id, rule, self.day, customer=self.customer, store=self.request.store, code=code)
        for _, limit, key in keys:
            if limit.count == "customers" and self.customer:
                seen = (f"customer:{self.customer}", key[1], f"{key[2]}{SEEN}")
                self.counters.lock([key, seen])
                if not self.counters.value(seen):
                    wanted.append((key, limit.uses, 1))
                wanted.append((seen, 1_000_000_000, 1))
            else:
                wanted.append((key, limit.uses, applied.times))
        store = self.request.store
        for _, budget, key in self.asks.budget_keys(programme.id, rule, self.day, customer=self.customer, store=store, code=code):
            wanted.append((key, budget.most(applied.amount or 0), applied.amount or 0))
        if offer.entitlement:
            wanted.append((*self._entitled(programme, offer.entitlement, field_name), applied.times))
        self.counters.lock(key for key, _, _ in wanted)
        for key, most, times in wanted:
            if self.counters.value(key) + max(1, times) > most:
                raise self._refuse("used_up", code or offer.title or rule, field_name)
            self.counters.add(key, held=times)
            self.body["counters"].append([*key, times])

    def _offer(self, rule: str) -> tuple[Programme, OfferBase] | None:
        for programme in self.programmes.programmes(self.purse.now):
            for offer in programme.offers:
                if offer.id == rule:
                    return programme, offer
        return None

    def _entitled(self, programme: Programme, entitlement: str, field_name: str) -> tuple[CounterKey, int]:
        for one in self.members:
            for got in one.club.entitlements:
                if one.programme == programme.id and got.id == entitlement and one.active(self.day):
                    return one.counter(got, self.day), got.uses
        wrong = FieldError(field_name, "not_entitled", "only members of the club")
        raise ConflictError("The customer is not entitled to it.", code="not_entitled", errors=(wrong,))


def free(one: Reservation, purse: Purse, counters: Counters) -> None:
    """Takes back what a reservation counts as held; its stored value is captured or released by who calls."""
    for code in one.body["codes"]:
        row = purse.row(code)
        if row is not None:
            row.held = max(0, row.held - 1)
    for scope, span, key, times in one.body["counters"]:
        counters.add((scope, span, key), held=-times)
    marks = {(span, key.removesuffix(SEEN)): (scope, span, key) for scope, span, key, _ in one.body["counters"] if key.endswith(SEEN)}
    for scope, span, key, _ in one.body["counters"]:
        mark = marks.get((span, key))
        if mark is not None and counters.value(mark) > 0:
            # The customer bought meanwhile, and stays one of the first n.
            counters.add((scope, span, key), used=1)


def let_go(one: Reservation, purse: Purse, counters: Counters, *, timed_out: bool) -> int:
    """Sets all free that an open reservation keeps, its points apart; gives the amount of stored value."""
    held = [hold for _, hold, _ in one.body["stored"]]
    purse.load([*one.body["codes"], *(code for code, _, _ in one.body["stored"])], lock=True, holds=held)
    counters.lock((scope, span, key) for scope, span, key, _ in one.body["counters"])
    free(one, purse, counters)
    one.state = "timed_out" if timed_out else "released"
    total = 0
    for code, name, amount in one.body["stored"]:
        row, hold = purse.row(code), purse.working.holds.get(name)
        if row is not None and row.account_id is not None and hold is not None and hold.is_open:
            state = purse.working.state(row.account_id)
            purse.working.apply(release_hold(state, name, at=purse.now, timed_out=timed_out), Cause())
            total += amount
    return total
