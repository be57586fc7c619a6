"""What a till may see of a customer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from v5_cloud.customers.rates import card_rate
from v5_cloud.customers.repository import CustomerRepository, Pair
from v5_cloud.ledger.repository import LedgerRepository
from v5_cloud.ledger.working import Working
from v5_cloud.models import AccountRow, CustomerRow
from v5_core.engine import CustomerFacts, record_attributes
from v5_core.hooks import CustomerView, Message
from v5_core.model import Balance, Card, CardKind
from v5_core.words import Words

__all__ = ["facts_of", "views", "working_of"]


def working_of(ledger: LedgerRepository, accounts: Sequence[AccountRow], now: datetime) -> Working:
    """The accounts with their open holds and what their lots come to."""
    working = Working(ledger.scope.company, now)
    working.load(accounts, (), ())
    ledger.outline(working, [account.id for account in accounts])
    return working


def facts_of(customer: CustomerRow, working: Working, account: str, now: datetime) -> CustomerFacts:
    """What the engine may know."""
    return CustomerFacts(
        customer=customer.id,
        card_types=frozenset(customer.card_types),
        birth_date=customer.birth_date,
        member_since=customer.member_since,
        balance_available=working.available(account, now),
        held=working.held(account),
        blocked=customer.blocked,
        card_rate=card_rate(customer.rates, now.date()),
        attributes=record_attributes(customer),
    )


def views(
    customers: CustomerRepository, ledger: LedgerRepository, pairs: Sequence[Pair], now: datetime, zone: ZoneInfo, words: Words
) -> list[CustomerView]:
    """Customers with cards and balances; `words` are the store's."""
    working = working_of(ledger, [account for _, account in pairs], now)
    cards: dict[str, list[Card]] = {}
    for row in customers.cards([customer.id for customer, _ in pairs]):
        card = Card(
            number=row.number,
            kind=CardKind(row.kind),
            card_type=row.card_type,
            active=row.active,
            rate=row.rate,
            valid_until=row.valid_until,
        )
        cards.setdefault(row.customer_id, []).append(card)
    return [
        _view(customer, tuple(cards.get(customer.id, ())), working.balance(account.id, now, zone), words) for customer, account in pairs
    ]


def _view(customer: CustomerRow, cards: tuple[Card, ...], balance: Balance, words: Words) -> CustomerView:
    messages = []
    if customer.remark:
        messages.append(Message(audience="cashier", severity="alert", text=customer.remark))
    if customer.blocked:
        messages.append(Message(audience="cashier", severity="alert", text=words.say("blocked")))
    elif balance.expiring and balance.expiring_on:
        text = words.expiring(balance.expiring, balance.expiring_on)
        messages.append(Message(audience="customer", text=text))
    return CustomerView(
        customer=customer.id,
        name=customer.name,
        cards=cards,
        balance=balance,
        blocked=customer.blocked,
        remark=customer.remark,
        member_since=customer.member_since,
        messages=tuple(messages),
    )
