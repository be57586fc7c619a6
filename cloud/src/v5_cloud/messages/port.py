"""The port behind which every way of sending looks the same, and its errors by what is done next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from v5_core.errors import ConflictError, RetryableError

__all__ = ["Carrier", "CarrierDownError", "MessageRefusedError", "MessageUnconfirmedError", "Outgoing"]


class MessageRefusedError(ConflictError):
    """This recipient or message is refused for good."""

    code = "message_refused"


class CarrierDownError(RetryableError):
    """Surely not sent: the carrier cannot be reached, is busy, or does not let us in."""

    code = "carrier_down"


class MessageUnconfirmedError(RetryableError):
    """The carrier had the message and did not say what became of it: sent again it might arrive twice."""

    code = "message_unconfirmed"


@dataclass(frozen=True, slots=True)
class Outgoing:
    """What is sent. `key` is the same for every attempt; `title` is an e-mail's subject, and nothing in an SMS."""

    key: str
    recipient: str
    title: str
    text: str


class Carrier(Protocol):
    """One way of sending: a mail server, an SMS gateway."""

    def send(self, message: Outgoing) -> None:
        """Hands a message over.

        Raises:
            MessageRefusedError: Never again.
            CarrierDownError: Not sent; later perhaps.
            MessageUnconfirmedError: Not known.
        """
        ...
