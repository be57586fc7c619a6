"""The stored explanations of a document, in whichever of its records they are; in any of our languages."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, Final

from pydantic import ValidationError

from v5_cloud.models import DocumentRow
from v5_core.hooks import Explanation
from v5_core.money import parse_scaled
from v5_core.retelling import retell
from v5_core.words import words_of

__all__ = ["explanations_of", "of_movement", "told"]

_REDEMPTION: Final = "redemption"
"""As the engine names points used as money, and given back."""


def explanations_of(document: DocumentRow) -> list[Explanation]:
    """What the engine said when it settled the document."""
    for record in (document.settlement, document.answer):
        found: Any = (record or {}).get("explanations")
        if found:
            return [one for one in map(_read, found) if one]
    return []


def of_movement(document: DocumentRow, operation: str, points: int, rules: Collection[str], language: str) -> list[Explanation]:
    """Why one movement of a document's is what it is: a sale that earns and spends is two movements, and so is its return.

    Args:
        document: That moved the points.
        operation: earn, spend, take or give.
        points: That were moved.
        rules: Whose points they are.
        language: Of the store, for what is not stored.
    """
    said = explanations_of(document)
    if operation == "spend":
        return _spent(document, points, language) or [one for one in said if one.points < 0]
    if operation in ("take", "give"):
        given = operation == "give"
        said = [one for one in said if (one.rule == _REDEMPTION) is given] or said
    return [one for one in said if one.rule in rules] or said


def _spent(document: DocumentRow, points: int, language: str) -> list[Explanation]:
    # The till says what the points paid; what rewards cost is no money, and their offers say so themselves.
    body = document.body
    paid = sum(parse_scaled(one["amount"], 2) for one in body.get("payments", ()) if one.get("method") == "points")
    if not paid or body.get("applied"):
        return []
    words = words_of(language, document.currency)
    text = words.say("redeemed", points=words.points(abs(points)), amount=words.money(paid))
    return [Explanation(rule=_REDEMPTION, text=text, points=points, amount=paid)]


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
