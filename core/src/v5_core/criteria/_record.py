"""The fields of a customer's record that criteria may name: one table for alerts, segments and searches."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from v5_core.criteria._fields import FieldType

__all__ = ["RECORD_FIELDS"]

_TEXT, _DATE, _BOOL = FieldType("text"), FieldType("date"), FieldType("bool")

RECORD_FIELDS: Final[Mapping[str, FieldType]] = {
    "name": _TEXT, "phone": _TEXT, "email": _TEXT, "tax_number": _TEXT, "birth_date": _DATE, "home_store": _TEXT, "remark": _TEXT,
    "origin": _TEXT, "member_since": _DATE, "blocked": _BOOL, "consent_sms": _BOOL, "consent_email": _BOOL, "consent_post": _BOOL,
}  # fmt: skip
