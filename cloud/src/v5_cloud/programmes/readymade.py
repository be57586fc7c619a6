"""Rules to begin with: what shops ask for most, as they would write it themselves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from v5_cloud.kit.gettext import N_

__all__ = ["READY", "rules_of"]

Say = Callable[[str], str]
Rules = dict[str, Any]


def _points(_: Say) -> Rules:
    earn = {"kind": "per_amount", "id": "purchases", "title": _("1 point for each 1.00"), "points": "1", "amount": "1.00"}
    return {
        "earning": [earn],
        "redemption": {"points": "100", "amount": "1.00", "minimum": "100", "step": "100", "max_share": "50"},
        "rewards": [{"id": "voucher-5", "title": _("Voucher of 5.00"), "cost": "500", "amount": "5.00"}],
        "expiry": {"kind": "end_of_month", "count": 12},
    }


def _card(_: Say) -> Rules:
    return {"offers": [{"kind": "card_discount", "id": "card", "title": _("Discount of the card"), "percent": "5"}]}


def _vip(_: Say) -> Rules:
    limits = [{"uses": 1, "per": "day", "by": "customer"}]
    title = _("VIP card")
    return {"offers": [{"kind": "card_discount", "id": "vip", "title": title, "percent": "10", "notify": True, "limits": limits}]}


def _second(_: Say) -> Rules:
    return {
        "offers": [{"kind": "buy_get", "id": "second-half", "title": _("The second at half price"), "percent": "50", "members_only": False}]
    }


def _three(_: Say) -> Rules:
    return {"offers": [{"kind": "buy_get", "id": "three-for-two", "title": _("3 for 2"), "buy": "2", "get": "1", "members_only": False}]}


def _happy(_: Say) -> Rules:
    when = "weekday = 2 and hour between 15 and 18"
    return {"boosts": [{"id": "double-tuesday", "title": _("Tuesday afternoons count double"), "factor": "200", "when": when}]}


def _birthday(_: Say) -> Rules:
    voucher = {"kind": "birthday", "id": "birthday", "title": _("Birthday gift"), "steps": [{"amount": "5.00"}], "valid_days": 30}
    return {"vouchers": [voucher | {"minimum_purchase": "20.00"}]}


def _steps(_: Say) -> Rules:
    steps = [{"amount_from": str(start), "amount": worth} for start, worth in (("50.00", "5.00"), ("100.00", "12.00"), ("200.00", "30.00"))]
    voucher = {"kind": "till", "id": "gift-voucher", "title": _("Gift voucher in steps"), "steps": steps, "valid_after_days": 1}
    return {"vouchers": [voucher | {"valid_days": 60}]}


def _wallet(_: Say) -> Rules:
    wallet = {"id": "wallet", "title": _("Wallet"), "kind": "wallet", "values": ["20.00", "50.00", "100.00"], "ceiling": "250.00"}
    return {"stored_value": [wallet | {"by_code": False, "valid_days": 730}]}


def _gift_card(_: Say) -> Rules:
    return {"stored_value": [{"id": "gift-card", "title": _("Gift card"), "kind": "gift_card", "valid_days": 365}]}


def _levels(_: Say) -> Rules:
    tiers = [
        {"id": "bronze", "title": _("Bronze"), "threshold": 0},
        {"id": "silver", "title": _("Silver"), "threshold": 50_000},
        {"id": "gold", "title": _("Gold"), "threshold": 150_000},
    ]
    boost = {"id": "gold-double", "title": _("Gold counts double"), "factor": "200", "when": "tier = 'gold'"}
    return {"tiers": {"measure": "spend", "period": "rolling", "months": 12, "grace_days": 30, "tiers": tiers}, "boosts": [boost]}


def _club(_: Say) -> Rules:
    coffee = {"id": "coffee", "title": _("A coffee"), "uses": 1, "per": "week"}
    club = {"id": "club", "title": _("Club"), "months": 12, "warn_days": 30, "renew_days": 60, "entitlements": [coffee]}
    prices = {"kind": "price_list", "id": "club-prices", "title": _("Club prices"), "percent": "8", "when": "club = 'club'"}
    return {"clubs": [club], "offers": [prices]}


READY: Final[dict[str, tuple[str, str, str, Callable[[Say], Rules]]]] = {
    "points": (N_("Points club"), N_("1 point for each euro, 100 points are 1 €, good for a year."), "coins", _points),
    "card": (N_("Discount card"), N_("5% at every purchase, or the card's own rate."), "credit-card", _card),
    "vip": (N_("VIP card"), N_("10% once a day; the manager is told at each use."), "crown", _vip),
    "second": (N_("The second at half price"), N_("Buy one, get another of the same at 50%."), "percent", _second),
    "three": (N_("3 for 2"), N_("The cheapest of three is free."), "gift", _three),
    "happy": (N_("Happy hours"), N_("Double points on Tuesday afternoons."), "trending-up", _happy),
    "birthday": (N_("Birthday gift"), N_("A voucher of 5 € each year, for purchases from 20 € on."), "cake", _birthday),
    "steps": (N_("Gift voucher in steps"), N_("5, 12 or 30 € for the next time, by what was bought."), "ticket", _steps),
    "gift_card": (N_("Gift card"), N_("Sold at the till, good for a year."), "gift", _gift_card),
    "wallet": (N_("Wallet"), N_("Loaded with 20, 50 or 100 €, pays with the card."), "wallet", _wallet),
    "levels": (N_("Levels"), N_("Bronze, silver and gold by what was bought in a year."), "trophy", _levels),
    "club": (N_("Club"), N_("A membership of a year with a coffee a week and prices of its own."), "users", _club),
}  # fmt: skip


def rules_of(name: str, say: Say) -> Rules:
    """The rules of one of them, in the words of a language; nothing for a name that is not known."""
    found = READY.get(name)
    return found[3](say) if found else {}
