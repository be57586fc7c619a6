"""Vouchers by turnover as a run gives them: as they were previewed, whatever has been published since."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from v5_cloud.kit.bulk import WriteSet
from v5_cloud.kit.container import Container
from v5_cloud.kit.tenant import Scope
from v5_cloud.ledger.working import Cause
from v5_cloud.messages.notices import tell_run
from v5_cloud.models import MessageRow, RunRow
from v5_cloud.programmes.service import Catalogue, current
from v5_cloud.tenants.service import CompanyInfo, epoch_base
from v5_cloud.vouchers.purse import Issue, Purse
from v5_cloud.vouchers.repository import VoucherRepository
from v5_core.errors import FieldError, ValidationError
from v5_core.programme import Programme, VoucherRule, VoucherStep
from v5_core.stored import Draft, Measured, draft

__all__ = ["give_vouchers", "issue_of", "rule_of"]


def rule_of(programmes: Catalogue, now: datetime, programme: str, rule: str) -> tuple[Programme, VoucherRule]:
    """A rule of turnover of a published programme.

    Raises:
        ValidationError: There is none.
    """
    for one in programmes.programmes(now):
        for made in one.vouchers:
            if (one.id, made.id) == (programme, rule) and made.kind == "turnover":
                return one, made
    wrong = FieldError("rule", "unknown_rule", "name a voucher rule of kind turnover of a published programme")
    raise ValidationError("There is no such rule.", errors=(wrong,))


def give_vouchers(
    container: Container, scope: Scope, session: Session, row: RunRow, lines: list[list[Any]], company: CompanyInfo, now: datetime, *,
    last: bool,
) -> None:  # fmt: skip
    """Issues what lines of a run say, in the caller's transaction; with the last of them the manager is told, where the rule says so."""
    zone = company.default_zone
    programme, rule = rule_of(current(container, scope), now, str(row.asked["programme"]), str(row.asked["rule"]))
    purse = Purse(VoucherRepository(session, scope), company.currency, now)
    for customer, measured, visits, _, amount, percent in lines:
        # As previewed, whatever has been published since.
        shown = rule.model_copy(update={"steps": (VoucherStep(amount=amount, percent=percent),), "visits": 0})
        made = draft(shown, Measured(measured, visits), at=now, zone=zone)
        if made is not None:
            wanted = issue_of(programme, made, customer, row.done_by, run=row.id)
            purse.issue(wanted, f"{row.id}/{customer}", at=now, cause=Cause(zone=zone))
    writes = WriteSet(scope)
    purse.collect(writes, zone)
    if last and rule.notify:
        rate = max(int(line[5]) for line in lines)
        writes.put(MessageRow, tell_run(scope, company, row.id, row.reason, row.customers, row.total, rate, now), "keep")
    session.flush()
    writes.flush(session, epoch_base(container))


def issue_of(programme: Programme, made: Draft, customer: str | None, actor: str, *, run: str | None = None) -> Issue:
    """What a rule gives, ready to be issued."""
    return Issue(
        kind=made.kind, programme=programme.id, type=made.rule, title=made.title, amount=made.amount, percent=made.percent,
        offer=made.offer,
        customer=customer, valid_from=made.valid_from, valid_until=made.valid_until, stores=made.stores, minimum=made.minimum,
        whole=made.whole, uses=made.uses, run=run, by=actor,
    )  # fmt: skip
