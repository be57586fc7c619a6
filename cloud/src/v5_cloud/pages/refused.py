"""A form shown again, as it was filled in: what was typed, what of it is wrong, and why it was refused."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from v5_cloud.models import new_id
from v5_cloud.pages.page import Page
from v5_core.criteria import CriteriaError
from v5_core.errors import V5Error

__all__ = ["refilled"]


def refilled(
    page: Page, refused: V5Error | None = None, typed: Mapping[str, str] | None = None, names: Iterable[str] = ()
) -> dict[str, Any]:
    """What a form's template is given, the first time and after a refusal.

    Args:
        page: Whose language it is said in.
        refused: Why it could not be done; its status becomes the page's.
        typed: What was typed, with the `request_id` of the form: the same form sent again is the same request.
        names: All fields of the form.
    """
    given = dict(typed or {})
    if isinstance(refused, CriteriaError):
        refused = refused.told(page.language.code)
    return {
        "status": refused.status if refused else 200,
        "refused": refused,
        "wrong": {one.field for one in refused.errors} if refused else set(),
        "values": dict.fromkeys(names, "") | given,
        "request_id": given.get("request_id") or new_id("pg", page.held.clock()),
    }
