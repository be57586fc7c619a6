"""What returns give back of the stored value that had paid for their sales: never more than was paid, and once."""

from __future__ import annotations

from collections.abc import Iterable

from v5_cloud.models import VoucherRow
from v5_cloud.settlement.document import Doc
from v5_cloud.settlement.extras import Extras
from v5_cloud.settlement.making import occurred
from v5_core.money import ratio
from v5_core.stored import MEANS

__all__ = ["Given", "give_back", "given_back", "given_of", "unlink"]

Given = dict[str, dict[str, tuple[int, int]]]
"""By return and code: what it gives back now, and before."""


def give_back(extras: Extras, sale: Doc, returns: Iterable[Doc], row: VoucherRow, given: Given) -> None:
    """Brings what returns gave back on one card to what they should give."""
    parts = [(doc, *given[doc.id].get(row.code, (0, 0))) for doc in returns]
    # What one return gives back less, when an earlier one becomes known, is there for that one.
    for doc, part, _ in sorted(parts, key=lambda one: one[1] >= one[2]):
        amount = part if sale.counts else 0
        extras.purse.give_back(row, f"{doc.id}>{sale.id}", sale.id, amount, at=occurred(doc), cause=extras.cause(doc))


def given_back(extras: Extras, sale: Doc, returns: Iterable[Doc], paid: dict[str, int]) -> Given:
    """What returns give back of stored value, by return and code (now, before): as payments say, else in proportion.

    Never more than was paid, whichever return says so. Kept with the return also while the sale is cancelled: its money comes back by
    that, and not a second time by the return.
    """
    found: Given = {}
    returned, gross, left = 0, max(1, sale.body.gross), dict(paid)
    for doc in returns:
        leg = doc.legs().get(sale.id) if doc.counts else None
        before, now = min(gross, returned), min(gross, returned + (leg.gross if leg is not None else 0))
        returned, was = now, given_of(doc).get(sale.id, {})
        parts: dict[str, int] = {}
        said = _said(extras, doc, sale) if leg is not None else {}
        for code, amount in sorted(paid.items()):
            row = extras.purse.row(code)
            if row is None:
                continue
            # What is said without a code goes to whatever of that kind had paid, one after the other.
            named, loose = (said.get(code, 0), said.get(row.kind, 0)) if said is not None else (0, 0)
            share = ratio(amount, now, gross) - ratio(amount, before, gross) if said is None else named + loose
            parts[code] = min(share, left[code])
            left[code] -= parts[code]
            if said is not None:
                said[row.kind] = loose - max(0, parts[code] - named)
        found[doc.id] = {code: (part, was.get(code, 0)) for code, part in parts.items()}
        kept = {**given_of(doc), sale.id: {code: part for code, part in parts.items() if part}}
        doc.extras = {name: value for name, value in {**doc.extras, "given": {k: v for k, v in kept.items() if v}}.items() if value}
    return found


def given_of(doc: Doc) -> dict[str, dict[str, int]]:
    """What a return gives back of each sale that it points at, by code."""
    return {sale: parts for sale, parts in doc.extras.get("given", {}).items() if sale in doc.links.values()}


def _said(extras: Extras, doc: Doc, sale: Doc) -> dict[str, int] | None:
    """What a return says it paid out, by code, or by kind where it names none; what it gave back of other sales is taken off."""
    if not doc.body.payments:
        return None
    found: dict[str, int] = {}
    for payment in doc.body.payments:
        row, kind = extras.purse.row(payment.code or ""), MEANS.get(payment.method)
        name = kind if not payment.code else row.code if row is not None and row.kind == kind else None
        if name is not None:
            found[name] = found.get(name, 0) + payment.amount
    for other, parts in given_of(doc).items():
        for code, part in parts.items() if other != sale.id else ():
            row = extras.purse.row(code)
            named = min(part, found.get(code, 0))
            found[code] = found.get(code, 0) - named
            if row is not None:
                found[row.kind] = max(0, found.get(row.kind, 0) - (part - named))
    return found


def unlink(extras: Extras, doc: Doc, sale: str) -> None:
    """Takes back what a return gave back of a sale's payment: it is of another sale, or no return."""
    given = dict(doc.extras.get("given", {}))
    for code in given.pop(sale, {}):
        row = extras.purse.row(code)
        if row is not None:
            extras.purse.give_back(row, f"{doc.id}>{sale}", sale, 0, at=occurred(doc), cause=extras.cause(doc))
    doc.extras = {name: value for name, value in {**doc.extras, "given": given}.items() if value}
