"""How customers are banded: tried before it is saved, saved with the segments that go by bands, taken back step by step."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from v5_cloud.kit.container import Container
from v5_cloud.kit.tenant import Scope
from v5_cloud.models import SegmentRow, SegmentStep
from v5_cloud.segments.refreshing import criteria_of, cuts_for, store_model, today_of
from v5_cloud.segments.repository import SegmentRepository
from v5_cloud.segments.schemas import AmountBandItem, BandItem, MovedSegment, RfmItem, RfmPreview
from v5_cloud.tenants.service import forget
from v5_cloud.tenants.setup import audit
from v5_core.criteria import And, Between, Compare, Criterion, operands, parse
from v5_core.errors import ConflictError
from v5_core.segments import SEGMENT_FIELDS, Cuts, Rfm

__all__ = ["MEASURES", "Spans", "by_bands", "earlier", "item", "preview", "save", "spans_of", "stamp", "undo"]

MEASURES: Final = {"recency": "r", "frequency": "f", "value": "v"}
"""What is banded, and how criteria call it."""
_LETTERS: Final = frozenset(MEASURES.values())
_STEPS: Final = 20
Spans = dict[str, tuple[int | None, int | None]]
"""Lowest and highest band of each letter; None: as low, or as high, as there is."""


def spans_of(where: str) -> Spans | None:
    """Criteria that say nothing but from which band to which; None when they say something else too."""
    tree = parse(where)
    found: Spans = {}
    for one in tree.items if isinstance(tree, And) else (tree,):
        if not isinstance(one, Compare | Between) or one.field not in _LETTERS or one.part or one.field in found:
            return None
        span = _span(one)
        if span is None:
            return None
        found[one.field] = span
    return found


def _span(one: Compare | Between) -> tuple[int | None, int | None] | None:
    texts = (one.low, one.high) if isinstance(one, Between) else (one.value,)
    if not all(text.isdigit() for text in texts):
        return None
    numbers = [int(text) for text in texts]
    if isinstance(one, Between):
        return numbers[0], numbers[1]
    spans: dict[str, tuple[int | None, int | None]] = {
        "=": (numbers[0], numbers[0]), ">=": (numbers[0], None), ">": (numbers[0] + 1, None), "<=": (None, numbers[0]),
        "<": (None, numbers[0] - 1),
    }  # fmt: skip
    return spans.get(one.op)


def by_bands(container: Container, scope: Scope) -> list[SegmentRow]:
    """Segments that go by bands."""
    with container.database.read(scope) as session:
        rows = SegmentRepository(session, scope).all()
    read = criteria_of(rows)
    return [row for row in rows if row.id in read and any(leaf.field in _LETTERS for leaf in operands(read[row.id]))]


@dataclass(frozen=True, slots=True)
class _Standing:
    """What holds now: the bands, and the segments that go by them."""

    rfm: Rfm
    rows: Mapping[str, SegmentRow]

    @property
    def stamp(self) -> str:
        said = [self.rfm.model_dump_json(), *(f"{name}\x1f{row.criteria}" for name, row in sorted(self.rows.items()))]
        return hashlib.sha256("\x1e".join(said).encode()).hexdigest()[:16]


def _standing(repository: SegmentRepository) -> _Standing:
    row = repository.model()
    rows = {one.id: one for one in repository.all()}
    return _Standing(Rfm.model_validate(row.rfm) if row is not None else Rfm(), rows)


def stamp(container: Container, scope: Scope) -> str:
    """What tells two states apart: of the bands, and of all segments."""
    with container.database.read(scope) as session:
        return _standing(SegmentRepository(session, scope)).stamp


def preview(container: Container, scope: Scope, rfm: Rfm, criteria: Mapping[str, str] | None = None) -> RfmPreview:
    """How many customers would fall into each band, and what becomes of the segments that go by bands; changes nothing.

    Args:
        container: The service.
        scope: The company.
        rfm: The bands to try.
        criteria: What segments would ask for from then on, by name; as now where nothing is said.
    """
    today, now = today_of(container, scope), cuts_for(container, scope, today_of(container, scope))
    rows = by_bands(container, scope)
    before = criteria_of(rows)
    after = {row.id: parse((criteria or {}).get(row.id, row.criteria), SEGMENT_FIELDS) for row in rows}
    with container.database.read(scope) as session:
        repository = SegmentRepository(session, scope)
        cuts = repository.cuts(rfm, today)
        places = {
            (letter, band): parse(f"{letter} = {band}") for name, letter in MEASURES.items() for band in range(len(getattr(cuts, name)) + 2)
        }
        asked: dict[str, Criterion] = {f"{letter}{band}": one for (letter, band), one in places.items()}
        counted = repository.counts(asked | {f"s.{name}": one for name, one in after.items()}, today, cuts)
        todays = repository.counts(before, today, now) if before else {}
    return RfmPreview(
        cuts=cuts,
        nobody=counted["r0"],
        recency=[BandItem(**one) for one in _bands("recency", cuts, counted)],
        frequency=[BandItem(**one) for one in _bands("frequency", cuts, counted)],
        value=[AmountBandItem(**one) for one in _bands("value", cuts, counted)],
        segments=[MovedSegment(segment=row.id, title=row.title, now=todays[row.id], then=counted[f"s.{row.id}"]) for row in rows],
    )


def _bands(name: str, cuts: Cuts, counted: Mapping[str, int]) -> list[dict[str, Any]]:
    limits: tuple[int, ...] = getattr(cuts, name)
    letter, rising = MEASURES[name], name != "recency"
    ordered = sorted(limits, reverse=not rising)
    found = []
    for band in range(1, len(limits) + 2):
        under = ordered[band - 2] if band > 1 else None
        over = ordered[band - 1] if band <= len(limits) else None
        # Of days, the fewer the better: a band reaches up to its own limit, and begins after the better one's.
        low, high = (under, over - 1 if over is not None else None) if rising else (over + 1 if over is not None else None, under)
        found.append({"band": band, "low": low, "high": high, "customers": counted[f"{letter}{band}"]})
    return found


def save(
    container: Container,
    scope: Scope,
    rfm: Rfm,
    criteria: Mapping[str, str] | None = None,
    *,
    actor: str,
    expected: str | None = None,
) -> RfmItem:
    """Says how customers are banded, and what some segments ask for from then on; what it was before can be had back (`undo`).

    Thresholds are worked out at once, who is in the segments with the next round of housekeeping.

    Raises:
        ConflictError: Something is no longer as `expected`, the `stamp` of what was shown.
    """
    today = today_of(container, scope)
    wanted = dict(criteria or {})
    with container.database.read(scope) as session:
        cuts = SegmentRepository(session, scope).cuts(rfm, today)
    with container.database.write(scope) as session:
        repository = SegmentRepository(session, scope)
        standing = _standing(repository)
        if expected is not None and standing.stamp != expected:
            raise ConflictError("The bands or a segment were changed meanwhile; look at them again.", code="changed")
        changed = {name: text for name, text in wanted.items() if name in standing.rows and standing.rows[name].criteria != text}
        moved = {name: [standing.rows[name].criteria, text] for name, text in changed.items()}
        if moved or rfm != standing.rfm:
            _remember(container, repository, {"rfm": standing.rfm.model_dump(mode="json"), "segments": moved}, actor)
        _set(container, scope, repository, rfm, cuts, today, changed, actor)
    forget(container, scope)
    return RfmItem(rfm=rfm, cuts=cuts, cut_on=today)


def _set(
    container: Container, scope: Scope, repository: SegmentRepository, rfm: Rfm, cuts: Cuts, today: date, changed: Mapping[str, str],
    actor: str,
) -> None:  # fmt: skip
    now = container.clock()
    store_model(container, scope, repository.session, rfm, cuts, today)
    for row in repository.all():
        row.refreshed_on = None
        if row.id in changed:
            row.criteria, row.refreshed_at, row.updated_at = changed[row.id], None, now
    repository.add(audit(scope, now, actor, "segment.rfm", scope.company))


def _remember(container: Container, repository: SegmentRepository, body: dict[str, object], actor: str) -> None:
    """Keeps what it is before it becomes something else; the oldest of many goes."""
    steps = repository.steps(_STEPS)
    number = steps[0].number + 1 if steps else 1
    scope = repository.scope
    step = SegmentStep(tenant_id=scope.tenant, company_id=scope.company, number=number, body=body)
    step.changed_at, step.changed_by = container.clock(), actor
    repository.add(step)
    if len(steps) >= _STEPS:
        repository.forget(steps[-1].number)


def earlier(container: Container, scope: Scope) -> int:
    """How many changes can be taken back."""
    with container.database.read(scope) as session:
        return len(SegmentRepository(session, scope).steps(_STEPS))


def item(container: Container, scope: Scope) -> RfmItem:
    """How customers are banded."""
    with container.database.read(scope) as session:
        row = SegmentRepository(session, scope).model()
        if row is None:
            return RfmItem(rfm=Rfm(), cuts=Cuts(days=Rfm().days), cut_on=None)
        return RfmItem(rfm=Rfm.model_validate(row.rfm), cuts=Cuts.model_validate(row.cuts), cut_on=row.cut_on)


def undo(container: Container, scope: Scope, *, actor: str) -> RfmItem:
    """Steps back to how customers were banded before the last change; a segment that was changed since keeps what it says.

    Raises:
        ConflictError: There is nothing to step back to.
    """
    today = today_of(container, scope)
    with container.database.read(scope) as session:
        repository = SegmentRepository(session, scope)
        steps = repository.steps(1)
        if not steps:
            raise ConflictError("There is nothing to step back to.", code="nothing_before")
        number, body = steps[0].number, steps[0].body
        rfm = Rfm.model_validate(body["rfm"])
        cuts = repository.cuts(rfm, today)
    with container.database.write(scope) as session:
        repository = SegmentRepository(session, scope)
        steps = repository.steps(1)
        if not steps or steps[0].number != number:
            raise ConflictError("The bands were changed meanwhile; look at them again.", code="changed")
        rows = _standing(repository).rows
        back = {name: old for name, (old, new) in body["segments"].items() if name in rows and rows[name].criteria == new}
        repository.forget(number, after=number - 1)
        _set(container, scope, repository, rfm, cuts, today, back, actor)
    forget(container, scope)
    return RfmItem(rfm=rfm, cuts=cuts, cut_on=today)
