"""Rules made ready: criteria as functions, the conditions by which they are found, and the place each has in the canonical order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from functools import lru_cache
from typing import Any, Final, Literal

from v5_core.arithmetic import Rounding
from v5_core.criteria import And, Compare, CriteriaError, Criterion, In, Predicate, compile_memory, parse
from v5_core.engine._situation import LINE_FIELDS, SALE_FIELDS, Situation
from v5_core.model import Line, LineKind
from v5_core.programme import (
    AmountOffer,
    Boost,
    BundleOffer,
    BuyGetOffer,
    CardDiscount,
    FixedPriceOffer,
    GiftOffer,
    Offer,
    PercentOffer,
    PriceListOffer,
    Programme,
    Redemption,
    RewardLevel,
    Selector,
)
from v5_core.programme import Rule as RuleData

__all__ = ["CompiledProgramme", "Form", "Gate", "OfferRule", "Pool", "Rule", "Stage", "card_rate", "fold_code", "static_match"]

# A rule is open only where a field holds one of the values: by them it is found, so that what cannot apply costs nothing.
Gate = tuple[str, frozenset[str]]
_LINE_BY_ITSELF: Final = frozenset({"percent_lines", "amount_units", "amount_lines", "fixed_price", "price_list", "card_discount"})
_GATED: Final = frozenset({"store", "weekday", "segment", "card_type", "tier", "club"})


class Stage:
    """The canonical order of offers."""

    PRICE: Final = 0
    LINE: Final = 1
    ORDER: Final = 2
    REWARD: Final = 3


class Form:
    """The frequent forms of offers, each of which has a loop of its own."""

    OTHER: Final = 0
    PERCENT: Final = 1
    AMOUNT: Final = 2
    ORDER: Final = 3
    BUY_GET: Final = 4


def fold_code(code: str) -> str:
    """A code as people may type it: the same in either case, whatever spaces or dashes stand in it."""
    return code.replace(" ", "").replace("-", "").upper()


class CompiledProgramme:
    """A programme and what is the same for all its rules; `unit` is its smallest step of points, in thousandths.

    Attributes:
        earn_base: Of which price points are earned, and whether `earn_on_points` and `earn_on_stored` count what these paid.
        earn_net: Points are earned on prices without VAT.
        lowest_prices: Below which no offer goes.
        same_sale_points: What a basket earns can be spent on it.
    """

    __slots__ = (
        "_redeem_when", "card_types", "currency", "data", "earn_base", "earn_net", "earn_on_points", "earn_on_stored", "index", "key",
        "lowest_prices", "policies", "rewards", "rounding", "same_sale_points", "unit",
    )  # fmt: skip

    def __init__(self, data: Programme, index: int) -> None:
        self.data = data
        self.index = index
        self.key = data.id
        self.currency = data.currency
        self.card_types = frozenset(data.card_types)
        self.policies = policies = data.policies
        # A model's fields are looked up slowly: what every basket asks is read once.
        self.earn_base: str = policies.base
        self.earn_net = policies.vat == "net"
        self.earn_on_points = policies.earn_on_points
        self.earn_on_stored = policies.earn_on_stored_value
        self.rounding: Rounding = policies.rounding
        self.same_sale_points = policies.same_sale_points
        self.lowest_prices = policies.lowest_prices
        # What points buy: the levels, and the offers that cost points.
        bought = [RewardLevel(id=offer.id, title=offer.title or offer.id, cost=offer.cost) for offer in data.offers if offer.cost]
        self.rewards = (*data.rewards, *bought)
        self.unit = 10 ** (3 - data.decimals)
        rule = data.redemption
        self._redeem_when = condition(data.id, "redemption.when", rule.when) if rule is not None and rule.when.strip() else None

    @property
    def redemption(self) -> Redemption:
        """How points become money; only of a programme that says it."""
        assert self.data.redemption is not None  # noqa: S101 - `View.redeeming` has one
        return self.data.redemption

    def redeems(self, situation: Situation) -> bool:
        """Whether points may be used here, by this operator, for this customer."""
        facts = situation.facts
        return facts is not None and not facts.blocked and (self._redeem_when is None or situation.holds(self._redeem_when))

    def in_force(self, at: datetime, today: date, currency: str) -> bool:
        """Whether it counts at that moment, for that currency."""
        return self.currency == currency and self.data.validity.covers(at, today)


class Rule:
    """A rule of any kind, with its criteria as functions. The kind's own fields stay on `data`; one of `codes` opens it.

    Attributes:
        selection: The number of its selector among all: the lines of each are looked up once for a basket.
    """

    __slots__ = (
        "codes", "data", "exclude_discounted", "factor", "gates", "number", "programme", "rule_id", "selection", "simple", "title",
        "version", "when", "where",
    )  # fmt: skip

    def __init__(self, data: RuleData, programme: CompiledProgramme) -> None:
        self.data = data
        self.programme = programme
        self.number = programme.index
        self.rule_id = data.id
        self.version = programme.data.version
        self.title = data.title or data.id
        self.gates, self.when = _opening(data)
        self.codes = frozenset([fold_code(code) for code in getattr(data, "codes", ())])
        if self.codes:
            self.gates = (*self.gates, ("code", self.codes))
        self.where = _criteria(data, "selector.where", data.selector.where)
        self.exclude_discounted = data.selector.exclude_discounted
        self.simple = self.where is None and not self.exclude_discounted
        self.selection = -1
        self.factor = data.factor if isinstance(data, Boost) else 0

    def holds(self, situation: Situation) -> bool:
        """Whether what its gates leave open of its condition holds."""
        return self.when is None or situation.holds(self.when)

    @property
    def restricted(self) -> bool:
        """Whether it is limited to some goods."""
        chosen = self.data.selector
        return bool(
            chosen.products or chosen.families or chosen.brands or chosen.tags or chosen.where or chosen.exclude_products
            or chosen.exclude_families or chosen.exclude_brands or chosen.exclude_tags
        )  # fmt: skip


class Pool:
    """Lines chosen beside those of a rule's own selector: what is got, the parts of a set, what a stored value may pay for."""

    __slots__ = ("exclude_discounted", "selection", "selector", "simple", "where")

    def __init__(self, rule_id: str, selector: Selector) -> None:
        self.selector = selector
        self.selection = -1
        self.where = None
        if selector.where.strip():
            self.where = _predicate(_parsed(rule_id, "selector.where", "selector.where", selector.where), "selector.where")
        self.exclude_discounted = selector.exclude_discounted
        self.simple = self.where is None and not self.exclude_discounted

    def takes(self, line: Line) -> bool:
        """Whether it chooses the line as far as product, family, brand, kind and tags decide."""
        return static_match(self.selector, line.product, line.family, line.brand, line.kind, line.tags)

    def of(self, indexes: list[int], situation: Situation, remaining: Sequence[int]) -> list[int]:
        """Those of the lines which its selector also chooses by what they say and cost; they match it otherwise."""
        if self.simple:
            return indexes
        lines, where = situation.lines, self.where
        if self.exclude_discounted:
            indexes = [i for i in indexes if not lines[i].discount and remaining[i] == lines[i].gross]
        return indexes if where is None else [i for i in indexes if where(situation.line_record(i))]


class OfferRule(Rule):
    """An offer, with what its arithmetic asks at every basket.

    Attributes:
        guarded: Whether it applies hangs on the offers before it, or on a claim.
        percent: Its rate, where it has one; `by_card`: the card's own goes before it.
        half: What is added before a percentage is cut to the minor unit, by the programme's policy.
        units_per_line: 0 is all.
        counted: Its explanation says how many units or sets.
        line_by_itself: What it takes off a line hangs on no other line.
        line_by_line: A percentage that is rounded on each line, so that the lines may sum to a cent more or less than the whole.
        per_unit_use: Each unit that it reduces is a use of its limits, coupon or entitlement; of a reward each time that it is taken.
        per_unit: Percentages are rounded on each unit of a line.
        less_discounts: What `units_per_line` leaves of a line is worth its till price less all that was taken off before.
        odd_cents: Where odd cents of a split fall, by the programme's policy.
        alone: Where it applies no other does, but prices and rewards.
        form: Which of the frequent forms it has, if any.
        buy: Units to buy for `get` others, at most so many `times`, the cheapest or the dearest (`direction` -1); 0 is as often as it can.
        chooses: Its kind chooses the units itself, and is told how many at most.
        set_size: Units that a set of different things has; 0: they need not differ. With `sets` only units of sets are reduced.
        same: By what units must be alike, each group an offer of its own; None: they need not.
        partial: It may not touch all units of its lines.
        to_price: It sets prices.
        plain: It applies wherever its gates are open and it finds a line.
        pools: In the order of `BundleOffer.parts`, or the one of `BuyGetOffer.get_selector`.
        minimum_pool: Lines that the minimum counts, where they are others than the selected ones.
    """

    __slots__ = (
        "alone", "amount", "buy", "by_card", "checked", "chooses", "closes", "cost", "counted", "direction", "form", "get",
        "gross_amount", "group", "guarded", "half", "key", "kind", "less_discounts", "limit", "line_by_itself", "line_by_line",
        "members_only", "minimum", "minimum_pool", "noted", "odd_cents", "of_till", "offer", "once", "order", "partial", "per_unit",
        "per_unit_use", "percent", "phrases", "plain", "pools", "same", "set_size", "sets", "stage", "times", "to_price", "units",
        "units_per_line",
    )  # fmt: skip

    def __init__(self, data: Offer, programme: CompiledProgramme) -> None:
        super().__init__(data, programme)
        self.offer = data
        self.key = f"{programme.key}/{data.id}"
        # Its explanation but for the figures, by language, rate, and whether it says that lines were rounded one by one.
        self.phrases: dict[tuple[str, int, bool], str] = {}
        self.counted = data.kind in ("amount_units", "bundle", "buy_get", "cheapest")
        self.line_by_line = data.kind == "percent_lines"
        self.kind = data.kind
        self.percent: int = getattr(data, "percent", 0)
        self.by_card = isinstance(data, CardDiscount)
        self.amount = data.amount if isinstance(data, AmountOffer) else 0
        self.gross_amount = not isinstance(data, AmountOffer) or data.amount_basis == "gross"
        self.once = data.kind == "amount_lines"
        some = data if isinstance(data, PercentOffer | AmountOffer) else None
        self.units_per_line: int = (some.units_per_line or 0) if some is not None else 0
        self.units: int | None = some.units if some is not None else None
        policies = programme.policies
        self.half = 5_000 if policies.discount_rounding == "half-up" else 0
        self.of_till = policies.percent_of == "till"
        self.per_unit = policies.percent_per == "unit"
        self.less_discounts = policies.units_price == "till_less_discounts"
        self.odd_cents: str = policies.odd_cents
        self.closes = data.closes_units
        self.chooses = data.kind in ("buy_get", "bundle", "cheapest")
        self.form = Form.OTHER
        bought = data if isinstance(data, BuyGetOffer) else None
        self.buy = max(1, bought.buy // 1000) if bought is not None else 0
        self.get = max(1, bought.get // 1000) if bought is not None else 0
        self.times = (bought.times or 0) if bought is not None else 0
        self.direction = -1 if bought is not None and bought.choose == "dearest" else 1
        self.set_size = _set_size(data)
        self.per_unit_use = data.use_of == "unit" and not data.cost
        # The parts of a bundle say themselves which units belong together.
        self.same = None if data.kind == "bundle" else data.of_same
        self.sets = bool(self.set_size and data.minimum_selector is None and data.kind != "bundle")
        self.partial = bool(self.same or self.sets or self.units)
        self.to_price = data.kind in ("fixed_price", "price_list")
        self.pools = tuple([Pool(data.id, selector) for selector in _chosen(data)])
        self.minimum_pool = Pool(data.id, data.minimum_selector) if data.minimum_selector is not None else None
        self.limit = data.maximum
        self.cost = data.cost
        self.members_only = data.members_only
        self.stage = _stage(data)
        # A reward is asked for by name and competes with nothing; what stands alone with everything.
        self.alone = data.alone and not data.cost
        competes = data.exclusive and not data.cost and not data.alone
        # Prices and what is taken off them compete with each other only in a group that has a name of its own.
        side = Stage.PRICE if self.stage == Stage.PRICE and data.group == "default" else Stage.LINE
        self.group = (programme.key, side, data.group) if competes else None
        self.line_by_itself = data.kind in _LINE_BY_ITSELF and not self.partial
        self.minimum = data.minimum
        bounded = data.not_above is not None or data.not_above_quantity is not None
        self.checked = bool(data.minimum or data.minimum_quantity or self.set_size or data.limits or bounded or data.budgets)
        self.plain = self.when is None and self.simple and not self.checked and data.of_same is None
        # Whether somebody asks afterwards if it applied.
        self.noted = bool(self.checked or data.codes or data.coupon or data.notify or data.entitlement or data.budgets)
        self.guarded = bool(
            data.cost or data.entitlement or isinstance(data, GiftOffer) or self.exclude_discounted
            or ((data.minimum or bounded) and data.minimum_price == "remaining")
            or (data.closes_units and (data.minimum or data.minimum_quantity))
            or data.budgets or (data.use_of == "unit" and bool(data.limits or data.coupon))
        )  # fmt: skip
        self.order = (self.stage, self.group is None, -data.priority, programme.key, data.id)
        opened: list[Gate] = [*self.gates]
        if data.coupon:
            opened.append(("coupon", frozenset((self.key,))))
        if data.cost:
            opened.append(("claim", frozenset((data.id,))))
        if data.entitlement:
            opened.append(("entitlement", frozenset((data.entitlement,))))
        self.gates = tuple(opened)


def _set_size(data: Offer) -> int:
    if data.of_different is None:
        return 0
    if isinstance(data, BuyGetOffer):
        return max(1, data.buy // 1000) + (max(1, data.get // 1000) if data.get_selector is None and data.add is None else 0)
    return data.minimum_quantity // 1000


def _chosen(data: Offer) -> tuple[Selector, ...]:
    if isinstance(data, BundleOffer):
        return tuple([part.selector for part in data.parts])
    return (data.get_selector,) if isinstance(data, BuyGetOffer) and data.get_selector is not None else ()


def _stage(data: Offer) -> int:
    if data.cost:
        return Stage.REWARD
    if isinstance(data, FixedPriceOffer | PriceListOffer):
        return Stage.PRICE
    return Stage.ORDER if data.kind in ("percent_order", "amount_order") else Stage.LINE


@lru_cache(maxsize=10_000)
def _predicate(criterion: Criterion, kind: Literal["when", "selector.where"]) -> Predicate:
    # The same words are the same function, so that a situation answers them once.
    return compile_memory(criterion, SALE_FIELDS if kind == "when" else LINE_FIELDS)


def _parsed(rule_id: str, field: str, kind: Literal["when", "selector.where"], text: str) -> Criterion:
    try:
        fields: Mapping[str, Any] = SALE_FIELDS if kind == "when" else LINE_FIELDS
        criterion = parse(text, fields)
        _predicate(criterion, kind)
    except CriteriaError as error:
        raise error.of(f"{rule_id}.{field}", "rule", rule_id) from None
    return criterion


def condition(rule_id: str, field: str, text: str) -> Predicate:
    """A condition over sale and customer as a function; refused with the rule's name."""
    return _predicate(_parsed(rule_id, field, "when", text), "when")


def _criteria(rule: RuleData, kind: Literal["when", "selector.where"], text: str) -> Predicate | None:
    return _predicate(_parsed(rule.id, kind, kind, text), kind) if text.strip() else None


def _opening(rule: RuleData) -> tuple[tuple[Gate, ...], Predicate | None]:
    # What of a condition can be looked up becomes gates; the rest stays a function.
    if not rule.when.strip():
        return (), None
    criterion = _parsed(rule.id, "when", "when", rule.when)
    items = criterion.items if isinstance(criterion, And) else (criterion,)
    gates: list[Gate] = []
    rest: list[Criterion] = []
    for item in items:
        gate = _gate(item)
        if gate is None:
            rest.append(item)
        else:
            gates.append(gate)
    if not rest:
        return tuple(gates), None
    return tuple(gates), _predicate(rest[0] if len(rest) == 1 else And(items=tuple(rest)), "when")


def _gate(item: Criterion) -> Gate | None:
    if isinstance(item, Compare) and item.op == "=" and item.field in _GATED and not item.part:
        values: tuple[str, ...] = (item.value,)
    elif isinstance(item, In) and item.field in _GATED and not item.part:
        values = item.values
    else:
        return None
    return item.field, frozenset(str(int(value)) if item.field == "weekday" else value for value in values)


def static_match(selector: Selector, product: str, family: str, brand: str, kind: LineKind, tags: tuple[str, ...]) -> bool:
    """Whether a selector takes lines of this product, as far as product, family, brand, kind and tags decide."""
    return (
        (not selector.products or product in selector.products)
        and (not selector.families or family in selector.families)
        and (not selector.brands or brand in selector.brands)
        and (not selector.tags or not set(tags).isdisjoint(selector.tags))
        and kind in selector.kinds
        and product not in selector.exclude_products
        and family not in selector.exclude_families
        and brand not in selector.exclude_brands
        and (not selector.exclude_tags or set(tags).isdisjoint(selector.exclude_tags))
    )


def card_rate(rule: OfferRule, situation: Situation) -> int:
    """The percentage of an offer in this situation: a card's own rate goes before the rule's."""
    own = situation.facts.card_rate if rule.by_card and situation.facts is not None else 0
    return own or rule.percent


def is_gift(rule: OfferRule) -> bool:
    """Whether it gives a product instead of a price."""
    return isinstance(rule.offer, GiftOffer)
