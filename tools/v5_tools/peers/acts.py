"""What the back office does in a case: publishing, issuing, adjusting, joining."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from v5_core.money import WireInt
from v5_core.programme import Programme
from v5_tools.peers import basket, cases, hints
from v5_tools.peers.service import RefusedError

if TYPE_CHECKING:
    from v5_tools.peers.shop import World

__all__ = ["adjust", "issue_coupon", "issue_stored", "join", "programme", "publish"]


def programme(data: Mapping[str, Any]) -> dict[str, Any]:
    """A programme as JSON: where an amount is expected and a whole number was written, the decimal string is meant.

    Raises:
        LookupError: A rule does not say its kind.
    """
    found = dict(_marked(data))
    try:
        Programme.model_validate(found)
    except ValidationError as error:
        for one in error.errors():
            if one["type"] == "union_tag_not_found":
                place, *_ = one["loc"]
                kinds = Programme.model_json_schema()["properties"][place]["items"]["discriminator"]["mapping"]
                raise LookupError(f"{'.'.join(map(str, one['loc']))}: `kind` is missing, one of {', '.join(kinds)}") from None
            if isinstance(one["input"], WireInt):
                _spell(found, one["loc"])
    return found


def _marked(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _marked(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_marked(one) for one in value]
    return WireInt(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _spell(root: Any, loc: tuple[Any, ...]) -> None:
    value = root
    for part in loc:
        if isinstance(value, dict) and value.get("kind") == part:
            continue  # the place names the kind of a rule too, which is no key
        if not (part in value if isinstance(value, dict) else isinstance(value, list) and isinstance(part, int)):
            continue
        found: Any = value[part]
        if isinstance(found, WireInt):
            value[part] = found = str(int(found))
        value = found


def publish(world: World, data: Mapping[str, Any]) -> Any:
    """Publishes a programme: a draft first, as the back office does."""
    wanted = programme(data)
    try:
        draft = world.call("POST", "/v1/programmes", wanted)
    except RefusedError as error:
        error.hints = hints.places(Programme, wanted)
        raise
    made = world.call("POST", f"/v1/programmes/{draft['id']}/{draft['version']}/publish")
    world.types |= {one["id"]: one["kind"] for one in made["programme"]["stored_value"]}
    return made


def adjust(world: World, body: cases.Adjust) -> Any:
    """Gives or takes points by hand."""
    wanted = {"points": basket.plain(body.points), "reason": body.reason}
    if body.expires_on is not None:
        wanted["expires_on"] = body.expires_on.isoformat()
    return world.call("POST", f"/v1/customers/{world.customer_id(body.customer)}/adjustments", {"request_id": world.request_id(), **wanted})


def issue_coupon(world: World, coupon: cases.Coupon) -> Any:
    """Makes a coupon, or a percentage voucher."""
    if coupon.percent is None:
        return _issue(world, coupon, {"kind": "coupon", "offer": coupon.offer, "uses": coupon.uses})
    return _issue(world, coupon, {"kind": "percent", "percent": basket.plain(coupon.percent), "uses": coupon.uses})


def issue_stored(world: World, stored: cases.Stored) -> Any:
    """Makes a gift card, wallet or credit note; without a type a voucher of an amount."""
    if stored.type and stored.type not in world.types:
        raise LookupError(f"no programme has a stored value of type {stored.type!r}")
    kind = world.types[stored.type] if stored.type else "voucher"
    return _issue(world, stored, {"kind": kind, "type": stored.type, "amount": basket.money(stored.amount), "whole": stored.whole})


def _issue(world: World, wanted: cases.Coupon | cases.Stored, what: Mapping[str, Any]) -> Any:
    body = {
        "request_id": world.request_id(),
        "code": wanted.code,
        "customer": world.customer_id(wanted.customer) if wanted.customer else None,
        "valid_from": wanted.valid_from and wanted.valid_from.isoformat(),
        "valid_until": wanted.valid_until and wanted.valid_until.isoformat(),
        "stores": list(wanted.stores),
        "minimum": basket.money(wanted.minimum),
        **what,
    }
    return world.call("POST", "/v1/vouchers", body)["items"][0]


def join(world: World, body: cases.Join) -> Any:
    """A customer joins a club."""
    wanted = {"club": body.club, "until": body.until and body.until.isoformat()}
    return world.call("POST", f"/v1/customers/{world.customer_id(body.customer)}/memberships", {"request_id": world.request_id(), **wanted})
