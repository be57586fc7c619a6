"""What criteria may ask of a customer; every back end (memory, SQL) has exactly these."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from v5_core.criteria import RECORD_FIELDS, FieldType

__all__ = ["CUSTOMER_FIELDS", "FAVOURITES", "FREQUENCIES", "FREQUENCY_DAYS", "HABIT_MONTHS", "SEGMENT_FIELDS"]

_TEXT, _DATE, _BOOL, _SET, _WHOLE = FieldType("text"), FieldType("date"), FieldType("bool"), FieldType("set"), FieldType("number")
_AMOUNT, _POINTS = FieldType("number", 2), FieldType("number", 3)

HABIT_MONTHS: Final = "12 months"
"""Where a customer shops, and what: over this period."""
FAVOURITES: Final = 3
"""So many articles or families are a customer's favourites; those that tie with the last of them too."""
FREQUENCY_DAYS: Final = "84"
"""Visits of these days (twelve weeks) tell how often somebody comes."""
FREQUENCIES: Final = ((12, "weekly"), (6, "fortnightly"), (3, "monthly"), (1, "rarely"))
"""From so many visits on; `never` below."""

CUSTOMER_FIELDS: Final[Mapping[str, FieldType]] = {
    # The record.
    **RECORD_FIELDS,
    "inactive": _BOOL, "incomplete": _BOOL, "referred": _BOOL,
    "birthday": _BOOL, "days_to_birthday": _WHOLE, "age": _WHOLE, "member_days": _WHOLE,
    # What the customer has.
    "balance": _POINTS, "card_type": _SET, "tier": _SET, "club": _SET, "segment": _SET,
    # What the customer bought; without a period: ever.
    "first_sale": _DATE, "last_sale": _DATE, "days_since_sale": _WHOLE, "average_sale": _AMOUNT,
    "sales": FieldType("number", takes=("period",)),
    "visits": FieldType("number", takes=("period",)),
    "spend": FieldType("number", 2, takes=("period",)),
    "earned": FieldType("number", 3, takes=("period",)),
    "bought": FieldType("bool", takes=("period",)),
    "store_spend": FieldType("number", 2, takes=("text", "period"), needs=1),
    "store_visits": FieldType("number", takes=("text", "period"), needs=1),
    "bought_product": FieldType("bool", takes=("text", "period"), needs=1),
    "product_spend": FieldType("number", 2, takes=("text", "period"), needs=1),
    "product_quantity": FieldType("number", 3, takes=("text", "period"), needs=1),
    "bought_family": FieldType("bool", takes=("text", "period"), needs=1),
    "family_spend": FieldType("number", 2, takes=("text", "period"), needs=1),
    "family_quantity": FieldType("number", 3, takes=("text", "period"), needs=1),
    # Habits.
    "preferred_store": _TEXT, "frequency": _TEXT, "favourite_product": _SET, "favourite_family": _SET,
    # Bands of recency, frequency and value: 1 and up, the highest is the best; 0 bought nothing in the period.
    "r": _WHOLE, "f": _WHOLE, "v": _WHOLE,
}  # fmt: skip

SEGMENT_FIELDS: Final[Mapping[str, FieldType]] = {name: kind for name, kind in CUSTOMER_FIELDS.items() if name != "segment"}
"""The same for the definition of a segment, which is not made of segments: so none can hang on itself."""
