"""Differences and findings as people look at them: what the till was told beside what the ledger decided."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import Row

from v5_cloud.kit.container import Container
from v5_cloud.kit.pagination import Page, decode, instant, page_of
from v5_cloud.kit.tenant import Scope
from v5_cloud.models import AuditRow, DocumentRow
from v5_cloud.push.differences import DIFFERENCE
from v5_cloud.push.repository import DifferenceRepository
from v5_cloud.settlement.noting import FINDING
from v5_core.money import parse_scaled

__all__ = ["Noted", "Side", "Wanted", "count", "found"]

_ACTIONS: Final = {"difference": (DIFFERENCE,), "finding": (FINDING,)}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the list is narrowed to; what is empty narrows nothing."""

    kind: str = ""
    store: str = ""
    first: date | None = None
    last: date | None = None

    @property
    def actions(self) -> tuple[str, ...]:
        """Kinds of lines."""
        return _ACTIONS.get(self.kind, (DIFFERENCE, FINDING))


@dataclass(frozen=True, slots=True)
class Side:
    """What one of the two said: points (thousandths), what stored value gave (minor units), and why."""

    earned: int
    spent: int
    stored: tuple[tuple[str, int], ...]
    explanations: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Noted:
    """A line about one document. `till` and `ledger` are of a difference, `messages` of a finding."""

    id: str
    at: datetime
    kind: str
    document: str
    number: str
    store: str
    issued_at: datetime
    gross: int
    currency: str
    actor: str
    till: Side | None
    ledger: Side | None
    messages: tuple[str, ...]


def found(container: Container, scope: Scope, wanted: Wanted, *, cursor: str | None, limit: int) -> Page[Any]:
    """Lines, newest first."""
    after = decode(cursor, 2)
    place = (instant(after[0]), after[1]) if after else None
    with container.database.read(scope) as session:
        rows = DifferenceRepository(session, scope).found(wanted.actions, wanted.store, wanted.first, wanted.last, place, limit + 1)
    return page_of(rows, limit, _noted, lambda row: (row[0].at.isoformat(), row[0].id))


def count(container: Container, scope: Scope, wanted: Wanted) -> int:
    """How many these are."""
    with container.database.read(scope) as session:
        return DifferenceRepository(session, scope).count(wanted.actions, wanted.store, wanted.first, wanted.last)


def _noted(row: Row[AuditRow, DocumentRow]) -> Noted:
    line, document = row
    detail: dict[str, Any] = json.loads(line.detail or "{}")
    return Noted(
        id=line.id, at=line.at, kind="difference" if line.action == DIFFERENCE else "finding", document=document.id,
        number=document.number, store=document.store, issued_at=document.issued_at, gross=document.gross, currency=document.currency,
        actor=line.actor, till=_side(detail.get("till")), ledger=_side(detail.get("ledger")), messages=tuple(detail.get("messages", ())),
    )  # fmt: skip


def _side(said: dict[str, Any] | None) -> Side | None:
    if said is None:
        return None
    stored = tuple((f"•••• {str(one['code'])[-4:]}", parse_scaled(str(one["amount"]), 2)) for one in said.get("stored_value", ()))
    earned, spent = (parse_scaled(str(said.get(name, "0")), 3) for name in ("earned", "spent"))
    return Side(earned, spent, stored, tuple(said.get("explanations", ())))
