"""How many points a document spent."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from v5_cloud.ledger.working import Cause, Working
from v5_cloud.programmes.service import Catalogue
from v5_cloud.settlement.document import Doc
from v5_core.engine import claimed_points
from v5_core.ledger import release_hold
from v5_core.model import PaymentMethod
from v5_core.money import ratio
from v5_core.programme import Policies

__all__ = ["hold_ids", "release_unused", "spent_points"]


def release_unused(working: Working, holds: Iterable[str], cause: Cause, policies: Policies) -> None:
    """Points that a hold kept beside other things, for a sale that did not use them, are free at once."""
    for name in holds:
        hold = working.holds.get(name)
        if hold is not None and hold.is_open:
            working.apply(working.ask(hold.account, partial(release_hold, hold_id=name, at=working.now, policies=policies)), cause)


def hold_ids(working: Working, doc: Doc) -> tuple[str, ...]:
    """Holds of points that the payments name, by id or by the name that an offline till gave them."""
    names = [payment.hold for payment in doc.body.payments if payment.hold and payment.method is PaymentMethod.POINTS]
    if not names:
        return ()
    alias = {value: key for key, value in working.aliases.items()}
    found = (one if one in working.holds else alias.get(one, "") for one in names)
    return tuple(dict.fromkeys(one for one in found if one in working.holds))


def spent_points(catalogue: Catalogue | None, working: Working, doc: Doc) -> int:
    """What the payments used (what the holds reserved; without a known hold, what the amount is worth), and what rewards cost."""
    body = doc.body
    paying = [payment for payment in body.payments if payment.method is PaymentMethod.POINTS]
    if catalogue is None or not (paying or body.applied):
        return 0
    claimed = claimed_points(catalogue.at(body.issued_at), body) if body.applied else 0
    total = 0
    rule = next((one.redemption for one in catalogue.programmes(body.issued_at) if one.redemption), None)
    holds = {
        name: hold
        for hold in (working.holds[one] for one in hold_ids(working, doc))
        for name in (hold.hold_id, working.aliases.get(hold.hold_id))
    }
    for payment in paying:
        hold = holds.get(payment.hold or "")
        worth = -(-payment.amount * rule.points // rule.amount) if rule else 0
        if hold is not None and hold.entry in {"", doc.id}:
            # A hold may keep points for rewards too; these are counted apart.
            money = max(0, hold.points - claimed)
            whole = ratio(money, rule.amount, rule.points, "down") if rule else 0
            total += money if payment.amount in {0, whole} or not rule else min(hold.points, worth)
        else:
            total += worth
    return total + claimed
