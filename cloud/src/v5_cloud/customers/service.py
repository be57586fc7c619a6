"""Customers read: search, record, movements with their explanations. REST and pages call the same."""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import Row

from v5_cloud.customers.keys import card_key, fold, identity_key, phone_e164, tax_key
from v5_cloud.customers.repository import CustomerRepository, Pair
from v5_cloud.customers.schemas import (
    CardItem,
    CustomerItem,
    CustomerRecord,
    Drawn,
    Lapse,
    MovementExplanation,
    MovementItem,
    MovementPart,
    MovementRecord,
    Shopping,
)
from v5_cloud.customers.sounding import keys_of
from v5_cloud.events.service import explanations
from v5_cloud.kit.container import Container
from v5_cloud.kit.pagination import Page, decode, instant, page_of
from v5_cloud.kit.tenant import Scope
from v5_cloud.models import CustomerRow, DocumentRow, PostingRow
from v5_cloud.sales.explanations import of_movement, told
from v5_cloud.tenants.service import company_info
from v5_core.errors import NotFoundError, ValidationError
from v5_core.hooks import Explanation
from v5_core.model import CardKind

__all__ = ["count", "get", "movement", "movements", "revision_of", "search", "search_keys"]

_WORDS: Final = 6
_LAPSING: Final = 60


def search_keys(text: str, country: str = "PT") -> tuple[str, ...]:
    """Keys that a typed or scanned text may be."""
    bare = text.strip()
    phone = phone_e164(bare, country)
    tax = tax_key(bare, country)
    proofs: list[str] = []
    for kind in ("national", "passport"):
        with contextlib.suppress(ValidationError):
            proofs.append(identity_key(bare, kind, country))
    return (*(key for key in (card_key(bare), f"id:{bare}", f"phone:{phone}" if phone else None, tax) if key), *proofs)


def _wanted(query: str) -> tuple[list[str], tuple[str, ...]]:
    squeezed = "".join(query.split())
    # A card or phone number that was typed or pasted with spaces is one word.
    whole = squeezed if squeezed.lstrip("+").isdigit() else query
    return fold(whole).split()[:_WORDS], search_keys(whole) if squeezed else ()


def search(container: Container, scope: Scope, query: str = "", *, cursor: str | None = None, limit: int = 50) -> Page[CustomerItem]:
    """Customers by what one types: name, e-mail, card, phone, tax or ERP number, also in part; all of them without a query.

    When nobody is written so, those whose names sound so, in either script.
    """
    after = decode(cursor, 2)
    words, keys = _wanted(query)
    with container.database.read(scope) as session:
        repository = CustomerRepository(session, scope)
        place = (after[0], after[1]) if after else None
        rows = repository.search(words, keys, place, limit + 1, wide=True)
        if not rows and (heard := keys_of(query)):
            rows = repository.by_sound(heard, place, limit + 1)
        ids = [row[0].id for row in rows]
        cards: dict[str, list[str]] = {}
        for card in repository.cards(ids):
            if card.active:
                cards.setdefault(card.customer_id, []).append(card.number)
        bought = repository.shopping(ids)
        return page_of(
            rows,
            limit,
            lambda row: _item(row, cards.get(row[0].id, []), _shopping(bought.get(row[0].id))),
            lambda row: (row[0].search, row[0].id),
        )


def count(container: Container, scope: Scope, query: str = "") -> int:
    """How many customers the search finds."""
    with container.database.read(scope) as session:
        repository = CustomerRepository(session, scope)
        heard = keys_of(query)
        return repository.matches(*_wanted(query)) or (repository.count_by_sound(heard) if heard else 0)


def revision_of(customer: CustomerRow) -> str:
    """Changes with whatever a person may change in a record, whoever writes it."""
    said = [
        customer.name,
        customer.phone,
        customer.email,
        str(customer.birth_date or ""),
        customer.remark,
        customer.consent_sms,
        customer.consent_email,
        customer.consent_post,
        customer.blocked,
    ]
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()[:20]


def get(container: Container, scope: Scope, customer_id: str) -> CustomerRecord:
    """One customer.

    Raises:
        NotFoundError: Not one of this tenant's.
    """
    with container.database.read(scope) as session:
        repository = CustomerRepository(session, scope)
        customer, account = _known(repository, customer_id)
        zone = company_info(container, Scope(scope.tenant, customer.company_id)).default_zone
        cards = [
            CardItem(number=row.number, kind=CardKind(row.kind), card_type=row.card_type, active=row.active, created_at=row.created_at)
            for row in repository.cards([customer.id])
        ]
        return CustomerRecord(
            id=customer.id,
            company=customer.company_id,
            revision=revision_of(customer),
            name=customer.name,
            phone=customer.phone,
            email=customer.email,
            tax_number=customer.tax_number,
            tax_country=customer.tax_country,
            birth_date=customer.birth_date,
            home_store=customer.home_store,
            remark=customer.remark,
            origin=customer.origin,
            member_since=customer.member_since,
            blocked=customer.blocked,
            inactive=customer.inactive,
            consent_sms=customer.consent_sms,
            consent_email=customer.consent_email,
            consent_post=customer.consent_post,
            referred_by=customer.referred_by,
            cards=sorted(cards, key=lambda card: not card.active),
            keys=[str(key) for key in customer.keys],
            balance=account.balance,
            available=account.balance - account.held,
            held=account.held,
            earned=account.earned,
            spent=account.spent,
            expiring=account.expiring,
            expiring_on=account.expiring_on,
            lapsing=_lapsing(repository, account.id, zone),
            shopping=_shopping(repository.shopping([customer.id]).get(customer.id)),
            created_at=customer.created_at,
            updated_at=customer.updated_at,
        )


def movements(container: Container, scope: Scope, customer_id: str, *, cursor: str | None = None, limit: int = 50) -> Page[MovementItem]:
    """Movements of points, newest first, each with the balance afterwards and why.

    Raises:
        NotFoundError: Not one of this tenant's.
    """
    after = decode(cursor, 3)
    with container.database.read(scope) as session:
        repository = CustomerRepository(session, scope)
        account = _known(repository, customer_id)[1].id
        before = (instant(after[0]), instant(after[1]), after[2]) if after else None
        rows = repository.movements(account, before, limit + 1)
        parts = _parts(repository, account, rows)
        events = explanations(container, session, scope, rows)
        language = _language(container, scope)
        return page_of(
            rows,
            limit,
            lambda row: _movement(row, parts, events, language),
            lambda row: (row.at.isoformat(), row.written_at.isoformat(), row.id),
        )


def movement(container: Container, scope: Scope, customer_id: str, movement_id: str) -> MovementRecord:
    """One movement in full.

    Raises:
        NotFoundError: Not one of this customer's, or the customer not one of this tenant's.
    """
    with container.database.read(scope) as session:
        repository = CustomerRepository(session, scope)
        account = _known(repository, customer_id)[1].id
        rows = repository.movements(account, None, 1, only=movement_id)
        if not rows:
            raise NotFoundError("There is no such movement.")
        row = rows[0]
        spent = row.operation in {"spend", "take"}
        drawn = repository.drawn(account, row.entry, row.operation) if spent else []
        lots = repository.lots(account, row.entry) if row.operation == "earn" else []
        events = explanations(container, session, scope, rows)
        return MovementRecord(
            **dict(_movement(row, _parts(repository, account, rows), events, _language(container, scope))),
            drawn=[Drawn(points=points, earned_at=earned, expires_at=expires) for points, earned, expires in drawn],
            good_until=next((lot.expires_at for lot in lots if lot.expires_at), None),
        )


def explanation(container: Container, scope: Scope, customer_id: str, movement_id: str, language: str) -> MovementExplanation:
    """Why a movement is what it is, in a language; "" leaves it as it is stored.

    Raises:
        NotFoundError: Not one of this customer's, or the customer not one of this tenant's.
    """
    found = movement(container, scope, customer_id, movement_id)
    said, complete = told(found.explanations, language, found.currency) if language else (found.explanations, True)
    return MovementExplanation(movement=found.id, points=found.points, language=language, complete=complete, explanations=said)


def _known(repository: CustomerRepository, customer_id: str) -> Pair:
    pair = repository.get(customer_id)
    if pair is None:
        raise NotFoundError("There is no such customer.")
    return pair


def _item(pair: Pair, cards: list[str], shopping: Shopping) -> CustomerItem:
    customer, account = pair
    return CustomerItem(
        id=customer.id,
        name=customer.name,
        phone=customer.phone,
        email=customer.email,
        tax_number=customer.tax_number,
        cards=cards,
        available=account.balance - account.held,
        blocked=customer.blocked,
        inactive=customer.inactive,
        shopping=shopping,
    )


def _shopping(sums: tuple[int, int, datetime | None] | None) -> Shopping:
    return Shopping(visits=sums[0], gross=sums[1], last=sums[2]) if sums else Shopping()


def _lapsing(repository: CustomerRepository, account: str, zone: ZoneInfo) -> list[Lapse]:
    days: dict[date, int] = {}
    for at, points in repository.lapsing(account):
        # The instant is the end of the last day, which is the next day's first moment. One day is one row, from however many earnings.
        day = (at - timedelta(microseconds=1)).astimezone(zone).date()
        days[day] = days.get(day, 0) + int(points)
    return [Lapse(on=day, points=points) for day, points in list(days.items())[:_LAPSING]]


def _parts(repository: CustomerRepository, account: str, rows: Sequence[Row[Any]]) -> dict[tuple[Any, ...], list[PostingRow]]:
    found: dict[tuple[Any, ...], list[PostingRow]] = {}
    for one in repository.postings(account, {row.entry for row in rows}):
        found.setdefault((one.entry, one.operation, one.at), []).append(one)
    return found


def _language(container: Container, scope: Scope) -> Callable[[DocumentRow], str]:
    """In which language a document's store speaks."""
    return lambda document: company_info(container, Scope(scope.tenant, document.company_id)).language(document.store)


def _movement(
    row: Row[Any],
    parts: dict[tuple[Any, ...], list[PostingRow]],
    events: dict[str, list[Explanation]],
    language: Callable[[DocumentRow], str],
) -> MovementItem:
    document: DocumentRow | None = row.DocumentRow
    mine = parts.get((row.entry, row.operation, row.at), [])
    rules = {one.rule for one in mine}
    if document:
        said = of_movement(document, row.operation, int(row.points), rules, language(document))
    else:
        found = events.get(row.id, [])
        said = [one for one in found if one.rule in rules] or found
    return MovementItem(
        id=row.id,
        at=row.at,
        operation=row.operation,
        points=int(row.points),
        balance=int(row.balance),
        parts=[MovementPart(programme=one.programme, rule=one.rule, points=one.points) for one in mine],
        store=document.store if document else row.store,
        document=document.id if document else None,
        number=document.number if document else None,
        kind=document.kind if document else None,
        gross=document.gross if document else None,
        currency=document.currency if document else None,
        explanations=said,
    )
