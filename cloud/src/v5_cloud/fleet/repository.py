"""Statements on agents, their codes, signals and replica."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, cast

from sqlalchemy import CursorResult, Row

from v5_cloud.kit.tenant import Repository
from v5_cloud.models import AccountRow, Agent, CustomerRow, EnrolCode, SignalRow, Store, TenantRow

__all__ = ["FleetRepository"]


class FleetRepository(Repository):
    """The store agents."""

    def claim_code(self, code_hash: str, now: datetime) -> EnrolCode | None:
        """A code that is still good, locked; in the scope of the directory, for the code says whose it is."""
        statement = self.everywhere(EnrolCode).where(EnrolCode.id == code_hash, EnrolCode.used_at.is_(None), EnrolCode.expires_at > now)
        return self.session.scalars(statement.with_for_update()).one_or_none()

    def use_code(self, code_hash: str, agent_id: str, now: datetime) -> bool:
        """Marks a code as used; False when somebody was faster."""
        statement = (
            self.update(EnrolCode).where(EnrolCode.id == code_hash, EnrolCode.used_at.is_(None)).values(used_at=now, agent_id=agent_id)
        )
        return bool(cast("CursorResult[Any]", self.session.execute(statement)).rowcount)

    def renew(self, row: TenantRow) -> None:
        """Adds a credential, or puts it in the place of the one with its id."""
        if row.tenant_id != self.scope.tenant:
            raise ValueError("a credential of another tenant")
        self.session.merge(row)

    def store(self, store_id: str) -> Store | None:
        """A store by id."""
        return self.session.scalars(self.select(Store).where(Store.id == store_id)).one_or_none()

    def agents(self) -> Sequence[Row[Agent, str]]:
        """All agents with their store's code, by store."""
        statement = self.join(self.columns(Agent, Agent, Store.code), Store, Store.id == Agent.store_id)
        return self.session.execute(statement.order_by(Store.code, Agent.created_at)).all()

    def beat(self, agent_id: str, values: dict[str, Any]) -> None:
        """Notes a heartbeat."""
        self.session.execute(self.update(Agent).where(Agent.id == agent_id).values(**values))

    def signals(self, agent_id: str) -> Sequence[SignalRow]:
        """Signals that the agent was not given yet."""
        return self.session.scalars(
            self.select(SignalRow).where(SignalRow.agent_id == agent_id, SignalRow.delivered_at.is_(None)).order_by(SignalRow.created_at)
        ).all()

    def delivered(self, ids: Sequence[str], now: datetime) -> None:
        """They were given."""
        self.session.execute(self.update(SignalRow).where(SignalRow.id.in_(ids)).values(delivered_at=now))

    def horizon(self, epoch: int) -> int:
        """Below this counter no transaction can write any more: what a page may show without missing a late commit."""
        if self.session.get_bind().dialect.name == "sqlite":
            return 2**62
        oldest = self.session.scalar(
            self.text("SELECT CAST(CAST(pg_snapshot_xmin(pg_current_snapshot()) AS text) AS bigint) WHERE :tenant <> ''")
        )
        return epoch + int(oldest or 0)

    def replica(self, since: int, horizon: int, limit: int) -> Sequence[Row[AccountRow, CustomerRow]]:
        """Accounts changed after `since`; never half of what one transaction changed."""
        window = (AccountRow.replica > since) & (AccountRow.replica < horizon)
        page = self.columns(AccountRow, AccountRow.replica).where(window).order_by(AccountRow.replica).limit(limit)
        last = max(self.session.scalars(page).all(), default=None)
        if last is None:
            return ()
        statement = self.join(self.columns(AccountRow, AccountRow, CustomerRow), CustomerRow, CustomerRow.id == AccountRow.customer_id)
        return self.session.execute(statement.where(window, AccountRow.replica <= last).order_by(AccountRow.replica, AccountRow.id)).all()
