"""The stored explanations of a document, in whichever of its records they are."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError

from v5_cloud.models import DocumentRow
from v5_core.hooks import Explanation

__all__ = ["explanations_of"]


def explanations_of(document: DocumentRow) -> list[Explanation]:
    """What the engine said when it settled the document."""
    for record in (document.settlement, document.answer):
        found: Any = (record or {}).get("explanations")
        if found:
            return [one for one in map(_read, found) if one]
    return []


def _read(record: Any) -> Explanation | None:
    try:
        return Explanation.model_validate(record)
    except ValidationError:
        return None
