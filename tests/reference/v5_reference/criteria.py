"""Conditions, answered by walking their tree; what is not known matches nothing, and neither does its opposite."""

from __future__ import annotations

from datetime import date, datetime
from fractions import Fraction
from typing import Any

from v5_core.criteria import And, Between, Compare, Criterion, In, IsEmpty, IsNull, Like, Not, Or, parse
from v5_core.engine import CustomerFacts
from v5_core.hooks import QuoteRequest
from v5_core.model import Line, LineKind

__all__ = ["line_matches", "sale_matches"]

Record = dict[str, Any]


def sale_matches(when: str, request: QuoteRequest, facts: CustomerFacts | None, local: datetime) -> bool:
    """Whether a rule's `when` holds for a basket and its customer."""
    return not when.strip() or _answer(parse(when), _sale(request, facts, local)) is True


def line_matches(where: str, line: Line) -> bool:
    """Whether a selector's `where` holds for a line."""
    return not where.strip() or _answer(parse(where), _line(line)) is True


def _sale(request: QuoteRequest, facts: CustomerFacts | None, local: datetime) -> Record:
    goods = [line for line in request.lines if line.kind is not LineKind.DEDUCTION]
    record: Record = {
        "store": request.store, "till": request.till, "operator": request.operator, "weekday": Fraction(local.isoweekday()),
        "hour": Fraction(local.hour), "date": local.date(), "member": facts is not None, "lines": Fraction(len(goods)),
        "total": Fraction(sum(line.signed_gross for line in request.lines), 100),
        "quantity": Fraction(sum(line.quantity for line in goods), 1000),
        "payment": {method.value for method in request.payments},
        "segment": set(), "tier": set(), "club": set(), "card_type": set(),
    }  # fmt: skip
    if facts is not None:
        record |= {
            "segment": set(facts.segments), "tier": set(facts.tiers), "club": set(facts.clubs), "card_type": set(facts.card_types),
            "balance": Fraction(facts.balance_available, 1000), "blocked": facts.blocked,
            "sales": None if facts.sales is None else Fraction(facts.sales),
        }  # fmt: skip
        if facts.birth_date is not None:
            record["birthday"] = _birthday(facts.birth_date, local.date())
    return record


def _birthday(born: date, today: date) -> bool:
    if (born.month, born.day) == (2, 29) and today.year % 4:  # the years of the tests are no centuries
        return (today.month, today.day) == (3, 1)
    return (born.month, born.day) == (today.month, today.day)


def _line(line: Line) -> Record:
    return {
        "product": line.product, "family": line.family, "brand": line.brand, "tag": set(line.tags), "kind": line.kind.value,
        "gross": Fraction(line.gross, 100), "quantity": Fraction(line.quantity, 1000), "discounted": line.discount > 0,
        "discount": Fraction(line.discount, 100), "vat_rate": Fraction(line.vat_rate, 100),
    }  # fmt: skip


def _answer(node: Criterion, record: Record) -> bool | None:
    if isinstance(node, Not):
        inner = _answer(node.item, record)
        return None if inner is None else not inner
    if isinstance(node, And | Or):
        answers = [_answer(item, record) for item in node.items]
        decisive = isinstance(node, Or)
        if decisive in answers:
            return decisive
        return None if None in answers else not decisive
    assert not node.part
    value = record.get(node.field)
    if isinstance(node, IsNull):
        return value is None
    if isinstance(node, IsEmpty):
        return value is None or value == ""
    if isinstance(value, set):
        return _of_set(node, value)
    return None if value is None else _of_value(node, value)


def _of_set(node: Compare | In | Between | Like, held: set[str]) -> bool:
    if isinstance(node, In):
        return any(one in held for one in node.values)
    assert isinstance(node, Compare)
    return (node.value in held) == (node.op == "=")


def _of_value(node: Compare | In | Between | Like, value: Any) -> bool:
    def read(text: str) -> Any:
        if isinstance(value, bool):
            return text == "true"
        if isinstance(value, Fraction):
            return Fraction(text)
        return date.fromisoformat(text) if isinstance(value, date) else text

    if isinstance(node, In):
        return value in [read(one) for one in node.values]
    if isinstance(node, Between):
        return bool(read(node.low) <= value <= read(node.high))
    if isinstance(node, Like):
        lower = value.lower()
        return bool(node.value.lower() in lower) if node.op == "contains" else lower.startswith(node.value.lower())
    other = read(node.value)
    if node.op in ("=", "!="):
        return bool(value == other) == (node.op == "=")
    return bool(value < other) == (node.op in ("<", "<=")) if value != other else node.op in ("<=", ">=")
