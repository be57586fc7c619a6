"""Vouchers that sales and events bring forth, and stored value: gift cards, wallets, credit notes."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from v5_core.model import Code, Text
from v5_core.money import Amount, Rate
from v5_core.programme._common import Limit, Part, Rule, Selector, Slug

__all__ = ["StoredValueType", "VoucherRule", "VoucherStep"]


class VoucherStep(Part):
    """From an amount on, a voucher of an amount, or of a percentage."""

    form_first = ("amount_from", "amount", "percent")

    amount_from: Annotated[Amount, Field(ge=0)] = 0
    amount: Annotated[Amount, Field(ge=0)] = 0
    percent: Annotated[Rate, Field(ge=0, le=10_000)] = 0


class VoucherRule(Rule):
    """When a voucher is made, and what it is.

    Attributes:
        kind: "till": at a sale that reaches the amount (and visits) within the period; "anonymous": at every sale without identification;
            "next_purchase": at every sale that meets the condition; "turnover": in a run over a period, previewed and confirmed;
            "new_customer": once, when a customer gives an e-mail address, at enrolment or later; "birthday".
        steps: The highest step reached gives the voucher. What is measured is the sale, or the turnover of the period.
        basis: What is measured counts with VAT ("gross") or without.
        codes: One of these must have been typed in the sale ("till", "next_purchase", "anonymous"); the document says so in `applied`.
        gives: "amount": money (a percentage is taken of what was measured); "percent": off the next purchase; "coupon": a
            coupon for `offer`.
        visits: Sales with the customer within the period that are needed (till, turnover).
        period_days: Length of the period that is measured, back from the sale; 0 measures the sale itself.
        valid_after_days: Days before it can be used.
        valid_days: Days it can be used, from then on.
        valid_until: Last day on which any of them can be used, whenever it was made ("until 31 January"); no more are made after it.
        uses: How often a coupon is good that it gives.
        members_only: Made at sales of members only (till, next_purchase); false: at every sale, also of whom nobody knows.
        minimum_purchase: Of the sale in which it is used.
        whole: Used up at once, whatever was left of it.
        limits: How many are made.
        notify: Tells the manager of each; of a turnover run as one.
    """

    form_first = ("title", "kind", "gives", "steps", "period_days", "valid_days", "minimum_purchase", "validity")

    kind: Literal["till", "anonymous", "next_purchase", "turnover", "new_customer", "birthday"]
    steps: Annotated[tuple[VoucherStep, ...], Field(min_length=1, max_length=50)]
    basis: Literal["gross", "net"] = "gross"
    codes: Annotated[tuple[Code, ...], Field(max_length=1000)] = ()
    gives: Literal["amount", "percent", "coupon"] = "amount"
    offer: Slug | None = None
    visits: Annotated[int, Field(ge=0, le=10_000)] = 0
    period_days: Annotated[int, Field(ge=0, le=3660)] = 0
    valid_after_days: Annotated[int, Field(ge=0, le=3660)] = 0
    valid_days: Annotated[int, Field(gt=0, le=3660)] = 30
    valid_until: date | None = None
    uses: Annotated[int, Field(gt=0, le=1_000_000)] = 1
    members_only: bool = True
    minimum_purchase: Annotated[Amount, Field(ge=0)] = 0
    stores: tuple[Code, ...] = ()
    whole: bool = True
    limits: Annotated[tuple[Limit, ...], Field(max_length=10)] = ()
    notify: bool = False

    @model_validator(mode="after")
    def _offer_named(self) -> Self:
        if (self.gives == "coupon") != (self.offer is not None):
            raise ValueError("a coupon names its offer, and nothing else does")
        if self.uses > 1 and self.gives != "coupon":
            raise ValueError("uses are of a coupon")
        if not self.members_only and (self.kind not in ("till", "next_purchase") or self.visits or self.period_days):
            raise ValueError("members_only: false is for vouchers of one sale (till, next_purchase): nobody's visits are known")
        wanted = {"amount": "amount or percent", "percent": "percent"}.get(self.gives)
        for step in self.steps:
            if wanted and not (step.percent or (self.gives == "amount" and step.amount)):
                raise ValueError(f"each step needs {wanted}")
        return self


class StoredValueType(Part):
    """A kind of stored value: money that was paid before, or is owed, and pays for sales.

    Attributes:
        kind: "gift_card" is sold; "wallet" is sold, loaded and loaded again; "credit_note" comes of a return.
        products: Article codes whose sale issues one of these for every unit, worth the unit's price.
        values: The amounts it may be loaded with; empty: any.
        ceiling: Most that may be on it.
        valid_days: From its issue (wallets: from the last load); None never lapses.
        whole: Used up at once, whatever is left of it.
        by_code: Its code may be typed by hand; False: it is found by its customer or card only.
        selector: The lines it may pay for.
        external: Slug of the external gift-card system that keeps it; "" is ours.
    """

    form_first = ("title", "kind", "values", "products", "ceiling", "valid_days")

    id: Slug
    title: Text = ""
    kind: Literal["gift_card", "wallet", "credit_note"]
    products: tuple[Code, ...] = ()
    values: tuple[Annotated[Amount, Field(gt=0)], ...] = ()
    ceiling: Annotated[Amount, Field(gt=0)] | None = None
    valid_days: Annotated[int, Field(gt=0, le=36_600)] | None = None
    whole: bool = False
    by_code: bool = True
    selector: Selector = Selector()
    external: str = Field(default="", max_length=40)
