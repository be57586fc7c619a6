"""The stored explanations of a document, in whichever of its records they are; in any of our languages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import ValidationError

from v5_cloud.models import DocumentRow
from v5_core.hooks import Explanation
from v5_core.retelling import retell

__all__ = ["explanations_of", "told"]


def explanations_of(document: DocumentRow) -> list[Explanation]:
    """What the engine said when it settled the document."""
    for record in (document.settlement, document.answer):
        found: Any = (record or {}).get("explanations")
        if found:
            return [one for one in map(_read, found) if one]
    return []


def told(explanations: Sequence[Explanation], language: str, currency: str | None) -> tuple[list[Explanation], bool]:
    """Explanations in a language, whatever language they are stored in.

    Returns:
        The explanations, and whether all of them are in that language; a sentence that nobody can take apart stays as it is stored.
    """
    found, complete = [], True
    for one in explanations:
        text = retell(one.text, language, currency=currency or "")
        complete = complete and text is not None
        found.append(one.model_copy(update={"text": text[:500]}) if text is not None else one)
    return found, complete


def _read(record: Any) -> Explanation | None:
    try:
        return Explanation.model_validate(record)
    except ValidationError:
        return None
