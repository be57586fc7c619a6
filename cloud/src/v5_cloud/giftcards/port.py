"""The port behind which every external gift-card system looks the same.

Every change carries a key: the same key again is the same act, however often it is sent, and a reservation is captured or reversed under
the key it was made with. An answer that did not come says nothing: whoever asked must reverse.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Protocol

from v5_core.errors import ConflictError, RetryableError

__all__ = ["ExternalBalance", "ExternalGiftCards", "GiftCardRefusedError", "GiftCardUnreachableError"]


class GiftCardRefusedError(ConflictError):
    """The other system said no; nothing was reserved."""

    code = "gift_card_refused"


class GiftCardUnreachableError(RetryableError):
    """No answer, or none that can be used: whether it was done there is not known."""

    code = "gift_card_unreachable"


@dataclass(frozen=True, slots=True)
class ExternalBalance:
    """What is on a card, in minor units; None from `balance` is a code that the system does not know."""

    amount: int
    currency: str
    valid_until: date | None = None


class ExternalGiftCards(Protocol):
    """One external system."""

    def balance(self, code: str) -> ExternalBalance | None:
        """What is on the card.

        Raises:
            GiftCardUnreachableError: No answer in time.
        """
        ...

    def reserve(self, key: str, code: str, amount: int, currency: str) -> None:
        """Sets an amount aside.

        Raises:
            GiftCardRefusedError: It is not there, or the card may not be used.
            GiftCardUnreachableError: Not known whether it was done: reverse it.
        """
        ...

    def capture(self, key: str, amount: int) -> None:
        """Takes so much of what was reserved; the rest is free again."""
        ...

    def reverse(self, key: str) -> None:
        """Undoes a reservation, or one that may never have come about."""
        ...

    def refund(self, key: str, code: str, amount: int, currency: str) -> None:
        """Gives money back to the card."""
        ...
