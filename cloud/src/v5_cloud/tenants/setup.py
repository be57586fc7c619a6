"""Making tenants, companies and stores: the operator's work, done on the command line."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo, available_timezones

from v5_cloud.kit.container import Container
from v5_cloud.kit.tenant import Scope
from v5_cloud.models import AuditRow, Company, Store, Tenant, new_id
from v5_cloud.tenants.repository import TenantRepository
from v5_core.errors import ConflictError, FieldError, NotFoundError, ValidationError
from v5_core.money import CURRENCIES
from v5_core.receipts import QR_PREFIX
from v5_core.words import LANGUAGES

__all__ = ["OPERATOR", "add_company", "add_store", "add_tenant", "audit", "company_wrong", "only_company", "store_named", "store_wrong"]

OPERATOR: Final = "operator"  # who the audit names for what is done on the command line
_EMAIL: Final = re.compile(r"[^@\s<>]+@[^@\s<>]+")
_PHONE: Final = re.compile(r"\+[1-9]\d{6,14}")
_CODE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")
_QR_ROOM: Final = 300 - len(QR_PREFIX)


@functools.cache
def _zones() -> frozenset[str]:
    # The system's zone files, read once: there are some six hundred.
    return frozenset(available_timezones())


def audit(scope: Scope, now: datetime, actor: str, action: str, subject: str) -> AuditRow:
    """A line of the audit: who did what to which thing. Never with a secret."""
    return AuditRow(tenant_id=scope.tenant, id=new_id("au", now), at=now, actor=actor, action=action, subject=subject)


def add_tenant(container: Container, name: str) -> str:
    """A new tenant, isolated from all others; gives the id.

    Raises:
        ValidationError: No name.
    """
    _check("tenant", _name(name))
    now = container.clock()
    scope = Scope(new_id("t", now))
    row = Tenant(tenant_id=scope.tenant, name=name.strip(), created_at=now)
    with container.database.write(scope) as session:
        TenantRepository(session, scope).add(row, audit(scope, now, OPERATOR, "tenant.add", scope.tenant))
    return scope.tenant


def add_company(
    container: Container, tenant: str, name: str, *, tax_number: str = "", currency: str = "EUR", country: str = "PT", receipt_url: str = ""
) -> str:
    """A new company of a tenant; gives the id.

    Raises:
        NotFoundError: No such tenant.
        ValidationError: A name, currency, country or address that cannot be used.
    """
    wrong = company_wrong({"name": name, "tax_number": tax_number, "receipt_url": receipt_url})
    if currency not in CURRENCIES:
        wrong.append(FieldError("currency", "currency", f"one of {', '.join(sorted(CURRENCIES))} is expected"))
    if not re.fullmatch(r"[A-Z]{2}", country):
        wrong.append(FieldError("country", "country", "two capital letters are expected, as in PT"))
    _check("company", wrong)
    now, scope = container.clock(), Scope(tenant)
    company = new_id("co", now)
    row = Company(
        tenant_id=tenant,
        id=company,
        name=name.strip(),
        tax_number=tax_number.strip(),
        currency=currency,
        country=country,
        receipt_url=receipt_url,
        created_at=now,
    )
    with container.database.write(scope) as session:
        repository = TenantRepository(session, scope)
        if repository.tenant() is None:
            raise NotFoundError(f"There is no tenant {tenant!r}; `v5-cloud tenant list` shows all.")
        repository.add(row, audit(scope, now, OPERATOR, "company.add", company))
    return company


def add_store(container: Container, scope: Scope, code: str, name: str, *, timezone: str = "Europe/Lisbon", language: str = "pt") -> str:
    """A new store of the scope's company; gives the id.

    Raises:
        ConflictError: The company has a store with that code.
        ValidationError: A code, name, time zone or language that cannot be used.
    """
    wrong = store_wrong({"name": name, "timezone": timezone, "language": language})
    if not _CODE.fullmatch(code):
        wrong.append(FieldError("code", "code", "up to 40 letters, digits, '.', '_' and '-' are expected: it is what documents name"))
    _check("store", wrong)
    now = container.clock()
    store = new_id("st", now)
    row = Store(
        tenant_id=scope.tenant,
        id=store,
        company_id=scope.company,
        code=code,
        name=name.strip(),
        timezone=str(ZoneInfo(timezone)),
        language=language,
        created_at=now,
    )
    with container.database.write(scope) as session:
        repository = TenantRepository(session, scope)
        owner = repository.company(scope.company)
        if owner is not None and owner.closed_at is not None:
            raise ConflictError("The company is closed; open it again first.", code="company.closed")
        if any(one.code == code for one in repository.stores()):
            raise ConflictError(f"The company has a store {code!r} already.", code="store.taken")
        repository.add(row, audit(scope, now, OPERATOR, "store.add", store))
    return store


def only_company(container: Container, tenant: str, company: str | None) -> Scope:
    """The company that is meant: the one named, or the tenant's only one.

    Raises:
        NotFoundError: None yet, or not this tenant's.
        ValidationError: Several: one must be named.
    """
    with container.database.read(Scope(tenant)) as session:
        found = [row.id for row in TenantRepository(session, Scope(tenant)).companies()]
    if company:
        if company not in found:
            raise NotFoundError(f"There is no company {company!r} in tenant {tenant!r}.")
        return Scope(tenant, company)
    if not found:
        raise NotFoundError("The tenant has no company yet; `v5-cloud company add NAME` makes one.")
    if len(found) > 1:
        raise ValidationError(f"The tenant has {len(found)} companies ({', '.join(found)}); name one with --company.")
    return Scope(tenant, found[0])


def store_named(container: Container, scope: Scope, code: str) -> Store:
    """A store of the scope's company, by the code that documents name.

    Raises:
        NotFoundError: The company has none with that code; the message names those it has.
    """
    with container.database.read(scope) as session:
        stores = TenantRepository(session, scope).stores()
        found = next((one for one in stores if one.code == code), None)
        if found is None:
            raise NotFoundError(f"There is no store {code!r}; there is {', '.join(one.code for one in stores) or 'none yet'}.")
        session.expunge(found)
        return found


def company_wrong(values: Mapping[str, str]) -> list[FieldError]:
    """What cannot be used among a company's values."""
    wrong = _name(values["name"]) if "name" in values else []
    url = values.get("receipt_url", "")
    if url and (not re.match(r"https?://", url) or len(url) > _QR_ROOM):
        wrong.append(FieldError("receipt_url", "receipt_url", f"an http(s) address of at most {_QR_ROOM} characters is expected"))
    return wrong + _manager(values) + _short(values, "tax_number", 40) + _short(values, "address", 500)


def store_wrong(values: Mapping[str, str]) -> list[FieldError]:
    """What cannot be used among a store's values."""
    wrong = _name(values["name"]) if "name" in values else []
    if "timezone" in values and values["timezone"] not in _zones():
        wrong.append(FieldError("timezone", "timezone", "a name such as Europe/Lisbon is expected"))
    if "language" in values and values["language"] not in LANGUAGES:
        wrong.append(FieldError("language", "language", f"one of {', '.join(LANGUAGES)} is expected"))
    return wrong + _manager(values) + _short(values, "address", 500) + _short(values, "directives", 2000)


def _manager(values: Mapping[str, str]) -> list[FieldError]:
    email, phone = values.get("manager_email", ""), values.get("manager_phone", "")
    wrong = []
    if email and (len(email) > 254 or not _EMAIL.fullmatch(email)):
        wrong.append(FieldError("manager_email", "email", "an e-mail address is expected"))
    if phone and not _PHONE.fullmatch(phone):
        wrong.append(FieldError("manager_phone", "phone", "a number with its country is expected, as in +351912345678"))
    return wrong


def _short(values: Mapping[str, str], name: str, most: int) -> list[FieldError]:
    return [FieldError(name, "too_long", f"at most {most} characters are expected")] if len(values.get(name, "")) > most else []


def _name(name: str) -> list[FieldError]:
    if name.strip() and len(name) <= 120 and name.isprintable():
        return []
    return [FieldError("name", "name", "a name of at most 120 characters is expected")]


def _check(what: str, wrong: list[FieldError]) -> None:
    if wrong:
        raise ValidationError(f"The {what} cannot be added.", errors=tuple(wrong))
