"""Points for events, each once whatever is retried: a row for each occurrence stands beside its posting, under the account's lock."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import Row
from sqlalchemy.orm import Session

from v5_cloud.events.repository import EventRepository
from v5_cloud.hooks.views import facts_of
from v5_cloud.kit.bulk import WriteSet
from v5_cloud.kit.container import Container
from v5_cloud.kit.tenant import Scope
from v5_cloud.ledger.repository import LedgerRepository
from v5_cloud.ledger.working import Cause, Working
from v5_cloud.models import CustomerEvent, CustomerRow
from v5_cloud.programmes.asks import CounterKey
from v5_cloud.programmes.repository import ProgrammeRepository
from v5_cloud.programmes.service import Catalogue, catalogue, remembered
from v5_cloud.settlement.service import again
from v5_cloud.tenants.service import CompanyInfo, company_info, epoch_base
from v5_cloud.vouchers.counters import Counters
from v5_cloud.vouchers.repository import VoucherRepository
from v5_core.days import day_end
from v5_core.engine import Earned, Occurrence, event_points, event_text, occurrences
from v5_core.hooks import Explanation
from v5_core.ledger import Booked, Target, book
from v5_core.programme import EarnEvent, PointsCap, Programme
from v5_core.words import words_of

__all__ = ["CALENDAR", "REFERRALS", "explanations", "follow", "give", "said", "settle_one", "settle_referral", "zone_of"]

REFERRALS: Final = frozenset({"referral", "referred"})
CALENDAR: Final = frozenset({"birthday", "anniversary"})
_TOUCHED: Final = frozenset({"welcome", "profile"})
_PREFIX: Final = "ev_"


def zone_of(company: CompanyInfo, customer: CustomerRow) -> ZoneInfo:
    """The zone in which a customer's days are counted: of the home store."""
    store = company.stores.get(customer.home_store)
    return store.zone if store is not None else company.default_zone


def _rules(programmes: Catalogue, at: datetime) -> list[tuple[Programme, EarnEvent]]:
    return [(one, rule) for one, rule in programmes.asks(at).events if isinstance(rule, EarnEvent)]


def _entry(scope: Scope, customer: str, programme: str, rule: str, occurrence: str) -> str:
    name = "\x1f".join((scope.tenant, scope.company, customer, programme, rule, occurrence))
    return f"{_PREFIX}{hashlib.sha256(name.encode()).hexdigest()[:26]}"


@dataclass(slots=True)
class _Books:
    """One transaction's accounts with what is written beside them."""

    container: Container
    scope: Scope
    session: Session
    company: CompanyInfo
    programmes: Catalogue
    working: Working
    accounts: dict[str, str]
    counters: Counters
    writes: WriteSet
    now: datetime

    @classmethod
    def open(cls, container: Container, scope: Scope, session: Session, customers: Collection[str]) -> _Books:
        """Locks the customers' accounts."""
        company, now = company_info(container, scope), container.clock()
        ledger = LedgerRepository(session, scope)
        pairs, stamp = ledger.lock([f"id:{one}" for one in customers], (), ())
        known = ProgrammeRepository(session, scope)
        programmes = catalogue(container, known, stamp if pairs else known.stamp())
        working = Working(company.id, now)
        working.load([account for account, _ in pairs], (), ())
        ledger.outline(working, [account.id for account, _ in pairs])
        owners = {account.customer_id: account.id for account, _ in pairs}
        # A relative's points are on another customer's account.
        owners |= {one.id: owners[head] for _, one in pairs if (head := one.shares_with) in owners}
        counters = Counters(VoucherRepository(session, scope))
        return cls(container, scope, session, company, programmes, working, owners, counters, WriteSet(scope), now)

    def within(self, customer: CustomerRow, programme: Programme, earned: Earned, day: date) -> Earned | None:
        """As much of it as the rule's caps of its period leave; None when that is nothing."""
        keys = self._caps(customer, earned.programme, earned.rule, day)
        self.counters.lock(key for _, key in keys)
        left = min((cap.points - self.counters.value(key) for cap, key in keys), default=earned.points)
        unit = 10 ** (3 - programme.decimals)
        points = min(earned.points, left) // unit * unit
        return replace(earned, points=points) if points > 0 else None

    def _caps(self, customer: CustomerRow, programme: str, rule: str, day: date) -> list[tuple[PointsCap, CounterKey]]:
        found = self.programmes.asks(self.now).cap_keys(programme, rule, day, customer=customer.id)
        return [(cap, key) for _, cap, key in found]

    def count(self, customer: CustomerRow, programme: str, rule: str, day: date, points: int) -> None:
        """Counts points towards the caps of a rule; less than none when they are taken back."""
        for _, key in self._caps(customer, programme, rule, day):
            self.counters.lock([key])
            self.counters.add(key, used=max(points, -self.counters.value(key)))

    def post(self, customer: CustomerRow, entry: str, target: Target, at: datetime, booked: Booked | None = None) -> None:
        """Brings an entry to its target."""
        policies = self.programmes.policies(at)
        outcome = self.working.ask(
            self.accounts[customer.id], lambda state: book(state, entry, booked or Booked(), target, at=at, policies=policies)
        )
        self.working.apply(outcome, Cause(None, customer.home_store, zone_of(self.company, customer)))

    def note(self, customer: CustomerRow, rule: EarnEvent, earned: Earned, what: Occurrence, subject: str = "") -> CustomerEvent:
        """Books points for an event, and the row that says so."""
        entry = _entry(self.scope, customer.id, earned.programme, earned.rule, what.key)
        self.count(customer, earned.programme, earned.rule, what.day, earned.points)
        row = {
            "customer_id": customer.id,
            "programme": earned.programme,
            "rule": earned.rule,
            "occurrence": what.key,
            "company_id": self.company.id,
            "version": earned.version,
            "event": what.event,
            "title": rule.title or rule.id,
            "subject": subject,
            "account_id": self.accounts[customer.id],
            "entry": entry,
            "points": earned.points,
            "day": what.day,
            "state": "given",
            "created_at": self.now,
            "checked_at": self.now,
        }
        self.writes.put(CustomerEvent, [row])
        return CustomerEvent(tenant_id=self.scope.tenant, **row)

    def close(self) -> None:
        """Writes everything."""
        self.working.collect(self.writes, self.company.default_zone)
        self.counters.collect(self.writes)
        self.session.flush()
        self.writes.flush(self.session, epoch_base(self.container))
        # What was read before is not what is there now.
        self.session.expire_all()


def give(
    container: Container, scope: Scope, session: Session, customers: Collection[str], *, joined: bool = False, calendar: bool = False
) -> dict[str, list[CustomerEvent]]:
    """Gives customers what is due to them now, in the caller's transaction; gives what that was, by customer.

    Args:
        container: The service.
        scope: Whose customers.
        session: The caller's.
        customers: Their ids.
        joined: They were enrolled just now.
        calendar: Birthdays and anniversaries only: nobody touched the records.
    """
    repository = EventRepository(session, scope)
    kept = remembered(container, scope)
    if kept is not None and kept.stamp == ProgrammeRepository(session, scope).stamp() and not _rules(kept, container.clock()):
        return {}
    books = _Books.open(container, scope, session, customers)
    rules = [pair for pair in _rules(books.programmes, books.now) if pair[1].event in (CALENDAR if calendar else CALENDAR | _TOUCHED)]
    if not rules or not books.accounts:
        return {}
    known = {(row.customer_id, row.programme, row.rule, row.occurrence) for row in repository.given(customers)}
    found: dict[str, list[CustomerEvent]] = {}
    for customer in repository.customers(customers):
        if customer.id not in books.accounts:
            continue
        for programme, rule, due, what, at in _due(books, rules, customer, joined=joined):
            new = (customer.id, due.programme, due.rule, what.key) not in known
            earned = books.within(customer, programme, due, what.day) if new else None
            if earned is not None:
                row = books.note(customer, rule, earned, what)
                books.post(customer, row.entry, Target(earned=(earned,)), at)
                found.setdefault(customer.id, []).append(row)
    if found:
        books.close()
    return found


def _due(
    books: _Books, rules: Sequence[tuple[Programme, EarnEvent]], customer: CustomerRow, *, joined: bool
) -> Iterable[tuple[Programme, EarnEvent, Earned, Occurrence, datetime]]:
    zone = zone_of(books.company, customer)
    if customer.inactive:
        return
    facts = facts_of(customer, books.working, books.accounts[customer.id], books.now)
    for what in occurrences(facts, books.now.astimezone(zone).date(), joined=joined):
        # On a day that was missed the rules of that day count.
        at = min(books.now, day_end(what.day, zone) - timedelta(microseconds=1))
        for programme, rule in rules:
            if rule.event == what.event:
                earned = event_points(programme, rule, facts, at=at, zone=zone, store=customer.home_store)
                if earned is not None:
                    yield programme, rule, earned, what, at


def settle_referral(container: Container, scope: Scope, session: Session, subject: str) -> bool:
    """Brings what a new customer's purchases give to whoever brought them, and to themselves, to what it should be now.

    It counts while the customer has bought more than was returned. Gives whether anything was posted.
    """
    repository = EventRepository(session, scope)
    new = next(iter(repository.customers([subject])), None)
    if new is None or not new.referred_by:
        return False
    books = _Books.open(container, scope, session, {new.id, new.referred_by})
    # Read under the locks.
    gross, first = repository.purchases(subject)
    people = {one.id: one for one in repository.customers([new.id, new.referred_by])}
    rows = repository.about(subject)
    moved = False
    for row in rows:
        wanted = "given" if gross > 0 else "taken"
        if row.state != wanted and row.customer_id in books.accounts:
            _turn(books, people[row.customer_id], row, wanted)
            moved = True
        row.checked_at = books.now
    if not rows and gross > 0 and first is not None:
        moved = _thank(books, people, new, first)
    if moved or rows:
        books.close()
    return moved


def _thank(books: _Books, people: dict[str, CustomerRow], new: CustomerRow, first: datetime) -> bool:
    moved = False
    for programme, rule in _rules(books.programmes, first):
        who = people.get(new.referred_by or "") if rule.event == "referral" else new if rule.event == "referred" else None
        if who is None or who.id not in books.accounts or who.inactive:
            continue
        zone = zone_of(books.company, who)
        facts = facts_of(who, books.working, books.accounts[who.id], books.now)
        due = event_points(programme, rule, facts, at=first, zone=zone, store=who.home_store)
        day = first.astimezone(zone).date()
        earned = books.within(who, programme, due, day) if due is not None else None
        if earned is None:
            continue
        key = new.id if rule.event == "referral" else ""
        row = books.note(who, rule, earned, Occurrence(rule.event, key, day), new.id)
        books.post(who, row.entry, Target(earned=(earned,)), first)
        moved = True
    return moved


def _turn(books: _Books, customer: CustomerRow, row: CustomerEvent, wanted: str) -> None:
    # Taken back when the purchase was returned, and given again when the return was cancelled.
    LedgerRepository(books.session, books.scope).booked(books.working, [row.entry], ())
    booked = books.working.booked(row.account_id, row.entry)
    lot = next((one for one in booked.lots if one.entry == row.entry and one.debt is None), None)
    earned = Earned(row.programme, row.version, row.rule, row.points, lot.expires_at if lot else None, lot.usable_from if lot else None)
    target = Target(earned=(earned,)) if wanted == "given" else Target()
    books.post(customer, row.entry, target, books.now, booked)
    books.count(customer, row.programme, row.rule, row.day, row.points if wanted == "given" else -row.points)
    row.state = wanted


def follow(container: Container, scope: Scope, customers: Iterable[str | None]) -> int:
    """After purchases of these customers: referrals that hang on them. Costs nothing where no programme gives any."""
    wanted = {one for one in customers if one}
    kept = remembered(container, scope)
    if not wanted or kept is None or not any(rule.event in REFERRALS for _, rule in _rules(kept, container.clock())):
        return 0
    with container.database.read(scope) as session:
        subjects = EventRepository(session, scope).referred(wanted)
    return sum(settle_one(container, scope, one) for one in subjects)


def settle_one(container: Container, scope: Scope, subject: str) -> bool:
    """`settle_referral` in a transaction of its own, again when it lost a race."""

    def work() -> bool:
        with container.database.write(scope) as session:
            return settle_referral(container, scope, session, subject)

    return again(work)


def said(row: CustomerEvent, language: str, since: date | None = None, *, taken: bool = False) -> str:
    """Why, in words."""
    years = row.day.year - since.year if since is not None and row.event == "anniversary" else 0
    return event_text(row.event, row.title, row.points, words_of(language), years=years, taken=taken)


def explanations(container: Container, session: Session, scope: Scope, rows: Iterable[Row[Any]]) -> dict[str, list[Explanation]]:
    """Why movements are what they are that come from an event and not from a document, in the language of the customer's store.

    Args:
        container: The service.
        session: The caller's.
        scope: Whose movements.
        rows: With `id`, `entry`, `operation` and `points`.
    """
    moves = {row.id: row for row in rows if row.entry.startswith(_PREFIX)}
    repository = EventRepository(session, scope)
    events = repository.by_entry({row.entry for row in moves.values()})
    people = {one.id: one for one in repository.customers({event.customer_id for event in events.values()})} if events else {}
    found: dict[str, list[Explanation]] = {}
    for name, row in moves.items():
        event = events.get(row.entry)
        if event is None:
            continue
        customer = people[event.customer_id]
        company = company_info(container, Scope(scope.tenant, customer.company_id))
        store = company.stores.get(customer.home_store) or next(iter(company.stores.values()), None)
        points = int(row.points)
        text = said(event, store.language if store else "en", customer.member_since, taken=row.operation == "take" and points < 0)
        found[name] = [Explanation(rule=event.rule, version=event.version, text=text, points=points)]
    return found
