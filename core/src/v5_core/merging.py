"""One document as several sources tell it: what each knows better, in a documented order of trust."""

from __future__ import annotations

from typing import Final

from v5_core.model import DocumentStatus, Origin, SalesDocument

__all__ = ["TRUST", "merge"]

# What a later source knows better: the ERP's own record, then its legal export, then the till's call, then paper.
TRUST: Final = {Origin.ERP: 4, Origin.SAFT: 3, Origin.HOOK: 2, Origin.PRINT: 1}


def merge(known: SalesDocument, new: SalesDocument) -> SalesDocument:
    """What is known of one document after another source told its part.

    Trust goes by `TRUST`; within the same origin the newer report wins. A cancellation is never forgotten, except by the same
    source. A customer is taken from whoever knows one; where the card was seen (the till) wins, however many reports lie between.
    """
    better, other = (new, known) if TRUST[new.origin] >= TRUST[known.origin] else (known, new)
    update: dict[str, object] = {}
    if not better.lines and other.lines and other.gross == better.gross:
        update |= {"lines": other.lines, "net": other.net}
    # Only the till knows which hold and which gift card paid.
    named = any(p.hold or p.code for p in other.payments)
    if not better.payments or (named and not any(p.hold or p.code for p in better.payments)):
        update["payments"] = other.payments or better.payments
    known_better, known_other = better.customer.strength, other.customer.strength
    if known_other > known_better or (known_other == known_better and other.origin is Origin.HOOK):
        update["customer"] = other.customer
    for name in ("till", "operator", "document_type", "refs", "applied", "printed", "fiscal"):
        if not getattr(better, name) and getattr(other, name):
            update[name] = getattr(other, name)
    same_source = known.source == new.source
    if not same_source and other.status is DocumentStatus.CANCELLED and better.status is DocumentStatus.ISSUED:
        update |= {"status": other.status, "cancelled_at": other.cancelled_at, "cancel_reason": other.cancel_reason}
    return better.model_copy(update=update) if update else better
