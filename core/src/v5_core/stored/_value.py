"""What a stored value may do."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final
from zoneinfo import ZoneInfo

from v5_core.days import day_end
from v5_core.engine import Stored, refusal
from v5_core.errors import ConflictError, FieldError, ValidationError
from v5_core.model import PaymentMethod
from v5_core.money import format_scaled
from v5_core.programme import StoredValueType

__all__ = ["MEANS", "check_load", "covers", "refusal", "valid_until"]

MEANS: Final[Mapping[PaymentMethod, str]] = MappingProxyType(
    {
        PaymentMethod.GIFT_CARD: "gift_card",
        PaymentMethod.WALLET: "wallet",
        PaymentMethod.VOUCHER: "voucher",
        PaymentMethod.CREDIT_NOTE: "credit_note",
    }
)
"""Means of payment that are stored value, and the kind of each."""


def check_load(type_: StoredValueType, *, balance: int, amount: int, again: bool) -> None:
    """Refuses a sale or a load that the type does not allow.

    Args:
        type_: Of the programme.
        balance: What is on it now.
        amount: What is to come.
        again: It was loaded before.

    Raises:
        ConflictError: The ceiling (`ceiling`), or a card that is loaded once only (`loaded_once`).
        ValidationError: An amount that is not offered (`value_not_offered`).
    """
    if amount <= 0 or (type_.values and amount not in type_.values):
        offered = ", ".join(format_scaled(one, 2) for one in type_.values) or "any amount above zero"
        wrong = FieldError("amount", "value_not_offered", f"choose one of: {offered}")
        raise ValidationError(f"{type_.title or type_.id} cannot be loaded with that amount", code="value_not_offered", errors=(wrong,))
    if again and type_.kind != "wallet":
        raise ConflictError(f"{type_.title or type_.id} is loaded once only", code="loaded_once")
    if type_.ceiling is not None and balance + amount > type_.ceiling:
        room = max(0, type_.ceiling - balance)
        raise ConflictError(
            f"at most {format_scaled(type_.ceiling, 2)} may be on it: {format_scaled(room, 2)} can still be loaded",
            code="ceiling",
            errors=(FieldError("amount", "ceiling", f"at most {format_scaled(room, 2)}"),),
        )


def valid_until(type_: StoredValueType, at: datetime, zone: ZoneInfo) -> datetime | None:
    """The instant from which what is loaded now no longer counts: the end of the last day in the store's zone."""
    return None if type_.valid_days is None else day_end(at.astimezone(zone).date() + timedelta(days=type_.valid_days), zone)


def covers(stored: Stored, to_pay: int, wanted: int | None = None) -> tuple[int, int]:
    """What it pays of an amount, and what that takes off it (all of it, where it is used up at once)."""
    pays = max(0, min(stored.balance, to_pay, stored.balance if wanted is None else wanted))
    return pays, stored.balance if stored.whole and pays else pays
