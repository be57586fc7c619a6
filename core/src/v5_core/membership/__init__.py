"""Tiers by what a customer did, and memberships of clubs; pure: `today` comes in, in the zone of the company.

tier_of(scheme, days, today)                     the level, until when, and what is missing to the next one
may_join(club, record)                            whether its condition lets somebody join, from the record
join / pause / resume / extend / renew / leave   a membership after something happened to it
state_of(club, membership, today)                active, ending, paused or ended
window(entitlement, membership, today)           the period in which an entitlement's uses are counted
"""

from v5_core.membership._clubs import Break, Membership, end_of, extend, join, leave, pause, renew, resume, state_of, window
from v5_core.membership._joining import join_fields, may_join
from v5_core.membership._tiers import TierState, measured_from, tier_of

__all__ = [
    "Break", "Membership", "TierState", "end_of", "extend", "join", "join_fields", "leave", "may_join", "measured_from", "pause", "renew",
    "resume", "state_of", "tier_of", "window",
]  # fmt: skip
