"""Programmes made ready: rules in their canonical order, criteria as closures, an index from a product to the rules that touch it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import lru_cache
from itertools import pairwise
from typing import Final, Literal

from v5_core.criteria import CriteriaError, Predicate, compile_memory, parse
from v5_core.engine._situation import LINE_FIELDS, SALE_FIELDS, Situation, Touched
from v5_core.errors import FieldError, ValidationError
from v5_core.model import Line
from v5_core.programme import Boost, EarnPerAmount, EarnPerQuantity, PercentOffer, Programme, Selector

__all__ = ["Compiled", "CompiledProgramme", "Rule", "compile_programmes", "static_match"]

AnyRule = EarnPerAmount | EarnPerQuantity | Boost | PercentOffer
Touching = tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]
_MEMO_LIMIT: Final = 100_000


class CompiledProgramme:
    """A programme and what is the same for all its rules; `unit` is its smallest step of points, in thousandths."""

    __slots__ = ("card_types", "data", "ends", "index", "key", "starts", "unit")

    def __init__(self, data: Programme, index: int) -> None:
        self.data = data
        self.index = index
        self.key = data.id
        self.card_types = frozenset(data.card_types)
        self.starts = data.validity.starts_at
        self.ends = data.validity.ends_at
        self.unit = 10 ** (3 - data.decimals)

    def in_force(self, at: datetime, currency: str) -> bool:
        """Whether it counts at that moment, for that currency."""
        return self.data.currency == currency and (self.starts is None or self.starts <= at) and (self.ends is None or at < self.ends)


class Rule:
    """A rule of any kind, with its criteria as functions. The kind's own fields stay on `data`."""

    __slots__ = (
        "data", "ends", "exclude_discounted", "factor", "group", "limit", "members_only", "minimum", "number", "order_wide",
        "percent", "phrases", "plain", "priority", "programme", "rule_id", "simple", "starts", "timed", "title", "version", "when", "where",
    )  # fmt: skip

    def __init__(self, data: AnyRule, programme: CompiledProgramme) -> None:
        self.data = data
        self.programme = programme
        self.number = programme.index
        self.rule_id = data.id
        self.version = programme.data.version
        self.title = data.title or data.id
        self.phrases: dict[str, str] = {}  # the unchanging beginning of an offer's explanation, by language
        self.when = _criteria(data, "when", data.when)
        self.where = _criteria(data, "selector.where", data.selector.where)
        self.starts = data.validity.starts_at
        self.ends = data.validity.ends_at
        self.timed = self.starts is not None or self.ends is not None
        self.exclude_discounted = data.selector.exclude_discounted
        self.simple = self.where is None and not self.exclude_discounted
        self.minimum = data.minimum if isinstance(data, PercentOffer | EarnPerAmount) else 0
        self.factor = data.factor if isinstance(data, Boost) else 0
        offer = data if isinstance(data, PercentOffer) else None
        self.percent = offer.percent if offer else 0
        self.limit = offer.maximum if offer else None
        self.priority = offer.priority if offer else 0
        self.order_wide = offer is not None and offer.kind == "percent_order"
        self.members_only = offer is None or offer.members_only
        self.plain = not self.order_wide and self.limit is None and not self.exclude_discounted
        self.group = (programme.key, offer.group) if offer and offer.exclusive else None

    def open(self, situation: Situation) -> bool:
        """In force now, and its condition on sale and customer holds."""
        at = situation.at
        if (self.starts is not None and at < self.starts) or (self.ends is not None and at >= self.ends):
            return False
        return self.when is None or situation.holds(self.when)


@lru_cache(maxsize=10_000)
def _predicate(text: str, kind: Literal["when", "selector.where"]) -> Predicate:
    # The same words are the same function, so that a situation answers them once.
    fields = SALE_FIELDS if kind == "when" else LINE_FIELDS
    return compile_memory(parse(text, fields), fields)


def _criteria(rule: AnyRule, kind: Literal["when", "selector.where"], text: str) -> Predicate | None:
    if not text.strip():
        return None
    try:
        return _predicate(text, kind)
    except CriteriaError as error:
        message = f"rule {rule.id!r}: {error.message}"
        raise ValidationError(message, code=error.error_code, errors=(FieldError(f"{rule.id}.{kind}", "criteria", message),)) from None


def static_match(selector: Selector, product: str, family: str, brand: str, kind: str) -> bool:
    """Whether a selector takes lines of this product, as far as product, family, brand and kind decide."""
    return (
        (not selector.products or product in selector.products)
        and (not selector.families or family in selector.families)
        and (not selector.brands or brand in selector.brands)
        and kind in selector.kinds
        and product not in selector.exclude_products
        and family not in selector.exclude_families
    )


class _Index:
    """From a line to the positions of the rules that may touch it: by product, else by family, else by brand, else all."""

    __slots__ = ("by_brand", "by_family", "by_product", "rest", "selectors")

    def __init__(self, rules: Sequence[Rule]) -> None:
        self.selectors = [rule.data.selector for rule in rules]
        self.by_product: dict[str, list[int]] = defaultdict(list)
        self.by_family: dict[str, list[int]] = defaultdict(list)
        self.by_brand: dict[str, list[int]] = defaultdict(list)
        self.rest: list[int] = []
        for position, selector in enumerate(self.selectors):
            for values, index in (
                (selector.products, self.by_product),
                (selector.families, self.by_family),
                (selector.brands, self.by_brand),
            ):
                if values:
                    for value in dict.fromkeys(values):
                        index[value].append(position)
                    break
            else:
                self.rest.append(position)

    def touching(self, product: str, family: str, brand: str, kind: str) -> tuple[int, ...]:
        found = [*self.rest, *self.by_product.get(product, ()), *self.by_family.get(family, ()), *self.by_brand.get(brand, ())]
        return tuple(sorted(one for one in found if static_match(self.selectors[one], product, family, brand, kind)))


class Compiled:
    """Programmes made ready; never changes, safe to share between threads.

    Attributes:
        offers: In the order in which they apply: line offers, then order offers; exclusive ones first; higher priority first; then by id.
    """

    __slots__ = ("_indexes", "_memo", "boosts", "earning", "offers", "programmes")

    def __init__(self, programmes: Sequence[CompiledProgramme]) -> None:
        self.programmes = tuple(programmes)
        self.offers = tuple(sorted((Rule(o, p) for p in programmes for o in p.data.offers), key=_offer_order))
        by_id: Callable[[Rule], tuple[str, str]] = lambda rule: (rule.programme.key, rule.data.id)  # noqa: E731
        self.earning = tuple(sorted((Rule(e, p) for p in programmes for e in p.data.earning), key=by_id))
        self.boosts = tuple(sorted((Rule(b, p) for p in programmes for b in p.data.boosts), key=by_id))
        self._indexes = (_Index(self.offers), _Index(self.earning), _Index(self.boosts))
        self._memo: dict[tuple[str, str, str, str], Touching] = {}

    def active(self, at: datetime, currency: str) -> list[bool]:
        """Which programmes count at that moment: of each id the highest version in force."""
        chosen: list[bool] = []
        last = ""
        for programme in self.programmes:
            yes = programme.key != last and programme.in_force(at, currency)
            chosen.append(yes)
            if yes:
                last = programme.key
        return chosen

    def touching(self, lines: Sequence[Line]) -> Touched:
        """Which rules may touch which lines."""
        offers: defaultdict[int, list[int]] = defaultdict(list)
        earning: defaultdict[int, list[int]] = defaultdict(list)
        boosts: defaultdict[int, list[int]] = defaultdict(list)
        memo = self._memo
        for index, line in enumerate(lines):
            key = (line.product, line.family, line.brand, line.kind._value_)
            by_offer, by_earning, by_boost = memo.get(key) or self._touching(key)
            for position in by_offer:
                offers[position].append(index)
            for position in by_earning:
                earning[position].append(index)
            for position in by_boost:
                boosts[position].append(index)
        return offers, earning, boosts

    def _touching(self, key: tuple[str, str, str, str]) -> Touching:
        offers, earning, boosts = self._indexes
        found = (offers.touching(*key), earning.touching(*key), boosts.touching(*key))
        if len(self._memo) >= _MEMO_LIMIT:
            self._memo.clear()
        self._memo[key] = found
        return found


def _offer_order(rule: Rule) -> tuple[bool, bool, int, str, str]:
    return (rule.order_wide, rule.group is None, -rule.priority, rule.programme.key, rule.data.id)


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
