"""Segments: defined, tried out, listed; one customer's profile."""

from __future__ import annotations

from typing import Final

from v5_cloud.kit.container import Container
from v5_cloud.kit.pagination import Page, decode, page_of
from v5_cloud.kit.tenant import Scope
from v5_cloud.models import SegmentRow
from v5_cloud.segments.refreshing import criteria_of, cuts_for, drop, today_of
from v5_cloud.segments.repository import SegmentRepository
from v5_cloud.segments.schemas import Asked, CustomerProfile, FieldItem, MemberItem, Named, Preview, SegmentBody, SegmentItem
from v5_cloud.segments.shoppers import ShopperRepository
from v5_cloud.tenants.service import forget
from v5_cloud.tenants.setup import audit
from v5_core.criteria import CriteriaError, Criterion, FieldType, check, compile_memory, parse, to_text
from v5_core.errors import NotFoundError, ValidationError
from v5_core.segments import CUSTOMER_FIELDS, SEGMENT_FIELDS, Cuts, record_of

__all__ = ["define", "fields", "get", "grid", "list_segments", "members", "preview", "profile", "remove"]

_SAMPLE: Final = 20
_MOST: Final = 200


def fields() -> list[FieldItem]:
    """What criteria over customers may ask."""
    return [
        FieldItem(name=name, kind=kind.kind, decimals=kind.decimals, arguments=list(kind.takes), needs=kind.needs)
        for name, kind in sorted(CUSTOMER_FIELDS.items())
    ]


def _asked(asked: Asked, known: dict[str, FieldType]) -> tuple[str, Criterion]:
    try:
        if asked.criterion is None:
            where = str(asked.where).strip()
            return where, parse(where, known)
        check(asked.criterion, known)
        return to_text(asked.criterion), asked.criterion
    except CriteriaError as error:
        raise error.of("where" if asked.criterion is None else "criterion") from None


def define(container: Container, scope: Scope, segment: str, body: SegmentBody, *, actor: str) -> SegmentItem:
    """Defines a segment, or changes it; who is in it is worked out with the next round of housekeeping.

    Raises:
        CriteriaError: The criteria cannot be used; the message says where and why.
        ValidationError: There are too many segments.
    """
    where, criterion = _asked(body, dict(SEGMENT_FIELDS))
    now = container.clock()
    with container.database.write(scope) as session:
        repository = SegmentRepository(session, scope)
        row = repository.get(segment)
        if row is None:
            if len(repository.all()) >= _MOST:
                raise ValidationError(f"A company can have {_MOST} segments.", code="too_many")
            row = SegmentRow(tenant_id=scope.tenant, company_id=scope.company, id=segment, created_at=now, created_by=actor, criteria="")
            repository.add(row)
        if not row.criteria or parse(row.criteria) != criterion:
            # The same said otherwise means the same customers.
            row.criteria, row.refreshed_on, row.refreshed_at = where, None, None
        row.title, row.updated_at = body.title or segment, now
        repository.add(audit(scope, now, actor, "segment.define", segment))
        session.flush()
        found = _item(row)
    forget(container, scope)
    return found


def list_segments(container: Container, scope: Scope) -> list[SegmentItem]:
    """All segments."""
    with container.database.read(scope) as session:
        return [_item(row) for row in SegmentRepository(session, scope).all()]


def get(container: Container, scope: Scope, segment: str) -> SegmentItem:
    """One segment.

    Raises:
        NotFoundError: There is none of that name.
    """
    with container.database.read(scope) as session:
        return _item(_known(SegmentRepository(session, scope), segment))


def _known(repository: SegmentRepository, segment: str) -> SegmentRow:
    row = repository.get(segment)
    if row is None:
        raise NotFoundError("There is no such segment.")
    return row


def _item(row: SegmentRow) -> SegmentItem:
    return SegmentItem(
        id=row.id,
        title=row.title,
        where=row.criteria,
        criterion=parse(row.criteria),
        members=row.members or 0,
        refreshed_at=row.refreshed_at,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def remove(container: Container, scope: Scope, segment: str, *, actor: str) -> None:
    """Takes a segment away; offers that ask for it apply to nobody from then on.

    Raises:
        NotFoundError: There is none of that name.
    """
    now = container.clock()
    with container.database.write(scope) as session:
        repository = SegmentRepository(session, scope)
        _known(repository, segment)
        repository.remove(segment)
        repository.add(audit(scope, now, actor, "segment.remove", segment))
    drop(container, scope, segment)
    forget(container, scope)


def preview(container: Container, scope: Scope, asked: Asked) -> Preview:
    """How many customers a criterion means today, and some of them; changes nothing."""
    where, criterion = _asked(asked, dict(CUSTOMER_FIELDS))
    today, cuts = today_of(container, scope), _cuts(container, scope)
    with container.database.read(scope) as session:
        repository = SegmentRepository(session, scope)
        rows = repository.sample(criterion, today, cuts, "", _SAMPLE)
        count = len(rows) if len(rows) < _SAMPLE else repository.count(criterion, today, cuts)
    return Preview(where=where, count=count, sample=[Named(customer=row.id, name=row.name) for row in rows])


def members(container: Container, scope: Scope, segment: str, *, cursor: str | None, limit: int) -> Page[MemberItem]:
    """Who is in a segment.

    Raises:
        NotFoundError: There is none of that name.
    """
    after = decode(cursor, 1)
    with container.database.read(scope) as session:
        repository = SegmentRepository(session, scope)
        _known(repository, segment)
        rows = repository.members(segment, after[0] if after else "", limit + 1)
    return page_of(
        rows,
        limit,
        lambda row: MemberItem(customer=row.customer_id, name=row.name, since=row.since),
        lambda row: (row.customer_id,),
    )


def grid(container: Container, scope: Scope) -> list[list[int]]:
    """Customers by bands: rows of recency and columns of frequency, the lowest band first; empty while nobody has a band."""
    today, cuts = today_of(container, scope), _cuts(container, scope)
    rows, columns = len(cuts.recency) + 1, len(cuts.frequency) + 1
    if rows * columns == 1:
        return []
    places = {f"{r},{f}": parse(f"r = {r} and f = {f}") for r in range(1, rows + 1) for f in range(1, columns + 1)}
    with container.database.read(scope) as session:
        found = SegmentRepository(session, scope).counts(places, today, cuts)
    return [[found[f"{r},{f}"] for f in range(1, columns + 1)] for r in range(1, rows + 1)]


def _cuts(container: Container, scope: Scope) -> Cuts:
    return cuts_for(container, scope, today_of(container, scope))


def profile(container: Container, scope: Scope, customer: str) -> CustomerProfile:
    """What segments go by, of one customer, as of this moment.

    Raises:
        NotFoundError: There is no such customer.
    """
    today, cuts = today_of(container, scope), _cuts(container, scope)
    with container.database.read(scope) as session:
        found = ShopperRepository(session, scope).read([customer], today)
        criteria = criteria_of(SegmentRepository(session, scope).all())
    if not found:
        raise NotFoundError("There is no such customer.")
    record = record_of(found[0], today, cuts)
    names = ("average_sale", "first_sale", "last_sale", "r", "f", "v", "frequency", "preferred_store")
    return CustomerProfile(
        customer=customer,
        segments=[name for name, one in criteria.items() if compile_memory(one, SEGMENT_FIELDS)(record)],
        sales=record["sales"](),
        visits=record["visits"](),
        spend=record["spend"](),
        favourite_products=sorted(record["favourite_product"]),
        favourite_families=sorted(record["favourite_family"]),
        **{name: record[name] for name in names},
    )
