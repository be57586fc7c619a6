"""Vouchers and cards that a document makes: made, changed and taken back as it turns out that they should be."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime

from v5_cloud.models import VoucherRow
from v5_cloud.programmes.asks import CounterKey
from v5_cloud.settlement.document import Doc
from v5_cloud.settlement.extras import Extras
from v5_cloud.vouchers.purse import Issue
from v5_core.codes import fold_code
from v5_core.errors import ConflictError
from v5_core.hooks import Explanation
from v5_core.model import DocumentStatus

__all__ = ["Made", "issue", "occurred", "promised"]


@dataclass(slots=True)
class Made:
    """What a document makes: by its name within the document ("programme/rule", "sold/1/0", "credit")."""

    wanted: Issue
    amount: int = 0
    load: bool = False
    why: Explanation | None = None
    counts: list[tuple[CounterKey, int]] = field(default_factory=list)


def occurred(doc: Doc) -> datetime:
    """When it happened: a cancelled document when it was cancelled."""
    body = doc.body
    return body.cancelled_at or body.issued_at if body.status is DocumentStatus.CANCELLED else body.issued_at


def issue(extras: Extras, doc: Doc, made: dict[str, Made]) -> dict[str, str]:
    """Makes what is not there yet, changes what changed, takes back what should not be."""
    before: dict[str, str] = doc.extras.get("issued", {})
    found: dict[str, str] = {}
    extras.short[doc.id] = {}
    for ref in sorted(before.keys() | made.keys()):
        one, row = made.get(ref), extras.purse.row(before.get(ref, ""))
        entry = f"{doc.id}+{ref}"
        if one is None:
            if row is not None:
                _take_back(extras, doc, row, ref, entry)
                found[ref] = row.code
            continue
        if row is None and one.load:
            row = extras.purse.row(one.wanted.code)
        elif row is not None and one.wanted.by == "rule" and one.wanted.code not in ("", row.code) and _untouched(extras, row):
            # Another source told of the sale before the store did: what the customer has in hand is the store's code.
            _take_back(extras, doc, row, ref, entry)
            row = None
        if row is None:
            row = _new(extras, doc, one.wanted, entry)
            extras.restored.setdefault(doc.id, []).append(row.code)
        else:
            _restore(extras, doc, row, one, entry)
        found[ref] = row.code
    return found


def promised(extras: Extras, sale: Doc, issued: dict[str, str]) -> None:
    """A code on paper that the ledger does not give is nothing, and a person should know."""
    for one in sale.body.printed:
        row = extras.purse.row(issued.get(one.rule, ""))
        if row is None or row.code != fold_code(one.code) or row.state != "active":
            extras.find(sale, "not_due", one.code)


def _untouched(extras: Extras, row: VoucherRow) -> bool:
    if row.account_id is not None and extras.purse.balance(row) != row.face:
        return False
    return row.state == "active" and not (row.used or row.held or row.excess)


def _new(extras: Extras, doc: Doc, wanted: Issue, entry: str) -> VoucherRow:
    try:
        return extras.purse.issue(wanted, entry, at=occurred(doc), cause=extras.cause(doc))
    except ConflictError:
        # The card was sold: it gets a code of our making, and a person is told.
        extras.find(doc, "code_taken", wanted.code)
        return extras.purse.issue(replace(wanted, code=""), entry, at=occurred(doc), cause=extras.cause(doc))


def _restore(extras: Extras, doc: Doc, row: VoucherRow, one: Made, entry: str) -> None:
    if row.state == "cancelled" and row.document_id == doc.id:
        row.state, row.reason = "active", ""
        extras.restored.setdefault(doc.id, []).append(row.code)
    if one.load and one.wanted.valid_until is not None:
        row.valid_until = max(row.valid_until or one.wanted.valid_until, one.wanted.valid_until)
    if not one.load and (row.percent, row.face) != (one.wanted.percent, one.amount):
        if (one.wanted.percent, one.amount) < (row.percent, row.face):
            extras.withdrawn.setdefault(doc.id, []).append(row.code)
        else:
            extras.restored.setdefault(doc.id, []).append(row.code)
        row.percent, row.face = one.wanted.percent, one.amount
    row.updated_at = extras.purse.now
    _fill(extras, doc, row, entry, one.amount, one.wanted.valid_until)


def _fill(extras: Extras, doc: Doc, row: VoucherRow, entry: str, amount: int, until: datetime | None = None) -> None:
    short = extras.purse.fill(row, entry, amount, at=occurred(doc), cause=extras.cause(doc), expires_at=until)
    ref = entry.partition("+")[2]
    if short:
        extras.short[doc.id][ref] = short
    if short > doc.extras.get("short", {}).get(ref, 0):
        extras.find(doc, "spent", row.code, short)


def _take_back(extras: Extras, doc: Doc, row: VoucherRow, ref: str, entry: str) -> None:
    _fill(extras, doc, row, entry, 0)
    if not ref.startswith("load/") and row.state in ("active", "blocked"):
        row.state, row.reason, row.updated_at = "cancelled", "undone", extras.purse.now
        extras.withdrawn.setdefault(doc.id, []).append(row.code)
