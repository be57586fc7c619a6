"""A gift-card system in memory, which keeps the port's promises: for tests of whoever connects one, and for demonstrations."""

from __future__ import annotations

from dataclasses import dataclass, field

from v5_cloud.giftcards.port import ExternalBalance, GiftCardRefusedError

__all__ = ["MemoryGiftCards"]


@dataclass
class MemoryGiftCards:
    """Cards by their code, in minor units.

    Attributes:
        reserved: By key: code, amount, and what became of it ("open", "captured", "reversed").
    """

    cards: dict[str, int] = field(default_factory=dict)
    currency: str = "EUR"
    reserved: dict[str, tuple[str, int, str]] = field(default_factory=dict)
    refunded: set[str] = field(default_factory=set)

    def balance(self, code: str) -> ExternalBalance | None:
        """See the port."""
        return ExternalBalance(self.cards[code], self.currency) if code in self.cards else None

    def reserve(self, key: str, code: str, amount: int, currency: str) -> None:
        """See the port."""
        if key in self.reserved:
            if self.reserved[key][2] == "reversed":
                raise GiftCardRefusedError("The gift-card system refused: the reservation was reversed")
            return
        if currency != self.currency or self.cards.get(code, 0) < amount:
            raise GiftCardRefusedError("The gift-card system refused: not enough on the card")
        self.cards[code] -= amount
        self.reserved[key] = (code, amount, "open")

    def capture(self, key: str, amount: int) -> None:
        """See the port."""
        code, whole, state = self.reserved.get(key, ("", 0, "reversed"))
        if state == "reversed" or amount > whole:
            raise GiftCardRefusedError("The gift-card system refused: no such reservation")
        if state == "open":
            self.cards[code] += whole - amount
            self.reserved[key] = (code, amount, "captured")

    def reverse(self, key: str) -> None:
        """See the port. What comes late for a reversed key is refused: a lost request must not reserve after its reversal."""
        code, amount, state = self.reserved.get(key, ("", 0, "reversed"))
        if state == "open":
            self.cards[code] += amount
        if state == "captured":
            raise GiftCardRefusedError("The gift-card system refused: it was captured")
        self.reserved[key] = (code, amount, "reversed")

    def refund(self, key: str, code: str, amount: int, currency: str) -> None:
        """See the port."""
        if code not in self.cards or currency != self.currency:
            raise GiftCardRefusedError("The gift-card system refused: no such card")
        if key not in self.refunded:
            self.refunded.add(key)
            self.cards[code] += amount
