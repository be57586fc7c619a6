"""A customer's record changed by a person: only what was named, and only if nobody changed it since it was read."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Any, ClassVar, Final

from v5_cloud.customers.keys import fold
from v5_cloud.customers.repository import CustomerRepository
from v5_cloud.customers.schemas import CustomerChange, CustomerRecord
from v5_cloud.customers.service import get, revision_of
from v5_cloud.events.service import give
from v5_cloud.kit.container import Container
from v5_cloud.kit.tenant import Scope
from v5_cloud.models import CustomerKey, CustomerRow
from v5_cloud.programmes.repository import ProgrammeRepository
from v5_cloud.programmes.service import catalogue
from v5_cloud.segments.shopping import mark
from v5_cloud.tenants.service import company_info, epoch_base
from v5_cloud.tenants.setup import audit
from v5_cloud.vouchers.tasks import event_vouchers
from v5_core.errors import ConflictError, FieldError, NotFoundError, V5Error, ValidationError
from v5_core.ids import normalise_phone

__all__ = ["ANY", "RevisionMissingError", "StaleError", "change"]

ANY: Final = "*"  # as in `If-Match: *`: whatever the record is now
_EMAIL: Final = re.compile(r"[^@\s]+@[^@\s]+")
_OLDEST: Final = date(1900, 1, 1)


class StaleError(ConflictError):
    """Somebody changed the record since it was read."""

    code: ClassVar[str] = "stale"
    status: ClassVar[int] = 412


class RevisionMissingError(V5Error):
    """The change does not say which revision it was made on."""

    code: ClassVar[str] = "revision_missing"
    status: ClassVar[int] = 428


def change(
    container: Container, scope: Scope, customer_id: str, wanted: CustomerChange, revision: str | None, *, actor: str
) -> CustomerRecord:
    """Changes the fields that `wanted` names; gives the record as it is then.

    Args:
        container: The service.
        scope: Whose customer it must be.
        customer_id: The customer.
        wanted: The fields to change; those that were not set stay.
        revision: Of the record that the person saw; `ANY` for no check.
        actor: Who asked, for the audit.

    Raises:
        NotFoundError: Not one of this tenant's.
        RevisionMissingError: No revision was given.
        StaleError: The record was changed since.
        ConflictError: The phone belongs to another customer (`phone_taken`).
        ValidationError: Phone, e-mail or birthday cannot be used.
    """
    if not revision:
        raise RevisionMissingError("Send the record's ETag as If-Match, so that nobody's change is overwritten.")
    now = container.clock()
    with container.database.write(scope) as session:
        repository = CustomerRepository(session, scope)
        row = repository.locked(customer_id)
        if row is None:
            raise NotFoundError("There is no such customer.")
        if revision not in {ANY, revision_of(row)}:
            raise StaleError("Somebody changed this customer in the meantime: read the record again, then repeat the change.")
        company = Scope(scope.tenant, row.company_id)
        values = _checked(wanted, company_info(container, company).country, now)
        if "phone" in values:
            _move_phone(repository, row, values["phone"])
        reachable = bool(values.get("email")) and not row.email
        for name, value in values.items():
            setattr(row, name, value)
        if "name" in values:
            row.search = fold(row.name)
            CustomerRepository(session, company).keep_sounds(row)
        row.updated_at = now
        session.flush()
        if company_info(container, company).segmented:
            mark(session, row, now)
        pair = repository.get(customer_id)
        if pair is not None:
            CustomerRepository(session, company).touch(pair[1].id, epoch_base(container))
        # Which fields, never what they hold: the audit keeps no personal datum.
        note = audit(scope, now, actor, "customer.change", customer_id)
        note.detail = " ".join(sorted(values))
        repository.add(note)
        session.flush()
        give(container, company, session, [customer_id])
        if reachable:
            known = ProgrammeRepository(session, company)
            event_vouchers(container, company, session, catalogue(container, known, known.stamp()), "new_customer", [row])
    return get(container, scope, customer_id)


def _checked(wanted: CustomerChange, country: str, now: datetime) -> dict[str, Any]:
    values: dict[str, Any] = {name: getattr(wanted, name) for name in wanted.model_fields_set}
    wrong: list[FieldError] = []
    if values.get("phone") is not None:
        try:
            values["phone"] = normalise_phone(values["phone"], country) if values["phone"].strip() else None
        except ValidationError as error:
            wrong.append(FieldError("phone", "phone", error.message))
    if values.get("email") is not None:
        values["email"] = values["email"].strip() or None
        if values["email"] and not _EMAIL.fullmatch(values["email"]):
            wrong.append(FieldError("email", "email", "an e-mail address is expected"))
    born = values.get("birth_date")
    if born is not None and not _OLDEST <= born <= now.date():
        wrong.append(FieldError("birth_date", "birth_date", "a day between 1900 and today is expected"))
    if wrong:
        raise ValidationError("The customer cannot be changed so.", errors=tuple(wrong))
    return values


def _move_phone(repository: CustomerRepository, row: CustomerRow, phone: str | None) -> None:
    key, old = f"phone:{phone}" if phone else "", f"phone:{row.phone}" if row.phone else ""
    if key == old:
        return
    company = CustomerRepository(repository.session, Scope(repository.scope.tenant, row.company_id))
    owner = company.taken([key]).get(key) if key else None
    if owner not in {None, row.id}:
        wrong = FieldError("phone", "phone_taken", "this phone belongs to another customer")
        raise ConflictError("The phone belongs to another customer.", code="phone_taken", errors=(wrong,))
    keys = [one for one in row.keys if one != old]
    if old in row.keys:
        company.release(row.id, old)
    if key and owner is None:
        company.add(CustomerKey(tenant_id=row.tenant_id, company_id=row.company_id, key=key, customer_id=row.id))
    row.keys = [*keys, key] if key and key not in keys else keys
