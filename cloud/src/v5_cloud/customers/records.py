"""Customer records written: from the till, from an ERP, from the sample."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, NamedTuple

from v5_cloud.customers.keys import customer_keys, fold, phone_e164
from v5_cloud.customers.repository import CustomerRepository
from v5_cloud.kit.container import Container
from v5_cloud.models import AccountRow, CardRow, CustomerKey, CustomerRow, new_id
from v5_cloud.segments.shopping import mark
from v5_cloud.tenants.service import CompanyInfo, epoch_base
from v5_core.errors import ConflictError, FieldError, RetryableError
from v5_core.ids import make_card_number, tax_number_or_none
from v5_core.model import Card

__all__ = ["Data", "Saved", "save"]

_SUREST: Final = ("erp", "card", "identity", "passport", "tax", "phone")


@dataclass(frozen=True, slots=True)
class Data:
    """What a source knows; None is unknown and changes nothing."""

    name: str = ""
    phone: str | None = None
    email: str | None = None
    tax_number: str | None = None
    tax_country: str = "PT"
    birth_date: date | None = None
    erp: tuple[str, str] | None = None
    cards: tuple[Card, ...] = ()
    home_store: str = ""
    origin: str = ""
    inactive: bool | None = None
    consent_sms: bool = False
    consent_email: bool = False
    consent_post: bool = False
    referred_by: str | None = None
    customer_id: str | None = None
    identity: str | None = None


class Saved(NamedTuple):
    """A record with its account: whether it was created just now, and whether it has an e-mail address for the first time."""

    customer: CustomerRow
    account: AccountRow
    created: bool
    reachable: bool


def save(container: Container, repository: CustomerRepository, company: CompanyInfo, data: Data, now: datetime) -> Saved:
    """Creates a customer, or completes the one that a key of `data` names. One without a card gets one.

    Raises:
        ConflictError: A card belongs to somebody else.
    """
    phone = phone_e164(data.phone, company.country)
    tax = tax_number_or_none(data.tax_number, data.tax_country)
    wanted = customer_keys(
        "-",
        cards=tuple(card.number for card in data.cards),
        erp=data.erp,
        phone=phone,
        tax=tax,
        country=data.tax_country,
        identity=data.identity,
    )[1:]
    owners = repository.taken(wanted)
    # An ERP's own number says most, then a card, then what people share more easily.
    order = sorted(owners, key=lambda key: _SUREST.index(key.partition(":")[0]))
    pair = repository.get(owners[order[0]]) if order else None
    created = pair is None
    customer, account = (pair[0], pair[1]) if pair else _new(repository, company, data, now)
    for card in data.cards:
        owner = owners.get(f"card:{card.number}")
        if owner is not None and owner != customer.id:
            raise ConflictError(
                "The card belongs to another customer.", code="card_taken", errors=(FieldError("card", "card_taken", "scan another card"),)
            )
    had = bool(customer.email)
    _fill(customer, data, phone, tax, now, created=created)
    fresh = [key for key in wanted if key not in owners]
    cards = [card for card in data.cards if f"card:{card.number}" in fresh]
    if not cards and not any(key.startswith("card:") for key in (*customer.keys, *wanted)):
        cards = [_own_card(repository, company)]
        fresh.append(f"card:{cards[0].number}")
    if created:
        fresh.insert(0, f"id:{customer.id}")
    for card in cards:
        repository.add(
            CardRow(
                tenant_id=repository.scope.tenant,
                company_id=company.id,
                number=card.number,
                customer_id=customer.id,
                kind=card.kind.value,
                card_type=card.card_type,
                active=card.active,
                rate=card.rate,
                valid_until=card.valid_until,
                created_at=now,
            )
        )
    repository.add(
        *(CustomerKey(tenant_id=repository.scope.tenant, company_id=company.id, key=key, customer_id=customer.id) for key in fresh)
    )
    customer.keys = [*customer.keys, *fresh]
    customer.card_types = sorted({*customer.card_types, *(card.card_type for card in cards if card.active)})
    rated = [[card.rate, card.valid_until.isoformat() if card.valid_until else None] for card in cards if card.active and card.rate]
    customer.rates = [*(customer.rates or ()), *rated]
    if data.name:
        repository.keep_sounds(customer)
    repository.session.flush()
    repository.touch(account.id, epoch_base(container))
    if company.segmented:
        mark(repository.session, customer, now)
    return Saved(customer, account, created, bool(customer.email) and not had)


def _new(repository: CustomerRepository, company: CompanyInfo, data: Data, now: datetime) -> tuple[CustomerRow, AccountRow]:
    tenant = repository.scope.tenant
    customer = CustomerRow(
        tenant_id=tenant,
        id=data.customer_id or new_id("c", now),
        company_id=company.id,
        tax_country=data.tax_country,
        home_store=data.home_store,
        origin=data.origin,
        referred_by=data.referred_by,
        member_since=now.astimezone(company.default_zone).date(),
        keys=[],
        card_types=[],
        created_at=now,
        updated_at=now,
    )
    account = AccountRow(
        tenant_id=tenant, id=new_id("a", now), company_id=company.id, customer_id=customer.id, kind="points", updated_at=now
    )
    for row in (customer, account):
        repository.add(row)
    repository.session.flush()
    return customer, account


def _fill(customer: CustomerRow, data: Data, phone: str | None, tax: str | None, now: datetime, *, created: bool) -> None:
    if data.name:
        customer.name, customer.search = data.name, fold(data.name)
    elif created:
        customer.name = customer.search = ""
    customer.phone = phone or customer.phone
    customer.email = data.email or customer.email
    customer.tax_number = tax or customer.tax_number
    customer.birth_date = data.birth_date or customer.birth_date
    customer.consent_sms = bool(customer.consent_sms or data.consent_sms)
    customer.consent_email = bool(customer.consent_email or data.consent_email)
    customer.consent_post = bool(customer.consent_post or data.consent_post)
    if data.inactive is not None:
        customer.inactive = data.inactive
    customer.updated_at = now


def _own_card(repository: CustomerRepository, company: CompanyInfo) -> Card:
    # Drawn by chance: nobody can count our customers, and two tills do not meet on one counter.
    span = 10 ** (12 - len(company.card_prefix))
    for _ in range(20):
        number = make_card_number(company.card_prefix, secrets.randbelow(span - 1) + 1)
        if not repository.taken([f"card:{number}"]):
            return Card(number=number)
    raise RetryableError("No free card number was found; try again.", retry_after=1)
