"""Statements on agents, their codes, signals and replica."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, cast

from sqlalchemy import CursorResult, Row, func

from v5_cloud.kit.tenant import Repository
from v5_cloud.models import AccountRow, Agent, ApiKey, CustomerRow, EnrolCode, SignalRow, Store, TenantRow, VoucherRow

__all__ = ["FleetRepository", "Revocable"]

Revocable = type[Agent] | type[ApiKey] | type[EnrolCode]


class FleetRepository(Repository):
    """The store agents."""

    def claim_code(self, code_hash: str, now: datetime) -> EnrolCode | None:
        """A code that is still good, locked; in the scope of the directory, for the code says whose it is."""
        good = (EnrolCode.used_at.is_(None), EnrolCode.revoked_at.is_(None), EnrolCode.expires_at > now)
        statement = self.everywhere(EnrolCode).where(EnrolCode.id == code_hash, *good)
        return self.session.scalars(statement.with_for_update()).one_or_none()

    def use_code(self, code_hash: str, agent_id: str, now: datetime) -> bool:
        """Marks a code as used; False when somebody was faster."""
        statement = (
            self.update(EnrolCode)
            .where(EnrolCode.id == code_hash, EnrolCode.used_at.is_(None), EnrolCode.revoked_at.is_(None))
            .values(used_at=now, agent_id=agent_id)
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
        return self.session.execute(statement.order_by(Store.code, Agent.revoked_at.is_not(None), Agent.created_at)).all()

    def agent(self, agent_id: str) -> Row[Agent, str] | None:
        """One agent with its store's code."""
        statement = self.join(self.columns(Agent, Agent, Store.code), Store, Store.id == Agent.store_id)
        return self.session.execute(statement.where(Agent.id == agent_id)).one_or_none()

    def codes(self, now: datetime) -> Sequence[Row[EnrolCode, str]]:
        """Codes that would still let a machine in, with their store's code."""
        good = (EnrolCode.used_at.is_(None), EnrolCode.revoked_at.is_(None), EnrolCode.expires_at > now)
        statement = self.join(self.columns(EnrolCode, EnrolCode, Store.code), Store, Store.id == EnrolCode.store_id)
        return self.session.execute(statement.where(*good).order_by(Store.code, EnrolCode.created_at)).all()

    def api_keys(self) -> Sequence[ApiKey]:
        """API keys, those in use first."""
        statement = self.select(ApiKey).order_by(ApiKey.revoked_at.is_not(None), ApiKey.created_at)
        return self.session.scalars(statement).all()

    def revoke(self, kind: Revocable, credential: str, now: datetime, actor: str) -> bool:
        """Marks a credential as revoked; False when there is none of that id in use."""
        statement = self.update(kind).where(kind.id == credential, kind.revoked_at.is_(None)).values(revoked_at=now, revoked_by=actor)
        return bool(cast("CursorResult[Any]", self.session.execute(statement)).rowcount)

    def withdraw(self, store_id: str, now: datetime, actor: str) -> None:
        """Revokes the store's unused codes."""
        statement = self.update(EnrolCode).where(
            EnrolCode.store_id == store_id, EnrolCode.used_at.is_(None), EnrolCode.revoked_at.is_(None)
        )
        self.session.execute(statement.values(revoked_at=now, revoked_by=actor))

    def of_store(self, store_id: str) -> Sequence[Agent]:
        """The store's agents that are in use."""
        return self.session.scalars(self.select(Agent).where(Agent.store_id == store_id, Agent.revoked_at.is_(None))).all()

    def beat(self, agent_id: str, values: dict[str, Any]) -> None:
        """Notes a heartbeat."""
        self.session.execute(self.update(Agent).where(Agent.id == agent_id).values(**values))

    def signals(self, agent_id: str) -> Sequence[SignalRow]:
        """Signals that the agent has not obeyed yet."""
        return self.session.scalars(
            self.select(SignalRow).where(SignalRow.agent_id == agent_id, SignalRow.delivered_at.is_(None)).order_by(SignalRow.created_at)
        ).all()

    def delivered(self, agent_id: str, ids: Sequence[str], now: datetime) -> None:
        """The agent has obeyed them."""
        wanted = self.update(SignalRow).where(SignalRow.agent_id == agent_id, SignalRow.id.in_(ids), SignalRow.delivered_at.is_(None))
        self.session.execute(wanted.values(delivered_at=now))

    def horizon(self, epoch: int) -> int:
        """Below this counter no transaction can write any more: what a page may show without missing a late commit."""
        if self.session.get_bind().dialect.name == "sqlite":
            return 2**62
        oldest = self.session.scalar(
            self.text("SELECT CAST(CAST(pg_snapshot_xmin(pg_current_snapshot()) AS text) AS bigint) WHERE :tenant <> ''")
        )
        return epoch + int(oldest or 0)

    def replica(self, since: int, horizon: int, limit: int) -> tuple[Sequence[Row[AccountRow, CustomerRow]], int, bool]:
        """Customers with the account they use, their own or a relative's, of whom something changed after `since`.

        Returns:
            The customers, the counter up to which they are all there are, and whether more changed after that. What one transaction
            changed is never parted.
        """
        window = (AccountRow.replica > since) & (AccountRow.replica < horizon) & (AccountRow.kind == "points")
        page = self.session.scalars(
            self.columns(AccountRow, AccountRow.replica).where(window).order_by(AccountRow.replica).limit(limit)
        ).all()
        if not page:
            return (), since, False
        last = max(page)
        changed = self.columns(AccountRow, AccountRow.customer_id).where(window, AccountRow.replica <= last)
        relatives = self.columns(CustomerRow, CustomerRow.id).where(CustomerRow.shares_with.in_(changed))
        whose = func.coalesce(CustomerRow.shares_with, CustomerRow.id)
        used = (AccountRow.customer_id == whose) & (AccountRow.kind == "points")
        statement = self.join(self.columns(CustomerRow, AccountRow, CustomerRow), AccountRow, used)
        rows = self.session.execute(statement.where(self.among(CustomerRow.id, changed, relatives)).order_by(CustomerRow.id)).all()
        return rows, last, len(page) == limit

    def vouchers(self, customers: Collection[str]) -> Sequence[Row[VoucherRow, AccountRow]]:
        """Vouchers of some customers that are in use, those that lapse first first; each with its account where it has one."""
        same = (AccountRow.id == VoucherRow.account_id) & self.guard(AccountRow)
        statement = self.columns(VoucherRow, VoucherRow, AccountRow).outerjoin(AccountRow, same)
        mine = VoucherRow.customer_id.in_(customers) & (VoucherRow.state == "active")
        return self.session.execute(statement.where(mine).order_by(VoucherRow.valid_until, VoucherRow.code)).all()
