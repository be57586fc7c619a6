"""Customers read: search, record, movements with their explanations."""

from __future__ import annotations

import json

from v5_cloud.customers.keys import card_key, fold, phone_e164, tax_key
from v5_cloud.customers.repository import CustomerRepository
from v5_cloud.customers.schemas import CustomerItem, CustomerRecord, MovementItem
from v5_cloud.kit.container import Container
from v5_cloud.kit.pagination import Page, decode, instant, page_of
from v5_cloud.kit.tenant import Scope
from v5_cloud.models import AccountRow, CustomerRow, DocumentRow, PostingRow
from v5_core.engine import Settlement
from v5_core.errors import NotFoundError
from v5_core.hooks import Explanation
from v5_core.model import Card, CardKind

__all__ = ["get", "movements", "search", "search_keys"]


def search_keys(text: str, country: str = "PT") -> tuple[str, ...]:
    """Keys that a typed or scanned text may be."""
    bare = text.strip()
    phone = phone_e164(bare, country)
    tax = tax_key(bare, country)
    return tuple(key for key in (card_key(bare), f"id:{bare}", f"phone:{phone}" if phone else None, tax) if key)


def search(container: Container, scope: Scope, query: str = "", *, cursor: str | None = None, limit: int = 50) -> Page[CustomerItem]:
    """Customers by name, card, phone or tax number; all of them without a query."""
    after = decode(cursor, 2)
    words = fold(query).split()[:6]
    with container.database.read(scope) as session:
        repository = CustomerRepository(session, scope)
        rows = repository.search(words, search_keys(query) if query.strip() else (), (after[0], after[1]) if after else None, limit + 1)
        return page_of(rows, limit, lambda row: _item(row[0], row[1]), lambda row: (row[0].search, row[0].id))


def get(container: Container, scope: Scope, customer_id: str) -> CustomerRecord:
    """One customer.

    Raises:
        NotFoundError: Not one of this tenant's.
    """
    with container.database.read(scope) as session:
        repository = CustomerRepository(session, scope)
        pair = repository.get(customer_id)
        if pair is None:
            raise NotFoundError("There is no such customer.")
        customer, account = pair
        cards = [
            Card(number=row.number, kind=CardKind(row.kind), card_type=row.card_type, active=row.active)
            for row in repository.cards([customer.id])
        ]
        return CustomerRecord(
            id=customer.id,
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
            cards=cards,
            keys=[str(key) for key in customer.keys],
            balance=account.balance,
            available=account.balance - account.held,
            held=account.held,
            earned=account.earned,
            spent=account.spent,
            expiring=account.expiring,
            expiring_on=account.expiring_on,
            created_at=customer.created_at,
            updated_at=customer.updated_at,
        )


def movements(container: Container, scope: Scope, customer_id: str, *, cursor: str | None = None, limit: int = 50) -> Page[MovementItem]:
    """Movements of points, newest first, each with why.

    Raises:
        NotFoundError: Not one of this tenant's.
    """
    after = decode(cursor, 2)
    with container.database.read(scope) as session:
        repository = CustomerRepository(session, scope)
        pair = repository.get(customer_id)
        if pair is None:
            raise NotFoundError("There is no such customer.")
        before = (instant(after[0]), after[1]) if after else None
        rows = repository.movements(pair[1].id, before, limit + 1)
        return page_of(rows, limit, lambda row: _movement(row[0], row[1]), lambda row: (row[0].at.isoformat(), row[0].id))


def _item(customer: CustomerRow, account: AccountRow) -> CustomerItem:
    return CustomerItem(
        id=customer.id,
        name=customer.name,
        phone=customer.phone,
        email=customer.email,
        tax_number=customer.tax_number,
        cards=[key.removeprefix("card:") for key in customer.keys if key.startswith("card:")],
        available=account.balance - account.held,
        blocked=customer.blocked,
        inactive=customer.inactive,
    )


def _movement(posting: PostingRow, document: DocumentRow | None) -> MovementItem:
    return MovementItem(
        id=posting.id,
        at=posting.at,
        operation=posting.operation,
        points=posting.points,
        programme=posting.programme,
        rule=posting.rule,
        store=posting.store,
        document=document.id if document else None,
        number=document.number if document else None,
        kind=document.kind if document else None,
        gross=document.gross if document else None,
        explanations=_explanations(posting, document),
    )


def _explanations(posting: PostingRow, document: DocumentRow | None) -> list[Explanation]:
    if document is None:
        return []
    # A return's explanations lie in its reply: they lean on the settlement of the sale it points at.
    stored = document.answer.get("explanations") or []
    found = [Explanation.model_validate_json(json.dumps(one)) for one in stored]
    if not found:
        found = list(Settlement.from_json(json.dumps(document.settlement)).explanations)
    mine = [one for one in found if one.rule == posting.rule]
    return mine or found
