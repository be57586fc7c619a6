"""What the manager is told: each use of an offer that says so (a VIP card), each voucher of a rule that says so, each run of one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy.orm import Session

from v5_cloud.customers.repository import CustomerRepository
from v5_cloud.kit.bulk import WriteSet
from v5_cloud.kit.tenant import Scope
from v5_cloud.messages.service import Addressee, queue
from v5_cloud.models import CustomerRow, MessageRow, VoucherRow
from v5_cloud.programmes.service import Catalogue
from v5_cloud.settlement.document import Doc
from v5_cloud.settlement.world import World
from v5_cloud.tenants.service import CompanyInfo
from v5_core.engine import noticed
from v5_core.words import Words, words_of

__all__ = ["given", "tell_manager", "tell_run"]

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


def given(scope: Scope, company: CompanyInfo, rule: str, row: VoucherRow, customer: CustomerRow, now: datetime) -> list[dict[str, Any]]:
    """Rows of messages for a voucher that no sale made: to the manager of the customer's store, or of the company.

    Args:
        scope: Whose.
        company: With its managers.
        rule: The rule with its occurrence; the same is told once.
        row: The voucher.
        customer: Who got it.
        now: When.
    """
    found: list[dict[str, Any]] = []
    for number, (to, words, place) in enumerate(_managers(company, customer.home_store)):
        until = (row.valid_until or now) - timedelta(microseconds=1)
        values = {"title": row.title or row.type, "value": _worth(words, row), "who": customer.name or words.say("notice_nobody")}
        text = words.say("notice_given", **values, store=place, day=words.day(until.astimezone(company.default_zone).date()))
        heading = f"{row.title or row.type}: {place}"
        found += queue(scope, to, "voucher.made", customer.id, heading, text, now, about=customer.id, part=f"{rule}#{number}")
    return found


def tell_run(
    scope: Scope, company: CompanyInfo, run: str, title: str, count: int, total: int, rate: int, now: datetime
) -> list[dict[str, Any]]:  # fmt: skip
    """Rows of messages for vouchers that many customers got at once: how many, and what in all or at which rate; not who."""
    found: list[dict[str, Any]] = []
    for number, (to, words, place) in enumerate(_managers(company, "")):
        text = words.say("notice_run", title=title, count=words.number(str(count)), value=words.money(total) if total else words.rate(rate))
        found += queue(scope, to, "voucher.run", run, f"{title}: {place}", text, now, part=str(number))
    return found


def _managers(company: CompanyInfo, code: str) -> list[tuple[Addressee, Words, str]]:
    """Who is told of what happens at a store, or at none: then the company's manager or, without one, those of all stores."""
    store = company.stores.get(code)
    if store is not None:
        people = [(Addressee(store.manager_email, store.manager_phone), code, store.name)]
    elif company.manager_email or company.manager_phone:
        people = [(Addressee(company.manager_email, company.manager_phone), next(iter(company.stores), ""), company.name)]
    else:
        each = {Addressee(one.manager_email, one.manager_phone): one.code for one in company.stores.values()}
        people = [(to, one, company.name) for to, one in each.items()]
    return [(to, words_of(company.language(one), company.currency), place) for to, one, place in people if to]


def _worth(words: Words, row: VoucherRow) -> str:
    return words.rate(row.percent) if row.percent else words.money(row.face) if row.face else row.offer
