"""What publishing refuses: rules that contradict each other, by the names of the rules."""

from __future__ import annotations

from typing import Any

import pytest

from v5_core.engine import check_programme
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
