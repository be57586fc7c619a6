"""Statements that only the sale-time operations need."""

from __future__ import annotations

from v5_cloud.kit.tenant import Repository
from v5_cloud.models import DocumentKey, DocumentRow

__all__ = ["HookRepository"]


class HookRepository(Repository):
    """Documents by whatever the till calls them."""

    def document(self, key: str, number: str) -> DocumentRow | None:
        """A document by one of its keys, its V5 id, or its number as printed; the surest of them wins."""
        keys = self.columns(DocumentKey, DocumentKey.document_id).where(DocumentKey.key.in_([key, f"number:{number}"]))
        own = self.columns(DocumentRow, DocumentRow.id).where(DocumentRow.id == key)
        rows = self.session.scalars(self.select(DocumentRow).where(self.among(DocumentRow.id, keys, own))).all()
        return min(rows, key=lambda row: (row.id != key, key not in row.keys), default=None)
