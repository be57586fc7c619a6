"""Statements on messages that go out."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from sqlalchemy import func, or_

from v5_cloud.kit.tenant import Repository
from v5_cloud.models import CustomerRow, MessageRow

__all__ = ["MessageRepository"]


class MessageRepository(Repository):
    """Messages of a company."""

    def due(self, now: datetime, channels: Collection[str], limit: int) -> Sequence[str]:
        """Those that somebody should look at, oldest first: due on one of the channels, or stale, or left half done."""
        ready = MessageRow.channel.in_(sorted(channels)) | (MessageRow.until <= now) | (MessageRow.state == "sending")
        statement = self.columns(MessageRow, MessageRow.id)
        statement = statement.where(MessageRow.state.in_(("queued", "sending")), MessageRow.due_at <= now, ready)
        return self.session.scalars(statement.order_by(MessageRow.due_at, MessageRow.id).limit(limit)).all()

    def lock(self, message: str) -> MessageRow | None:
        """One message, for this transaction alone."""
        return self.session.scalars(self.select(MessageRow).where(MessageRow.id == message).with_for_update()).one_or_none()

    def reaches(self, customer: str, channel: str) -> bool:
        """Whether a customer gets messages: neither blocked nor inactive nor gone, and consenting to the channel, if one is named."""
        columns = (CustomerRow.blocked, CustomerRow.inactive, CustomerRow.consent_email, CustomerRow.consent_sms)
        row = self.session.execute(self.columns(CustomerRow, *columns).where(CustomerRow.id == customer)).one_or_none()
        if row is None or row.blocked or row.inactive:
            return False
        return {"email": bool(row.consent_email), "sms": bool(row.consent_sms)}.get(channel, not channel)

    def empty(self, *, customer: str = "", before: datetime | None = None) -> int:
        """Takes recipient and words out of a customer's messages, or of those that ended before an instant; says how many."""
        statement = self.update(MessageRow).where(or_(MessageRow.text != "", MessageRow.recipient != ""))
        if customer:
            statement = statement.where(MessageRow.customer_id == customer)
        if before is not None:
            statement = statement.where(MessageRow.state.not_in(("queued", "sending")), MessageRow.updated_at < before)
        return int(self.session.execute(statement.values(recipient="", title="", text="")).rowcount)  # type: ignore[attr-defined]

    def cancel(self, customer: str, now: datetime) -> int:
        """Those of a customer that have not gone out do not go."""
        statement = self.update(MessageRow).where(MessageRow.customer_id == customer, MessageRow.state == "queued")
        return int(self.session.execute(statement.values(state="cancelled", updated_at=now)).rowcount)  # type: ignore[attr-defined]

    def counted(self) -> Mapping[tuple[str, str], int]:
        """How many there are, by channel and state."""
        statement = self.columns(MessageRow, MessageRow.channel, MessageRow.state, func.count())
        rows = self.session.execute(statement.group_by(MessageRow.channel, MessageRow.state))
        return {(channel, state): int(count) for channel, state, count in rows}

    def troubled(self, limit: int) -> Sequence[MessageRow]:
        """What did not go as it should, newest first."""
        troubled = MessageRow.state.in_(("refused", "expired", "unconfirmed")) | (
            (MessageRow.state == "queued") & (MessageRow.attempts > 0)
        )
        return self.session.scalars(self.select(MessageRow).where(troubled).order_by(MessageRow.updated_at.desc()).limit(limit)).all()
