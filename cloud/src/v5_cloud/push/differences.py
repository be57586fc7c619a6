"""Where a store answered a till by itself and the ledger says otherwise: both are kept, with their explanations, and nothing is undone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from v5_cloud.settlement.noting import line
from v5_cloud.settlement.service import Settled
from v5_core.hooks import CommitResponse, ReturnResponse
from v5_core.push import Event, Told

__all__ = ["DIFFERENCE", "kept"]

DIFFERENCE = "sale.difference"
_MOST_TEXTS = 20


def kept(items: Sequence[Event], results: Sequence[Settled], actor: str, now: datetime) -> list[dict[str, Any]]:
    """Rows of the audit: one for each sale whose figures are not those that the till was told."""
    rows = []
    for event, found in zip(items, results, strict=True):
        if found.duplicate or found.fresh is None:
            continue
        final = _told(found.fresh)
        if event.told is not None and _differ(event.told, final):
            rows.append(line(DIFFERENCE, found.document, actor, now, {"till": _shown(event.told), "ledger": _shown(final)}))
    return rows


def _told(reply: CommitResponse | ReturnResponse) -> Told:
    if isinstance(reply, CommitResponse):
        return Told(
            earned=reply.points_earned, spent=reply.points_spent, explanations=reply.explanations, stored_value=reply.stored_value,
            vouchers=reply.vouchers,
        )  # fmt: skip
    return Told(earned=-reply.points_taken, spent=-reply.points_given, explanations=reply.explanations)


def _figures(told: Told) -> tuple[int, int, dict[str, int]]:
    return told.earned, told.spent, {one.code: one.amount for one in told.stored_value}


def _differ(told: Told, final: Told) -> bool:
    worth = {one.code: (one.amount, one.percent) for one in final.vouchers}
    # Of vouchers a store tells those that it printed; the ledger may have made more.
    printed = any(worth.get(one.code) != (one.amount, one.percent) for one in told.vouchers)
    return printed or _figures(told) != _figures(final)


def _shown(told: Told) -> dict[str, Any]:
    texts = told.explanations[:_MOST_TEXTS]
    written = told.model_dump(mode="json", include={"earned", "spent", "stored_value", "vouchers"}, exclude_defaults=True)
    return {**written, "explanations": [f"{one.rule} v{one.version}: {one.text}" for one in texts]}
