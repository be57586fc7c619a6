"""Programmes over REST."""

from __future__ import annotations

import functools
from typing import Annotated, Any

from fastapi import Depends, Path

from v5_cloud.access.dependencies import Publisher, Reader
from v5_cloud.kit.container import Container, container
from v5_cloud.kit.pagination import Page
from v5_cloud.kit.route import api_router
from v5_cloud.programmes import drafts, service
from v5_cloud.programmes.schemas import DraftItem, ProgrammeItem
from v5_core.programme import Programme

__all__ = ["router"]

router = api_router("/v1/programmes", "programmes")
Held = Annotated[Container, Depends(container)]
ProgrammeId = Annotated[str, Path(max_length=80, pattern=r"^[A-Za-z0-9_-]+$")]
# Text, for what is no number is a version that there is not: 404 whoever asks.
Version = Annotated[str, Path(max_length=80, pattern=r"^[A-Za-z0-9_-]+$", description="A whole number.")]


def _number(version: str) -> int:
    return int(version) if version.isascii() and version.isdigit() and len(version) < 10 else 0


@router.get("")
def list_programmes(held: Held, machine: Reader) -> Page[ProgrammeItem]:
    """Every version of every programme."""
    return Page(items=service.list_programmes(held, machine.scope))


@router.get("/schema", openapi_extra={"security": []})
@functools.cache
def schema() -> dict[str, Any]:
    """The JSON Schema of a programme, for forms and for editors; no key needed, for it says nothing of anybody."""
    return Programme.model_json_schema()


@router.post("", status_code=201)
def save(held: Held, machine: Publisher, body: Programme) -> DraftItem:
    """Saves a draft, in the place of the draft of the same version; `findings` say what stands in the way of publishing it."""
    return drafts.save(held, machine.scope, body, actor=f"key:{machine.id}")


@router.get("/{programme}/{version}")
def get(held: Held, machine: Reader, programme: ProgrammeId, version: Version) -> DraftItem:
    """One version; a draft with what stands in the way of publishing it."""
    return drafts.get(held, machine.scope, programme, _number(version))


@router.delete("/{programme}/{version}", status_code=204)
def discard(held: Held, machine: Publisher, programme: ProgrammeId, version: Version) -> None:
    """Takes a draft away; a published version stays for ever."""
    drafts.discard(held, machine.scope, programme, _number(version), actor=f"key:{machine.id}")


@router.post("/{programme}/{version}/publish")
def publish(held: Held, machine: Publisher, programme: ProgrammeId, version: Version) -> ProgrammeItem:
    """Publishes a draft: it counts for sales from now on and never changes. Refused with the path of each field that stands in the way."""
    return drafts.publish_draft(held, machine.scope, programme, _number(version), actor=f"key:{machine.id}")
