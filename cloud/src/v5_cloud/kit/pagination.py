"""Pages of lists by cursor: what was seen last, opaque to the caller; stable while rows come in."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Annotated, Generic, TypeVar

from fastapi import Query
from pydantic import BaseModel, ConfigDict

from v5_core.errors import FieldError, ValidationError

__all__ = ["Cursor", "Limit", "Page", "decode", "encode", "instant", "page_of"]

Row = TypeVar("Row")
Item = TypeVar("Item")

Cursor = Annotated[str | None, Query(max_length=400, description="`next_cursor` of the page before; nothing for the first page.")]
Limit = Annotated[int, Query(ge=1, le=200, description="Rows of a page.")]


class Page(BaseModel, Generic[Item]):
    """One page; `next_cursor` is None on the last one."""

    model_config = ConfigDict(extra="forbid")

    items: list[Item]
    next_cursor: str | None = None


def encode(*values: str) -> str:
    """A cursor of the values that the order by names."""
    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("=")


def decode(cursor: str | None, size: int) -> tuple[str, ...] | None:
    """The values again; None for the first page.

    Raises:
        ValidationError: Not one of our cursors.
    """
    if not cursor:
        return None
    try:
        values = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValueError, binascii.Error):
        raise _wrong() from None
    if not isinstance(values, list) or len(values) != size or not all(isinstance(one, str) and "\x00" not in one for one in values):
        raise _wrong()
    return tuple(values)


def instant(text: str) -> datetime:
    """A time out of a cursor.

    Raises:
        ValidationError: Not one of our cursors.
    """
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise _wrong()
    return found


def _wrong() -> ValidationError:
    return ValidationError(
        "The cursor is not one of ours.", errors=(FieldError("cursor", "cursor", "use `next_cursor` of the page before"),)
    )


def page_of(rows: Sequence[Row], limit: int, item: Callable[[Row], Item], key: Callable[[Row], tuple[str, ...]]) -> Page[Item]:
    """A page of the first `limit` rows; one row more than that says that there is a next one."""
    more = len(rows) > limit
    kept = rows[:limit]
    return Page(items=[item(row) for row in kept], next_cursor=encode(*key(kept[-1])) if more and kept else None)
