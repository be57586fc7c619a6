"""Words that a programme brings itself."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from v5_core.model import Text
from v5_core.programme._common import Part, Slug, Validity

__all__ = ["Alert", "RecordField", "RecordRules", "Template"]

Language = Annotated[str, StringConstraints(pattern=r"^[a-z]{2}$")]
RecordField = Literal["name", "phone", "email", "tax_number", "birth_date"]


class Alert(Part):
    """Said when a condition on customer and sale holds. Lower `order` first, over all programmes in force.

    Attributes:
        when: Over the fields of sales and those of the customer's record (`email = '' and total >= 1000`). What is not known at that
            moment is no match: a basket's total when a customer is identified, a record's fields when nobody is.
        text: By language; may name facts in braces: name, balance, total, tier, store, operator, sales, age, member_since, remark.
            Another language falls back to the first.
        stop: Nothing after it is said.
        at: When the customer is identified only, or with every quote too.
    """

    form_first = ("when", "text", "audience", "severity", "at")

    id: Slug
    order: int = Field(default=0, ge=0, le=10_000)
    when: str = Field(max_length=1000, json_schema_extra={"x-criteria": "alert"})
    text: Annotated[dict[Language, Text], Field(min_length=1)]
    audience: Literal["cashier", "customer"] = "cashier"
    severity: Literal["info", "warning", "alert"] = "info"
    at: Literal["identify", "quote"] = "identify"
    stop: bool = False
    validity: Validity = Validity()


class Template(Part):
    """Other words for one of the messages that V5 says of itself ("will_earn", "add_more" ...), by language, with the same braces.

    A language without a text keeps V5's own words. Of several programmes that say it, the first by id is heard.
    """

    form_first = ("message", "text")

    message: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,59}$")]
    text: Annotated[dict[Language, Text], Field(min_length=1)]


class RecordRules(Part):
    """What the till asks of customers' records.

    Attributes:
        required: Enrolment at a till is refused without them.
        wanted: The cashier is asked for these, and for the required ones, when somebody is identified whose record lacks them.
        nudge: The cashier is told to offer a card when nobody is found, and with a basket that has no customer.
    """

    form_first = ("required", "wanted", "nudge")

    required: Annotated[tuple[RecordField, ...], Field(max_length=5)] = ()
    wanted: Annotated[tuple[RecordField, ...], Field(max_length=5)] = ()
    nudge: bool = False
