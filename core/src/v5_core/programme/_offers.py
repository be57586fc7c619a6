"""What offers give on a basket. Members of one union, told apart by `kind`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from v5_core.model import Code, Text
from v5_core.money import Amount, Points, Quantity, Rate
from v5_core.programme._common import Budget, Limit, QuantityOf, Rule, Selector, Slug

__all__ = [
    "AmountOffer", "BundleOffer", "BuyGetOffer", "CardDiscount", "CheapestOffer", "FixedPriceOffer", "GiftOffer", "Offer", "OfferBase",
    "PercentOffer", "PriceListOffer",
]  # fmt: skip

_Percent = Annotated[Rate, Field(gt=0, le=10_000)]


class OfferBase(Rule):
    """What all offers share.

    Attributes:
        priority: Higher first.
        group: Offers of one group compete: of the exclusive ones in it the best for the customer wins (`compete_by`, `compete_for`). In
            "default" prices (`fixed_price`, `price_list`) compete among themselves; in a group of another name all kinds do.
        exclusive: Competes in its group; False: combines with whatever else applies, after it.
        alone: Where it gives anything no other offer applies, nor a percentage voucher, also where they would give more; prices
            (`fixed_price`, `price_list`) and rewards stay. Of several that stand alone the best applies (`compete_by`).
        minimum: Amount below which it does not apply; see the three switches after it.
        minimum_of: The minimum counts the selected lines, or the whole order.
        minimum_selector: Lines that the minimum counts where they are others than those that it reduces (10 % off the order from two
            mugs on: `minimum_quantity` 2 of the mugs).
        minimum_basis: With VAT, or without.
        minimum_price: The till's prices, or what remains after the offers before this one (its own discount never disqualifies it).
        minimum_quantity: Quantity, counted in the same way, below which it does not apply.
        repeat: Given again for every full minimum: 5.00 off for every 50.00, a mug for every three (`amount_order`, `cheapest`, `gift`).
        repeat_at_most: So many times at most; None is as often as the basket allows.
        of_same: Units must be alike to count together: of one product, family or brand, or of one line. Each group is an offer of its
            own: it must reach the minimum by itself ("three of the same article").
        of_different: Units must differ: `minimum_quantity` or more of different products, families, brands or lines make a set, and only
            units of sets are reduced; as many sets as the basket holds ("three different articles"). With `minimum_selector` it only says
            what the basket must hold: one of each of two articles.
        not_above: Amount above which it does not apply, counted as the minimum is (10 % from 50.00 to 100.00).
        not_above_quantity: Quantity above which it does not apply.
        maximum: Most that it may take off one sale, with VAT; None is no limit.
        members_only: Only for identified customers of the programme.
        codes: One of these must be typed or scanned; who has none does not get it.
        coupon: Needs a coupon that was issued for this offer (a code of its own, counted).
        cost: Points that it costs: then it is a reward that must be claimed (`QuoteRequest.claims`), once or more.
        takes_all: A reward that takes all the points that there are, `cost` or more, and is given once.
        times_per_sale: As a reward: taken at most so many times in one sale; None is as often as it is claimed.
        entitlement: Needs, and uses up, one use of this entitlement of the member.
        limits: How often it may be used.
        use_of: What one use of its limits, its coupon or its entitlement is: a sale, or a unit that it reduces (of bundles a set, of
            gifts each time that one is given). Of units it reduces as many as there are uses left, the cheapest first ("three pieces
            for each customer"); what costs less already is none of them. A reward is one use each time that it is taken.
        budgets: How much it may give away.
        closes_units: Units that it touched are closed to later offers that close units, and it takes only open ones.
        notify: Tells the manager at every use.
    """

    form_groups: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "minimum": (
            "minimum",
            "minimum_quantity",
            "repeat",
            "repeat_at_most",
            "of_same",
            "of_different",
            "maximum",
            "minimum_of",
            "minimum_selector",
            "minimum_basis",
            "minimum_price",
        ),
        "who": ("members_only", "codes", "coupon", "entitlement", "limits", "use_of", "budgets"),
        "reward": ("cost", "takes_all", "times_per_sale"),
        "together": ("exclusive", "group", "alone", "priority", "closes_units"),
    }

    priority: int = Field(default=0, ge=-1000, le=1000)
    group: Slug = "default"
    exclusive: bool = True
    alone: bool = False
    minimum: Annotated[Amount, Field(ge=0)] = 0
    minimum_of: Literal["lines", "order"] = "lines"
    minimum_selector: Selector | None = None
    minimum_basis: Literal["gross", "net"] = "gross"
    minimum_price: Literal["till", "remaining"] = "till"
    minimum_quantity: Annotated[Quantity, Field(ge=0)] = 0
    not_above: Annotated[Amount, Field(gt=0)] | None = None
    not_above_quantity: Annotated[Quantity, Field(gt=0)] | None = None
    repeat: bool = False
    repeat_at_most: Annotated[int, Field(gt=0)] | None = None
    of_same: Literal["product", "family", "brand", "line"] | None = None
    of_different: Literal["product", "family", "brand", "line"] | None = None
    maximum: Annotated[Amount, Field(gt=0)] | None = None
    members_only: bool = True
    codes: Annotated[tuple[Code, ...], Field(max_length=1000)] = ()
    coupon: bool = False
    cost: Annotated[Points, Field(ge=0)] = 0
    takes_all: bool = False
    times_per_sale: Annotated[int, Field(gt=0)] | None = None
    entitlement: Slug | None = None
    limits: Annotated[tuple[Limit, ...], Field(max_length=10)] = ()
    use_of: Literal["sale", "unit"] = "sale"
    budgets: Annotated[tuple[Budget, ...], Field(max_length=10)] = ()
    closes_units: bool = False
    notify: bool = False

    @model_validator(mode="after")
    def _minimum_and_units(self) -> Self:
        if self.repeat and not (self.minimum or self.minimum_quantity):
            raise ValueError("repeat needs a minimum: every how much, or how many, it is given")
        if self.repeat and getattr(self, "kind", "") not in ("amount_order", "cheapest", "gift"):
            raise ValueError("repeat is for amount_order, cheapest and gift")
        if self.alone and self.cost:
            raise ValueError("what points buy stands beside all others: leave out alone, or cost")
        if self.of_same and self.of_different:
            raise ValueError("units are of_same or of_different, not both")
        if self.of_same and self.minimum_selector is not None:
            raise ValueError("of_same counts the lines that it reduces: leave out minimum_selector")
        if self.of_different and self.minimum_quantity < 2000 and getattr(self, "kind", "") != "buy_get":
            raise ValueError("of_different needs minimum_quantity: how many different ones make a set")
        return self


class PercentOffer(OfferBase):
    """A percentage off the selected lines, or off the order (then split over the selected lines).

    Attributes:
        units_per_line: At most so many units of each line (line offers).
        units: At most so many units of the sale.
        choose: Which units, where it may not take all: the cheapest first, or the dearest.
    """

    form_first = ("title", "kind", "percent", "selector", "when", "validity")

    kind: Literal["percent_lines", "percent_order"] = "percent_lines"
    percent: _Percent
    units_per_line: Annotated[int, Field(gt=0)] | None = None
    units: Annotated[int, Field(gt=0)] | None = None
    choose: Literal["cheapest", "dearest"] = "cheapest"


class AmountOffer(OfferBase):
    """An amount off every unit of the selected lines, once off each line, or once off the order (split over them); never below zero.

    Attributes:
        units_per_line: At most so many units of each line (`amount_units`), or the price of so many (`amount_lines`).
        units: At most so many units of the sale (`amount_order`: no more than they cost).
        choose: Which units, where it may not take all: the cheapest first, or the dearest.
        amount_basis: The amount is with VAT, or without: then VAT of what it takes off comes on top.
    """

    form_first = ("title", "kind", "amount", "selector", "when", "validity")

    kind: Literal["amount_units", "amount_lines", "amount_order"] = "amount_order"
    amount: Annotated[Amount, Field(gt=0)]
    units_per_line: Annotated[int, Field(gt=0)] | None = None
    units: Annotated[int, Field(gt=0)] | None = None
    choose: Literal["cheapest", "dearest"] = "cheapest"
    amount_basis: Literal["gross", "net"] = "gross"


class FixedPriceOffer(OfferBase):
    """A final price for each unit of the selected lines (final-price tariff); a cheaper price stays.

    Attributes:
        price_basis: The price is with VAT, or without: then VAT of each line comes on top.
    """

    form_first = ("title", "price", "selector", "when", "validity")

    kind: Literal["fixed_price"] = "fixed_price"
    price: Annotated[Amount, Field(ge=0)]
    price_basis: Literal["gross", "net"] = "gross"


class PriceListOffer(OfferBase):
    """Prices of a list (a club's, a tier's): a final unit price by product, else a percentage off; a cheaper price stays."""

    form_first = ("title", "prices", "percent", "selector", "when", "validity")

    kind: Literal["price_list"] = "price_list"
    prices: dict[Code, Annotated[Amount, Field(ge=0)]] = Field(default_factory=dict)
    percent: Annotated[Rate, Field(ge=0, le=10_000)] = 0

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.prices and not self.percent:
            raise ValueError("a price list needs prices or a percentage")
        return self


class CardDiscount(OfferBase):
    """The standing discount of a discount or VIP card: the card's own rate, or `percent` where the card has none."""

    form_first = ("title", "percent", "selector", "when", "validity")

    kind: Literal["card_discount"] = "card_discount"
    percent: Annotated[Rate, Field(ge=0, le=10_000)] = 0


class BundleOffer(OfferBase):
    """A set of products for one price, with a percentage off or an amount off; as many sets as the basket holds."""

    form_first = ("title", "parts", "price", "percent", "amount", "when", "validity")

    kind: Literal["bundle"] = "bundle"
    parts: Annotated[tuple[QuantityOf, ...], Field(min_length=1, max_length=20)]
    price: Annotated[Amount, Field(ge=0)] | None = None
    percent: Annotated[Rate, Field(ge=0, le=10_000)] = 0
    amount: Annotated[Amount, Field(ge=0)] = 0
    times: Annotated[int, Field(gt=0)] | None = None
    closes_units: bool = True

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.price is not None) + bool(self.percent) + bool(self.amount) != 1:
            raise ValueError("a bundle needs exactly one of price, percent and amount")
        return self


class BuyGetOffer(OfferBase):
    """Buy some units, get others reduced: 3 for 2, the second at 50 %, buy a shirt and get a tie.

    Attributes:
        buy: Units to pay, of `selector`.
        get: Units that are reduced, of `get_selector` (left out: of `selector`).
        percent: Off each unit got; 100 % is free.
        price: What each unit got costs, instead of a percentage ("with a shirt, the tie for 10.00"); a cheaper one keeps its price.
        choose: Which units are got: the cheapest (the dearer ones are bought), the dearest, or those next in price to the ones bought
            (the dearest are bought, the next got, the next bought ...: each article got costs no more than one bought for it).
        times: At most so many times; None: as often as the basket allows.
        add: The units got are added to the basket instead of being found in it (reply `gifts`); for one product only.
    """

    form_first = ("title", "buy", "get", "percent", "selector", "when", "validity")

    kind: Literal["buy_get"] = "buy_get"
    buy: Annotated[Quantity, Field(gt=0)] = 1000
    get: Annotated[Quantity, Field(gt=0)] = 1000
    get_selector: Selector | None = None
    percent: _Percent = 10_000
    choose: Literal["cheapest", "dearest", "next"] = "cheapest"
    times: Annotated[int, Field(gt=0)] | None = None
    add: Code | None = None
    price: Annotated[Amount, Field(gt=0)] | None = None
    closes_units: bool = True

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if self.price is not None and self.percent != 10_000:
            raise ValueError("what is got is reduced by a percentage or costs a price, not both")
        return self


class CheapestOffer(OfferBase):
    """A percentage or an amount off each of the cheapest units of the selected lines, or of the dearest.

    Attributes:
        units: How many units.
        choose: The cheapest, or the dearest.
    """

    form_first = ("title", "percent", "amount", "units", "selector", "when", "validity")

    kind: Literal["cheapest"] = "cheapest"
    percent: Annotated[Rate, Field(ge=0, le=10_000)] = 0
    amount: Annotated[Amount, Field(ge=0)] = 0
    units: Annotated[int, Field(gt=0)] = 1
    choose: Literal["cheapest", "dearest"] = "cheapest"

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if bool(self.percent) == bool(self.amount):
            raise ValueError("the cheapest units need a percentage or an amount")
        return self


class GiftOffer(OfferBase):
    """A product as a gift, added to the basket; with `cost` a gift of the catalogue, picked at the till, so many units per claim."""

    form_first = ("title", "products", "quantity", "cost", "when", "validity")

    kind: Literal["gift"] = "gift"
    products: Annotated[tuple[Code, ...], Field(min_length=1, max_length=500)]
    quantity: Annotated[Quantity, Field(gt=0)] = 1000
    description: Text = ""


Offer = Annotated[
    PercentOffer | AmountOffer | FixedPriceOffer | PriceListOffer | CardDiscount | BundleOffer | BuyGetOffer | CheapestOffer | GiftOffer,
    Field(discriminator="kind"),
]
