"""Cards handed over, changed and blocked: points cards, discount and VIP cards with a rate and a last day."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.orm import Session

from v5_cloud.customers.rates import rates_of
from v5_cloud.customers.repository import CustomerRepository
from v5_cloud.hooks.once import once
from v5_cloud.kit.container import Container
from v5_cloud.kit.tenant import Scope
from v5_cloud.membership.schemas import CardChange, CardRequest
from v5_cloud.models import CardRow, CustomerKey, CustomerRow
from v5_cloud.settlement.pending import settle_pending
from v5_cloud.tenants.service import epoch_base
from v5_cloud.tenants.setup import audit
from v5_core.errors import ConflictError, FieldError, NotFoundError
from v5_core.model import Card, CardKind

__all__ = ["added", "changed"]


def added(container: Container, scope: Scope, customer: str, request: CardRequest, *, actor: str) -> Card:
    """One more card of a customer; what was sold with it before it was known counts now.

    Raises:
        ConflictError: The card is somebody's already.
        NotFoundError: No such customer.
    """
    now = container.clock()

    def work(session: Session) -> Card:
        repository = CustomerRepository(session, scope)
        person, account = _known(repository, customer)
        key = f"card:{request.number}"
        if repository.taken([key]):
            wrong = FieldError("number", "card_taken", "scan another card")
            raise ConflictError("The card is somebody's already.", code="card_taken", errors=(wrong,))
        row = CardRow(
            tenant_id=scope.tenant, company_id=scope.company, number=request.number, customer_id=customer, kind=request.kind.value,
            card_type=request.card_type, active=True, rate=request.rate, valid_until=request.valid_until, created_at=now,
        )  # fmt: skip
        repository.add(row, CustomerKey(tenant_id=scope.tenant, company_id=scope.company, key=key, customer_id=customer))
        person.keys = [*person.keys, key]
        session.flush()
        _carry(person, repository.cards([customer]))
        person.updated_at = now
        repository.add(audit(scope, now, actor, "card.add", customer))
        session.flush()
        repository.touch(account, epoch_base(container))
        return _card(row)

    found = once(container, scope, f"card:{customer}", request.request_id, request, Card, work)
    settle_pending(container, scope, [f"card:{found.number}"])
    return found


def changed(container: Container, scope: Scope, customer: str, number: str, request: CardChange, *, actor: str) -> Card:
    """A card's rate, last day, or whether it counts at all; what is left out stays.

    Raises:
        NotFoundError: Not a card of this customer.
    """
    now = container.clock()
    with container.database.write(scope) as session:
        repository = CustomerRepository(session, scope)
        person, account = _known(repository, customer)
        row = next((one for one in repository.cards([customer]) if one.number == number), None)
        if row is None:
            raise NotFoundError("There is no such card.")
        for name in request.model_fields_set:
            setattr(row, name, getattr(request, name))
        session.flush()
        _carry(person, repository.cards([customer]))
        person.updated_at = now
        repository.add(audit(scope, now, actor, "card.change", customer))
        session.flush()
        repository.touch(account, epoch_base(container))
        return _card(row)


def _known(repository: CustomerRepository, customer: str) -> tuple[CustomerRow, str]:
    person, pair = repository.locked(customer), repository.get(customer)
    if person is None or pair is None:
        raise NotFoundError("There is no such customer.", code="unknown_customer")
    return person, pair[1].id


def _carry(person: CustomerRow, cards: Sequence[CardRow]) -> None:
    # Which programmes apply, and at which rate, is known with the customer: a sale reads no card.
    person.card_types = sorted({card.card_type for card in cards if card.active})
    person.rates = rates_of(cards)


def _card(row: CardRow) -> Card:
    return Card(
        number=row.number, kind=CardKind(row.kind), card_type=row.card_type, active=row.active, rate=row.rate, valid_until=row.valid_until
    )
