"""Who buys what, and what the codes of a basket open."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from v5_core.engine import Coupon, CustomerFacts, SaleState, Stored
from v5_core.hooks import QuoteRequest
from v5_core.model import LineKind
from v5_core.programme import Boost, EarnRule, Offer, Programme
from v5_reference.answer import Answer
from v5_reference.arithmetic import fold
from v5_reference.criteria import sale_matches
from v5_reference.pool import Goods, open_goods
from v5_reference.vouchers import is_about, last_days

__all__ = ["Buying", "order_of", "stage_of"]

_STAGES = {"fixed_price": 0, "price_list": 0, "percent_order": 2, "amount_order": 2}


def stage_of(offer: Offer) -> int:
    """Prices, lines, orders, rewards."""
    return 3 if offer.cost else _STAGES.get(offer.kind, 1)


def order_of(programme: Programme, offer: Offer) -> tuple[object, ...]:
    """The order in which offers act: within a stage the exclusive ones first, then by priority, then by id."""
    return (stage_of(offer), not offer.exclusive or offer.alone or bool(offer.cost), -offer.priority, programme.id, offer.id)


class Buying:
    """A basket and whoever buys it."""

    def __init__(
        self, programmes: Sequence[Programme], request: QuoteRequest, facts: CustomerFacts | None, local: datetime, state: SaleState
    ) -> None:
        self.request, self.facts, self.local, self.state = request, facts, local, state
        self.answer = Answer()
        self.known = list(programmes)
        self.programmes = self._in_force(programmes)
        self.mine = [
            one for one in self.programmes
            if facts is not None and not facts.blocked and any(card in facts.card_types for card in one.card_types)
        ]  # fmt: skip
        lines = sorted((line for line in request.lines if line.kind is not LineKind.DEDUCTION), key=lambda line: line.line_id)
        self.goods: list[Goods] = open_goods(lines)
        deductions = [line for line in request.lines if line.kind is LineKind.DEDUCTION]
        self.deducted, self.deducted_net = sum(one.gross for one in deductions), sum(one.net for one in deductions)
        self.off_order = self.deducted, self.deducted_net
        self.till_total = sum(one.gross for one in lines) - self.deducted
        self.coupons: dict[tuple[str, str], Coupon] = {}
        self.vouchers: list[Coupon] = []
        self.code_targets: dict[str, list[str]] = {}
        self.code_problems: dict[str, str] = {}
        self.public: set[str] = set()
        self.promised: dict[str, str] = {}
        self.entitled = dict(facts.entitlements) if facts is not None else {}
        self.at_till_prices = False
        self._read_codes()

    def _in_force(self, programmes: Sequence[Programme]) -> list[Programme]:
        newest: dict[str, Programme] = {}
        for one in sorted(programmes, key=lambda one: (one.id, one.version)):
            if one.currency == self.request.currency and one.validity.covers(self.request.at, self.local.date()):
                newest[one.id] = one
        return list(newest.values())

    def known_in_force(self, programmes: Sequence[Programme]) -> list[Programme]:
        """Of these programmes those that decide about this sale."""
        return self._in_force(programmes)

    def holds(self, when: str) -> bool:
        return sale_matches(when, self.request, self.facts, self.local)

    # Codes

    def problem(self, thing: Coupon | Stored) -> str:
        customer = self.facts.customer if self.facts is not None else None
        if thing.problem:
            return thing.problem
        bound = isinstance(thing, Stored) and not thing.by_code
        if thing.customer != customer and (bound or thing.customer is not None):
            return "not_yours"
        if thing.valid_from is not None and self.request.at < thing.valid_from:
            return "not_yet"
        if thing.valid_until is not None and self.request.at >= thing.valid_until:
            return "expired"
        if thing.stores and self.request.store not in thing.stores:
            return "not_here"
        if (thing.balance if isinstance(thing, Stored) else thing.uses_left) < 1:
            return "used_up"
        return "minimum" if thing.minimum and self.till_total < thing.minimum else ""

    def _read_codes(self) -> None:
        for code in sorted(set(self.request.codes)):
            coupon = self.state.coupons.get(code) or self.state.coupons.get(fold(code))
            if coupon is None:
                opens = self._opened_by(fold(code))
                promised = self._promised_by(fold(code))
                if opens:
                    self.public.add(fold(code))
                    self.code_targets[code] = opens
                elif promised:
                    self.promised[code] = promised
                else:
                    self.code_problems[code] = "stored_value" if code in self.state.stored else "unknown"
                continue
            problem = self.problem(coupon)
            if problem:
                self.code_problems[code] = problem
            elif coupon.rule:
                first = self.coupons.setdefault((coupon.programme, coupon.rule), coupon)
                if first.code != coupon.code:
                    self.code_problems[code] = "not_combined"
                else:
                    self.code_targets[code] = [f"{coupon.programme}/{coupon.rule}"]
            else:
                if coupon not in self.vouchers:
                    self.vouchers.append(coupon)
                self.code_targets[code] = [f"voucher/{coupon.code}"]
        self.vouchers.sort(key=lambda one: one.code)

    def _opened_by(self, code: str) -> list[str]:
        """Offers, earning rules and boosts of any version that a public code opens, in the order of things."""
        offers = sorted(((p, o) for p in self.known for o in p.offers), key=lambda one: order_of(*one))
        rules: list[tuple[Programme, Offer | EarnRule | Boost]] = [*offers]
        for kind in ("earning", "boosts"):
            rules += sorted(((p, r) for p in self.known for r in getattr(p, kind)), key=lambda one: (one[0].id, one[1].id))
        return [f"{p.id}/{rule.id}" for p, rule in rules if code in {fold(one) for one in getattr(rule, "codes", ())}]

    def _promised_by(self, code: str) -> str:
        """The voucher rule in force for this buyer that asks for the code, and can still make something."""
        for programme in self.programmes:
            for rule in programme.vouchers:
                if code not in {fold(one) for one in rule.codes} or not rule.validity.covers(self.request.at, self.local.date()):
                    continue
                if is_about(programme, rule, self.facts) and last_days(rule, self.local.date()) is not None:
                    return rule.id
        return ""
