"""What one offer takes off the goods: their units laid out one by one, sorted, and taken from the top."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any

from v5_core.engine import CustomerFacts
from v5_core.programme import (
    AmountOffer,
    BundleOffer,
    BuyGetOffer,
    CardDiscount,
    CheapestOffer,
    FixedPriceOffer,
    GiftOffer,
    Offer,
    PercentOffer,
    Policies,
)
from v5_reference.arithmetic import half_up, rounded, share_out, share_out_to_first, share_out_to_last
from v5_reference.counting import Counting, groups, of_sets
from v5_reference.pool import Goods, Pool, Taken, all_units, available, matches, pool_of, take_units

__all__ = ["Cut", "cut_of"]

_CHOOSE_THEMSELVES = ("bundle", "buy_get", "cheapest")


def odd_cents(policies: Policies) -> Callable[[int, Sequence[Fraction | int]], list[int]]:
    """How an amount is shared out, by the programme's policy."""
    return {"last_line": share_out_to_last, "first_lines": share_out_to_first}.get(policies.odd_cents, share_out)


@dataclass
class Cut:
    """What an offer takes, by the position of the line.

    Attributes:
        count: Units that it reduces, or gives; of bundles sets.
    """

    shares: dict[int, int] = field(default_factory=dict)
    closed: list[Taken] = field(default_factory=list)
    gift: int = 0
    count: int = 0

    def off(self, position: int, amount: int) -> None:
        self.shares[position] = self.shares.get(position, 0) + amount

    def units_off(self, one: Taken, amount: int) -> None:
        """What is taken off some units; those of which nothing is taken are not reduced."""
        self.off(one.position, amount)
        self.count += one.units if amount else 0

    def at_most(self, limit: int, policies: Policies) -> None:
        """Keeps it within a limit; lines are in the order of their ids."""
        positions = sorted(one for one in self.shares if self.shares[one])
        if positions and sum(self.shares.values()) > limit:
            parts = odd_cents(policies)(max(0, limit), [self.shares[one] for one in positions])
            self.shares = dict(zip(positions, parts, strict=True))

    def not_below(self, lowest: Mapping[str, int], goods: Sequence[Goods], policies: Policies, *, spread: bool) -> None:
        """Takes no unit below the lowest price of its article; `spread`: the rest is taken from the other lines."""
        room = {}
        for i, share in self.shares.items():
            line = goods[i].line
            least = half_up(Fraction(lowest[line.product] * line.quantity, 1000)) if line.product in lowest else 0
            if share:
                room[i] = max(0, goods[i].price - least)
        if not spread:
            self.shares = {i: min(self.shares[i], room[i]) for i in room}
            return
        amount, full, having = self.amount, dict[int, int](), sorted(room)
        while having:
            parts = odd_cents(policies)(amount - sum(full.values()), [goods[i].price for i in having])
            over = [i for i, part in zip(having, parts, strict=True) if part > room[i]]
            if not over:
                full |= dict(zip(having, parts, strict=True))
                break
            full |= {i: room[i] for i in over}
            having = [i for i in having if i not in full]
        self.shares = full

    def apply(self, goods: Sequence[Goods]) -> None:
        """Takes it off the goods: closed units are closed, and open ones give their share of what a whole line gives."""
        for one in self.closed:
            goods[one.position].units -= one.units
            goods[one.position].open_price -= one.price
        touched = {one.position for one in self.closed}
        for i, amount in self.shares.items():
            one_line = goods[i]
            if i not in touched and one_line.price:
                one_line.open_price = half_up(Fraction(one_line.open_price * (one_line.price - amount), one_line.price))
            one_line.price -= amount

    @property
    def amount(self) -> int:
        return sum(self.shares.values())


class _Offer:
    """An offer on some lines: of one group of like units, and of so many units."""

    def __init__(
        self,
        offer: Any,
        goods: Sequence[Goods],
        positions: Sequence[int],
        policies: Policies,
        facts: CustomerFacts | None,
        deducted: tuple[int, int],
    ) -> None:
        self.offer, self.goods, self.positions, self.policies, self.facts = offer, goods, list(positions), policies, facts
        self.counting = Counting(offer, goods, deducted)
        self.cut = Cut()
        self.allowed: dict[int, int] | None = None
        self.cap: int | None = None
        self.share_out = odd_cents(policies)

    def pool(self, positions: Sequence[int]) -> Pool:
        """Units that it may touch here."""
        found = pool_of(self.goods, positions, closing=self.offer.closes_units)
        if self.allowed is not None:
            for i in [one for one in found if one in self.allowed]:
                some = take_units({i: found.pop(i)}, self.allowed[i])
                found |= {one.position: (one.units, one.price) for one in some}
        return dict(sorted(found.items()))

    def allow(self, units: int | None) -> None:
        """Says which units it may touch: those of whole sets, and of them so many."""
        offer = self.offer
        sets = offer.of_different is not None and offer.minimum_selector is None and offer.kind != "bundle"
        if not sets and units is None:
            return
        pool = self.pool(self.positions)
        if sets:
            number, kinds = of_sets(offer, pool, self.goods)
            chosen = [one for own in kinds for one in take_units({i: pool[i] for i in own}, number, dearest=True)]
            pool = {one.position: (one.units, one.price) for one in chosen}
        if offer.kind in _CHOOSE_THEMSELVES:
            self.cap = units
        elif units is not None:
            per_line = getattr(offer, "units_per_line", None)
            pieces = [one for i in sorted(pool) for one in take_units({i: pool[i]}, per_line or pool[i][0])]
            pool = {one.position: (one.units, one.price) for one in pieces if self.reduces(one)}
            chosen = take_units(pool, units, dearest=getattr(offer, "choose", "") == "dearest")
            pool = {one.position: (one.units, one.price) for one in chosen}
        self.allowed = {i: pool[i][0] if i in pool else 0 for i in self.positions}

    def reduces(self, one: Taken) -> bool:
        """Whether a price would be lowered at all: what costs less already is no unit that is reduced."""
        return one.price > 0 and (self.offer.kind not in ("fixed_price", "price_list") or self.price_off(one) > 0)

    # Kinds

    def take(self) -> None:
        offer = self.offer
        if isinstance(offer, PercentOffer | AmountOffer | CardDiscount) and offer.kind not in ("percent_order", "amount_order"):
            self.each_line()
        elif isinstance(offer, PercentOffer | AmountOffer):
            self.order()
        elif not isinstance(offer, GiftOffer):
            {"fixed_price": self.prices, "price_list": self.prices, "bundle": self.bundle, "buy_get": self.buy_get,
             "cheapest": self.cheapest}[offer.kind]()  # fmt: skip

    def till_price(self, one: Taken) -> int:
        goods = self.goods[one.position]
        return half_up(Fraction(goods.line.gross * one.units, all_units(goods)))

    def percent(self, amount: int, rate: int) -> int:
        return rounded(Fraction(amount * rate, 10_000), self.policies.discount_rounding)

    def with_vat(self, amount: int, position: int) -> int:
        line = self.goods[position].line
        return half_up(Fraction(amount * line.gross, line.net)) if line.net else amount

    def each_line(self) -> None:
        offer = self.offer
        most = getattr(offer, "units_per_line", None)
        for position, (units, price) in self.pool(self.positions).items():
            one = take_units({position: (units, price)}, units if most is None else most)[0]
            if most is not None and one.units < pool_of(self.goods, [position], closing=offer.closes_units)[position][0]:
                one.price = self.some_units(one)
            self.cut.units_off(one, min(one.price, self.off(one)))
            if offer.closes_units:
                self.cut.closed.append(one)

    def some_units(self, one: Taken) -> int:
        """What so many units of each line cost of which others were reduced before."""
        if self.policies.units_price == "share":
            return one.price
        goods = self.goods[one.position]
        return max(0, self.till_price(one) - (goods.line.gross - goods.price))

    def off(self, one: Taken) -> int:
        offer = self.offer
        if isinstance(offer, AmountOffer):
            amount = offer.amount if offer.kind == "amount_lines" else offer.amount * one.units
            return amount if offer.amount_basis == "gross" else self.with_vat(amount, one.position)
        rate = offer.percent
        if isinstance(offer, CardDiscount) and self.facts is not None:
            rate = self.facts.card_rate or rate
        price = self.till_price(one) if self.policies.percent_of == "till" else one.price
        if self.policies.percent_per == "line":
            return self.percent(price, rate)
        return one.units * rounded(Fraction(price * rate, 10_000 * one.units), self.policies.discount_rounding)

    def order(self) -> None:
        offer = self.offer
        if self.allowed is None:  # touches amounts, and no units
            pieces = [Taken(i, all_units(self.goods[i]), self.goods[i].price) for i in self.positions]
        else:
            pieces = [Taken(i, units, price) for i, (units, price) in self.pool(self.positions).items()]
        left = sum(one.price for one in pieces)
        if isinstance(offer, PercentOffer):
            base = sum(self.till_price(one) for one in pieces) if self.policies.percent_of == "till" else left
            whole = self.percent(base, offer.percent)
        else:
            whole = offer.amount * self.counting.repeats(self.positions)
            if offer.amount_basis == "net":
                whole = self.net_amount(whole, pieces)
        whole = min(left, whole)
        if not whole:
            return
        parts = self.share_out(whole, [one.price for one in pieces])
        for one, part in zip(pieces, parts, strict=True):
            self.cut.off(one.position, part)
        if self.allowed is not None:
            self.cut.count = sum(one.units for one in pieces if one.price)
            self.cut.closed = pieces if offer.closes_units else []

    def net_amount(self, amount: int, pieces: Sequence[Taken]) -> int:
        """An amount without VAT with it: each line's part of it by the line's own rate."""
        lines = [self.goods[one.position].line for one in pieces]
        nets = [half_up(Fraction(one.price * line.net, line.gross)) if line.gross else 0 for one, line in zip(pieces, lines, strict=True)]
        if amount >= sum(nets):
            return sum(one.price for one in pieces)
        return sum(self.with_vat(part, one.position) for part, one in zip(share_out(amount, nets), pieces, strict=True))

    def price_off(self, one: Taken) -> int:
        """What a final price takes off some units of a line, to the cent; a cheaper one stays."""
        offer, goods = self.offer, self.goods[one.position]
        each = offer.price if isinstance(offer, FixedPriceOffer) else offer.prices.get(goods.line.product)
        if each is None:
            return self.percent(one.price, offer.percent)
        if getattr(offer, "price_basis", "gross") == "net" and goods.line.net:
            each = half_up(Fraction(each * goods.line.gross, goods.line.net))
        return max(0, one.price - half_up(each * Fraction(goods.line.quantity * one.units, 1000 * all_units(goods))))

    def prices(self) -> None:
        """It touches whole lines, open units where it closes them, and closes those whose price it lowers."""
        for position, (units, price) in self.pool(self.positions).items():
            one = Taken(position, units, price)
            off = self.price_off(one)
            self.cut.units_off(one, off)
            if self.offer.closes_units and off:
                self.cut.closed.append(one)

    def bundle(self) -> None:
        offer: BundleOffer = self.offer
        chosen = [[i for i, one in enumerate(self.goods) if matches(part.selector, one)] for part in offer.parts]
        left = self.pool(range(len(self.goods)))
        most = min((one for one in (offer.times, self.cap) if one is not None), default=None)
        while most is None or self.cut.count < most:
            trial, one_set = dict(left), list[Taken]()
            for part, lines in zip(offer.parts, chosen, strict=True):
                wanted = max(1, part.quantity // 1000)
                mine = {i: trial[i] for i in lines if i in trial}
                if available(mine) < wanted:
                    return
                one_set += take_units(mine, wanted, dearest=True)
                for i in lines:
                    trial.pop(i, None)
                trial |= mine
            base = sum(one.price for one in one_set)
            if offer.price is not None:
                off = max(0, base - offer.price)
            else:
                off = self.percent(base, offer.percent) if offer.percent else min(base, offer.amount)
            one_set.sort(key=lambda one: one.position)
            for one, share in zip(one_set, self.share_out(off, [one.price for one in one_set]), strict=True):
                self.cut.off(one.position, share)
            if offer.closes_units:
                self.cut.closed += one_set
            left = trial
            self.cut.count += 1

    def buy_get(self) -> None:
        offer: BuyGetOffer = self.offer
        buy, get = max(1, offer.buy // 1000), max(1, offer.get // 1000)
        getting = self.positions
        if offer.get_selector is not None:
            getting = [i for i, one in enumerate(self.goods) if matches(offer.get_selector, one)]
        times = available(self.pool(self.positions))
        times = min(one for one in (times, offer.times, None if self.cap is None else self.cap // get) if one is not None)
        while times:
            # A unit may be bought or got, not both. What is got is chosen first, then the dearest of the rest are bought.
            pool = self.pool(sorted({*self.positions, *getting}))
            got: list[Taken] = []
            enough = True
            if offer.add is None:
                mine = {i: pool[i] for i in getting if i in pool}
                enough = available(mine) >= times * get
                got = take_units(mine, times * get, dearest=offer.choose == "dearest")
                pool = {i: one for i, one in pool.items() if i not in getting} | mine
            buying = {i: pool[i] for i in self.positions if i in pool}
            if enough and available(buying) >= times * buy:
                if offer.add is not None:
                    self.cut.gift = self.cut.count = times * get
                bought = take_units(buying, times * buy, dearest=True)
                if offer.choose == "next" and offer.add is None:
                    got, bought = self.in_turns(getting, buy, get, times)
                for one in got:
                    self.cut.units_off(
                        one, self.percent(one.price, offer.percent) if offer.price is None else max(0, one.price - offer.price * one.units)
                    )
                if offer.closes_units:
                    self.cut.closed = got + bought
                return
            times -= 1

    def in_turns(self, getting: Sequence[int], buy: int, get: int, times: int) -> tuple[list[Taken], list[Taken]]:
        """The dearest are bought, the next in price got, the next bought, as long as there are enough of both."""
        pool = self.pool(sorted({*self.positions, *getting}))
        got: list[Taken] = []
        bought: list[Taken] = []
        for _ in range(times):
            both = []
            for lines, units in ((self.positions, buy), (getting, get)):
                mine = {i: pool[i] for i in lines if i in pool}
                if available(mine) < units:
                    return got, bought
                both.append(take_units(mine, units, dearest=True))
                pool = {i: one for i, one in pool.items() if i not in lines} | mine
            bought += both[0]
            got += both[1]
        return got, bought

    def cheapest(self) -> None:
        offer: CheapestOffer = self.offer
        units = offer.units * self.counting.repeats(self.positions)
        units = units if self.cap is None else min(units, self.cap)
        for one in take_units(self.pool(self.positions), units, dearest=offer.choose == "dearest"):
            self.cut.units_off(one, self.percent(one.price, offer.percent) if offer.percent else min(one.price, offer.amount * one.units))
            if offer.closes_units:
                self.cut.closed.append(one)


def cut_of(
    offer: Offer, goods: Sequence[Goods], positions: Sequence[int], policies: Policies, facts: CustomerFacts | None,
    *, units: int | None = None, deducted: tuple[int, int] = (0, 0),
) -> Cut:  # fmt: skip
    """What an offer takes off these lines as they stand, within its own maximum: each group of like units is an offer of its own.

    Args:
        offer: The offer.
        goods: All lines.
        positions: Those that it may touch.
        policies: Of its programme.
        facts: The customer.
        units: Uses left, where each unit is one.
        deducted: Taken off the whole order, with VAT and without.
    """
    whole = Cut()
    own = getattr(offer, "units", None) if offer.kind != "cheapest" else None
    most = min((one for one in (units, own) if one is not None), default=None)
    apart = offer.of_same is not None and offer.kind != "bundle"
    left = [replace(one) for one in goods]  # what one group got, the next does not get again
    for group in groups(offer.of_same or "", positions, goods) if apart else [list(positions)]:
        one = _Offer(offer, left, group, policies, facts, deducted)
        one.allow(most)
        one.take()
        if one.cut.amount or one.cut.gift:
            one.cut.apply(left)
            for position, amount in one.cut.shares.items():
                whole.off(position, amount)
            whole.closed += one.cut.closed
            whole.gift += one.cut.gift
            whole.count += one.cut.count
            most = None if most is None else max(0, most - one.cut.count)
    if policies.lowest_prices and not offer.cost:
        whole.not_below(policies.lowest_prices, goods, policies, spread=offer.kind in ("percent_order", "amount_order"))
    if offer.maximum is not None:
        whole.at_most(offer.maximum, policies)
    return whole
