"""What the manager is told of sales: each use of an offer that says so (a VIP card), each voucher of a rule that says so."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

from sqlalchemy.orm import Session

from v5_cloud.customers.repository import CustomerRepository
from v5_cloud.kit.bulk import WriteSet
from v5_cloud.kit.tenant import Scope
from v5_cloud.messages.service import Addressee, queue
from v5_cloud.models import MessageRow
from v5_cloud.programmes.service import Catalogue
from v5_cloud.settlement.document import Doc
from v5_cloud.settlement.world import World
from v5_core.engine import noticed
from v5_core.words import words_of

__all__ = ["tell_manager"]

# A sale of long ago that is told now (a file of last year's) is no news.
_NEWS: Final = timedelta(days=7)


def tell_manager(scope: Scope, session: Session, world: World, programmes: Callable[[], Catalogue], writes: WriteSet) -> None:
    """Puts the messages of what sales report now into the transaction's write set. Costs nothing where nobody is to be told."""
    for doc in world.docs.values():
        if doc.fresh and doc.counts and not doc.is_return and (doc.body.applied or doc.extras.get("issued")):
            store = world.company.stores[doc.body.store]
            to = Addressee(store.manager_email, store.manager_phone)
            if to and world.now - doc.body.issued_at <= _NEWS:
                writes.put(MessageRow, _told(scope, session, world, world.catalogue or programmes(), doc, to), "keep")


def _told(scope: Scope, session: Session, world: World, known: Catalogue, doc: Doc, to: Addressee) -> list[dict[str, Any]]:
    at = doc.body.issued_at
    offers = {f"{programme}/{offer.id}": offer.title or offer.id for programme, offer in noticed(known.at(at), doc.body)}
    rules = {f"{one.id}/{rule.id}": rule.title or rule.id for one in known.programmes(at) for rule in one.vouchers if rule.notify}
    given = {ref: rules[ref] for ref in doc.extras.get("issued", {}) if ref in rules}
    if not (offers or given):
        return []
    words = words_of(world.company.language(doc.body.store), doc.body.currency)
    local = at.astimezone(world.zone(doc))
    pair = CustomerRepository(session, scope).get(doc.customer) if doc.customer else None
    values = {
        "who": (pair[0].name if pair else "") or doc.body.customer.card or words.say("notice_nobody"),
        "store": world.company.stores[doc.body.store].name,
        "amount": words.money(doc.body.gross),
        "number": doc.body.fiscal.number if doc.body.fiscal else doc.body.source_id,
        "time": f"{words.day(local.date())} {local:%H:%M}",
    }
    rows: list[dict[str, Any]] = []
    for topic, message, found in (("offer.used", "notice_offer", offers), ("voucher.made", "notice_voucher", given)):
        for ref, title in found.items():
            text = words.say(message, title=title, **values)
            heading = f"{title}: {values['store']}"
            rows += queue(scope, to, topic, doc.id, heading, text, world.now, about=doc.customer or "", part=ref)
    return rows
