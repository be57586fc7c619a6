"""What all parts of a programme share: validity, the choice of lines, limits of use, expiry, and where systems differ."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Any, ClassVar, Final, Literal

from pydantic import AwareDatetime, Field, GetJsonSchemaHandler, StringConstraints
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from v5_core.model import Code, LineKind, Text, Wire
from v5_core.money import Amount, Points, Quantity, Rounding, format_scaled

__all__ = ["Budget", "Expiry", "Limit", "Part", "Per", "PointsCap", "Policies", "QuantityOf", "Rule", "Selector", "Slug", "Validity"]

Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,59}$")]
Per = Literal["ever", "year", "month", "week", "day"]
_DECIMALS: Final = {"money": 2, "points": 3, "quantity": 3, "percent": 2}
_ATTRIBUTE: Final = re.compile(r"^    (\w+): (.*(?:\n {8}.*)*)", re.MULTILINE)


class Part(Wire):
    """Base of a programme's parts: its JSON Schema also says what a form needs.

    Each field's `description` is the line of the class's own docstring; `x-group` says which fields belong together.

    Attributes:
        form_first: Fields that a form shows first, in this order (`x-first`); what is not named is for who looks for more.
        form_groups: Of the others: group and its fields, in the order to show them.
    """

    form_first: ClassVar[tuple[str, ...]] = ()
    form_groups: ClassVar[Mapping[str, tuple[str, ...]]] = {}

    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """Adds descriptions, order and groups to what pydantic makes."""
        made = handler(core_schema)
        found: dict[str, Any] = handler.resolve_ref_schema(made)
        properties: dict[str, Any] = found.get("properties", {})
        for base in reversed(cls.__mro__):
            said, _, fields = inspect.cleandoc(base.__dict__.get("__doc__") or "").partition("\n\nAttributes:\n")
            for name, text in _ATTRIBUTE.findall(fields):
                if name in properties:
                    properties[name]["description"] = " ".join(text.split())
            if base is cls:
                found["description"] = " ".join(said.split())
        for one in properties.values():
            unit = next((variant["x-unit"] for variant in (one, *one.get("anyOf", ())) if "x-unit" in variant), None)
            if unit and isinstance(one.get("default"), int):
                # Pydantic gives our own integer: the schema speaks of the wire.
                one["default"] = format_scaled(one["default"], _DECIMALS[unit], trim=unit != "money")
        for group, names in cls.form_groups.items():
            for name in names:
                if name in properties:
                    properties[name]["x-group"] = group
        found["x-first"] = [name for name in cls.form_first if name in properties]
        return made


class Validity(Part):
    """When a part is in force: from the first instant, until before the second; None is open.

    Attributes:
        first_day: First day, in the store's zone; both days belong to it.
        last_day: Last day, in the store's zone.
    """

    form_first = ("first_day", "last_day")

    starts_at: AwareDatetime | None = None
    ends_at: AwareDatetime | None = None
    first_day: date | None = None
    last_day: date | None = None

    def covers(self, at: datetime, today: date | None = None) -> bool:
        """Whether `at` lies inside; `today` is its day in the store's zone (left out: the day of `at`)."""
        day = today or at.date()
        return (
            (self.starts_at is None or self.starts_at <= at)
            and (self.ends_at is None or at < self.ends_at)
            and (self.first_day is None or self.first_day <= day)
            and (self.last_day is None or day <= self.last_day)
        )


class Selector(Part):
    """Which lines. Empty lists select all; every list given must match; exclusions win.

    Attributes:
        tags: Lines that carry one of these tags.
        where: Criteria in text form over line fields ("product", "family", "brand", "tag", "gross", "quantity" ...), or "".
        exclude_discounted: Leave out lines that the till, or an offer, already reduced.
    """

    form_first = ("products", "families", "brands", "tags", "exclude_discounted")

    products: tuple[Code, ...] = ()
    families: tuple[Code, ...] = ()
    brands: tuple[Code, ...] = ()
    tags: tuple[Code, ...] = ()
    kinds: tuple[LineKind, ...] = (LineKind.PRODUCT, LineKind.SERVICE)
    exclude_products: tuple[Code, ...] = ()
    exclude_families: tuple[Code, ...] = ()
    exclude_brands: tuple[Code, ...] = ()
    exclude_tags: tuple[Code, ...] = ()
    exclude_discounted: bool = False
    where: str = Field(default="", max_length=1000, json_schema_extra={"x-criteria": "line"})


class Rule(Part):
    """What all rules share. `when` is criteria over sale and customer ("weekday = 2 and store = 'LX1'"), or ""."""

    form_first: ClassVar[tuple[str, ...]] = ("title", "selector", "when", "validity")

    id: Slug
    title: Text = ""
    when: str = Field(default="", max_length=1000, json_schema_extra={"x-criteria": "sale"})
    validity: Validity = Validity()
    selector: Selector = Selector()


class Limit(Part):
    """How often a rule may be used: `uses` in each period of `per`, counted for all together, or for each customer, store or code.

    Attributes:
        count: "uses", or "customers" for the first n customers (each may then use it as often as other limits allow).
    """

    form_first = ("uses", "per", "by")

    uses: Annotated[int, Field(gt=0, le=1_000_000_000)]
    per: Per = "ever"
    by: Literal["all", "customer", "store", "code"] = "all"
    count: Literal["uses", "customers"] = "uses"


class Budget(Part):
    """At most so much money may a rule give away in each period of `per`: in all, to each customer, in each store, or by each code.

    Attributes:
        amount: Money, with VAT.
        short: Where what is left does not suffice for a sale: it gives nothing, the rest, or all of it for a last time.
    """

    form_first = ("amount", "per", "by")

    amount: Annotated[Amount, Field(gt=0)]
    per: Per = "ever"
    by: Literal["all", "customer", "store", "code"] = "all"
    short: Literal["nothing", "rest", "all"] = "nothing"

    def most(self, taking: int) -> int:
        """What may be on its counter when so much is taken."""
        return self.amount + max(0, taking - 1) if self.short == "all" else self.amount


class PointsCap(Part):
    """At most `points` from one rule in one sale or in a period, for each customer or for all together."""

    form_first = ("points", "per", "by")

    points: Annotated[Points, Field(gt=0)]
    per: Literal["sale", "day", "week", "month", "year", "ever"] = "sale"
    by: Literal["customer", "all"] = "customer"


class Expiry(Part):
    """When earned points lapse, counted in the store's zone; each earning is a lot of its own.

    "activity" counts months from the customer's last sale: every sale moves all lots that are still alive.
    """

    form_first = ("kind", "count")

    kind: Literal["never", "days", "months", "end_of_month", "end_of_year", "activity"] = "never"
    count: int = Field(default=0, ge=0, le=1200)


class Policies(Part):
    """Where systems differ, with our default.

    Attributes:
        rounding: Of points to the programme's precision.
        discount_rounding: Of a percentage to the minor unit.
        compete_by: Which of the exclusive offers of a group applies: the one that takes most off the till's prices, then the one of higher
            priority ("amount"); or the one of the highest priority that gives anything, then the one that takes most off ("priority").
        compete_for: Exclusive offers of a group compete for the whole basket, or for each line by itself: then each line gets its own
            winner. Where one of them takes lines together (sets, the cheapest, the order), they compete for the basket.
        percent_of: What percentages of offers are taken of: what the offers before them left ("remaining": 20 % and 10 % are 28 %), or the
            till's price ("till": they are 30 %; never more than is left).
        percent_per: A percentage of a line of several units is rounded once for the line, or for each unit (3 % of three at 0.90 is 0.08
            or 0.09).
        units_price: What so many units of a line cost of which `units_per_line` takes some and which was reduced before: their share of
            what is left of the line ("share"), or their price at the till less all that was taken off the line ("till_less_discounts").
        odd_cents: Of a discount on several lines: to the lines with the largest remainders; or every line's part is rounded down, and the
            rest goes to the first lines, a cent each, or all of it to the last line.
        lowest_prices: By article, the least that a unit may cost, with VAT: no offer of the programme takes it below. What an offer of the
            order cannot take from it, it takes from the other lines. What points buy, and what points or stored value pay, is paid.
        vat: Earn on amounts with VAT ("gross") or without ("net").
        base: Earn on what is left after the discounts of the sale, on the price before them, or after offers but before what
            was bought with points in this very sale ("before_rewards").
        category_base: For rules limited to some lines: earn after all discounts, or before those that touch the whole order.
        earn_on_points: Whether what was paid with points earns again.
        earn_on_stored_value: Whether what was paid by gift card, wallet or voucher earns (it is a means of payment: yes).
        same_sale_points: Whether points of this very sale may be spent in it.
        pending_days: Days before earned points can be used.
        tax_rounding: VAT of each line, of each rate's total net ("total_net": the total may move by a cent), or of the total net with the
            gross total kept; or of the net that each rate's gross total holds ("total_gross": the total is kept wherever a net and its
            VAT give it, and moves by a cent where none does).
        one_reward_per_sale: Whether one sale takes one reward only.
        lots: Which lot a spend draws from first.
        negative_balance: A return of points already spent: go below zero ("allow") or stop at zero ("clip").
        offline_value: Most that one customer's gift cards, wallets, vouchers and credit notes may pay at a store whose line is down; 0
            refuses them there until it is up again.
        offline_coupons: Whether a customer's own coupons and percentage vouchers count at a store whose line is down.
        offline_vouchers: How many vouchers a store whose line is down prints by itself, under codes of its own, until the cloud has heard
            of their sales; 0 prints none: they follow. They can be used once the cloud knows the sale.
    """

    form_first = ("vat", "base", "rounding", "earn_on_points", "pending_days")
    form_groups: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "earning": ("category_base", "earn_on_stored_value", "lots", "negative_balance"),
        "spending": ("same_sale_points", "one_reward_per_sale"),
        "competing": ("compete_by", "compete_for"),
        "figures": ("percent_of", "percent_per", "units_price", "discount_rounding", "odd_cents", "tax_rounding", "lowest_prices"),
        "offline": ("offline_value", "offline_coupons"),
    }

    rounding: Rounding = "down"
    discount_rounding: Rounding = "half-up"
    compete_by: Literal["amount", "priority"] = "amount"
    compete_for: Literal["basket", "line"] = "basket"
    percent_of: Literal["remaining", "till"] = "remaining"
    percent_per: Literal["line", "unit"] = "line"
    units_price: Literal["share", "till_less_discounts"] = "share"
    odd_cents: Literal["largest_remainder", "first_lines", "last_line"] = "largest_remainder"
    lowest_prices: Annotated[dict[Code, Annotated[Amount, Field(ge=0)]], Field(max_length=10_000)] = Field(default_factory=dict)
    vat: Literal["gross", "net"] = "gross"
    base: Literal["after_discounts", "before_discounts", "before_rewards"] = "after_discounts"
    category_base: Literal["after_discounts", "before_order_discounts"] = "after_discounts"
    earn_on_points: bool = False
    earn_on_stored_value: bool = True
    same_sale_points: bool = False
    pending_days: int = Field(default=0, ge=0, le=365)
    tax_rounding: Literal["line", "total_net", "total_net_keep_gross", "total_gross"] = "line"
    one_reward_per_sale: bool = False
    lots: Literal["nearest_expiry", "fifo"] = "nearest_expiry"
    negative_balance: Literal["allow", "clip"] = "allow"
    offline_value: Annotated[Amount, Field(ge=0)] = 0
    offline_coupons: bool = False
    offline_vouchers: Annotated[int, Field(ge=0, le=100_000)] = 0


class QuantityOf(Part):
    """So many units of the selected lines."""

    form_first = ("quantity", "selector")

    selector: Selector = Selector()
    quantity: Annotated[Quantity, Field(gt=0)] = 1000
