"""Customers enrolled at a till: checked, told from those who are known already, welcomed."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from sqlalchemy.orm import Session

from v5_cloud.customers.keys import identity_key
from v5_cloud.customers.records import Data, save
from v5_cloud.customers.repository import CustomerRepository
from v5_cloud.customers.service import search_keys
from v5_cloud.customers.sounding import similar
from v5_cloud.events.service import follow, give, said
from v5_cloud.hooks.once import once
from v5_cloud.hooks.views import views
from v5_cloud.kit.container import Container
from v5_cloud.kit.tenant import Scope
from v5_cloud.ledger.repository import LedgerRepository
from v5_cloud.models import CustomerRow
from v5_cloud.programmes.repository import ProgrammeRepository
from v5_cloud.programmes.service import Catalogue, catalogue
from v5_cloud.settlement.pending import settle_pending
from v5_cloud.tenants.service import StoreInfo, company_info
from v5_cloud.vouchers.tasks import event_vouchers
from v5_core.errors import ConflictError, FieldError, NotFoundError, ValidationError
from v5_core.hooks import CustomerView, EnrolRequest, EnrolResponse, Message, VoucherView
from v5_core.ids import normalise_phone, normalise_tax_number
from v5_core.model import Card
from v5_core.words import Words

__all__ = ["enrol"]


def enrol(container: Container, scope: Scope, store: StoreInfo, request: EnrolRequest, *, late: bool) -> EnrolResponse:
    """Makes the record, or finds it.

    Args:
        container: The service.
        scope: Whose customer.
        store: Where.
        request: What is known.
        late: It was done at a till whose line was down: the customer is gone, nobody can be asked for more.

    Raises:
        ValidationError: Nothing is said of the customer, a number is wrong, or a field that the programmes require is missing.
        ConflictError: A card belongs to somebody else, or somebody alike is known and the till wants to be asked.
    """
    company, now = company_info(container, scope), container.clock()
    data = _data(request, company.country)

    def work(session: Session) -> EnrolResponse:
        customers, ledger = CustomerRepository(session, scope), LedgerRepository(session, scope)
        programmes = ProgrammeRepository(session, scope)
        known = catalogue(container, programmes, programmes.stamp())
        words = _words(known, store, now)
        if not late:
            _complete(known, store, request, now, words)
        brought = _referrer(customers, request, company.country)
        customer, _, created, reachable = save(container, customers, company, replace(data, referred_by=brought), now)
        alike = similar(customers, request.name, request.birth_date, customer.tax_number, but=customer.id) if created else []
        likely = tuple(views(customers, ledger, alike, now, store.zone, words)) if alike else ()
        if likely and request.unless_similar and not late:
            # Raised before the commit: nothing was written.
            raise _known_already(likely, words)
        given = give(container, scope, session, [customer.id], joined=created)
        pair = customers.get(customer.id)
        if pair is None:
            raise NotFoundError("There is no such customer.")
        view = views(customers, ledger, [pair], now, store.zone, words)[0]
        messages = [*view.messages]
        messages += [
            Message(audience="customer", text=said(row, store.language, customer.member_since)) for row in given.get(customer.id, ())
        ]
        if request.referred_by and brought is None:
            text = words.say("referrer_unknown", key=request.referred_by)[:500]
            messages.append(Message(audience="cashier", severity="warning", text=text))
        if likely:
            messages.append(Message(audience="cashier", severity="warning", text=_named(likely, words)))
        vouchers = _welcome(container, scope, session, known, customer, store) if reachable else ()
        view = view.model_copy(update={"messages": tuple(messages), "vouchers": vouchers})
        return EnrolResponse(customer=view, created=created, similar=likely)

    reply = once(container, scope, "enrol", request.request_id, request, EnrolResponse, work)
    settle_pending(container, scope, [f"card:{card.number}" for card in reply.customer.cards])
    follow(container, scope, [reply.customer.customer])
    return reply


def _data(request: EnrolRequest, country: str) -> Data:
    if not (request.name or request.phone or request.email or request.tax_number or request.card):
        wrong = FieldError("name", "missing", "give a name, phone, tax number or card")
        raise ValidationError("Nothing is said of the customer.", errors=(wrong,))
    if request.phone:
        normalise_phone(request.phone, country)
    if request.tax_number:
        normalise_tax_number(request.tax_number, request.tax_country)
    proof = (request.identity or "").strip()
    return Data(
        name=request.name,
        phone=request.phone,
        email=request.email,
        tax_number=request.tax_number,
        tax_country=request.tax_country,
        birth_date=request.birth_date,
        cards=(Card(number=request.card),) if request.card and request.card.strip() else (),
        home_store=request.store,
        origin="till",
        consent_sms=request.consents("sms"),
        consent_email=request.consents("email"),
        consent_post=request.consents("post"),
        identity=identity_key(proof, request.identity_kind, request.tax_country) if proof else None,
    )


def _words(known: Catalogue, store: StoreInfo, now: datetime) -> Words:
    return known.at(now).voice.words(store.language, "", now, now.astimezone(store.zone).date())


def _complete(known: Catalogue, store: StoreInfo, request: EnrolRequest, now: datetime, words: Words) -> None:
    required = known.at(now).voice.rules(now, now.astimezone(store.zone).date()).required
    wrong = tuple(
        FieldError(field, "missing", words.say(f"field_{field}")) for field in required if not str(getattr(request, field) or "").strip()
    )
    if wrong:
        raise ValidationError("The record is not complete.", code="incomplete", errors=wrong)


def _referrer(customers: CustomerRepository, request: EnrolRequest, country: str) -> str | None:
    """Who brought the customer. Somebody unknown stops no enrolment."""
    if not request.referred_by:
        return None
    pairs = customers.by_keys(search_keys(request.referred_by, country))
    return pairs[0][0].id if len(pairs) == 1 else None


def _named(likely: tuple[CustomerView, ...], words: Words) -> str:
    told = [f"{one.name} ({one.cards[0].number})" if one.cards else one.name for one in likely]
    return words.say("similar", names=", ".join(told))[:500]


def _known_already(likely: tuple[CustomerView, ...], words: Words) -> ConflictError:
    errors = tuple(
        FieldError("name", "possible_duplicate", f"{one.name} ({one.cards[0].number if one.cards else one.customer})") for one in likely
    )
    return ConflictError(_named(likely, words), code="possible_duplicate", errors=errors)


def _welcome(
    container: Container, scope: Scope, session: Session, known: Catalogue, customer: CustomerRow, store: StoreInfo
) -> tuple[VoucherView, ...]:
    made = event_vouchers(container, scope, session, known, "new_customer", [customer])
    return made.views(customer.id, store.zone)
