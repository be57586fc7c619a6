"""Codes and offers of a basket: who competes, who applies, in which order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from fractions import Fraction

from v5_core.engine import Coupon, CustomerFacts, SaleState, Stored, limit_key
from v5_core.hooks import QuoteRequest
from v5_core.model import Claim, LineKind
from v5_core.programme import BuyGetOffer, GiftOffer, Offer, Programme
from v5_reference.answer import Answer
from v5_reference.arithmetic import half_up, share_out
from v5_reference.competing import won
from v5_reference.criteria import sale_matches
from v5_reference.earning import Costs, Given, earn
from v5_reference.pricing import Goods, cut_of, matches, open_goods

__all__ = ["Answer", "Discounting"]

_STAGES = {"fixed_price": 0, "price_list": 0, "percent_order": 2, "amount_order": 2}
_EMPTY = SaleState()


def _fold(code: str) -> str:
    return code.replace(" ", "").replace("-", "").upper()


class Discounting:
    """A basket to which the offers apply."""

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
        self.till_total = sum(one.gross for one in lines) - self.deducted
        self.coupons: dict[tuple[str, str], Coupon] = {}
        self.vouchers: list[Coupon] = []
        self.code_targets: dict[str, list[str]] = {}
        self.code_problems: dict[str, str] = {}
        self.public: set[str] = set()
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
            coupon = self.state.coupons.get(code) or self.state.coupons.get(_fold(code))
            if coupon is None:
                opens = [f"{p.id}/{o.id}" for p in self.known for o in p.offers if _fold(code) in {_fold(one) for one in o.codes}]
                if opens:
                    self.public.add(_fold(code))
                    self.code_targets[code] = opens
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

    # Offers

    def discount(self) -> None:
        """Applies the offers; the prices of the goods are what they leave."""
        chosen = self._compete(self._candidates())
        chosen.sort(
            key=lambda one: (self._stage(one[1]), not one[1].exclusive or bool(one[1].cost), -one[1].priority, one[0].id, one[1].id)
        )
        prices = [[one.price for one in self.goods]] * 3
        for stage in range(4):
            for programme, offer, positions in chosen:
                if self._stage(offer) == stage:
                    self._apply(programme, offer, positions)
            if stage == 2:
                for coupon in self.vouchers:
                    self._voucher(coupon)
            if stage < 3:
                prices[stage] = [one.price for one in self.goods]
        self.before_orders, self.before_rewards = prices[1], prices[2]

    @staticmethod
    def _stage(offer: Offer) -> int:
        return 3 if offer.cost else _STAGES.get(offer.kind, 1)

    def _candidates(self) -> list[tuple[Programme, Offer, list[int]]]:
        found = []
        for programme in self.programmes:
            for offer in sorted(programme.offers, key=lambda one: one.id):
                if not self._is_open(programme, offer):
                    continue
                positions = [i for i, one in enumerate(self.goods) if matches(offer.selector, one)]
                if positions and self._reaches(programme, offer, positions):
                    found.append((programme, offer, positions))
        return found

    def _is_open(self, programme: Programme, offer: Offer) -> bool:
        return all(
            (
                offer.validity.covers(self.request.at, self.local.date()),
                not offer.members_only or programme in self.mine,
                self.holds(offer.when),
                not offer.codes or any(_fold(code) in self.public for code in offer.codes),
                not offer.coupon or (programme.id, offer.id) in self.coupons,
                not offer.cost or any(claim.rule == offer.id for claim in self.request.claims),
                offer.entitlement is None or self.entitled.get(offer.entitlement, 0) > 0,
            )
        )

    def _reaches(self, programme: Programme, offer: Offer, positions: list[int]) -> bool:
        key = f"{programme.id}/{offer.id}"
        if self._limit_left(programme, offer) == 0:
            self.answer.refused[key] = "used_up"
            return False
        positions = list(self._counted(offer, positions))
        counted = positions if offer.minimum_of == "lines" else range(len(self.goods))
        if sum(self.goods[i].line.quantity for i in counted) < offer.minimum_quantity:
            self.answer.refused[key] = "minimum"
            return False
        if offer.minimum_price == "till" and self._measured(offer, positions, [one.line.gross for one in self.goods]) < offer.minimum:
            self.answer.refused[key] = "minimum"
            return False
        return True

    def _open_enough(self, offer: Offer, positions: Sequence[int]) -> bool:
        """An offer that closes units reaches the minimum of its lines with units that are open."""
        if offer.minimum_of == "order" or offer.minimum_selector is not None:
            return True
        quantity, amount = Fraction(0), 0
        for i in positions:
            one = self.goods[i]
            part = Fraction(one.units, open_goods([one.line])[0].units)
            quantity += one.line.quantity * part
            price = one.open_price if offer.minimum_price == "remaining" else half_up(one.line.gross * part)
            if offer.minimum_basis == "net":
                price = half_up(Fraction(price * one.line.net, one.line.gross)) if one.line.gross else 0
            amount += price
        return quantity >= offer.minimum_quantity and amount >= offer.minimum

    def _limit_left(self, programme: Programme, offer: Offer) -> int | None:
        """Uses that its limits leave; None is no limit."""
        left = [
            max(0, limit.uses - self.state.used.get(limit_key(programme.id, offer.id, index), 0))
            for index, limit in enumerate(offer.limits)
        ]  # fmt: skip
        return min(left, default=None)

    def _counted(self, offer: Offer, positions: Sequence[int]) -> Sequence[int]:
        if offer.minimum_selector is None:
            return positions
        return [i for i, one in enumerate(self.goods) if matches(offer.minimum_selector, one)]

    def _measured(self, offer: Offer, positions: Sequence[int], prices: Sequence[int]) -> int:
        amount = 0
        for i in positions if offer.minimum_of == "lines" else range(len(self.goods)):
            line = self.goods[i].line
            if offer.minimum_basis == "gross":
                amount += prices[i]
            elif line.gross:
                amount += half_up(Fraction(prices[i] * line.net, line.gross))
        return amount - self.deducted if offer.minimum_of == "order" else amount

    def _compete(self, candidates: list[tuple[Programme, Offer, list[int]]]) -> list[tuple[Programme, Offer, list[int]]]:
        groups: dict[tuple[str, bool, str], list[tuple[Programme, Offer, list[int]]]] = {}
        for one in candidates:
            programme, offer, _ = one
            if offer.exclusive and not offer.cost:
                apart = self._stage(offer) == 0 and offer.group == "default"
                groups.setdefault((programme.id, apart, offer.group), []).append(one)
        chosen = list(candidates)
        for rivals in groups.values():
            for rival, lines in zip(rivals, won(rivals, self._worth, self._stage), strict=True):
                if lines:
                    chosen[chosen.index(rival)] = (rival[0], rival[1], lines)
                else:
                    chosen.remove(rival)
                    self.answer.refused[f"{rival[0].id}/{rival[1].id}"] = "not_combined"
        return chosen

    def _worth(self, candidate: tuple[Programme, Offer, list[int]]) -> int:
        programme, offer, positions = candidate
        if isinstance(offer, GiftOffer):
            return 0
        fresh = open_goods([one.line for one in self.goods])
        return cut_of(offer, fresh, positions, programme.policies, self.facts).amount

    def left(self) -> int:
        return sum(one.price for one in self.goods) - self.deducted

    def _apply(self, programme: Programme, offer: Offer, positions: list[int]) -> None:
        key = f"{programme.id}/{offer.id}"
        if offer.selector.exclude_discounted:
            positions = [i for i in positions if self.goods[i].untouched]
            if not positions:
                return
        if offer.entitlement is not None and not self.entitled[offer.entitlement]:
            self.answer.refused[key] = "used_up"
            return
        left = [one.price for one in self.goods]
        if offer.minimum_price == "remaining" and self._measured(offer, self._counted(offer, positions), left) < offer.minimum:
            self.answer.refused[key] = "minimum"
            return
        if offer.closes_units and not self._open_enough(offer, positions):
            self.answer.refused[key] = "minimum"
            return
        times = 0
        if offer.cost:
            claims = [one for one in self.request.claims if one.rule == offer.id]
            for claim in sorted(claims, key=lambda one: (one.product or "", one.quantity or 0, one.times)):
                times += self._once(programme, offer, positions, claim, times)
        else:
            times = self._once(programme, offer, positions, None, 0)
        if times:
            self.answer.applied[key] = offer.id
            if offer.entitlement is not None:
                self.entitled[offer.entitlement] -= times

    def _once(self, programme: Programme, offer: Offer, positions: list[int], claim: Claim | None, before: int) -> int:
        """How often it was given; `before` says how often already."""
        times, there = 1, max(0, self.purse() - self.answer.cost)
        if claim is not None:
            times = self._affordable(programme, offer, claim, before)
            if times and offer.takes_all:
                given = self._give(programme, offer, positions, claim, 1)
                self.answer.cost += given * (there - offer.cost)
                return given
        return self._give(programme, offer, positions, claim, times)

    def _give(self, programme: Programme, offer: Offer, positions: list[int], claim: Claim | None, times: int) -> int:
        """Gives it so many times, each for its cost."""
        if isinstance(offer, GiftOffer):
            product = claim.product if claim is not None and claim.product is not None else offer.products[0]
            if not times:
                return 0
            if product not in offer.products:
                self.answer.refused[f"{programme.id}/{offer.id}"] = "product"
                return 0
            quantity = times * offer.quantity
            if claim is not None and claim.quantity is not None:
                quantity = min(quantity, claim.quantity)
            self.answer.gifts.append((offer.id, product, quantity, times * offer.cost))
            self.answer.cost += times * offer.cost
            return times
        given = 0
        while given < times and self._cut(programme, offer, positions):
            self.answer.cost += offer.cost
            given += 1
        return given

    def _cut(self, programme: Programme, offer: Offer, positions: list[int]) -> bool:
        cut = cut_of(offer, self.goods, positions, programme.policies, self.facts)
        if self.deducted:
            cut.at_most(self.left())
        if not cut.amount and not cut.gift:
            return False
        for one in cut.closed:
            self.goods[one.position].units -= one.units
            self.goods[one.position].open_price -= one.price
        touched = {one.position for one in cut.closed}
        for i, amount in cut.shares.items():
            goods = self.goods[i]
            if i not in touched and goods.price:  # open units give their share
                goods.open_price = half_up(Fraction(goods.open_price * (goods.price - amount), goods.price))
            goods.price -= amount
        if cut.amount:
            shares = {self.goods[i].line.line_id: amount for i, amount in cut.shares.items() if amount}
            self.answer.benefits.append((offer.id, shares))
            self.answer.discount += cut.amount
        if cut.gift:
            assert isinstance(offer, BuyGetOffer)
            assert offer.add is not None
            self.answer.gifts.append((offer.id, offer.add, cut.gift * 1000, 0))
        return True

    def _affordable(self, programme: Programme, offer: Offer, claim: Claim, before: int) -> int:
        key = f"{programme.id}/{offer.id}"
        if programme.policies.one_reward_per_sale and self.answer.cost:
            self.answer.refused[key] = "one_reward"
            return 0
        times = claim.times
        if claim.quantity is not None and isinstance(offer, GiftOffer):
            times = -(-claim.quantity // offer.quantity)
        counted = [self._limit_left(programme, offer)]
        if offer.coupon:
            counted.append(self.coupons[programme.id, offer.id].uses_left)
        if offer.entitlement is not None:
            counted.append(self.entitled[offer.entitlement])
        left = min((one - before for one in counted if one is not None), default=times)
        if left < times:
            self.answer.refused[key] = "used_up"
            times = left
        can = max(0, self.purse() - self.answer.cost) // offer.cost
        times = min(times, 1) if offer.takes_all else times
        if can < times:
            self.answer.refused[key] = "points"
        return min(times, can)

    def _voucher(self, coupon: Coupon) -> None:
        positions = [i for i, one in enumerate(self.goods) if one.line.kind in (LineKind.PRODUCT, LineKind.SERVICE) and one.price]
        amount = min(half_up(Fraction(sum(self.goods[i].price for i in positions) * coupon.percent, 10_000)), self.left())
        if amount <= 0:
            return
        shares = share_out(amount, [self.goods[i].price for i in positions])
        for i, share in zip(positions, shares, strict=True):
            goods = self.goods[i]
            goods.open_price = half_up(Fraction(goods.open_price * (goods.price - share), goods.price))
            goods.price -= share
        named = {self.goods[i].line.line_id: share for i, share in zip(positions, shares, strict=True) if share}
        self.answer.benefits.append(("voucher", named))
        self.answer.discount += amount
        self.answer.applied[f"voucher/{coupon.code}"] = "voucher"

    def purse(self) -> int:
        if self.facts is None or self.facts.blocked:
            return 0
        given = [one for one in self.earnings() if one.programme.policies.same_sale_points]
        return self.facts.balance_available + sum(one.points for one in given)

    def earnings(self, in_points: Sequence[int] = (), in_stored: Sequence[int] = ()) -> list[Given]:
        if self.facts is None:
            return []
        zero = [0] * len(self.goods)
        after = [one.price for one in self.goods]
        before_rewards = list(getattr(self, "before_rewards", after))
        if self.deducted and sum(after):
            taken = share_out(min(self.deducted, sum(after)), after)
            after = [price - part for price, part in zip(after, taken, strict=True)]
            if not self.at_till_prices:
                before_rewards = [max(0, price - part) for price, part in zip(before_rewards, taken, strict=True)]
            elif not hasattr(self, "before_rewards"):
                before_rewards = after
        # A deduction touches the whole order: what lines cost before that is what they cost without it.
        before_orders = getattr(self, "before_orders", [one.price for one in self.goods])
        costs = Costs(after, before_orders, before_rewards, in_points or zero, in_stored or zero)
        goods = [replace(one) for one in self.goods]
        return earn(self.mine, goods, costs, self.state.used, self.facts, self.local, self.holds, self.request.at)
