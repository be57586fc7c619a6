"""Statements on what was asked of external gift-card systems."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import func

from v5_cloud.kit.tenant import Repository
from v5_cloud.models import AccountRow, ExternalCardAct, HoldRow, VoucherRow

__all__ = ["UNDER_WAY", "GiftCardRepository"]

UNDER_WAY: Final = ("asked", "reserved", "capturing", "reversing", "refunding")


class GiftCardRepository(Repository):
    """Acts of a company."""

    def act(self, key: str) -> ExternalCardAct | None:
        """One act, locked."""
        return self.session.scalars(self.select(ExternalCardAct).where(ExternalCardAct.id == key).with_for_update()).one_or_none()

    def asked_for(self, request: str) -> Sequence[ExternalCardAct]:
        """Acts of a hold's request that are under way, locked."""
        statement = self.select(ExternalCardAct).where(
            ExternalCardAct.request_id == request, ExternalCardAct.state.in_(("asked", "reserved"))
        )
        return self.session.scalars(statement.with_for_update()).all()

    def due(self, now: datetime, limit: int) -> Sequence[str]:
        """Acts that somebody should look at, oldest first."""
        statement = self.columns(ExternalCardAct, ExternalCardAct.id)
        statement = statement.where(ExternalCardAct.state.in_(UNDER_WAY), ExternalCardAct.due_at <= now)
        return self.session.scalars(statement.order_by(ExternalCardAct.due_at).limit(limit)).all()

    def latest(self, states: Collection[str], limit: int) -> Sequence[ExternalCardAct]:
        """Acts in some states, newest first."""
        statement = self.select(ExternalCardAct).where(ExternalCardAct.state.in_(states))
        return self.session.scalars(statement.order_by(ExternalCardAct.created_at.desc(), ExternalCardAct.id).limit(limit)).all()

    def totals(self, since: datetime) -> Sequence[Any]:
        """(system, state, acts, amount) of what was asked since an instant."""
        sums = (func.count(), func.sum(ExternalCardAct.amount))
        statement = self.columns(ExternalCardAct, ExternalCardAct.system, ExternalCardAct.state, *sums)
        statement = statement.where(ExternalCardAct.created_at >= since)
        return self.session.execute(statement.group_by(ExternalCardAct.system, ExternalCardAct.state)).all()

    def hold(self, name: str) -> HoldRow | None:
        """A hold of stored value by its name."""
        return self.session.scalars(self.select(HoldRow).where(HoldRow.id == name)).one_or_none()

    def idle(self, types: Collection[str], limit: int) -> Sequence[str]:
        """Codes of external cards with money here that no act and no hold is about: what returns gave back."""
        if not types:
            return ()
        same = (AccountRow.id == VoucherRow.account_id) & self.guard(AccountRow)
        busy = (
            self.columns(ExternalCardAct, ExternalCardAct.id)
            .where(ExternalCardAct.code == VoucherRow.reason, ExternalCardAct.state.in_(UNDER_WAY))
            .exists()
        )
        statement = self.columns(VoucherRow, VoucherRow.code).join(AccountRow, same)
        statement = statement.where(VoucherRow.type.in_(sorted(types)), AccountRow.balance > 0, AccountRow.held == 0, ~busy)
        return self.session.scalars(statement.order_by(VoucherRow.code).limit(limit)).all()
