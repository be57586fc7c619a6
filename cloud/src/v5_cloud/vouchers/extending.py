"""A later end for a code that is still in use."""

from __future__ import annotations

from sqlalchemy.orm import Session

from v5_cloud.hooks.once import once
from v5_cloud.kit.container import Container
from v5_cloud.kit.tenant import Scope
from v5_cloud.ledger.working import Cause
from v5_cloud.models import new_id
from v5_cloud.tenants.service import company_info
from v5_cloud.tenants.setup import audit
from v5_cloud.vouchers.purse import Purse
from v5_cloud.vouchers.repository import VoucherRepository
from v5_cloud.vouchers.schemas import ExtendRequest, VoucherItem
from v5_cloud.vouchers.service import Codes, items, known, refuse_external, types_of, write
from v5_core.codes import fold_code
from v5_core.days import day_end
from v5_core.errors import ConflictError, FieldError, ValidationError

__all__ = ["extend"]


def extend(container: Container, scope: Scope, code: str, request: ExtendRequest, *, actor: str) -> VoucherItem:
    """A later last day; the money that is on it lives as long. What has lapsed does not come back.

    Raises:
        ConflictError: Not in use any more, without an end (`no_end`), or its money has lapsed (`lapsed`).
        NotFoundError: No such code.
        ValidationError: Not a later day.
    """
    company, now = company_info(container, scope), container.clock()
    until, types = day_end(request.until, company.default_zone), types_of(container, scope)

    def work(session: Session) -> Codes:
        repository = VoucherRepository(session, scope)
        purse = Purse(repository, company.currency, now)
        row = known(purse, code)
        refuse_external(types.get(row.type))
        if row.state not in ("active", "blocked"):
            raise ConflictError("It is not in use any more.", code=row.state)
        if row.valid_until is None:
            raise ConflictError("It has no end.", code="no_end")
        if until <= max(row.valid_until, now):
            raise ValidationError("That is no later day.", errors=(FieldError("until", "order", "a later day is expected"),))
        if row.account_id is not None and row.valid_until <= now:
            raise ConflictError("What was on it has lapsed: issue another one instead.", code="lapsed")
        row.valid_until, row.reason, row.updated_at = until, request.reason, now
        purse.fill(row, new_id("ex", now), 0, at=now, cause=Cause(None, "", company.default_zone), renew=True)
        repository.add(audit(scope, now, actor, "voucher.extend", row.code))
        write(container, session, purse, company)
        return Codes(codes=(row.code,))

    found = once(container, scope, f"voucher.extend:{fold_code(code)}", request.request_id, request, Codes, work)
    return items(container, scope, found.codes)[0]
