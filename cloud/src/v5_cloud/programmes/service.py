"""Programmes: lists, and which version decides about a sale of a given day."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from v5_cloud.kit.container import Container
from v5_cloud.kit.tenant import Scope
from v5_cloud.models import ProgrammeRow
from v5_cloud.programmes.asks import Asks, asks_of
from v5_cloud.programmes.repository import ProgrammeRepository
from v5_cloud.programmes.schemas import ProgrammeItem
from v5_core.engine import Compiled, compile_programmes
from v5_core.programme import Policies, Programme

__all__ = ["Catalogue", "catalogue", "current", "item_of", "list_programmes", "remembered"]


@dataclass(slots=True)
class Catalogue:
    """All published versions of a company, and the compiled sets that were asked for."""

    stamp: int
    versions: tuple[tuple[Programme, datetime], ...]
    _compiled: dict[tuple[tuple[str, int], ...], Compiled] = field(default_factory=dict)
    _asks: dict[tuple[tuple[str, int], ...], Asks] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def programmes(self, at: datetime) -> tuple[Programme, ...]:
        """One version of each programme: the last one published by `at`; for older sales, the first there was.

        The choice hangs on the sale's own day and not on when it arrives, so that late and early arrivals settle alike.
        """
        found: dict[str, Programme] = {}
        for programme, published in self.versions:
            if programme.id not in found or published <= at:
                found[programme.id] = programme
        return tuple(found.values())

    def at(self, at: datetime) -> Compiled:
        """The programmes of a day, compiled once."""
        chosen = self.programmes(at)
        key = tuple((one.id, one.version) for one in chosen)
        with self._lock:
            if key not in self._compiled:
                self._compiled[key] = compile_programmes(chosen)
            return self._compiled[key]

    def asks(self, at: datetime) -> Asks:
        """What the programmes of a day need beside points."""
        chosen = self.programmes(at)
        key = tuple((one.id, one.version) for one in chosen)
        known = self._asks.get(key)
        if known is None:
            known = self._asks[key] = asks_of(chosen)
        return known

    def policies(self, at: datetime) -> Policies:
        """The policies of the programme that spends points; they are the account's."""
        chosen = self.programmes(at)
        return next((one.policies for one in chosen if one.redemption), chosen[0].policies if chosen else Policies())


def catalogue(container: Container, repository: ProgrammeRepository, stamp: int) -> Catalogue:
    """The company's catalogue as of `stamp`, from memory when nothing was published since."""
    key = ("catalogue", repository.scope.tenant, repository.scope.company)
    kept = container.cache.get(key)
    if kept is not None and isinstance(kept[1], Catalogue) and kept[1].stamp == stamp:
        return kept[1]
    rows = repository.published()
    found = Catalogue(stamp, tuple((Programme.model_validate(row.body), row.published_at or row.created_at) for row in rows))
    container.cache[key] = (0.0, found)
    return found


def remembered(container: Container, scope: Scope) -> Catalogue | None:
    """The catalogue as this process knows it, without a look at the stamp."""
    kept = container.cache.get(("catalogue", scope.tenant, scope.company))
    return kept[1] if kept is not None and isinstance(kept[1], Catalogue) else None


def current(container: Container, scope: Scope) -> Catalogue:
    """The catalogue, with a look at the stamp."""
    with container.database.read(scope) as session:
        repository = ProgrammeRepository(session, scope)
        return catalogue(container, repository, repository.stamp())


def list_programmes(container: Container, scope: Scope) -> list[ProgrammeItem]:
    """All programmes, each version, newest first."""
    with container.database.read(scope) as session:
        rows: Sequence[ProgrammeRow] = ProgrammeRepository(session, scope).all()
        return [item_of(row) for row in rows]


def item_of(row: ProgrammeRow) -> ProgrammeItem:
    """A version as it is shown."""
    return ProgrammeItem(
        id=row.slug,
        version=row.version,
        name=row.name,
        state=row.state,
        created_at=row.created_at,
        published_at=row.published_at,
        published_by=row.published_by,
        programme=Programme.model_validate(row.body),
    )
