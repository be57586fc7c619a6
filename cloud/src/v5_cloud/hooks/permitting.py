"""Whether points may be held as money: by operator, store and level, and by what the customer used today at all tills."""

from __future__ import annotations

from sqlalchemy.orm import Session

from v5_cloud.hooks.knowing import Knowing
from v5_cloud.kit.tenant import Scope
from v5_cloud.ledger.working import Member, Working
from v5_cloud.programmes.service import Catalogue
from v5_cloud.tenants.service import StoreInfo
from v5_cloud.vouchers.counters import Counters
from v5_cloud.vouchers.repository import VoucherRepository
from v5_core.engine import CustomerFacts, may_redeem, redeeming_programme
from v5_core.errors import ConflictError, FieldError
from v5_core.hooks import HoldRequest
from v5_core.programme import Programme

__all__ = ["permit"]


def permit(
    session: Session,
    scope: Scope,
    request: HoldRequest,
    programmes: Catalogue,
    currency: str,
    store: StoreInfo,
    customer: Member,
    working: Working,
    account: str,
) -> None:
    """Refuses points that this hold may not reserve. The account is locked, and its open holds are loaded.

    Raises:
        ConflictError: `not_permitted`, or `daily_limit` with what is left of it.
    """
    now = working.now
    programme = redeeming_programme(programmes.at(now), frozenset(customer.card_types), now, currency)
    if programme is None or programme.redemption is None:
        return
    rule = programme.redemption
    money = request.points - _rewards(programme, request)
    if money <= 0:
        return
    words = programmes.at(now).voice.words(store.language, currency, now, now.astimezone(store.zone).date())
    if rule.when.strip():
        facts = CustomerFacts(
            customer.id, card_types=frozenset(customer.card_types), birth_date=customer.birth_date, member_since=customer.member_since
        )
        known = Knowing(session, scope, currency, programmes, store.zone, now).facts(facts)
        if not may_redeem(programme, known, at=now, zone=store.zone, store=store.code, till=request.till, operator=request.operator):
            text = words.say("redeem_refused")
            raise ConflictError(text, code="not_permitted", errors=(FieldError("points", "not_permitted", text),))
    if rule.daily_limit is not None:
        day = now.astimezone(store.zone).date()
        counters = Counters(VoucherRepository(session, scope))
        counters.read({f"customer:{customer.id}"}, {day.isoformat()})
        used = counters.value((f"customer:{customer.id}", day.isoformat(), f"{programme.id}/redemption/day"))
        held = sum(hold.points for hold in working.state(account).holds if hold.is_open)
        left = max(0, rule.daily_limit - used - held)
        if money > left:
            text = words.say("redeem_daily", points=words.points(left))
            raise ConflictError(text, code="daily_limit", errors=(FieldError("points", "daily_limit", text),))


def _rewards(programme: Programme, request: HoldRequest) -> int:
    # What rewards cost is no money: the rules that the hold names say which these are.
    times = dict.fromkeys(request.rules, 1) | {one.rule: one.times for one in request.applied}
    return sum(offer.cost * times.get(offer.id, 0) for offer in programme.offers)
