"""Statements on what was asked of external gift-card systems."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Final

from v5_cloud.kit.tenant import Repository
from v5_cloud.models import AccountRow, ExternalCardAct, HoldRow, VoucherRow

__all__ = ["GiftCardRepository"]

_UNDER_WAY: Final = ("asked", "reserved", "capturing", "reversing", "refunding")


class GiftCardRepository(Repository):
    """Acts of a company."""

    def act(self, key: str) -> ExternalCardAct | None:
        """One act, locked."""
        return self.session.scalars(self.select(ExternalCardAct).where(ExternalCardAct.id == key).with_for_update()).one_or_none()

    def due(self, now: datetime, limit: int) -> Sequence[str]:
        """Acts that somebody should look at, oldest first."""
    def asked_for(self, request: str) -> Sequence[ExternalCardAct]:
        """Acts of a hold's request that are under way, locked."""
        statement = self.select(ExternalCardAct).where(
            ExternalCardAct.request_id == request, ExternalCardAct.state.in_(("asked", "reserved"))
        )
        return self.session.scalars(statement.with_for_update()).all()

        statement = self.columns(ExternalCardAct, ExternalCardAct.id)
        statement = statement.where(ExternalCardAct.state.in_(_UNDER_WAY), ExternalCardAct.due_at <= now)
        return self.session.scalars(statement.order_by(ExternalCardAct.due_at).limit(limit)).all()

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
            .where(ExternalCardAct.code == VoucherRow.reason, ExternalCardAct.state.in_(_UNDER_WAY))
            .exists()
        )
        statement = self.columns(VoucherRow, VoucherRow.code).join(AccountRow, same)
        statement = statement.where(VoucherRow.type.in_(sorted(types)), AccountRow.balance > 0, AccountRow.held == 0, ~busy)
        return self.session.scalars(statement.order_by(VoucherRow.code).limit(limit)).all()
