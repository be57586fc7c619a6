"""Messages written in the transaction of what they tell of, and sent by housekeeping, each once.

`queue` makes rows for a caller's write set; a row that is there already stays as it is, so that whatever is retried is told once. Sending
claims a message in a transaction of its own before it goes out: what a process that died may have sent is not sent again by itself.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from v5_cloud.kit.container import Container
from v5_cloud.kit.tenant import Scope
from v5_cloud.messages.port import CarrierDownError, MessageRefusedError, MessageUnconfirmedError, Outgoing
from v5_cloud.messages.repository import MessageRepository
from v5_cloud.tenants.directory import scopes
from v5_core.errors import NotFoundError

__all__ = ["Addressee", "erase", "queue", "send_again", "send_due"]

_log = logging.getLogger(__name__)
_CHUNK: Final = 50
_LEASE: Final = timedelta(minutes=10)
_FIRST_PAUSE: Final = timedelta(seconds=30)
_LONGEST_PAUSE: Final = timedelta(hours=1)
# Who got what is of use while somebody may ask; afterwards only that there was a message.
_KEPT: Final = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Addressee:
    """Where a message goes: addresses that are empty are none.

    Attributes:
        customer: Set when it goes to a customer: then nothing goes to somebody who is blocked by the time it is sent, or who does not
            consent to that channel then.
        contractual: A notice that the customer gets by right ("your voucher was used"), whatever they consent to.
    """

    email: str = ""
    phone: str = ""
    customer: str = ""
    contractual: bool = False

    def __bool__(self) -> bool:
        return bool(self.email or self.phone)


def queue(
    scope: Scope,
    to: Addressee,
    topic: str,
    subject: str,
    title: str,
    text: str,
    now: datetime,
    *,
    about: str = "",
    part: str = "",
    due: datetime | None = None,
    lasts: timedelta = timedelta(days=2),
) -> list[dict[str, Any]]:
    """Rows of `MessageRow` to write with mode "keep", one for each address.

    Args:
        scope: Whose message.
        to: To whom.
        topic: What it is about ("offer.used").
        subject: The thing that it is about, such as a document's id.
        title: An e-mail's subject.
        text: The words.
        now: When.
        about: The customer whose data is in it, where that is not the addressee.
        part: Tells messages of one topic about one thing apart.
        due: Not before; at once otherwise.
        lasts: After so long it is no news any more, and not sent.
    """
    audience: Literal["customer", "contract", "staff"] = "staff" if not to.customer else "contract" if to.contractual else "customer"
    start = due or now
    return [
        {
            "id": _name(scope, topic, subject, part, channel),
            "company_id": scope.company,
            "channel": channel,
            "audience": audience,
            "recipient": recipient,
            "title": title[:200],
            "text": text[:4000],
            "customer_id": to.customer or about,
            "topic": topic,
            "subject_id": subject,
            "state": "queued",
            "attempts": 0,
            "last_error": "",
            "due_at": start,
            "until": start + lasts,
            "created_at": now,
            "updated_at": now,
        }
        for channel, recipient in (("email", to.email), ("sms", to.phone))
        if recipient
    ]


def _name(scope: Scope, *parts: str) -> str:
    text = "\x1f".join((scope.tenant, scope.company, *parts))
    return f"m_{hashlib.sha256(text.encode()).hexdigest()[:30]}"


def erase(container: Container, scope: Scope, customer: str) -> int:
    """Nothing of a customer stays in messages, and nothing more goes out; says how many messages that were."""
    with container.database.write(scope) as session:
        messages = MessageRepository(session, scope)
        messages.cancel(customer, container.clock())
        return messages.empty(customer=customer)


def send_again(container: Container, scope: Scope, message: str) -> None:
    """A person wants one sent that ended without arriving.

    Raises:
        NotFoundError: No such message, it is under way or sent, or its words are gone.
    """
    now = container.clock()
    with container.database.write(scope) as session:
        row = MessageRepository(session, scope).lock(message)
        if row is None or row.state not in ("refused", "expired", "unconfirmed") or not row.text:
            raise NotFoundError("There is no such message to send again.", code="unknown_message")
        row.state, row.attempts, row.last_error = "queued", 0, ""
        row.due_at, row.until, row.updated_at = now, now + max(timedelta(days=2), row.until - row.created_at), now


def send_due(container: Container) -> int:
    """Sends what is due, of all companies; gives how many messages moved. A carrier that is down is left alone until the next round."""
    down: set[str] = set()
    moved = 0
    for scope in scopes(container):
        with container.database.read(scope) as session:
            due = MessageRepository(session, scope).due(container.clock(), container.carriers.keys() - down, _CHUNK)
        for message in due:
            moved += _one(container, scope, message, down)
        _forget_old(container, scope)
    return moved


def _forget_old(container: Container, scope: Scope) -> None:
    now = container.clock()
    marker = ("messages", scope.tenant, scope.company)
    if container.cache.get(marker, (0.0, None))[1] != now.date():
        with container.database.write(scope) as session:
            MessageRepository(session, scope).empty(before=now - _KEPT)
        container.cache[marker] = (0.0, now.date())


def _one(container: Container, scope: Scope, message: str, down: set[str]) -> int:
    claimed = _claim(container, scope, message, down)
    if claimed is None:
        return 0
    channel, outgoing = claimed
    state, error = "sent", ""
    try:
        container.carriers[channel].send(outgoing)
    except MessageRefusedError as refusal:
        state, error = "refused", refusal.error_code
    except CarrierDownError as trouble:
        state, error = "queued", trouble.error_code
        down.add(channel)
    except MessageUnconfirmedError as doubt:
        state, error = "unconfirmed", doubt.error_code
    except Exception as fault:  # noqa: BLE001 - foreign code: it may have been sent, and the other messages must go on
        state, error = "unconfirmed", "internal"
        _log.error("message %s by %s failed: %s", message, channel, type(fault).__name__)
    if error:
        _log.warning("message %s by %s: %s", message, channel, error)
    now = container.clock()
    with container.database.write(scope) as session:
        row = MessageRepository(session, scope).lock(message)
        if row is not None and row.state == "sending":
            if state == "queued" and not row.text:  # erased meanwhile: there is nothing left to send
                state = "cancelled"
            row.state, row.last_error, row.updated_at = state, error, now
            row.due_at = now + min(_LONGEST_PAUSE, _FIRST_PAUSE * 2 ** min(row.attempts - 1, 10))
    return 1


def _claim(container: Container, scope: Scope, message: str, down: Collection[str]) -> tuple[str, Outgoing] | None:
    """Takes a message to be sent, or ends one that must not be."""
    now = container.clock()
    with container.database.write(scope) as session:
        messages = MessageRepository(session, scope)
        row = messages.lock(message)
        if row is None or row.state not in ("queued", "sending") or row.due_at > now:
            return None
        if row.state == "sending":  # whoever took it is gone
            row.state, row.last_error, row.updated_at = "unconfirmed", "interrupted", now
            return None
        wanted = row.audience == "staff" or messages.reaches(row.customer_id, row.channel if row.audience == "customer" else "")
        if row.until <= now or not wanted:
            row.state, row.updated_at = "expired" if row.until <= now else "cancelled", now
            return None
        if row.channel in down or row.channel not in container.carriers:
            return None
        row.state, row.attempts, row.due_at, row.updated_at = "sending", row.attempts + 1, now + _LEASE, now
        return row.channel, Outgoing(row.id, row.recipient, row.title, row.text)
