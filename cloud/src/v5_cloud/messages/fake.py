"""A carrier in memory, which keeps the port's promises: for tests, and for demonstrations."""

from __future__ import annotations

from dataclasses import dataclass, field

from v5_cloud.messages.port import CarrierDownError, MessageRefusedError, MessageUnconfirmedError, Outgoing

__all__ = ["MemoryCarrier"]


@dataclass
class MemoryCarrier:
    """Keeps what it is given.

    Attributes:
        sent: What arrived, in order.
        refused: Recipients that it never takes.
        down: It cannot be reached.
        silent: It takes a message and does not say so.
    """

    sent: list[Outgoing] = field(default_factory=list)
    refused: set[str] = field(default_factory=set)
    down: bool = False
    silent: bool = False

    def send(self, message: Outgoing) -> None:
        """See the port."""
        if self.down:
            raise CarrierDownError("The carrier cannot be reached.")
        if message.recipient in self.refused:
            raise MessageRefusedError("The carrier refused the message.")
        self.sent.append(message)
        if self.silent:
            raise MessageUnconfirmedError("The carrier did not say whether it took the message.")
