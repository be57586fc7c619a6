"""What a return takes back of a sale that was captured here, and what a cancellation undoes, as this store can tell."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, NamedTuple

from v5_agent.effects import Effects
from v5_agent.outbox import Outbox
from v5_core.engine import Settlement, reversal
from v5_core.hooks import CommitResponse, ReturnResponse
from v5_core.model import DocumentStatus, PaymentMethod, SalesDocument
from v5_core.push import ReplicaCustomer

if TYPE_CHECKING:
    from v5_agent.local import Local

__all__ = ["Returned", "Returning", "point_holds"]


class Returned(NamedTuple):
    """What a return does: whose it is, in words, and the points that it takes and gives."""

    customer: ReplicaCustomer | None
    settlement: Settlement
    taken: int = 0
    given: int = 0


class Returning:
    """Reads."""

    def __init__(self, local: Local, outbox: Outbox, effects: Effects) -> None:
        self._local = local
        self._outbox = outbox
        self._effects = effects

    def effect(self, document: SalesDocument, customer: ReplicaCustomer | None) -> Returned:
        """What a return does that names its sale."""
        sale = self._named(document)
        if sale is None:
            return Returned(customer, Settlement())
        language = self._local.language
        buyer = customer or self._local.replica.resolve(sale.customer, sale.source)
        original = self._as_told(sale, buyer)
        returned: Mapping[str, int] = {}
        for earlier in self._earlier_returns(sale, document):
            returned = reversal(original, returned, earlier, language=language).returned
        back = reversal(original, returned, document, language=language)
        return Returned(buyer, Settlement(explanations=back.explanations), back.points_taken, back.points_given)

    def undone(self, aggregate: str) -> tuple[str, int] | None:
        """Whose points change, and by how many, when a document that the replica shows is cancelled; None: only the cloud knows."""
        document = self._latest([aggregate])
        if document is None or self._earlier_returns(document, document):
            return None
        customer = self._local.replica.resolve(document.customer, document.source)
        sold = self._effects.answer_of("commit", aggregate, CommitResponse)
        back = self._effects.answer_of("return", aggregate, ReturnResponse)
        points = (sold.points_spent - sold.points_earned if sold else 0) + (back.points_taken - back.points_given if back else 0)
        return (customer.points_of, points) if customer is not None and points else None

    def _as_told(self, sale: SalesDocument, buyer: ReplicaCustomer | None) -> Settlement:
        """What a sale did when it was told: the replica may count the sale's own uses of limits and caps by now."""
        compiled = self._local.replica.facts.compiled
        if compiled is None:
            return Settlement()
        told = self._effects.answer_of("commit", sale.keys[0], CommitResponse)
        spent = self._local.own.spent(sale, self._effects.held_points(point_holds(sale))) or (told.points_spent if told else 0)
        first = self._local.settled(compiled, sale, buyer, spent)
        if told is None or first.points_earned == told.points_earned:
            return first
        alone = self._local.settled(compiled, sale, buyer, spent, used=False)
        return alone if alone.points_earned == told.points_earned else first

    def _earlier_returns(self, sale: SalesDocument, document: SalesDocument) -> list[SalesDocument]:
        """Other returns of the sale that this store knows of, in order; cancelled and refused ones do not count."""
        # Returns are few, and a till waits seconds for one: no index is kept for this.
        rows = self._outbox.db.read(
            "SELECT payload FROM outbox WHERE type = 'document' AND state <> 'quarantined'"
            """ AND instr(CAST(payload AS TEXT), '"kind":"return"') > 0"""
            " AND aggregate_id NOT IN (SELECT aggregate_id FROM outbox WHERE type = 'cancel') ORDER BY seq"
        )
        latest: dict[str, SalesDocument] = {}
        for row in rows:
            one = _read(row["payload"])
            latest[one.keys[0]] = one
        return [
            one
            for key, one in latest.items()
            if key not in document.keys and one.status is DocumentStatus.ISSUED and not set(sale.keys).isdisjoint(_pointed_at(one))
        ]

    def _named(self, document: SalesDocument) -> SalesDocument | None:
        """The sale a return points at, when it was captured here: by the key it is known by, or else by its source's own number."""
        found = self._latest(_pointed_at(document))
        if found is not None:
            return found
        for name in _names(document):
            part = f'"source_id":{json.dumps(name, ensure_ascii=False)}'
            rows = self._outbox.db.read(
                "SELECT payload FROM outbox WHERE type = 'document' AND instr(CAST(payload AS TEXT), ?) > 0 ORDER BY seq DESC", (part,)
            )
            for one in (_read(row["payload"]) for row in rows):
                if one.source == document.source and one.source_id == name and not set(one.keys) & set(document.keys):
                    return one
        return None

    def _latest(self, aggregates: Iterable[str]) -> SalesDocument | None:
        for aggregate in aggregates:
            rows = self._outbox.db.read(
                "SELECT payload FROM outbox WHERE aggregate_id = ? AND type = 'document' ORDER BY seq DESC LIMIT 1", (aggregate,)
            )
            if rows:
                return _read(rows[0]["payload"])
        return None


def point_holds(document: SalesDocument) -> tuple[str, ...]:
    """Holds whose points a sale used; one that paid with a gift card only used none."""
    return tuple(payment.hold for payment in document.payments if payment.hold and payment.method is PaymentMethod.POINTS)


def _read(payload: str | bytes) -> SalesDocument:
    return SalesDocument.model_validate(json.loads(payload)["document"])


def _names(document: SalesDocument) -> list[str]:
    names = [ref.document for ref in document.refs] + [line.reference.document for line in document.lines if line.reference]
    return list(dict.fromkeys(names))


def _pointed_at(document: SalesDocument) -> list[str]:
    """Keys by which the documents that a return names may be known here."""
    keys: list[str] = []
    for name in _names(document):
        if document.fiscal:
            keys.append(f"fiscal:{document.fiscal.issuer.upper()}:{' '.join(name.upper().split())}")
        keys += [f"source:{document.source}:{name}", name]
    return keys
