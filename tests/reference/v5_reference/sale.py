"""A basket: offers in their order, then what is to pay, points as money, stored value, earning."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from fractions import Fraction
from math import floor
from zoneinfo import ZoneInfo

from v5_core.engine import Coupon, CustomerFacts, SaleState
from v5_core.hooks import QuoteRequest
from v5_core.model import Claim, PaymentMethod, SalesDocument
from v5_core.programme import Programme, Redemption
from v5_reference.arithmetic import fold, half_up, share_out
from v5_reference.buying import order_of
from v5_reference.discounting import Answer, Discounting
from v5_reference.earning import Given
from v5_reference.pool import Goods, matches

__all__ = ["Answer", "quote", "settle"]

_EMPTY = SaleState()


_STORED = (PaymentMethod.GIFT_CARD, PaymentMethod.WALLET, PaymentMethod.VOUCHER, PaymentMethod.CREDIT_NOTE)


def settle(
    programmes: Sequence[Programme], document: SalesDocument, facts: CustomerFacts | None, *, zone: ZoneInfo, state: SaleState = _EMPTY
) -> list[Given]:
    """What an issued document earns at the till's prices, whatever offers made them."""
    request = QuoteRequest(
        store=document.store, till=document.till, at=document.issued_at, lines=document.lines, operator=document.operator,
        payments=tuple(one.method for one in document.payments),
    )  # fmt: skip
    bare = [one.model_copy(update={"offers": ()}) for one in programmes]
    local = document.issued_at.astimezone(zone)
    sale = _Sale(bare, request, facts, local, state)
    sale.at_till_prices = True
    sale.public = {fold(one.code) for one in document.applied if one.code}
    if document.applied:
        sale.before_orders, sale.before_rewards = _stages(programmes, document, request, facts, local, sale)
    in_points = sum(one.amount for one in document.payments if one.method is PaymentMethod.POINTS)
    in_stored = sum(one.amount for one in document.payments if one.method in _STORED)
    gross = [one.price for one in sale.goods]
    shares = [share_out(min(paid, max(0, sale.till_total)), gross) for paid in (in_points, in_stored)]
    return sale.earnings(*shares)


def quote(
    programmes: Sequence[Programme], request: QuoteRequest, facts: CustomerFacts | None, *, local_time: datetime, state: SaleState = _EMPTY
) -> Answer:
    """What the programmes give on a basket."""
    sale = _Sale(programmes, request, facts, local_time, state)
    sale.discount()
    sale.settle_money()
    if facts is None:
        cards = frozenset(card for one in programmes for card in one.card_types)
        bare = request.model_copy(update={"codes": (), "claims": ()})
        member = _Sale(programmes, bare, CustomerFacts("", card_types=cards), local_time, _EMPTY)
        member.discount()
        sale.answer.would_save = max(0, member.answer.discount - sale.answer.discount)
    return sale.answer


def _stages(
    programmes: Sequence[Programme], document: SalesDocument, request: QuoteRequest, facts: CustomerFacts | None, local: datetime,
    sale: _Sale,
) -> tuple[list[int], list[int]]:  # fmt: skip
    """What the lines cost before offers on the whole order, and before rewards: the offers taken anew off the list prices say at which
    stage the till's discounts came; never more is put back than the till took off."""
    offers = {offer.id: (programme.id, offer) for programme in reversed(list(programmes)) for offer in programme.offers}
    offers |= {offer.id: (programme.id, offer) for programme in reversed(sale.known_in_force(programmes)) for offer in programme.offers}
    named = [(one, *offers[one.rule]) for one in document.applied if one.rule in offers]
    codes = {one.rule: one.code for one in document.applied if one.code}
    coupons = {
        codes[one.rule]: Coupon(codes[one.rule], one.rule, programme)
        for one, programme, offer in named
        if offer.coupon and one.rule in codes
    }  # fmt: skip
    lines = [one.line.model_copy(update={"gross": one.line.gross + one.line.discount, "discount": 0}) for one in sale.goods]
    asked = request.model_copy(
        update={
            "lines": tuple(lines),
            "codes": tuple(one.code for one in document.applied if one.code),
            "claims": tuple(Claim(rule=one.rule, times=one.times) for one, _, offer in named if offer.cost),
        }
    )
    full = _Rich(programmes, asked, facts, local, SaleState(coupons=coupons))
    full.discount()
    after = [one.price for one in sale.goods]
    if sale.deducted and sum(after):
        taken = share_out(min(sale.deducted, sum(after)), after)
        after = [price - part for price, part in zip(after, taken, strict=True)]
    left = [one.price for one in full.goods]
    discounts = [one.line.discount for one in sale.goods]
    orders = [
        one.price + min(discount, before - now)
        for one, discount, before, now in zip(sale.goods, discounts, full.before_orders, left, strict=True)
    ]  # fmt: skip
    rewards = [
        price + min(discount, before - now)
        for price, discount, before, now in zip(after, discounts, full.before_rewards, left, strict=True)
    ]  # fmt: skip
    return orders, rewards


class _Sale(Discounting):
    """With what is to pay and to earn."""

    def settle_money(self) -> None:
        """What is to pay, points used as money, stored value, points earned, and what became of the codes."""
        answer = self.answer
        due, answer.net = self._due()
        in_points = self._use_points(due)
        answer.total = due - answer.points_amount
        in_stored = self._use_stored(answer.total)
        answer.to_pay = answer.total - sum(amount for _, amount, _, _ in answer.stored)
        answer.given = self.earnings(in_points, in_stored)
        for code in dict.fromkeys(self.request.codes):
            targets = self.code_targets.get(code, [])
            applied = answer.applied | {key: rule for one in answer.given for key, rule in one.opened.items()}
            rule = next((applied[one] for one in targets if one in applied), self.promised.get(code, ""))
            problem = self.code_problems.get(code) or next((answer.refused[one] for one in targets if one in answer.refused), "condition")
            answer.codes.append((code, rule, "" if rule else problem))

        for rule in sorted({one.rule for one in self.request.claims}):
            answer.claims.append((rule, answer.taken.get(rule, 0), self._claim_problem(rule)))

    def _claim_problem(self, rule: str) -> str:
        """Why a reward was not taken, or not as often as it was claimed."""
        known = sorted(
            ((one, offer) for one in self.known for offer in one.offers if offer.id == rule and offer.cost), key=lambda one: order_of(*one)
        )
        reasons = [self.answer.refused[f"{one.id}/{rule}"] for one, _ in known if f"{one.id}/{rule}" in self.answer.refused]
        times = self.answer.taken.get(rule, 0)
        if times >= sum(one.times for one in self.request.claims if one.rule == rule):
            return ""
        return reasons[0] if reasons else "" if times else "condition" if known else "unknown"

    def _due(self) -> tuple[int, int]:
        way = next((one.policies.tax_rounding for one in self.programmes if one.policies.tax_rounding != "line"), "line")
        nets = [_net(one) for one in self.goods]
        gross, net = sum(one.price for one in self.goods), sum(nets)
        if way != "line":
            rates = {one.line.vat_rate for one in self.goods}
            parts = [one.price for one in self.goods] if way == "total_gross" else nets
            by_rate = {rate: sum(part for part, one in zip(parts, self.goods, strict=True) if one.line.vat_rate == rate) for rate in rates}
            if way == "total_gross":
                by_rate = {rate: half_up(Fraction(total * 10_000, 10_000 + rate)) for rate, total in by_rate.items()}
                net = sum(by_rate.values())
            tax = sum(half_up(Fraction(base * rate, 10_000)) for rate, base in by_rate.items())
            if way == "total_net_keep_gross":
                net = gross - tax
            else:
                gross = net + tax
        if self.deducted and not self.left():
            return 0, 0  # taken off entirely
        return gross - self.deducted, net - self.deducted_net

    def _use_points(self, due: int) -> list[int]:
        answer, nothing = self.answer, [0] * len(self.goods)
        programme = next((one for one in self.mine if one.redemption is not None), None)
        if programme is None or programme.redemption is None or not self.holds(programme.redemption.when):
            return nothing
        rule: Redemption = programme.redemption
        most = self.purse() - answer.cost
        if rule.daily_limit is not None:
            most = min(most, rule.daily_limit - self.state.used.get(f"{programme.id}/redemption/day", 0))
        ceiling = floor(Fraction(due * rule.max_share, 10_000))
        most = min(most, floor(Fraction(ceiling * rule.points, rule.amount)))
        most -= most % rule.step
        if most <= 0 or most < rule.minimum:
            return nothing
        answer.redeemable, answer.redeemable_amount = most, floor(Fraction(most * rule.amount, rule.points))
        used = min(self.request.points_to_use, most)
        used -= used % rule.step
        if not used or used < rule.minimum:
            return nothing
        answer.points_used, answer.points_amount = used, floor(Fraction(used * rule.amount, rule.points))
        return share_out(answer.points_amount, [one.price for one in self.goods])

    def _use_stored(self, total: int) -> list[int]:
        left, paid = [one.price for one in self.goods], [0] * len(self.goods)
        for payment in self.request.stored_value:
            one = self.state.stored.get(payment.code)
            problem = "unknown" if one is None else self.problem(one)
            if one is None or problem:
                self.answer.stored.append((payment.code, 0, 0, problem))
                continue
            newest_first = sorted(self.known, key=lambda one: -one.version)
            kinds = [kind for p in (*self.programmes, *newest_first) for kind in p.stored_value if kind.id == one.type_id]
            selector = kinds[0].selector if kinds else None
            positions = [
                i for i, goods in enumerate(self.goods)
                if left[i] and (selector is None or matches(selector, goods))
            ]  # fmt: skip
            payable = min(sum(left[i] for i in positions), total)
            wanted = payable if payment.amount is None else min(payment.amount, payable)
            amount = max(0, min(one.balance, wanted))
            if amount:
                for i, share in zip(positions, share_out(amount, [left[i] for i in positions]), strict=True):
                    left[i] -= share
                    paid[i] += share
            total -= amount
            short = payment.amount is not None and amount < wanted
            rest = 0 if one.whole and amount else one.balance - amount
            self.answer.stored.append((payment.code, amount, rest, "insufficient" if short else ""))
        return paid


class _Rich(_Sale):
    """Somebody who had the points for every reward that was taken."""

    def purse(self) -> int:
        return 10**15


def _net(one: Goods) -> int:
    """What is left of a line's price without VAT: by its rate where the till's own net is so, else in proportion."""
    line = one.line
    if one.price == line.gross:
        return line.net
    if half_up(Fraction(line.gross * 10_000, 10_000 + line.vat_rate)) == line.net:
        return half_up(Fraction(one.price * 10_000, 10_000 + line.vat_rate))
    return half_up(Fraction(one.price * line.net, line.gross)) if line.gross else 0
