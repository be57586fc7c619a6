"""The standing discount of a customer's cards."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from v5_cloud.models import CardRow

__all__ = ["card_rate", "rates_of"]


def rates_of(cards: Iterable[CardRow]) -> list[list[Any]]:
    """What the customer's record keeps of the rates of active cards: [rate, last day or null]."""
    return [[card.rate, card.valid_until.isoformat() if card.valid_until else None] for card in cards if card.active and card.rate]


def card_rate(rates: Iterable[Any], today: date) -> int:
    """The best rate that counts on a day; 0 is none."""
    return max((int(rate) for rate, last in rates if last is None or date.fromisoformat(last) >= today), default=0)
