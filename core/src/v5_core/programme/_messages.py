"""Words that a programme brings itself."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from v5_core.model import Text, Wire
from v5_core.programme._common import Slug, Validity

__all__ = ["Alert", "Template"]

Language = Annotated[str, StringConstraints(pattern=r"^[a-z]{2}$")]


class Alert(Wire):
    """Said when a condition on customer and sale holds. Lower `order` first.

    Attributes:
        text: By language; may name facts in braces ({name}, {balance}, {total}, {tier}); another language falls back to the first.
        stop: Nothing after it is said.
        at: When the customer is identified, or with every quote too.
    """

    id: Slug
    order: int = Field(default=0, ge=0, le=10_000)
    when: str = Field(max_length=1000)
    text: Annotated[dict[Language, Text], Field(min_length=1)]
    audience: Literal["cashier", "customer"] = "cashier"
    severity: Literal["info", "warning", "alert"] = "info"
    at: Literal["identify", "quote"] = "identify"
    stop: bool = False
    validity: Validity = Validity()


class Template(Wire):
    """Other words for one of the messages that V5 says of itself ("will_earn", "add_more" ...), by language, with the same braces."""

    message: Slug
    text: Annotated[dict[Language, Text], Field(min_length=1)]
