"""What publishing refuses: rules that contradict each other, by the names of the rules."""

from __future__ import annotations

from typing import Any

import pytest

from v5_core.engine import check_programme
from v5_core.engine._refusals import REFUSALS
from v5_core.errors import ValidationError
from v5_core.programme import Programme


def offers(*given: dict[str, Any]) -> dict[str, Any]:
    made = [{"kind": "percent_lines", "id": f"o{n}", "exclusive": False, "priority": 9 - n, **one} for n, one in enumerate(given)]
    return {"offers": tuple(made)}


AT_ONCE: dict[str, Any] = {
    "earning": ({"kind": "per_amount", "id": "e", "points": "1", "amount": "1.00"},), "policies": {"same_sale_points": True},
}  # fmt: skip


def test_points_of_units_may_be_spent_at_once_for_no_spending_lowers_them() -> None:
    units = ({"kind": "per_quantity", "id": "e", "points": "1"},)
    check_programme(
        Programme.model_validate({"id": "p", "name": "P", **offers({"percent": "5", "cost": "1"}), **AT_ONCE, "earning": units})
    )


@pytest.mark.parametrize(
    ("parts", "named"),
    [
        (offers({"percent": "5", "cost": "1"}) | AT_ONCE, "before_rewards"),
        (AT_ONCE | {"redemption": {"points": "1", "amount": "1.00"}}, "earn_on_points"),
        (offers({"percent": "5", "entitlement": "e", "members_only": False}) | {
            "clubs": ({"id": "c", "title": "C", "entitlements": ({"id": "e", "title": "E", "uses": 1},)},)}, "'o0'"),
        (offers({"percent": "5", "codes": ("A",), "coupon": True}), "'o0'"),
        (offers(*({"percent": rate, "codes": ("A",), "exclusive": True} for rate in ("5", "6"))), "'o0' and 'o1'"),
    ],
)  # fmt: skip
def test_contradictions_are_refused_at_publishing_and_name_the_rules(parts: dict[str, Any], named: str) -> None:
    with pytest.raises(ValidationError, match=named):
        check_programme(Programme.model_validate({"id": "p", "name": "P", **parts}))


def price_list(name: str, price: str, **more: Any) -> dict[str, Any]:
    return {"kind": "price_list", "id": name, "prices": {"SOAP": price}, **more}


def coupon(**validity: str) -> dict[str, Any]:
    """An offer for coupons, and the voucher that makes them from June on."""
    offer = {"kind": "percent_lines", "id": "half", "percent": "50", "coupon": True, "validity": validity}
    steps = ({"amount_from": "10.00"},)
    rule = {
        "kind": "next_purchase",
        "id": "again",
        "gives": "coupon",
        "offer": "half",
        "steps": steps,
        "validity": {"first_day": "2026-06-01"},
    }
    return {"offers": (offer,), "vouchers": (rule,)}


CLUB: dict[str, Any] = {"clubs": ({"id": "c", "title": "C", "entitlements": ({"id": "coffee", "title": "Coffee", "uses": 1},)},)}
NAMED: list[tuple[dict[str, Any], tuple[str, ...]]] = [
    (offers({"percent": "5", "exclusive": True, "priority": 1}, {"percent": "5", "exclusive": True, "priority": 1}), ("o0", "o1")),
    (offers(*({"percent": rate, "codes": ("A",), "exclusive": True} for rate in ("5", "6"))), ("o0", "o1")),
    ({"offers": (price_list("club", "1.00"), price_list("tier", "2.00"))}, ("club", "tier", "SOAP")),
    (coupon(last_day="2026-05-31"), ("again", "half")),
    (offers({"percent": "5", "validity": {"last_day": "2026-05-31"}}) | {"validity": {"first_day": "2026-06-01"}}, ("o0", "p")),
    (offers({"percent": "5", "when": "weekday = 1 and weekday = 2"}), ("o0", "weekday")),
    (offers({"percent": "5", "when": "wekday = 1"}), ("'o0'", "'wekday'", "weekday")),
    (offers({"percent": "5", "selector": {"where": "brand ="}}), ("'o0'", "8", "true/false")),
    ({"alerts": ({"id": "a", "when": "balance > 'x'", "text": {"en": "Hello"}},)}, ("'a'", "'balance'", "12.5")),
    ({"redemption": {"points": "1", "amount": "1.00", "minimum": "50", "daily_limit": "20"}}, ("50", "20")),
    ({"currency": "XXX"}, ("XXX",)),
    ({"validity": {"first_day": "2026-06-02", "last_day": "2026-06-01"}}, ()),
    (offers({"percent": "5", "validity": {"first_day": "2026-06-02", "last_day": "2026-06-01"}}), ("o0",)),
    (offers({"percent": "5", "cost": "1"}) | AT_ONCE, ("same_sale_points", "before_rewards")),
    (AT_ONCE | {"redemption": {"points": "1", "amount": "1.00"}, "policies": {
        "same_sale_points": True, "earn_on_points": False, "base": "before_rewards"}}, ("same_sale_points", "earn_on_points")),
    ({"earning": ({"kind": "per_sale", "id": "e", "points": "1", "caps": ({"by": "customer", "points": "0.5"},)},)}, ("e",)),
    (offers({"percent": "5", "entitlement": "coffee", "members_only": False}) | CLUB, ("o0", "coffee")),
    (offers({"percent": "5", "codes": ("A",), "coupon": True}), ("o0",)),
    (offers({"kind": "buy_get", "buy": 1, "get": 1, "percent": "50", "add": "SOAP"}), ("o0", "add")),
    (offers({"percent": "5", "cost": "1", "members_only": False}), ("o0",)),
    ({"alerts": ({"id": "a", "when": "balance > 0", "text": {"en": "{nobody}"}},)}, ("{nobody}", "{balance}")),
    ({"alerts": ({"id": "a", "when": "balance > 0", "text": {"en": "{name.first}"}},)}, ("'a'", "{balance}")),
    ({"templates": ({"message": "hello", "text": {"en": "Hello"}},)}, ("hello", "will_earn")),
    ({"templates": ({"message": "will_earn", "text": {"de": "{points}"}},)}, ("de", "pt")),
    ({"templates": ({"message": "will_earn", "text": {"en": "Points"}},)}, ("will_earn", "{points}")),
    ({"templates": 2 * ({"message": "will_earn", "text": {"en": "{points}"}},)}, ("will_earn",)),
    ({"earning": ({"kind": "event", "event": "profile", "id": "e", "points": "1", "fields": ("shoes",)},)}, ("shoes", "email")),
]  # fmt: skip


@pytest.mark.parametrize("language", REFUSALS)
@pytest.mark.parametrize(("parts", "names"), NAMED)
def test_both_sides_of_a_contradiction_are_named_in_every_language(parts: dict[str, Any], names: tuple[str, ...], language: str) -> None:
    with pytest.raises(ValidationError) as refused:
        check_programme(Programme.model_validate({"id": "p", "name": "P", **parts}), language)
    (error,) = refused.value.errors
    assert all(name in error.message for name in names), error.message
    with pytest.raises(ValidationError) as refused:
        check_programme(Programme.model_validate({"id": "p", "name": "P", **parts}))
    assert (error.message == refused.value.errors[0].message) == (language == "en"), "said in that language"


@pytest.mark.parametrize(
    "parts",
    [
        {"offers": (price_list("club", "1.00"), price_list("tier", "2.00", exclusive=False))},
        {"offers": (price_list("club", "1.00"), price_list("tier", "2.00", priority=1))},
        {"offers": (price_list("club", "1.00", when="club = 'a'"), price_list("tier", "2.00", when="club = 'b'"))},
        coupon(last_day="2026-06-01"),
        offers({"percent": "5", "when": "segment = 'new' and segment = 'vip' and club = 'a' and club = 'b'"}),
        offers({"percent": "5", "validity": {"last_day": "2026-06-01"}}) | {"validity": {"first_day": "2026-06-01"}},
    ],
)
def test_what_only_looks_like_a_contradiction_is_published(parts: dict[str, Any]) -> None:
    check_programme(Programme.model_validate({"id": "p", "name": "P", **parts}))
