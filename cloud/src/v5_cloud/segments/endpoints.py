"""Segments over REST."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Path

from v5_cloud.access.dependencies import Publisher, Reader
from v5_cloud.kit.container import Container, container
from v5_cloud.kit.pagination import Cursor, Limit, Page
from v5_cloud.kit.route import api_router
from v5_cloud.segments import bands, service
from v5_cloud.segments.schemas import Asked, CustomerProfile, FieldItem, MemberItem, Preview, RfmItem, RfmPreview, SegmentBody, SegmentItem
from v5_core.segments import Rfm

__all__ = ["router"]

router = api_router("/v1", "segments")
Held = Annotated[Container, Depends(container)]
SegmentId = Annotated[str, Path(max_length=60, pattern=r"^[A-Za-z0-9_-]+$")]
NewId = Annotated[str, Path(pattern=r"^[a-z0-9][a-z0-9-]{0,59}$", description="Small letters, digits and dashes.")]
CustomerId = Annotated[str, Path(max_length=80, pattern=r"^[A-Za-z0-9_-]+$")]


@router.get("/criteria/fields")
def fields(machine: Reader) -> Page[FieldItem]:
    """What criteria may ask of a customer."""
    return Page(items=service.fields())


@router.post("/criteria/preview")
def preview(held: Held, machine: Reader, body: Asked) -> Preview:
    """How many customers a criterion means today, and some of them; changes nothing."""
    return service.preview(held, machine.scope, body)


@router.get("/rfm")
def model(held: Held, machine: Reader) -> RfmItem:
    """How customers are banded by recency, frequency and value, and the thresholds of the day."""
    return bands.item(held, machine.scope)


@router.put("/rfm")
def set_model(held: Held, machine: Publisher, body: Rfm) -> RfmItem:
    """Says how customers are banded: by limits, or by quantiles. Needs the scope `programmes`."""
    return bands.save(held, machine.scope, body, actor=f"key:{machine.id}")


@router.post("/rfm/preview")
def preview_model(held: Held, machine: Reader, body: Rfm) -> RfmPreview:
    """How many customers would fall into each band, and what becomes of the segments that go by bands; changes nothing."""
    return bands.preview(held, machine.scope, body)


@router.post("/rfm/undo")
def undo_model(held: Held, machine: Publisher) -> RfmItem:
    """Steps back to how customers were banded before the last change. Needs the scope `programmes`."""
    return bands.undo(held, machine.scope, actor=f"key:{machine.id}")


@router.get("/segments")
def list_segments(held: Held, machine: Reader) -> Page[SegmentItem]:
    """All segments, with how many are in them."""
    return Page(items=service.list_segments(held, machine.scope))


@router.get("/segments/{segment}")
def get(held: Held, machine: Reader, segment: SegmentId) -> SegmentItem:
    """One segment."""
    return service.get(held, machine.scope, segment)


@router.put("/segments/{segment}")
def define(held: Held, machine: Publisher, segment: NewId, body: SegmentBody) -> SegmentItem:
    """Defines a segment, or changes it. Needs the scope `programmes`. Who is in it is worked out within a minute or so."""
    return service.define(held, machine.scope, segment, body, actor=f"key:{machine.id}")


@router.delete("/segments/{segment}", status_code=204)
def remove(held: Held, machine: Publisher, segment: SegmentId) -> None:
    """Takes a segment away; offers that ask for it apply to nobody from then on. Needs the scope `programmes`."""
    service.remove(held, machine.scope, segment, actor=f"key:{machine.id}")


@router.get("/segments/{segment}/members")
def members(held: Held, machine: Reader, segment: SegmentId, cursor: Cursor = None, limit: Limit = 50) -> Page[MemberItem]:
    """Who is in a segment, and since when."""
    return service.members(held, machine.scope, segment, cursor=cursor, limit=limit)


@router.get("/customers/{customer}/profile")
def profile(held: Held, machine: Reader, customer: CustomerId) -> CustomerProfile:
    """What segments go by, of one customer: bands, frequency, preferred store, favourites; and the segments that follow."""
    return service.profile(held, machine.scope, customer)
