"""What this store may decide by itself about codes, stored value and limited rules: from the replica, less what its tills used since.

A single-use coupon and stored value count here only where the replica carries them for the customer and the programme's policies let
them (`offline_coupons`, `offline_value`); everything else that only the cloud knows is refused with the code `offline`.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime

from v5_agent import member
from v5_agent.replica import ReplicaStore
from v5_agent.taken import Taken, Use, coupon, stored, use
from v5_core.codes import fold_code, spell
from v5_core.engine import Coupon, SaleState, Settlement, Stored, claimed_points
from v5_core.errors import ConflictError, FieldError, NotFoundError
from v5_core.hooks import HoldRequest, QuoteRequest, QuoteResponse, StoredPayment, StoredUse
from v5_core.model import PaymentMethod, SalesDocument
from v5_core.programme import OfferBase
from v5_core.push import ReplicaCustomer, ReplicaVoucher
from v5_core.stored import MEANS, refusal
from v5_core.words import words_of

__all__ = ["Own"]

_NOTHING = SaleState()


class Own:
    """Reads; `reserve` and `used` say what a hold and a sale take, for the caller's transaction to write."""

    def __init__(self, replica: ReplicaStore, taken: Taken, clock: Callable[[], datetime]) -> None:
        self._replica = replica
        self._taken = taken
        self._clock = clock

    def day(self, at: datetime) -> date:
        """Its day in the store's zone."""
        return at.astimezone(self._replica.facts.zone).date()

    # ── what a quote needs ─────────────────────────────────────────────────────────────────────────────────────────────────
    def doubtful(self, request: QuoteRequest) -> bool:
        """Whether only the cloud can be sure: stored value, and codes that are not printed for everybody."""
        return bool(request.stored_value) or any(not self._public(fold_code(code)) for code in request.codes)

    def hangs_on_others(self, answer: QuoteResponse) -> bool:
        """Whether something applied that another store may have used up meanwhile."""
        shared = self._replica.facts.asked.shared
        applied = {*(one.rule for one in answer.benefits), *(one.rule for one in answer.gifts), *(one.rule for one in answer.codes)}
        return not shared.isdisjoint(applied)

    def _public(self, folded: str) -> bool:
        compiled = self._replica.facts.compiled
        return compiled is not None and (folded in compiled.codes or folded in compiled.voucher_codes)

    def counted(
        self, one: ReplicaCustomer | None, tx: sqlite3.Connection | None = None, *, without: str = ""
    ) -> dict[tuple[str, str], int]:
        """Limited uses by this store's tills that the replica does not show; but those of the document `without`."""
        if not self._replica.facts.asked.counted:
            return {}
        return self._taken.counted(one.customer if one else "", self._clock(), tx, without=without)

    def sale_state(self, request: QuoteRequest, one: ReplicaCustomer | None) -> tuple[QuoteRequest, SaleState]:
        """The request with stored value kept within the limit, and what is known of what it names."""
        asked = self._replica.facts.asked
        if not (request.codes or request.stored_value or asked.counted):
            return request, _NOTHING
        used = self.in_use(one, self.day(request.at), self.counted(one), request.codes) if asked.counted else {}
        state = SaleState(used=used)
        if not (request.codes or request.stored_value):
            return request, state
        carried = {part.code: part for part in one.vouchers} if one else {}
        taken = self._taken.of(member.voucher_names(one), self._clock()) if one and carried else {}
        coupons = {code: found for code in request.codes if (found := self._coupon(code, one, carried, taken)) is not None}
        payments, money = self._payments(request, one, carried, taken)
        return request.model_copy(update={"stored_value": payments}), replace(state, coupons=coupons, stored=money)

    def _coupon(
        self, code: str, one: ReplicaCustomer | None, carried: Mapping[str, ReplicaVoucher], taken: Mapping[str, int]
    ) -> Coupon | None:
        folded = fold_code(code)
        part = carried.get(folded)
        if part is None or one is None:
            return None if self._public(folded) else Coupon(folded, problem="offline")
        if part.kind in member.MONEY:
            return Coupon(folded, problem="stored_value")
        problem = "" if part.programme in self._replica.facts.asked.coupons else "offline"
        return member.coupon_of(one, part, taken, problem=problem)

    def _payments(
        self, request: QuoteRequest, one: ReplicaCustomer | None, carried: Mapping[str, ReplicaVoucher], taken: Mapping[str, int]
    ) -> tuple[tuple[StoredPayment, ...], dict[str, Stored]]:
        money: dict[str, Stored] = {}
        payments: list[StoredPayment] = []
        room = dict(self._replica.facts.asked.value)
        if one is not None and carried:
            room = {name: left - self._taken.value_offline(one.customer, name, self._clock()) for name, left in room.items()}
        for payment in request.stored_value:
            part = carried.get(fold_code(payment.code))
            payments.append(payment)
            if part is None or one is None or part.kind not in member.MONEY:
                money[payment.code] = Stored(payment.code, problem="offline")
                continue
            here = member.stored_of(one, part, taken)
            left = room.get(part.programme, 0)
            wanted = min(here.balance, payment.amount or here.balance)
            if left <= 0 or (here.whole and here.balance > left):
                money[payment.code] = replace(here, problem="offline")
                continue
            money[payment.code] = here
            room[part.programme] = left - min(wanted, left)
            if wanted > left:
                payments[-1] = payment.model_copy(update={"amount": left})
        return tuple(payments), money

    def in_use(
        self, one: ReplicaCustomer | None, day: date, counted: Mapping[tuple[str, str], int], codes: Iterable[str] = ()
    ) -> dict[str, int]:
        """`SaleState.used`: the customer's and everybody's uses, and those of some codes, of the periods in which a day lies."""
        facts = self._replica.facts
        found: dict[str, int] = {}
        shared = {key.partition("|")[2]: times for key, times in facts.used.items()}
        here: dict[str, int] = {}
        others = {"all", "store", f"customer:{one.customer if one else ''}", *(f"code:{fold_code(code)}" for code in codes)}
        for (scope, name), times in counted.items():
            if scope in others:
                here[name] = here.get(name, 0) + times
        for source in (one.used if one else {}, shared, here):
            for name, times in facts.asked.in_period(source, day).items():
                found[name] = found.get(name, 0) + times
        # Who is one of the first n customers already is not stopped by their number.
        mine = {name.removesuffix(":seen") for name, times in found.items() if times and name.endswith(":seen")}
        return {name: 0 if name in mine else times for name, times in found.items()}

    # ── what a hold reserves ───────────────────────────────────────────────────────────────────────────────────────────────
    def reserve(self, tx: sqlite3.Connection, request: HoldRequest, one: ReplicaCustomer | None) -> tuple[list[Use], tuple[StoredUse, ...]]:
        """What a hold takes beside points; nothing is written here.

        Raises:
            ConflictError: Something cannot be had, or not while the line is down (`offline`, `offline_limit`).
            NotFoundError: There is no such rule.
        """
        carried = {part.code: part for part in one.vouchers} if one else {}
        taken = self._taken.of(member.voucher_names(one), self._clock(), tx) if one and carried else {}
        uses: list[Use] = []
        rules = [(rule, f"rules.{index}", "") for index, rule in enumerate(dict.fromkeys(request.rules))]
        shared = self._replica.facts.asked.shared
        rules += [(one.rule, f"applied.{index}", "") for index, one in enumerate(request.applied) if one.rule in shared]
        codes = [*request.codes, *(one.code for one in request.applied if one.code)]
        for index, code in enumerate(dict.fromkeys(codes)):
            found = self._coupon(code, one, carried, taken)
            if found is None:
                compiled = self._replica.facts.compiled
                opened = compiled.codes.get(fold_code(code), ()) if compiled else ()
                rules += [(rule.rule_id, f"codes.{index}", fold_code(code)) for rule in opened]
                continue
            problem = refusal(found, at=request.at, store=request.store, customer=one.customer if one else None)
            if problem:
                raise self._refused(problem, code, f"codes.{index}")
            times = request.taking(found.rule or "voucher").times
            if times > found.uses_left:
                raise self._refused("used_up", code, f"codes.{index}")
            uses.append(Use(coupon(found.code), times, one.customer if one else "", carried[found.code].programme))
            if found.rule:
                rules.append((found.rule, f"codes.{index}", found.code))
        shown = [self._pay(tx, request, index, one, carried, taken, uses) for index in range(len(request.stored_value))]
        counted = self.counted(one, tx)
        seen: set[str] = set()
        for rule, field_name, code in rules:
            if rule not in seen:
                uses += self._limited(request, rule, field_name, code, one, counted)
            seen.add(rule)
        return uses, tuple(shown)

    def _pay(
        self,
        tx: sqlite3.Connection,
        request: HoldRequest,
        index: int,
        one: ReplicaCustomer | None,
        carried: Mapping[str, ReplicaVoucher],
        taken: Mapping[str, int],
        uses: list[Use],
    ) -> StoredUse:
        asked, field_name = request.stored_value[index], f"stored_value.{index}"
        part = carried.get(fold_code(asked.code))
        if part is None or one is None or part.kind not in member.MONEY:
            raise self._refused("offline", asked.code, field_name)
        here = member.stored_of(one, part, taken)
        problem = refusal(here, at=request.at, store=request.store, customer=one.customer)
        if problem:
            raise self._refused(problem, asked.code, field_name)
        amount = here.balance if asked.amount is None else asked.amount
        if amount > here.balance:
            currency = next((programme.currency for programme in self._replica.facts.programmes if programme.id == part.programme), "")
            words = words_of(self._replica.facts.language, currency)
            text = words.say("stored_short", code=spell(part.code), amount=words.money(here.balance))
            raise ConflictError(text, code="insufficient_value", errors=(FieldError(f"{field_name}.amount", "insufficient_value", text),))
        kept = here.balance if here.whole else amount
        limit = self._replica.facts.asked.value.get(part.programme, 0)
        before = self._taken.value_offline(one.customer, part.programme, self._clock(), tx)
        before += sum(use.amount for use in uses if use.programme == part.programme and use.is_money)
        if limit <= 0:
            raise self._refused("offline", asked.code, field_name)
        if before + kept > limit:
            raise ConflictError("more than stored value may pay while the line is down", code="offline_limit")
        uses.append(Use(stored(part.code), kept, one.customer, part.programme))
        return StoredUse(code=spell(part.code), kind=part.kind, amount=amount, left=here.balance - kept)

    def _limited(
        self,
        request: HoldRequest,
        rule: str,
        field_name: str,
        code: str,
        one: ReplicaCustomer | None,
        counted: Mapping[tuple[str, str], int],
    ) -> list[Use]:
        asked, day = self._replica.facts.asked, self.day(request.at)
        offer = self._offer(rule)
        if offer is None:
            text = f"no programme has a rule {rule!r}"
            raise NotFoundError(text, code="unknown_rule", errors=(FieldError(field_name, "unknown_rule", text),))
        programme, data = offer
        used, applied = self.in_use(one, day, counted, (code,) if code else ()), request.taking(rule)
        for most, _, name, times in self._counting(request, programme, rule, one, code):
            if used.get(name.partition("|")[2], 0) + max(1, times) > most:
                raise self._refused("used_up", code or data.title or rule, field_name)
        if data.entitlement:
            left = member.facts(one, asked, day, counted).get("entitlements", {}).get(data.entitlement) if one else None
            if left is None:
                raise ConflictError("the customer is not entitled to it", code="not_entitled")
            if left < applied.times:
                raise self._refused("used_up", data.title or rule, field_name)
        return self._keeping(request, programme, data, one, code)

    def _offer(self, rule: str) -> tuple[str, OfferBase] | None:
        programmes = self._replica.facts.asked.programmes
        return next(((key, offer) for key, data in programmes.items() for offer in data.offers if offer.id == rule), None)

    def _counting(
        self, request: HoldRequest, programme: str, rule: str, one: ReplicaCustomer | None, code: str
    ) -> list[tuple[int, str, str, int]]:
        """Limits and budgets of a rule: the most, the scope and name under which it is counted, and what this hold takes."""
        asked, day, customer, applied = self._replica.facts.asked, self.day(request.at), one.customer if one else "", request.taking(rule)
        found = [(limit.uses, scope, name, applied.times) for limit, scope, name in asked.limit_keys(programme, rule, day, customer, code)]
        amount, budgets = applied.amount or 0, asked.budget_keys(programme, rule, day, customer, code)
        return found + [(budget.most(amount), scope, name, amount) for budget, scope, name in budgets]

    def _keeping(self, request: HoldRequest, programme: str, data: OfferBase, one: ReplicaCustomer | None, code: str = "") -> list[Use]:
        customer, times = one.customer if one else "", request.taking(data.id).times
        counting = self._counting(request, programme, data.id, one, code)
        found = [Use(use(scope, name), taken, customer, programme) for _, scope, name, taken in counting if taken]
        if data.entitlement and customer:
            name = f"|entitlement:{programme}/{data.entitlement}"
            found.append(Use(use(f"customer:{customer}", name), times, customer, programme))
        return found

    def kept(self, request: HoldRequest, one: ReplicaCustomer | None) -> list[Use]:
        """Uses of limited offers and entitlements that the cloud reserved: this store counts them too, should the line fail."""
        rules = dict.fromkeys([*request.rules, *(applied.rule for applied in request.applied)])
        known = (self._offer(rule) for rule in rules)
        return [use for found in known if found is not None for use in self._keeping(request, found[0], found[1], one)]

    def _refused(self, problem: str, code: str, field_name: str) -> ConflictError:
        text = words_of(self._replica.facts.language).say(f"code_{problem}", code=spell(fold_code(code)))
        return ConflictError(text, code=problem, errors=(FieldError(field_name, problem, text),))

    # ── what a sale used ───────────────────────────────────────────────────────────────────────────────────────────────────
    def used(
        self, document: SalesDocument, settlement: Settlement, one: ReplicaCustomer | None, holds: Mapping[str, Sequence[Use]]
    ) -> list[Use]:
        """What an issued sale took: a fact, whatever there was left. Nothing for a sale that names nothing and counts nothing."""
        asked = self._replica.facts.asked
        paid = self._paid(document, holds)
        if not (paid or document.applied or asked.counted):
            return []
        customer = one.customer if one else ""
        carried = {part.code: part.programme for part in one.vouchers} if one else {}
        found = [Use(stored(code), amount, customer, carried.get(code, "")) for code, amount in paid.items()]
        for taken in settlement.uses:
            if taken.code:
                found.append(Use(coupon(fold_code(taken.code)), taken.times, customer, carried.get(fold_code(taken.code), "")))
        if asked.counted:
            codes = {applied.rule: fold_code(applied.code) for applied in document.applied if applied.code}
            compiled = self._replica.facts.compiled
            claimed = claimed_points(compiled, document) if compiled else 0
            money = max(0, settlement.points_spent - claimed)
            counts = asked.counts(settlement, self.day(document.issued_at), customer, codes, money)
            found += [Use(use(scope, name), times, customer) for (scope, name), times in counts.items() if times]
        return found

    def _paid(self, document: SalesDocument, holds: Mapping[str, Iterable[Use]]) -> dict[str, int]:
        found: dict[str, int] = {}
        for payment in document.payments:
            if payment.method not in MEANS:
                continue
            held = {one.code: one.amount for one in holds.get(payment.hold or "", ()) if one.is_money}
            if payment.code:
                code = fold_code(payment.code)
                found[code] = found.get(code, 0) + (payment.amount or held.get(code, 0))
                continue
            left = payment.amount or sum(held.values())
            for code, amount in held.items():
                found[code] = found.get(code, 0) + min(left, amount)
                left -= min(left, amount)
        return {code: amount for code, amount in found.items() if amount}

    def paid(self, uses: Iterable[Use], one: ReplicaCustomer | None, before: Mapping[str, int]) -> tuple[StoredUse, ...]:
        """What stored value paid, and what this store thinks is left on it; `before` is what else was taken of each."""
        carried = {part.code: part for part in one.vouchers} if one else {}
        found = []
        for taken in uses:
            part, code = carried.get(taken.code), taken.code
            if not taken.is_money:
                continue
            left = part.amount - before.get(taken.what, 0) - taken.amount if part is not None and not part.whole else 0
            found.append(StoredUse(code=spell(code), kind=part.kind if part else "", amount=taken.amount, left=max(0, left)))
        return tuple(found)

    def spent(self, document: SalesDocument, held: int) -> int:
        """Points that a document spent: what its holds keep, and what its rewards cost where no hold kept that."""
        compiled = self._replica.facts.compiled
        if compiled is None or not document.applied:
            return held
        claimed = claimed_points(compiled, document)
        if not claimed:
            return held
        rule = next((one.redemption for one in self._replica.facts.programmes if one.redemption), None)
        money = sum(payment.amount for payment in document.payments if payment.method is PaymentMethod.POINTS)
        return claimed + (-(-money * rule.points // rule.amount) if rule else 0)
