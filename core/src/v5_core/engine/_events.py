"""Points for what happens to a customer: joining, a birthday, a complete record, bringing somebody. Which day, and how much."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from v5_core.criteria import RECORD_FIELDS
from v5_core.days import anniversary
from v5_core.engine._alerts import record_of
from v5_core.engine._expiry import expires_at, usable_from
from v5_core.engine._refusals import refusal
from v5_core.engine._rules import condition
from v5_core.engine._situation import Situation
from v5_core.engine._types import CustomerFacts, Earned
from v5_core.errors import FieldError, ValidationError
from v5_core.programme import EarnEvent, Programme
from v5_core.words import Words

__all__ = ["Occurrence", "event_errors", "event_points", "event_text", "occurrences"]

LATE: Final = timedelta(days=7)
"""A day that nobody worked on is made up for so long."""


@dataclass(frozen=True, slots=True)
class Occurrence:
    """Something that happened: `key` tells it from the other times of the same event ("" for what happens once)."""

    event: str
    key: str
    day: date


def occurrences(facts: CustomerFacts, today: date, *, joined: bool = False) -> tuple[Occurrence, ...]:
    """What happened to a customer by the calendar, or by joining today.

    Birthdays before the customer was one do not count. A referral is no event of the calendar: it hangs on purchases.
    """
    found = [Occurrence("profile", "", today)]
    if joined:
        found.append(Occurrence("welcome", "", today))
    since = facts.member_since
    for event, start in (("birthday", facts.birth_date), ("anniversary", since)):
        if start is None:
            continue
        for year in sorted({today.year, (today - LATE).year}):
            day = anniversary(start, year)
            if today - LATE < day <= today and (since is None or day >= since) and (event != "anniversary" or year > start.year):
                found.append(Occurrence(event, str(year), day))
    return tuple(found)


def event_points(programme: Programme, rule: EarnEvent, facts: CustomerFacts, *, at: datetime, zone: ZoneInfo, store: str) -> Earned | None:
    """What a rule gives for its event; None when it is not for this customer or not in force.

    Args:
        programme: Whose rule.
        rule: The rule; whether its event happened is the caller's business, but for a record that must be complete.
        facts: To whom it happened.
        at: When.
        zone: Of the customer's store.
        store: Its code.
    """
    local = at.astimezone(zone)
    today = local.date()
    if facts.blocked or facts.card_types.isdisjoint(programme.card_types):
        return None
    if not (programme.validity.covers(at, today) and rule.validity.covers(at, today)):
        return None
    if rule.when.strip():
        situation = Situation((), facts, at=at, local=local, store=store, till="", currency=programme.currency)
        if not situation.holds(condition(rule.id, "when", rule.when)):
            return None
    if rule.event == "profile":
        record = record_of(facts)
        if any(record.get(field) in (None, "") for field in rule.fields):
            return None
    points = min((rule.points, *(cap.points for cap in rule.caps if cap.by == "customer")))
    days = programme.policies.pending_days if rule.pending_days is None else rule.pending_days
    until = expires_at(rule.expiry or programme.expiry, at, zone)
    return Earned(programme.id, programme.version, rule.id, points, until, usable_from(days, at, zone))


def event_text(event: str, title: str, points: int, words: Words, *, years: int = 0, taken: bool = False) -> str:
    """Why these points are what they are."""
    key = "event_taken" if taken else f"event_{event}"
    return words.say(key, title=title, points=words.points(abs(points)), years=years)[:500]


def event_errors(programme: Programme, language: str = "en") -> Iterator[FieldError]:
    """What may not be published of earning by events."""
    for rule in programme.earning:
        if not isinstance(rule, EarnEvent):
            continue
        try:
            if rule.when.strip():
                condition(rule.id, "when", rule.when)
        except ValidationError as error:
            yield from error.errors
        unknown = [field for field in rule.fields if field not in RECORD_FIELDS]
        if unknown:
            said = refusal(language, "unknown_fields", one=rule.id, names=", ".join(unknown), known=", ".join(RECORD_FIELDS))
            yield FieldError(f"{rule.id}.fields", "field", said)
