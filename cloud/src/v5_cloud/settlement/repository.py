"""Statements on documents while they are settled."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Row, Select

from v5_cloud.kit.tenant import Repository
from v5_cloud.models import AuditRow, CustomerKey, DocumentKey, DocumentRevision, DocumentRow, EventRow, Idempotency, PendingRef, ReturnLink

__all__ = ["SettlementRepository"]


class SettlementRepository(Repository):
    """Documents, found by any of their keys."""

    def documents(self, keys: Collection[str], names: Collection[str]) -> Sequence[Row[Any]]:
        """Documents known by the keys, and returns that wait for, or point at, one of the names."""
        return self.rows("settlement.documents", self._documents, {"keys": list(keys), "names": list(names)})

    def _documents(self) -> Select[Any]:
        known = self.columns(DocumentKey, DocumentKey.document_id).where(self.within(DocumentKey.key, "keys"))
        returns = self.columns(ReturnLink, ReturnLink.return_id).where(self.within(ReturnLink.ref, "names"))
        return self.columns(DocumentRow, *DocumentRow.__table__.columns).where(self.among(DocumentRow.id, known, returns))

    def by_id(self, ids: Collection[str]) -> Sequence[DocumentRow]:
        """Documents by their own id."""
        return self.session.scalars(self.select(DocumentRow).where(DocumentRow.id.in_(ids))).all() if ids else ()

    def families(self, originals: Collection[str]) -> Sequence[DocumentRow]:
        """Originals and every return that points at them."""
        if not originals:
            return ()
        returns = self.columns(ReturnLink, ReturnLink.return_id).where(ReturnLink.original_id.in_(originals))
        own = self.columns(DocumentRow, DocumentRow.id).where(DocumentRow.id.in_(originals))
        return self.session.scalars(self.select(DocumentRow).where(self.among(DocumentRow.id, own, returns))).all()

    def revisions(self, wanted: Collection[tuple[str, str]]) -> Sequence[DocumentRevision]:
        """Reports by (document, revision)."""
        if not wanted:
            return ()
        statement = self.select(DocumentRevision).where(
            DocumentRevision.document_id.in_({one for one, _ in wanted}), DocumentRevision.revision.in_({one for _, one in wanted})
        )
        return self.session.scalars(statement).all()

    def pending(self, keys: Collection[str]) -> Sequence[str]:
        """Documents that wait for a customer of these keys."""
        if not keys:
            return ()
        return self.session.scalars(self.columns(PendingRef, PendingRef.document_id).where(PendingRef.key.in_(keys)).distinct()).all()

    def answerable(self, limit: int = 200) -> Sequence[str]:
        """Keys that documents wait for and that have an owner."""
        statement = self.join(self.columns(PendingRef, PendingRef.key), CustomerKey, CustomerKey.key == PendingRef.key)
        return self.session.scalars(statement.distinct().limit(limit)).all()

    def forget_pending(self, keys: Collection[str]) -> None:
        """They were settled."""
        self.session.execute(self.delete(PendingRef).where(PendingRef.key.in_(keys)))

    def lines(self, action: str, documents: Collection[str]) -> Sequence[Row[str, str]]:
        """(document, detail) of the audit's lines of one kind about documents."""
        statement = self.columns(AuditRow, AuditRow.subject, AuditRow.detail)
        return self.session.execute(statement.where(AuditRow.action == action, AuditRow.subject.in_(list(documents)))).all()

    def known_events(self, ids: Collection[str]) -> set[str]:
        """Which of these events were accepted before."""
        if not ids:
            return set()
        rows = self.rows(
            "settlement.events",
            lambda: self.columns(EventRow, EventRow.event_id).where(self.within(EventRow.event_id, "ids")),
            {"ids": list(ids)},
        )
        return {row[0] for row in rows}

    def stored_answer(self, operation: str, request_id: str) -> Idempotency | None:
        """The answer that a request id got before."""
        statement = self.select(Idempotency).where(Idempotency.operation == operation, Idempotency.request_id == request_id)
        return self.session.scalars(statement).one_or_none()
