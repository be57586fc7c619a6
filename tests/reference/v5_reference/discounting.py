"""Codes and offers of a basket: who competes, who applies, in which order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

from v5_core.engine import Coupon, limit_key
from v5_core.model import Claim, LineKind
from v5_core.programme import BuyGetOffer, GiftOffer, Offer, Programme
from v5_reference.answer import Answer
from v5_reference.arithmetic import fold, half_up, share_out
from v5_reference.buying import Buying, order_of, stage_of
from v5_reference.competing import best_of, won
from v5_reference.counting import Counting, groups
from v5_reference.earning import Costs, Given, earn
from v5_reference.pool import matches, open_goods
from v5_reference.pricing import cut_of

__all__ = ["Answer", "Discounting"]


class Discounting(Buying):
    """A basket to which the offers apply."""

    def discount(self) -> None:
        """Applies the offers; the prices of the goods are what they leave."""
        chosen = self._compete(self._candidates())
        chosen.sort(key=lambda one: order_of(one[0], one[1]))
        prices = [[one.price for one in self.goods]] * 3
        for stage in range(4):
            for programme, offer, positions in chosen:
                if stage_of(offer) == stage:
                    self._apply(programme, offer, positions)
            if stage == 2:
                for coupon in self.vouchers:
                    self._voucher(coupon)
            if stage < 3:
                prices[stage] = [one.price for one in self.goods]
        self.before_orders, self.before_rewards = prices[1], prices[2]

    def _candidates(self) -> list[tuple[Programme, Offer, list[int]]]:
        found = []
        for programme in self.programmes:
            for offer in sorted(programme.offers, key=lambda one: one.id):
                if not self._is_open(programme, offer):
                    continue
                positions = [i for i, one in enumerate(self.goods) if matches(offer.selector, one)]
                positions = self._reaching(programme, offer, positions) if positions else []
                if positions:
                    found.append((programme, offer, positions))
        return found

    def _is_open(self, programme: Programme, offer: Offer) -> bool:
        return all(
            (
                offer.validity.covers(self.request.at, self.local.date()),
                not offer.members_only or programme in self.mine,
                self.holds(offer.when),
                not offer.codes or any(fold(code) in self.public for code in offer.codes),
                not offer.coupon or (programme.id, offer.id) in self.coupons,
                not offer.cost or any(claim.rule == offer.id for claim in self.request.claims),
                offer.entitlement is None or self.entitled.get(offer.entitlement, 0) > 0,
            )
        )

    def _reaching(self, programme: Programme, offer: Offer, positions: list[int]) -> list[int]:
        """The lines it may touch as the basket came; none where something is missing, or too much."""
        counting = Counting(offer, self.goods, self.off_order)
        problem = "used_up" if self._limit_left(programme, offer) == 0 or self._budget(programme, offer) == (0, 0) else ""
        if not problem and offer.of_same:
            positions, problem = counting.of_same(positions, counting.till, at_till=True)
        elif not problem:
            problem = counting.problem(counting.counted(positions), counting.till, at_till=True)
        if problem:
            self.answer.refused[f"{programme.id}/{offer.id}"] = problem
            return []
        return positions

    def _limit_left(self, programme: Programme, offer: Offer) -> int | None:
        """Uses that its limits leave; None is no limit."""
        left = [
            max(0, limit.uses - self.state.used.get(limit_key(programme.id, offer.id, index), 0))
            for index, limit in enumerate(offer.limits)
        ]  # fmt: skip
        return min(left, default=None)

    def _uses_left(self, programme: Programme, offer: Offer) -> int | None:
        """The same with the coupon that opens it, its entitlement, and how often one sale may take it as a reward."""
        counted = [self._limit_left(programme, offer), offer.times_per_sale if offer.cost else None]
        if offer.coupon:
            counted.append(self.coupons[programme.id, offer.id].uses_left)
        if offer.entitlement is not None:
            counted.append(self.entitled[offer.entitlement])
        return min((one for one in counted if one is not None), default=None)

    def _budget(self, programme: Programme, offer: Offer) -> tuple[int | None, int | None]:
        """Money that it may give, in part or whole: what budgets leave of which the rest is given, and of which nothing is given then."""
        rest: list[int] = []
        nothing: list[int] = []
        for index, budget in enumerate(offer.budgets):
            left = max(0, budget.amount - self.state.used.get(limit_key(programme.id, offer.id, index, budget=True), 0))
            if not left:
                return 0, 0
            if budget.short != "all":
                (rest if budget.short == "rest" else nothing).append(left)
        return min(rest, default=None), min(nothing, default=None)

    def _compete(self, candidates: list[tuple[Programme, Offer, list[int]]]) -> list[tuple[Programme, Offer, list[int]]]:
        groups: dict[tuple[str, bool, str], list[tuple[Programme, Offer, list[int]]]] = {}
        for one in candidates:
            programme, offer, _ = one
            if offer.exclusive and not offer.cost and not offer.alone:
                apart = stage_of(offer) == 0 and offer.group == "default"
                groups.setdefault((programme.id, apart, offer.group), []).append(one)
        chosen = list(candidates)
        for rivals in groups.values():
            for rival, lines in zip(rivals, won(rivals, self._worth, stage_of), strict=True):
                if lines:
                    chosen[chosen.index(rival)] = (rival[0], rival[1], lines)
                else:
                    chosen.remove(rival)
                    self.answer.refused[f"{rival[0].id}/{rival[1].id}"] = "not_combined"
        return self._alone(chosen)

    def _alone(self, chosen: list[tuple[Programme, Offer, list[int]]]) -> list[tuple[Programme, Offer, list[int]]]:
        """Beside one that stands alone and gives anything only prices and rewards stay; one that gives nothing is as if it were not."""
        solo = sorted((one for one in chosen if one[1].alone), key=lambda one: order_of(one[0], one[1]))
        giving = [one for one in solo if self._worth(one)[1]]
        best = best_of(giving, self._worth, stage_of)[1] if giving else None
        self.stands_alone = best is not None
        kept = []
        for one in chosen:
            stays = not one[1].alone if best is None else one[1] is best
            if stays or stage_of(one[1]) in (0, 3):
                kept.append(one)
            else:
                self.answer.refused[f"{one[0].id}/{one[1].id}"] = "condition" if best is None else "not_combined"
        return kept

    def _worth(self, candidate: tuple[Programme, Offer, list[int]]) -> tuple[int, bool]:
        """What it would take off the till's own prices, within the uses and the money that are left; and whether it gives anything."""
        programme, offer, positions = candidate
        if isinstance(offer, GiftOffer):
            return 0, True
        fresh = open_goods([one.line for one in self.goods])
        units = self._uses_left(programme, offer) if offer.use_of == "unit" else None
        cut = cut_of(offer, fresh, positions, programme.policies, self.facts, units=units, deducted=self.off_order)
        rest, nothing = self._budget(programme, offer)
        if rest is not None:
            cut.at_most(rest, programme.policies)
        return (cut.amount, bool(cut.amount or cut.gift)) if nothing is None or cut.amount <= nothing else (0, False)

    def left(self) -> int:
        return sum(one.price for one in self.goods) - self.deducted

    def _apply(self, programme: Programme, offer: Offer, positions: list[int]) -> None:
        key = f"{programme.id}/{offer.id}"
        if offer.selector.exclude_discounted:
            positions = [i for i in positions if self.goods[i].untouched]
            if not positions:
                return
        positions, problem = self._reaching_now(offer, positions)
        left = self._uses_left(programme, offer)
        if not problem and left is not None and left < 1:
            problem = "used_up"
        if problem:
            self.answer.refused[key] = problem
            return
        times = self._given(programme, offer, positions, left)
        if times:
            self.answer.applied[key] = offer.id
            if offer.entitlement is not None:
                self.entitled[offer.entitlement] -= times

    def _reaching_now(self, offer: Offer, positions: list[int]) -> tuple[list[int], str]:
        """The lines it may touch by what the offers before it left, or why none."""
        counting, now = Counting(offer, self.goods, self.off_order), [one.price for one in self.goods]
        if offer.of_same:
            return counting.of_same(positions, now, at_till=False)
        counted = counting.counted(positions)
        problem = counting.problem(counted, now, at_till=False)
        if not problem and offer.closes_units and not counting.open_enough(counted):
            problem = "minimum"
        return positions, problem

    def _given(self, programme: Programme, offer: Offer, positions: list[int], left: int | None) -> int:
        """Gives it; how many uses that was."""
        start, times = self.answer.discount, 0
        if offer.cost:
            claims = [one for one in self.request.claims if one.rule == offer.id]
            for claim in sorted(claims, key=lambda one: (one.product or "", one.quantity or 0, one.times)):
                times += self._claimed(programme, offer, positions, claim, None if left is None else left - times, start)
            return times
        if isinstance(offer, GiftOffer):
            counting = Counting(offer, self.goods, self.off_order)
            apart = groups(offer.of_same, positions, self.goods) if offer.of_same else [positions]
            times = sum(counting.repeats(own) for own in apart)
            if offer.use_of == "unit" and left is not None:
                times = min(times, left)
            self._give_gift(programme, offer, None, times)
            return times if offer.use_of == "unit" else min(times, 1)
        return self._cut(programme, offer, positions, start, left if offer.use_of == "unit" else None)

    def _claimed(
        self, programme: Programme, offer: Offer, positions: list[int], claim: Claim, left: int | None, start: int
    ) -> int:  # fmt: skip
        """How often a reward was given, each for its cost."""
        there = max(0, self.purse() - self.answer.cost)
        times = self._affordable(programme, offer, claim, left)
        given = 0
        if isinstance(offer, GiftOffer):
            given = times if self._give_gift(programme, offer, claim, times) else 0
        else:
            while given < times and self._cut(programme, offer, positions, start, None):
                given += 1
        self.answer.cost += given * (there if offer.takes_all else offer.cost)
        self.answer.taken[offer.id] = self.answer.taken.get(offer.id, 0) + given
        return given

    def _give_gift(self, programme: Programme, offer: GiftOffer, claim: Claim | None, times: int) -> bool:
        product = claim.product if claim is not None and claim.product is not None else offer.products[0]
        if not times:
            return False
        if product not in offer.products:
            self.answer.refused[f"{programme.id}/{offer.id}"] = "product"
            return False
        quantity = times * offer.quantity
        if claim is not None and claim.quantity is not None:
            quantity = min(quantity, claim.quantity)
        self.answer.gifts.append((offer.id, product, quantity, times * offer.cost))
        return True

    def _cut(self, programme: Programme, offer: Offer, positions: list[int], start: int, units: int | None) -> int:
        """Takes what it gives now; how many uses that is. What this offer took in the sale lies on its budgets already."""
        cut = cut_of(offer, self.goods, positions, programme.policies, self.facts, units=units, deducted=self.off_order)
        rest, nothing = self._budget(programme, offer)
        most = [one for one in (None if rest is None else rest + start - self.answer.discount,) if one is not None]
        if self.deducted:
            most.append(self.left())
        if most:
            cut.at_most(min(most), programme.policies)
        if nothing is not None and cut.amount > nothing + start - self.answer.discount:
            self.answer.refused[f"{programme.id}/{offer.id}"] = "used_up"
            return 0
        if not cut.amount and not cut.gift:
            return 0
        cut.apply(self.goods)
        uses = max(1, cut.count) if offer.use_of == "unit" and not offer.cost else 1
        if cut.amount:
            shares = {self.goods[i].line.line_id: amount for i, amount in cut.shares.items() if amount}
            self.answer.benefits.append((offer.id, shares, uses))
            self.answer.discount += cut.amount
        if cut.gift:
            assert isinstance(offer, BuyGetOffer)
            assert offer.add is not None
            self.answer.gifts.append((offer.id, offer.add, cut.gift * 1000, 0))
        return uses

    def _affordable(self, programme: Programme, offer: Offer, claim: Claim, left: int | None) -> int:
        key = f"{programme.id}/{offer.id}"
        if programme.policies.one_reward_per_sale and self.answer.cost:
            self.answer.refused[key] = "one_reward"
            return 0
        times = claim.times
        if claim.quantity is not None and isinstance(offer, GiftOffer):
            times = -(-claim.quantity // offer.quantity)
        if left is not None and left < times:
            self.answer.refused[key] = "used_up"
            times = left
        can = max(0, self.purse() - self.answer.cost) // offer.cost
        times = min(times, 1) if offer.takes_all else times
        if can < times:
            self.answer.refused[key] = "points"
        return min(times, can)

    def _voucher(self, coupon: Coupon) -> None:
        positions = [i for i, one in enumerate(self.goods) if one.line.kind in (LineKind.PRODUCT, LineKind.SERVICE) and one.price]
        if self.stands_alone:
            self.answer.refused[f"voucher/{coupon.code}"] = "not_combined"
            return
        amount = min(half_up(Fraction(sum(self.goods[i].price for i in positions) * coupon.percent, 10_000)), self.left())
        if amount <= 0:
            return
        shares = share_out(amount, [self.goods[i].price for i in positions])
        for i, share in zip(positions, shares, strict=True):
            goods = self.goods[i]
            goods.open_price = half_up(Fraction(goods.open_price * (goods.price - share), goods.price))
            goods.price -= share
        named = {self.goods[i].line.line_id: share for i, share in zip(positions, shares, strict=True) if share}
        self.answer.benefits.append(("voucher", named, 1))
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
        return earn(self.mine, goods, costs, self.state.used, self.facts, self.local, self.holds, self.request.at, self.public)
