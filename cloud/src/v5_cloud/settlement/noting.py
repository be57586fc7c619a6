"""Findings: what a person should know of a document, kept in the audit for the back office; each is said once of a document."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import orjson

from v5_cloud.models import new_id
from v5_cloud.settlement.repository import SettlementRepository
from v5_core.hooks import CommitResponse, ReturnResponse

__all__ = ["FINDING", "line", "noted"]

FINDING: Final = "sale.finding"
_MOST_TEXTS: Final = 20


def noted(repository: SettlementRepository, replies: Mapping[str, CommitResponse | ReturnResponse], now: datetime) -> list[dict[str, Any]]:
    """Rows of the audit for the warnings in replies, by document; without warnings they cost nothing."""
    said = {document: [one.text for one in reply.messages if one.severity == "warning"] for document, reply in replies.items()}
    said = {document: texts for document, texts in said.items() if texts}
    if not said:
        return []
    known: dict[str, set[str]] = {}
    for document, detail in repository.lines(FINDING, said):
        known.setdefault(document, set()).update(orjson.loads(detail or "{}").get("messages", ()))
    fresh = {document: [text for text in texts if text not in known.get(document, ())] for document, texts in said.items()}
    return [line(FINDING, document, "", now, {"messages": texts[:_MOST_TEXTS]}) for document, texts in fresh.items() if texts]


def line(action: str, document: str, actor: str, now: datetime, detail: dict[str, Any]) -> dict[str, Any]:
    """A row of the audit about a document."""
    return {
        "id": new_id("au", now),
        "at": now,
        "actor": actor,
        "action": action,
        "subject": document,
        "detail": orjson.dumps(detail).decode(),
    }
