"""What a till does: the gross and net of a line, the document that a quote becomes, and the credit note of a document."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final

from v5_tools.peers.cases import Item, Returned

__all__ = ["Document", "Known", "applied", "credit_note", "lines_of", "money", "sold"]

_CENT: Final = Decimal("0.01")
_HUNDRED: Final = Decimal(100)
_METHODS: Final = {"gift_card", "wallet", "voucher", "credit_note"}
Line = dict[str, Any]
Document = dict[str, Any]


def _cents(value: Decimal) -> Decimal:
    return value.quantize(_CENT, ROUND_HALF_UP)


def money(value: Decimal) -> str:
    """As amounts are written on the wire."""
    return f"{_cents(value):f}"


def plain(value: Decimal) -> str:
    """A number without trailing zeros."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def lines_of(items: Iterable[Item]) -> list[Line]:
    """Lines as the API wants them: each rounded to the cent by itself, a negative price is a deduction."""
    return [_line(item, item.line or str(position)) for position, item in enumerate(items, start=1)]


def _line(item: Item, name: str) -> Line:
    gross, net, rate = _amounts(item)
    line: Line = {
        "line_id": name,
        "product": item.product,
        "kind": "deduction" if gross < 0 else item.kind,
        "quantity": plain(abs(item.quantity)),
        "gross": money(abs(gross)),
        "net": money(abs(net)),
        "vat_rate": plain(_cents(rate)),
    }
    for key in ("description", "family", "brand", "ean"):
        if value := getattr(item, key):
            line[key] = value
    if item.tags:
        line["tags"] = list(item.tags)
    if item.discount:
        line["discount"] = money(item.discount)
    return line


def _amounts(item: Item) -> tuple[Decimal, Decimal, Decimal]:
    # What is in the price and what comes on top, as factors of the bare price.
    inside = whole = Decimal(1)
    taxes = item.vat
    if isinstance(taxes, Decimal):
        whole += taxes / _HUNDRED
        inside = whole if item.price_includes_vat else inside
    else:
        for tax in taxes:
            part = tax.rate / _HUNDRED * (whole if tax.compound else 1)
            whole += part
            inside += part if tax.included else 0
    rate = (whole - 1) * _HUNDRED
    if item.gross is not None and item.net is not None:
        return item.gross, item.net, rate
    price = item.amount if item.amount is not None else (item.price or Decimal(0)) * item.quantity
    net = price / inside
    return (_cents(price) if inside == whole else _cents(net * whole)), (_cents(price) if inside == 1 else _cents(net)), rate


@dataclass(slots=True)
class Known:
    """What the runner keeps of a basket between its calls."""

    request: dict[str, Any]
    quote: dict[str, Any]
    hold: dict[str, Any] = field(default_factory=dict)


def sold(known: Known) -> Document:
    """The lines, payments and applied rules of the document that a till issues after a quote: its prices hold the benefits."""
    taken: dict[str, Decimal] = {}
    for benefit in known.quote["benefits"]:
        for line, amount in benefit["shares"].items():
            taken[line] = taken.get(line, Decimal(0)) + Decimal(amount)
    lines = [_reduced(line, taken.get(line["line_id"], Decimal(0))) for line in known.request["lines"]]
    lines += [_gift(gift, f"gift-{number}") for number, gift in enumerate(known.quote["gifts"], start=1)]
    return {"lines": lines, **totals(lines), "payments": _payments(known, lines), "applied": applied(known)}


def _reduced(line: Line, cut: Decimal) -> Line:
    if not cut:
        return line
    gross, net = Decimal(line["gross"]), Decimal(line["net"])
    left, factor = gross - cut, 1 + Decimal(line["vat_rate"]) / _HUNDRED
    # By the line's rate, as its own net was made; a line whose figures were given keeps their proportion.
    net = left / factor if _cents(gross / factor) == net else net * left / gross
    return {**line, "gross": money(left), "net": money(net), "discount": money(Decimal(line.get("discount", "0")) + cut)}


def _gift(gift: Mapping[str, Any], name: str) -> Line:
    return {"line_id": name, "product": gift["product"], "kind": "reward", "quantity": gift["quantity"], "gross": "0.00", "net": "0.00"}


def totals(lines: Iterable[Line]) -> dict[str, str]:
    """Gross and net of a document."""
    found = {}
    for key in ("gross", "net"):
        found[key] = money(sum((Decimal(line[key]) * (-1 if line.get("kind") == "deduction" else 1) for line in lines), Decimal(0)))
    return found


def _payments(known: Known, lines: list[Line]) -> list[dict[str, str]]:
    hold = {"hold": known.hold["hold"]} if known.hold else {}
    rest = Decimal(totals(lines)["gross"])
    made = []
    points = Decimal(known.quote["points_amount"])
    if points or Decimal(known.quote["points_spent"]) > 0:
        # What this very sale earns and spends is in no hold: a payment of its own.
        held = min(points, Decimal(known.hold["amount"])) if hold and "amount" in known.hold else points
        made.append({"method": "points", "amount": money(held), **hold})
        if points > held:
            made.append({"method": "points", "amount": money(points - held)})
    for use in known.quote["stored_value"]:
        if Decimal(use["amount"]) > 0:
            method = use["kind"] if use["kind"] in _METHODS else "gift_card"
            made.append({"method": method, "amount": use["amount"], "code": use["code"], **hold})
    if hold and not made:
        # Only coupons or limited offers are held: the payment of the rest carries the hold's name.
        return [{"method": _tender(known), "amount": money(rest), **hold}]
    rest -= sum((Decimal(one["amount"]) for one in made), Decimal(0))
    return [*made, {"method": _tender(known), "amount": money(rest)}] if rest > 0 else made


def _tender(known: Known) -> str:
    asked = known.request.get("payments") or ["cash"]
    return str(asked[0])


def applied(known: Known) -> list[dict[str, Any]]:
    """What a quote applied: each rule with its code, how often it counts and what it took off."""
    times = {claim["rule"]: _times(known, claim) for claim in known.request.get("claims", ())}
    codes = {one["rule"]: one["code"] for one in known.quote["codes"] if one["rule"] and not one["problem"]}
    rules = [*(one["rule"] for one in known.quote["benefits"]), *(one["rule"] for one in known.quote["gifts"]), *codes]
    amounts: dict[str, Decimal] = {}
    for one in known.quote["benefits"]:
        amounts[one["rule"]] = sum((Decimal(share) for share in one["shares"].values()), amounts.get(one["rule"], Decimal(0)))
        times.setdefault(one["rule"], one.get("times", 1))
    found = []
    for rule in dict.fromkeys(rules):
        code = {"code": codes[rule]} if rule in codes else {}
        amount = {"amount": money(amounts[rule])} if rule in amounts else {}
        found.append({"rule": rule, **code, "times": times.get(rule, 1), **amount})
    return found


def _times(known: Known, claim: Mapping[str, Any]) -> int:
    """How often a reward was granted, which may be less often than it was asked for."""
    rule = claim["rule"]
    gift = next((one for one in known.quote["gifts"] if one["rule"] == rule), None)
    cost = next((one["cost"] for one in known.quote["rewards"] if one["rule"] == rule), None)
    if gift and cost:
        return int(Decimal(gift["cost"]) / Decimal(cost))
    return sum(one["rule"] == rule for one in known.quote["benefits"]) or int(claim.get("times", 1))


def credit_note(document: Mapping[str, Any], returned: Iterable[Returned]) -> Document:
    """The lines of a return: all of the sale, or some units of some lines at the price that was paid for them.

    Raises:
        ValueError: The sale has no such line.
    """
    number = document["source_id"]
    wanted = [(one, _find(document, one)) for one in returned] or [(Returned(), line) for line in document["lines"]]
    lines = []
    for position, (one, line) in enumerate(wanted, start=1):
        sold_units = Decimal(line["quantity"])
        units = sold_units if one.quantity is None else one.quantity
        share = units / sold_units if sold_units else Decimal(1)
        lines.append(
            {
                **{key: value for key, value in line.items() if key != "discount"},
                "line_id": str(position),
                "quantity": plain(units),
                "gross": money(Decimal(line["gross"]) * share),
                "net": money(Decimal(line["net"]) * share),
                "reference": {"document": number, "line": line["line_id"]},
            }
        )
    return {"lines": lines, **totals(lines)}


def _find(document: Mapping[str, Any], one: Returned) -> Line:
    for line in document["lines"]:
        if (one.line and line["line_id"] == one.line) or (not one.line and line["product"] == one.product):
            return dict(line)
    raise ValueError(f"the sale has no line {one.line or one.product!r}")
