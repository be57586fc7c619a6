"""Programmes as data: how points are earned, what offers give, how points are spent and when they lapse.

A programme is versioned, valid for a period, published once and then immutable. Everything is JSON, checked here, and
`Programme.model_json_schema()` is what forms, API and documentation are made of. New kinds of rules are new members of the unions.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, Self

from pydantic import Field, model_validator

from v5_core.model import Code, Text
from v5_core.programme._common import (
    Budget,
    Expiry,
    Limit,
    Part,
    Per,
    PointsCap,
    Policies,
    QuantityOf,
    Rule,
    Selector,
    Slug,
    Validity,
)
from v5_core.programme._earning import Boost, EarnEvent, EarnPerAmount, EarnPerQuantity, EarnPerSale, EarnRule
from v5_core.programme._membership import Club, Entitlement, Tier, TierScheme
from v5_core.programme._messages import Alert, RecordField, RecordRules, Template
from v5_core.programme._offers import (
    AmountOffer,
    BundleOffer,
    BuyGetOffer,
    CardDiscount,
    CheapestOffer,
    FixedPriceOffer,
    GiftOffer,
    Offer,
    OfferBase,
    PercentOffer,
    PriceListOffer,
)
from v5_core.programme._rewards import Redemption, RewardLevel
from v5_core.programme._vouchers import StoredValueType, VoucherRule, VoucherStep

__all__ = [
    "Alert", "AmountOffer", "Boost", "Budget", "BundleOffer", "BuyGetOffer", "CardDiscount", "CheapestOffer", "Club", "EarnEvent",
    "EarnPerAmount", "EarnPerQuantity", "EarnPerSale", "EarnRule", "Entitlement", "Expiry", "FixedPriceOffer", "GiftOffer", "Limit",
    "Offer", "OfferBase",
    "Per", "PercentOffer", "PointsCap", "Policies", "PriceListOffer", "Programme", "QuantityOf", "RecordField",
    "RecordRules", "Redemption", "RewardLevel", "Rule",
    "Selector", "Slug", "StoredValueType", "Template", "Tier", "TierScheme", "Validity", "VoucherRule", "VoucherStep",
]  # fmt: skip


class Programme(Part):
    """One programme, one version."""

    form_first = ("name", "validity", "card_types", "decimals")

    id: Slug
    version: int = Field(default=1, ge=1, le=1_000_000)
    name: Text
    currency: str = "EUR"
    state: Literal["draft", "published"] = "draft"
    validity: Validity = Validity()
    card_types: tuple[Code, ...] = ("points",)
    decimals: int = Field(default=0, ge=0, le=3)
    earning: tuple[EarnRule, ...] = ()
    boosts: tuple[Boost, ...] = ()
    offers: tuple[Offer, ...] = ()
    redemption: Redemption | None = None
    rewards: tuple[RewardLevel, ...] = ()
    vouchers: tuple[VoucherRule, ...] = ()
    stored_value: tuple[StoredValueType, ...] = ()
    tiers: TierScheme | None = None
    clubs: tuple[Club, ...] = ()
    alerts: tuple[Alert, ...] = ()
    templates: tuple[Template, ...] = ()
    record: RecordRules = RecordRules()
    expiry: Expiry = Expiry()
    policies: Policies = Policies()

    def ids(self) -> Iterator[str]:
        """The ids of all parts; they share one name space, so that an explanation can name any of them."""
        for rule in (*self.earning, *self.boosts, *self.offers, *self.vouchers):
            yield rule.id
        for reward in self.rewards:
            yield reward.id
        for kind in self.stored_value:
            yield kind.id
        for club in self.clubs:
            yield club.id
            yield from (one.id for one in club.entitlements)
        for alert in self.alerts:
            yield alert.id
        if self.tiers is not None:
            yield from (tier.id for tier in self.tiers.tiers)

    @model_validator(mode="after")
    def _unique_ids(self) -> Self:
        seen: set[str] = set()
        doubled: set[str] = set()
        for one in self.ids():
            (doubled if one in seen else seen).add(one)
        if doubled:
            raise ValueError(f"ids must be unique within the programme: {', '.join(sorted(doubled))}")
        return self

    @model_validator(mode="after")
    def _references(self) -> Self:
        offers = {offer.id: offer for offer in self.offers}
        for rule in self.vouchers:
            if rule.offer is not None and (rule.offer not in offers or not offers[rule.offer].coupon):
                raise ValueError(f"voucher {rule.id!r} names offer {rule.offer!r}, which is no offer with coupon: true of this programme")
        entitlements = {one.id for club in self.clubs for one in club.entitlements}
        for offer in self.offers:
            if offer.entitlement is not None and offer.entitlement not in entitlements:
                raise ValueError(f"offer {offer.id!r} needs entitlement {offer.entitlement!r}, which no club of this programme gives")
        return self
