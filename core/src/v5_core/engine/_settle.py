"""An issued document settled: the prices are the till's, so nothing is discounted here; points are earned."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from v5_core.engine._compile import Compiled
from v5_core.engine._earning import Earning, Prices, earn
from v5_core.engine._evaluate import memberships
from v5_core.engine._expiry import expires_at
from v5_core.engine._situation import Situation, by_line_id
from v5_core.engine._types import CustomerFacts, Earned, SettledLine, Settlement, Share
from v5_core.model import DocumentKind, DocumentStatus, Line, PaymentMethod, SalesDocument
from v5_core.money import split
from v5_core.words import words_of

__all__ = ["settle"]


def settle(
    compiled: Compiled,
    document: SalesDocument,
    facts: CustomerFacts | None,
    *,
    zone: ZoneInfo,
    points_spent: int = 0,
    language: str = "pt",
) -> Settlement:
    """Points that an issued document earns.

    A cancelled document, a blocked customer and no customer at all give a settlement without points (its lines are there, so that it can
    be stored like any other). A document without lines is settled as one line of its amount, for rules that select everything.
    A return that points at nothing is settled here too: the earning rules apply with negative points; points
    that may have been spent on whatever came back are not given back, for nothing says that any were.

    Args:
        compiled: From `compile_programmes`, with the versions that were in force when the document was issued.
        document: The document.
        facts: Its customer.
        zone: The store's zone, in which days and expiry are counted.
        points_spent: Points of the holds that the document's payments name; split over the lines, so that a return gives them back.
        language: Of the explanations.
    """
    lines = sorted(document.lines, key=by_line_id) or _whole(document)
    if document.status is DocumentStatus.CANCELLED:
        return Settlement(lines=_settled(lines, [[] for _ in lines], [0] * len(lines)))
    situation = Situation(
        lines, compiled.touching(lines), facts, at=document.issued_at, local=document.issued_at.astimezone(zone),
        store=document.store, till=document.till, currency=document.currency,
    )  # fmt: skip
    words = words_of(language, document.currency)
    active = compiled.active(document.issued_at, document.currency)
    gross = situation.gross
    in_points = sum([payment.amount for payment in document.payments if payment.method is PaymentMethod.POINTS])
    paid = split(min(in_points, situation.total), gross) if in_points else [0] * len(lines)
    prices = Prices(gross, paid, [False] * len(lines))
    earnings = earn(compiled, situation, active, memberships(compiled, facts), prices, words)
    sign = -1 if document.kind is DocumentKind.RETURN else 1
    shares: list[list[Share]] = [[] for _ in lines]
    for one in earnings:
        programme = one.rule.programme
        for index, points in one.shares():
            shares[index].append(Share(programme.key, one.rule.data.id, sign * points, programme.unit))
    return Settlement(
        earned=tuple([_earned(one, sign, document, zone) for one in earnings if one.points]),
        points_earned=sign * sum([one.points for one in earnings]),
        points_spent=points_spent,
        lines=_settled(lines, shares, _spread(points_spent, gross)),
        explanations=tuple(
            [one.explanation if sign > 0 else one.explanation.model_copy(update={"points": -one.points}) for one in earnings]
        ),
    )


def _whole(document: SalesDocument) -> list[Line]:
    return [Line(line_id="*", product="*", quantity=1000, gross=document.gross, net=document.net)]


def _spread(points: int, gross: list[int]) -> list[int]:
    # Whole points stay whole on every line.
    unit = 1 if points % 1000 else 1000
    return [part * unit for part in split(points // unit, gross)] if points else [0] * len(gross)


def _earned(one: Earning, sign: int, document: SalesDocument, zone: ZoneInfo) -> Earned:
    programme = one.rule.programme
    lapses = expires_at(programme.data.expiry, document.issued_at, zone) if sign > 0 else None
    return Earned(programme.key, programme.data.version, one.rule.data.id, sign * one.points, lapses)


def _settled(lines: list[Line], shares: list[list[Share]], spent: list[int]) -> tuple[SettledLine, ...]:
    return tuple(
        [
            SettledLine(line.line_id, line.product, line.quantity, line.gross, tuple(own), used)
            for line, own, used in zip(lines, shares, spent, strict=True)
        ]
    )
