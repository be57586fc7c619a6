"""Programmes at random: all kinds of rules, all policies, only what publishing lets through."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any, Final

from hypothesis import reject
from hypothesis import strategies as st

from v5_core.engine import check_programme
from v5_core.errors import ValidationError
from v5_core.programme import Programme

__all__ = ["GOODS", "NOON", "PERCENT", "Draw", "earning_rules", "offers", "policies", "programme_sets", "voucher_rules"]

Draw = Any  # hypothesis gives its draw function no public type
NOON: Final = datetime(2026, 11, 24, 12, tzinfo=UTC)
GOODS: Final = {
    "P1": ("soap", "lux", ("organic",)), "P2": ("soap", "dove", ()), "P3": ("wine", "lux", ("colour:red", "organic")),
    "P4": ("tie", "", ()), "P5": ("", "", ("colour:red",)),
}  # fmt: skip
_WHEN: Final = (
    *("",) * 24, "weekday = 2", "weekday in (2, 4) and store = 'LX1'", "segment = 'vip'", "tier = 'gold' or sales = 0",
    "hour between 9 and 12", "total >= 20", "payment = 'cash'", "not club = 'wine'", "club in ('wine', 'golf') and sales >= 1",
    "member = true", "birthday = true", "quantity > 3",
    "store in ('LX1', 'LX2') and card_type = 'points' and total < 50", "operator != 'ana'", "lines = 1 or not sales > 3",
    "segment = 'vip' and segment = 'new'", "balance >= 50",
)  # fmt: skip
_WHERE: Final = ("quantity >= 2", "family = 'soap'", "not tag = 'organic'", "gross > 10 and brand != 'dove'", "discounted = false")


def _some(values: tuple[str, ...]) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(st.sampled_from(values), min_size=1, max_size=2, unique=True).map(tuple)


@st.composite
def selectors(draw: Draw, *, may_be_all: bool = True) -> dict[str, Any]:
    """Which lines; half of them all."""
    if may_be_all and draw(st.booleans()):
        return {}
    found: dict[str, Any] = {}
    for name in draw(
        st.lists(st.sampled_from(("products", "families", "brands", "tags", "where", "excluded", "kinds")), max_size=2, unique=True)
    ):
        if name == "products":
            found["products"] = draw(_some(tuple(GOODS)))
        elif name == "families":
            found["families"] = draw(_some(("soap", "wine", "tie")))
        elif name == "brands":
            found["brands"] = draw(_some(("lux", "dove")))
        elif name == "tags":
            found["tags"] = draw(_some(("organic", "colour:red")))
        elif name == "where":
            found["where"] = draw(st.sampled_from(_WHERE))
        elif name == "kinds":
            found["kinds"] = draw(st.sampled_from((("product",), ("product", "service", "gift_card"), ("service",))))
        else:
            field, values = draw(
                st.sampled_from(
                    (
                        ("exclude_products", ("P1", "P3")),
                        ("exclude_families", ("soap",)),
                        ("exclude_brands", ("lux",)),
                        ("exclude_tags", ("organic",)),
                    )
                )
            )
            found[field] = values
    if draw(st.integers(0, 5)) == 5:
        found["exclude_discounted"] = True
    return found


def _cents(low: int = 1, high: int = 3000) -> st.SearchStrategy[int]:
    return st.one_of(st.integers(low, high), st.sampled_from((100, 500, 999, 1000)).filter(lambda one: low <= one <= high))


PERCENT: Final = st.sampled_from((1, 333, 500, 1000, 2500, 3333, 5000, 6667, 10_000))
_CODES: Final = st.sampled_from((("HELLO",), ("hel-lo", "OTHER"), ("OTHER",)))
_POINTS: Final = st.sampled_from((1, 500, 1000, 1500, 2000, 10_000, 333))


@st.composite
def offers(draw: Draw, name: str, entitlements: tuple[str, ...] = ()) -> dict[str, Any]:
    """An offer of any kind, with one, two or three of all that offers may say besides."""
    kind = draw(
        st.sampled_from(
            ("percent_lines", "percent_lines", "percent_order", "amount_units", "amount_lines", "amount_order", "fixed_price",
             "price_list", "card_discount", "bundle", "buy_get", "buy_get", "cheapest", "gift")
        )
    )  # fmt: skip
    offer: dict[str, Any] = {"kind": kind, "id": name, "when": draw(st.sampled_from(_WHEN)), "selector": draw(selectors())}
    offer |= _KIND_OF_OFFER[kind](draw)
    for option in draw(st.lists(st.sampled_from(_OPTIONS), max_size=3, unique=True)):
        offer |= _option(draw, option, entitlements) | _counting(draw, option)
    if kind in ("amount_order", "cheapest", "gift") and draw(st.integers(0, 3)) == 0:
        offer |= {"repeat": True, "repeat_at_most": draw(st.sampled_from((None, 1, 2)))}
    if offer.get("repeat") and not (offer.get("minimum") or offer.get("minimum_quantity")):
        offer["minimum_quantity"] = 2000
    if offer.get("of_same"):
        offer.pop("minimum_selector", None)
        offer.pop("of_different", None)
    if offer.get("of_different") and offer.get("minimum_quantity", 0) < 2000 and kind != "buy_get":
        offer["minimum_quantity"] = 2000
    if offer.get("coupon"):
        offer.pop("codes", None)
    if offer.get("cost") or offer.get("entitlement"):
        offer.pop("members_only", None)
    if offer.get("cost"):
        offer.pop("alone", None)
    return offer


_OPTIONS: Final = (
    "combinable", "combinable", "combinable", "closes_units", "closes_units", "open", "open", "maximum", "maximum", "priority", "group",
    "minimum", "minimum_quantity", "codes", "coupon", "cost", "cost", "entitlement", "limits", "validity",
    "minimum", "group", "of_same", "of_different", "not_above", "use_of", "budgets", "times_per_sale", "notify", "alone",
)  # fmt: skip


def _option(draw: Draw, option: str, entitlements: tuple[str, ...]) -> dict[str, Any]:
    plain: dict[str, dict[str, Any]] = {
        "combinable": {"exclusive": False}, "open": {"members_only": False}, "coupon": {"coupon": True}, "notify": {"notify": True},
        "alone": {"alone": True},
    }  # fmt: skip
    if option in plain:
        return plain[option]
    if option == "group":
        return {"group": draw(st.sampled_from(("default", "g2")))}
    if option == "minimum":
        return {
            "minimum": draw(_cents(1, 6000)), "minimum_of": draw(st.sampled_from(("lines", "order"))),
            "minimum_selector": draw(selectors(may_be_all=False)) if draw(st.integers(0, 5)) == 0 else None,
            "minimum_basis": draw(st.sampled_from(("gross", "net"))), "minimum_price": draw(st.sampled_from(("till", "remaining"))),
        }  # fmt: skip
    if option == "maximum":
        return {"maximum": draw(_cents(1, 1500))}
    if option == "minimum_quantity":
        return {"minimum_quantity": draw(st.sampled_from((2000, 3000, 1500)))}
    if option == "codes":
        return {"codes": draw(_CODES)}
    if option == "cost":
        return {"cost": draw(st.sampled_from((5_000, 10_000, 12_500))), "takes_all": draw(st.integers(0, 3)) == 0}
    if option == "entitlement":
        return {"entitlement": draw(st.sampled_from(entitlements))} if entitlements else {}
    if option == "limits":
        return {"limits": [{"uses": draw(st.integers(1, 3)), "per": "day", "by": "customer"}, {"uses": 3}][: draw(st.integers(1, 2))]}
    if option == "priority":
        return {"priority": draw(st.integers(-1, 1))}
    if option == "validity":
        return {"validity": draw(_validity())}
    return {"closes_units": draw(st.sampled_from((True, True, False)))} if option == "closes_units" else {}


def _counting(draw: Draw, option: str) -> dict[str, Any]:
    """What belongs together, how often, and up to how much."""
    if option in ("of_same", "of_different"):
        return {option: draw(st.sampled_from(("product", "family", "brand", "line")))}
    if option == "not_above":
        quantity = draw(st.sampled_from((None, 4000, 9000)))
        return {"not_above": draw(st.none() | _cents(1000, 9000)), "not_above_quantity": quantity}
    if option == "use_of":
        limits = {"limits": [{"uses": draw(st.integers(1, 4)), "by": "customer"}]}
        return limits | {"use_of": "unit"} if draw(st.integers(0, 2)) else {"use_of": "unit", "coupon": True}
    if option == "budgets":
        budget = st.fixed_dictionaries({"amount": st.sampled_from((200, 500, 1200)), "short": st.sampled_from(("nothing", "rest", "all"))})
        return {"budgets": draw(st.lists(budget, min_size=1, max_size=2))}
    if option == "times_per_sale":
        return {"times_per_sale": draw(st.integers(1, 2)), "cost": 5_000}
    return {}


def _validity() -> st.SearchStrategy[dict[str, Any]]:
    return st.sampled_from(
        (
            {}, {"first_day": date(2026, 11, 24)}, {"last_day": date(2026, 11, 24)}, {"ends_at": NOON}, {"starts_at": NOON},
            {"first_day": date(2026, 7, 2)}, {"last_day": date(2026, 7, 1)},
        )
    )  # fmt: skip


def _times(draw: Draw) -> dict[str, Any]:
    return {"times": draw(st.integers(1, 2))} if draw(st.integers(0, 3)) == 0 else {}


def _bundle(draw: Draw) -> dict[str, Any]:
    parts = st.fixed_dictionaries({"selector": selectors(), "quantity": st.sampled_from((1000, 1000, 2000))})
    way = draw(st.sampled_from(("price", "percent", "amount")))
    value = draw(PERCENT) if way == "percent" else draw(_cents(0 if way == "price" else 1, 3000))
    return {"parts": draw(st.lists(parts, min_size=1, max_size=3)), way: value} | _times(draw)


def _buy_get(draw: Draw) -> dict[str, Any]:
    found: dict[str, Any] = {
        "buy": draw(st.sampled_from((1000, 2000))), "get": draw(st.sampled_from((1000, 1000, 2000))), "percent": draw(PERCENT),
        "choose": draw(st.sampled_from(("cheapest", "cheapest", "dearest", "next"))),
    }  # fmt: skip
    way = draw(st.integers(0, 5))
    if way in (0, 1):
        found["get_selector"] = draw(selectors())
    elif way == 2:
        found |= {"add": "P9", "percent": 10_000}  # what is added is free
    if way in (1, 3):
        found |= {"price": draw(_cents()), "percent": 10_000}
    return found | _times(draw)


def _cheapest(draw: Draw) -> dict[str, Any]:
    off = {"percent": draw(PERCENT)} if draw(st.booleans()) else {"amount": draw(_cents())}
    return off | {"units": draw(st.integers(1, 3)), "choose": draw(st.sampled_from(("cheapest", "dearest")))}


def _units_per_line(draw: Draw) -> dict[str, Any]:
    return {"units_per_line": draw(st.integers(1, 3))} if draw(st.integers(0, 3)) == 0 else {}


def _units(draw: Draw) -> dict[str, Any]:
    if draw(st.integers(0, 4)):
        return {}
    return {"units": draw(st.integers(1, 4)), "choose": draw(st.sampled_from(("cheapest", "dearest")))}


def _amount(draw: Draw) -> dict[str, Any]:
    return {"amount": draw(_cents()), "amount_basis": draw(st.sampled_from(("gross", "gross", "net")))} | _units(draw)


def _price_list(draw: Draw) -> dict[str, Any]:
    prices = draw(st.dictionaries(st.sampled_from(tuple(GOODS)), _cents(0), max_size=3))
    return {"prices": prices, "percent": draw(PERCENT) if not prices else draw(st.sampled_from((0, 1000)))}


_KIND_OF_OFFER: Final[dict[str, Any]] = {
    "percent_lines": lambda draw: {"percent": draw(PERCENT)} | _units_per_line(draw) | _units(draw),
    "percent_order": lambda draw: {"percent": draw(PERCENT)} | _units(draw),
    "amount_units": lambda draw: _amount(draw) | _units_per_line(draw),
    "amount_lines": lambda draw: _amount(draw) | _units_per_line(draw),
    "amount_order": _amount,
    "fixed_price": lambda draw: {"price": draw(_cents(0)), "price_basis": draw(st.sampled_from(("gross", "gross", "net")))},
    "price_list": _price_list,
    "card_discount": lambda draw: {"percent": draw(st.sampled_from((0, 500)))},
    "bundle": _bundle,
    "buy_get": _buy_get,
    "cheapest": _cheapest,
    "gift": lambda draw: {"products": ("G1", "G2"), "quantity": draw(st.sampled_from((1000, 2000)))},
}


@st.composite
def earning_rules(draw: Draw, name: str) -> dict[str, Any]:
    """A rule that earns."""
    kind = draw(st.sampled_from(("per_amount", "per_amount", "per_quantity", "per_sale", "event")))
    rule: dict[str, Any] = {
        "kind": kind,
        "id": name,
        "points": draw(_POINTS),
        "when": draw(st.sampled_from(_WHEN)),
        "selector": draw(selectors()),
    }
    if kind == "per_amount":
        rule |= {
            "amount": draw(st.sampled_from((1, 100, 1000, 333))),
            "whole": draw(st.booleans()),
            "minimum": draw(st.sampled_from((0, 0, 1000))),
            "minimum_quantity": draw(st.sampled_from((0, 0, 2000))),
        }
    elif kind == "per_quantity":
        rule |= {
            "quantity": draw(st.sampled_from((1000, 2000, 500))), "minimum_quantity": draw(st.sampled_from((0, 2000))),
            "per_line": draw(st.booleans()),
        }  # fmt: skip
    elif kind == "per_sale":
        rule |= {
            "per": draw(st.sampled_from(("sale", "visit"))),
            "minimum": draw(st.sampled_from((0, 1000))),
            "minimum_quantity": draw(st.sampled_from((0, 2000))),
        }
    else:
        rule["event"] = "welcome"
    if kind != "event" and draw(st.integers(0, 4)) == 0:
        rule["codes"] = draw(_CODES)
    if draw(st.integers(0, 3)) == 0:
        cap = st.fixed_dictionaries({"points": st.sampled_from((1000, 5000, 7500)), "per": st.sampled_from(("sale", "day", "ever"))})
        rule["caps"] = draw(st.lists(cap, min_size=1, max_size=2))
    if draw(st.integers(0, 4)) == 0:
        rule |= {"validity": draw(_validity()), "expiry": {"kind": "end_of_month", "count": 1}, "pending_days": 3}
    return rule


_POLICIES: Final = {
    "rounding": ("down", "half-up"), "discount_rounding": ("half-up", "down"), "percent_of": ("remaining", "till"), "vat": ("gross", "net"),
    "base": ("after_discounts", "before_discounts", "before_rewards"), "category_base": ("after_discounts", "before_order_discounts"),
    "earn_on_points": (False, True), "earn_on_stored_value": (True, False), "same_sale_points": (False, True),
    "pending_days": (0, 2), "tax_rounding": ("line", "total_net", "total_net_keep_gross", "total_gross"),
    "one_reward_per_sale": (False, True),
    "compete_by": ("amount", "priority"), "compete_for": ("basket", "line"),
    "percent_per": ("line", "unit"), "units_price": ("share", "till_less_discounts"),
    "odd_cents": ("largest_remainder", "first_lines", "last_line"), "lowest_prices": ({"P1": 400}, {"P2": 150, "P3": 999}),
}  # fmt: skip


@st.composite
def policies(draw: Draw) -> dict[str, Any]:
    """Where systems differ: some of the switches."""
    return {field: draw(st.sampled_from(values)) for field, values in _POLICIES.items() if draw(st.integers(0, 2)) == 0}


@st.composite
def voucher_rules(draw: Draw, name: str, offer: str | None = None) -> dict[str, Any]:
    """What sales bring forth: money, a percentage, or coupons for an offer, in steps."""
    kind = draw(st.sampled_from(("till", "next_purchase", "anonymous")))
    gives = draw(st.sampled_from(("amount", "amount", "percent", *(("coupon", "coupon") if offer else ()))))
    step = st.fixed_dictionaries(
        {
            "amount_from": st.sampled_from((0, 1000, 2500)),
            "percent": PERCENT,
            "amount": st.sampled_from((0, 300)) if gives == "amount" else st.just(0),
        }
    )
    rule: dict[str, Any] = {
        "id": name, "kind": kind, "gives": gives, "steps": draw(st.lists(step, min_size=1, max_size=3)),
        "basis": draw(st.sampled_from(("gross", "net"))), "when": draw(st.sampled_from(_WHEN)), "selector": draw(selectors()),
        "valid_days": draw(st.sampled_from((1, 30))), "valid_after_days": draw(st.sampled_from((0, 0, 3))), "validity": draw(_validity()),
        "codes": draw(st.sampled_from(((), ("ma-ke",), ("MAKE", "HELLO")))),
        "valid_until": draw(st.sampled_from((None, None, date(2026, 11, 23), date(2026, 11, 26), date(2027, 1, 31)))),
    }  # fmt: skip
    if gives == "coupon":
        rule |= {"offer": offer, "uses": draw(st.integers(1, 3))}
    if kind != "anonymous":
        rule["members_only"] = draw(st.booleans())
        if rule["members_only"] and kind == "till":
            rule["visits"] = draw(st.sampled_from((0, 0, 2)))
    return rule


@st.composite
def _programme(draw: Draw, name: str, version: int) -> Programme:
    clubs = [{"id": f"{name}-club", "title": "Club", "entitlements": [{"id": f"{name}-coffee", "title": "Coffee", "uses": 5}]}]
    data: dict[str, Any] = {
        "id": name, "name": name, "version": version, "decimals": draw(st.sampled_from((0, 0, 1, 3))), "clubs": clubs,
        "policies": draw(policies()),
        "validity": draw(_validity()) if version > 1 or draw(st.integers(0, 5)) == 5 else {},
        "card_types": draw(st.sampled_from((("points",), ("points",), ("points",), ("points", "vip"), ("vip",)))),
        "offers": [draw(offers(f"{name}-o{i}", (f"{name}-coffee",))) for i in range(draw(st.sampled_from((2, 3, 1, 4, 0))))],
        "earning": [draw(earning_rules(f"{name}-e{i}")) for i in range(draw(st.sampled_from((1, 2, 0))))],
        "boosts": [
            {
                "id": f"{name}-b{i}", "factor": draw(st.sampled_from((0, 5000, 20_000, 15_000, 3333))),
                "selector": draw(selectors()), "when": draw(st.sampled_from(_WHEN)), "validity": draw(_validity()),
                "codes": draw(_CODES) if draw(st.integers(0, 3)) == 0 else (),
            }
            for i in range(draw(st.integers(0, 2)))
        ],
        "stored_value": [{"id": f"{name}-card", "kind": "gift_card", "selector": draw(selectors())}],
        "expiry": draw(st.sampled_from(({}, {"kind": "end_of_month", "count": 12}, {"kind": "days", "count": 30}))),
    }  # fmt: skip
    coupon = next((one["id"] for one in data["offers"] if one.get("coupon")), None)
    data["vouchers"] = [draw(voucher_rules(f"{name}-v{i}", coupon)) for i in range(draw(st.sampled_from((0, 0, 1, 2))))]
    if draw(st.booleans()):
        data["redemption"] = {
            "points": draw(st.sampled_from((1000, 100_000, 3000))), "amount": draw(st.sampled_from((1, 100, 333))),
            "step": draw(st.sampled_from((1000, 1, 5000))), "max_share": draw(st.sampled_from((10_000, 5000, 3333))),
            "minimum": draw(st.sampled_from((0, 0, 10_000))), "when": draw(st.sampled_from(_WHEN)),
            "daily_limit": draw(st.sampled_from((None, None, 20_000))),
        }  # fmt: skip
    return _published(data)


def _published(data: dict[str, Any]) -> Programme:
    """The programme, unless publishing refuses it; ties are settled by priorities, as its message asks."""
    programme = Programme.model_validate(data)
    try:
        check_programme(programme)
    except ValidationError as error:
        if not any(one.code == "tie" for one in error.errors):
            reject()
        for index, offer in enumerate(data["offers"]):
            offer["priority"] = index
        return _published(data) if not all(o.priority == i for i, o in enumerate(programme.offers)) else reject()
    return programme


@st.composite
def programme_sets(draw: Draw) -> list[Programme]:
    """One or two programmes, one of them sometimes in two versions."""
    found = [draw(_programme("a", 1))]
    if draw(st.integers(0, 3)) == 0:
        found.append(draw(_programme("b", 1)))
    if draw(st.integers(0, 5)) == 0:
        found.append(draw(_programme("a", 2)))
    return found
