"""Programmes made ready: what is in force now, for this customer, at this store, is looked up and not searched.

`Compiled` holds everything; a `_Period` what is in force between two instants at which anything begins or ends; a `View` what of that is
open to a buyer (cards, segments, codes ...), with an index from a line to the rules that touch it. Views are kept, so that a
quote's cost hangs on the rules that can apply and not on how many there are.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Final, TypeVar

from v5_core.engine._alerts import Voice
from v5_core.engine._points_rules import PointsRule
from v5_core.engine._quick import form_of
from v5_core.engine._rules import CompiledProgramme, OfferRule, Pool, Rule, Stage, fold_code, static_match
from v5_core.engine._situation import LineKey, Situation
from v5_core.engine._types import CustomerFacts
from v5_core.errors import ValidationError
from v5_core.programme import EarnEvent, Programme, Selector, Validity, VoucherRule

__all__ = ["Compiled", "Opened", "Selected", "Touched", "View", "compile_programmes"]

_KEPT: Final = 10_000
_NOTHING: Final[frozenset[str]] = frozenset()
# From the number of a selection to the indexes of the lines in it; nobody changes the lists.
Selected = dict[int, list[int]]
_Signature = tuple[frozenset[str] | None, tuple[frozenset[str], ...]]
AnyRule = TypeVar("AnyRule", bound=Rule)
# What a basket names: public codes, coupons (programme/offer) and claimed rewards, as the gates of offers ask for them.
Opened = dict[str, frozenset[str]]


class Compiled:
    """Programmes made ready; never changes, safe to share between threads.

    Attributes:
        offers: In the order in which they apply: price lists, line offers, order offers, rewards; exclusive ones first; higher priority
            first; then by id.
        codes: From a public code to the offers, earning rules and boosts that it opens.
        stored_selectors: From a type of stored value to the lines that it may pay for, by programme, the newest version first.
        voucher_codes: From a code to the voucher rules that ask for it.
        voice: What the programmes say themselves: alerts, and other words for V5's messages.
    """

    __slots__ = (
        "_days", "_instants", "_periods", "boosts", "card_types", "codes", "earning", "offers", "programmes", "stored_selectors",
        "voice", "voucher_codes",
    )  # fmt: skip

    def __init__(self, programmes: Sequence[CompiledProgramme]) -> None:
        self.programmes = tuple(programmes)
        self.voice = Voice(self.programmes)
        self.offers = tuple(sorted((OfferRule(o, p) for p in programmes for o in p.data.offers), key=lambda rule: rule.order))
        for offer in self.offers:
            offer.form = form_of(offer)
        self.earning = tuple(_by_id(PointsRule(e, p) for p in programmes for e in p.data.earning if not isinstance(e, EarnEvent)))
        self.boosts = tuple(_by_id(Rule(b, p) for p in programmes for b in p.data.boosts))
        self.card_types = frozenset(card for programme in programmes for card in programme.card_types)
        self.codes: dict[str, list[Rule]] = defaultdict(list)
        rules: Iterable[Rule] = (*self.offers, *self.earning, *self.boosts)
        for rule in rules:
            for code in rule.codes:
                self.codes[code].append(rule)
        self.voucher_codes: dict[str, list[tuple[CompiledProgramme, VoucherRule]]] = defaultdict(list)
        for programme in programmes:
            for voucher in programme.data.vouchers:
                for code in voucher.codes:
                    self.voucher_codes[fold_code(code)].append((programme, voucher))
        self.stored_selectors: dict[str, list[tuple[int, Pool]]] = defaultdict(list)
        for programme in programmes:
            for kind in programme.data.stored_value:
                self.stored_selectors[kind.id].append((programme.index, Pool(kind.id, kind.selector)))
        self._number()
        validities: list[Validity] = [p.data.validity for p in programmes]
        validities += [rule.data.validity for rules in (self.offers, self.earning, self.boosts) for rule in rules]
        self._instants = sorted({at for one in validities for at in (one.starts_at, one.ends_at) if at is not None})
        first = {one.first_day for one in validities if one.first_day is not None}
        self._days = sorted(first | {one.last_day + timedelta(days=1) for one in validities if one.last_day is not None})
        self._periods: dict[tuple[int, int, str], _Period] = {}

    def _number(self) -> None:
        # Rules whose selectors choose the same, as far as a line's key decides, share a selection.
        numbers: dict[tuple[object, ...], int] = {}
        rules: list[Rule | Pool] = [*self.offers, *self.earning, *self.boosts]
        for offer in self.offers:
            rules += offer.pools
            if offer.minimum_pool is not None:
                rules.append(offer.minimum_pool)
        for rule in rules:
            chosen = rule.selector if isinstance(rule, Pool) else rule.data.selector
            key = (
                chosen.products, chosen.families, chosen.brands, chosen.tags, chosen.kinds,
                chosen.exclude_products, chosen.exclude_families, chosen.exclude_brands, chosen.exclude_tags,
            )  # fmt: skip
            rule.selection = numbers.setdefault(key, len(numbers))

    def active(self, at: datetime, currency: str, today: date | None = None) -> list[bool]:
        """Which programmes count at that moment: of each id the highest version in force."""
        chosen: list[bool] = []
        last = ""
        for programme in self.programmes:
            yes = programme.key != last and programme.in_force(at, today or at.date(), currency)
            chosen.append(yes)
            if yes:
                last = programme.key
        return chosen

    def payable(self, situation: Situation, type_id: str) -> Pool | None:
        """The lines that a type of stored value may pay for, by the version in force (where none is, the newest); None is all."""
        known = self.stored_selectors.get(type_id, [])
        active = self.active(situation.at, situation.currency, situation.local.date()) if len(known) > 1 else []
        return next((pool for index, pool in known if active and active[index]), known[0][1] if known else None)

    def view(self, situation: Situation, opened: Opened | None = None, *, everyone: bool = False) -> View:
        """What is open to this buyer now.

        Args:
            situation: Who buys, where and when.
            opened: Codes, coupons and claims; None is none.
            everyone: As if a member of every programme.
        """
        at, today = situation.at, situation.local.date()
        key = (bisect_right(self._instants, at), bisect_right(self._days, today), situation.currency)
        period = self._periods.get(key)
        if period is None:
            if len(self._periods) >= 100:
                self._periods.clear()
            period = self._periods[key] = _Period(self, self.active(at, situation.currency, today), at, today)
        return period.view(situation, opened, everyone=everyone)


def _by_id(rules: Iterable[AnyRule]) -> list[AnyRule]:
    return sorted(rules, key=lambda rule: (rule.programme.key, rule.rule_id))


class _Period:
    """What is in force between two instants; rules are found by the first of their gates."""

    __slots__ = ("_by_gate", "_lists", "_open", "_relevant", "_views", "programmes")

    def __init__(self, compiled: Compiled, active: Sequence[bool], at: datetime, today: date) -> None:
        self.programmes = [programme for programme, yes in zip(compiled.programmes, active, strict=True) if yes]
        self._lists: list[list[Rule]] = []
        self._open: list[list[int]] = []
        self._by_gate: list[dict[tuple[str, str], list[int]]] = []
        relevant: dict[str, set[str]] = defaultdict(set)
        for rules in (compiled.offers, compiled.earning, compiled.boosts):
            kept = [rule for rule in rules if active[rule.number] and rule.data.validity.covers(at, today)]
            free: list[int] = []
            gated: dict[tuple[str, str], list[int]] = defaultdict(list)
            for position, rule in enumerate(kept):
                for field, values in rule.gates:
                    relevant[field] |= values
                if rule.gates:
                    field, values = rule.gates[-1]  # the last is a code, a coupon or a claim where there is one: the rarest
                    for value in values:
                        gated[field, value].append(position)
                else:
                    free.append(position)
            self._lists.append(list(kept))
            self._open.append(free)
            self._by_gate.append(gated)
        self._relevant = {field: frozenset(values) for field, values in sorted(relevant.items())}
        self._views: dict[_Signature, View] = {}

    def view(self, situation: Situation, opened: Opened | None, *, everyone: bool) -> View:
        facts = situation.facts
        cards = None if facts is None or facts.blocked else facts.card_types
        values = []
        for field, relevant in self._relevant.items():
            values.append(relevant & _held(field, situation, facts, opened))
        signature: _Signature = (None if everyone else cards or _NOTHING, tuple(values))
        view = self._views.get(signature)
        if view is None:
            if len(self._views) >= _KEPT:
                self._views.clear()
            view = self._views[signature] = self._made(dict(zip(self._relevant, values, strict=True)), cards or _NOTHING, everyone=everyone)
        return view

    def _made(self, held: dict[str, frozenset[str]], cards: frozenset[str], *, everyone: bool) -> View:
        members = frozenset(one.index for one in self.programmes if everyone or not one.card_types.isdisjoint(cards))
        chosen: list[list[Rule]] = []
        for rules, free, gated in zip(self._lists, self._open, self._by_gate, strict=True):
            found = {position for field, values in held.items() for value in values for position in gated.get((field, value), ())}
            kept = [rules[position] for position in sorted(found.union(free))]
            chosen.append([rule for rule in kept if all(not values.isdisjoint(held[field]) for field, values in rule.gates)])
        offers = [rule for rule in chosen[0] if isinstance(rule, OfferRule) and (rule.number in members or not rule.members_only)]
        earning = [rule for rule in chosen[1] if isinstance(rule, PointsRule) and rule.number in members]
        boosts = [rule for rule in chosen[2] if rule.number in members]
        rounding = next((one.policies.tax_rounding for one in self.programmes if one.policies.tax_rounding != "line"), "line")
        return View(offers, earning, boosts, [programme for programme in self.programmes if programme.index in members], rounding)


def _held(field: str, situation: Situation, facts: CustomerFacts | None, opened: Opened | None) -> frozenset[str]:
    if field == "store":
        return frozenset((situation.store,))
    if field == "weekday":
        return frozenset((str(situation.local.isoweekday()),))
    if field in ("code", "coupon", "claim"):
        return opened.get(field, _NOTHING) if opened is not None else _NOTHING
    if facts is None:
        return _NOTHING
    if field == "segment":
        return facts.segments
    if field == "tier":
        return facts.tiers
    if field == "club":
        return facts.clubs
    if field == "card_type":
        return facts.card_types
    return frozenset(name for name, left in facts.entitlements.items() if left > 0)


class _Index:
    """From a line to the selections that take it: by product, else by family, else by brand, else all."""

    __slots__ = ("by_brand", "by_family", "by_product", "rest", "selectors")

    def __init__(self, selectors: Mapping[int, Selector]) -> None:
        self.selectors = selectors
        self.by_product: dict[str, list[int]] = defaultdict(list)
        self.by_family: dict[str, list[int]] = defaultdict(list)
        self.by_brand: dict[str, list[int]] = defaultdict(list)
        self.rest: list[int] = []
        for number, selector in selectors.items():
            self._place(number, selector)

    def _place(self, number: int, selector: Selector) -> None:
        for values, index in (
            (selector.products, self.by_product),
            (selector.families, self.by_family),
            (selector.brands, self.by_brand),
        ):
            if values:
                for value in dict.fromkeys(values):
                    index[value].append(number)
                return
        self.rest.append(number)

    def touching(self, key: LineKey) -> tuple[int, ...]:
        product, family, brand, _, _ = key
        found = [*self.rest, *self.by_product.get(product, ()), *self.by_family.get(family, ()), *self.by_brand.get(brand, ())]
        return tuple([one for one in found if static_match(self.selectors[one], *key)])


class _Plan:
    """The rules of a view that touch any line of a basket, in their canonical order."""

    __slots__ = ("boosts", "earning", "offers", "plain")

    def __init__(self, offers: list[OfferRule], earning: list[PointsRule], boosts: list[Rule]) -> None:
        self.offers = offers
        self.earning = earning
        self.boosts = boosts
        self.plain = all(rule.plain for rule in offers)


class Touched:
    """Which rules may touch which lines of a basket: each with the indexes of its lines, and `selected` for all selections.

    Attributes:
        plain: Each of the offers applies wherever it finds a line.
    """

    __slots__ = ("boosts", "earning", "offers", "plain", "selected")

    def __init__(self, plan: _Plan, selected: Selected) -> None:
        self.selected = selected
        self.plain = plan.plain
        self.offers = [(rule, selected[rule.selection]) for rule in plan.offers]
        self.earning = [(rule, selected[rule.selection]) for rule in plan.earning]
        self.boosts = [(rule, selected[rule.selection]) for rule in plan.boosts]


class View:
    """The rules that are open to a buyer, in their canonical order.

    Attributes:
        programmes: Those of which the buyer is a member.
        redeeming: The programme by which points become money: the first by id that has such a rule.
        rewards: Levels and rewards of the buyer's programmes, cheapest first.
        competing: Whether any offers compete at all.
        closing_later: Whether any offer of the order, or a reward, closes units.
        tax_rounding: How VAT is rounded, whoever buys: the first programme by id that says something else than "line".
    """

    __slots__ = (
        "_index", "_memo", "_plans", "boosts", "closing_later", "competing", "earning", "offers", "programmes", "redeeming", "rewards",
        "tax_rounding",
    )  # fmt: skip

    def __init__(
        self,
        offers: Sequence[OfferRule],
        earning: Sequence[PointsRule],
        boosts: Sequence[Rule],
        programmes: Sequence[CompiledProgramme],
        tax_rounding: str = "line",
    ) -> None:
        self.tax_rounding = tax_rounding
        self.offers = tuple(offers)
        self.earning = tuple(earning)
        self.boosts = tuple(boosts)
        self.programmes = tuple(programmes)
        self.redeeming = next((one for one in programmes if one.data.redemption is not None), None)
        self.rewards = tuple(sorted((one for programme in programmes for one in programme.rewards), key=lambda one: (one.cost, one.id)))
        self.closing_later = any(rule.closes and rule.stage >= Stage.ORDER for rule in offers)
        self.competing = any(rule.group is not None or rule.alone for rule in offers)
        selectors = {rule.selection: rule.data.selector for rules in (offers, earning, boosts) for rule in rules}
        for offer in offers:
            for pool in (*offer.pools, offer.minimum_pool):
                if pool is not None:
                    selectors[pool.selection] = pool.selector
        self._index = _Index(selectors)
        self._memo: dict[LineKey, tuple[int, ...]] = {}
        self._plans: dict[frozenset[int], _Plan] = {}

    def touching(self, keys: Sequence[LineKey]) -> Touched:
        """Which rules may touch which of the lines that have these keys."""
        selected: defaultdict[int, list[int]] = defaultdict(list)
        memo = self._memo
        for index, key in enumerate(keys):
            found = memo.get(key)
            if found is None:
                found = self._touching(key)
            for number in found:
                selected[number].append(index)
        wanted = frozenset(selected)
        return Touched(self._plans.get(wanted) or self._plan(wanted), selected)

    def _touching(self, key: LineKey) -> tuple[int, ...]:
        if len(self._memo) >= _KEPT:
            self._memo.clear()
        found = self._memo[key] = self._index.touching(key)
        return found

    def _plan(self, wanted: frozenset[int]) -> _Plan:
        # Not which lines but which selections: baskets of the same sorts of goods share a plan, however many lines they have.
        if len(self._plans) >= _KEPT:
            self._plans.clear()
        found = self._plans[wanted] = _Plan(
            [rule for rule in self.offers if rule.selection in wanted],
            [rule for rule in self.earning if rule.selection in wanted],
            [rule for rule in self.boosts if rule.selection in wanted],
        )
        return found


def compile_programmes(programmes: Sequence[Programme]) -> Compiled:
    """Makes programmes ready. The order they come in does not matter.

    Args:
        programmes: Any number of versions of each; at any moment the highest version whose validity covers it counts.

    Raises:
        ValidationError: Criteria that cannot be read, or the same version twice.
    """
    ordered = sorted(programmes, key=lambda one: (one.id, -one.version))
    doubled = [one for one, other in pairwise(ordered) if (one.id, one.version) == (other.id, other.version)]
    if doubled:
        raise ValidationError(f"version {doubled[0].version} of programme {doubled[0].id!r} is given twice")
    return Compiled([CompiledProgramme(one, index) for index, one in enumerate(ordered)])
