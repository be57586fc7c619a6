"""Accounts in memory while a transaction works on them: states go to `v5_core.ledger`, outcomes come back, rows go out."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any, NamedTuple, TypeVar
from zoneinfo import ZoneInfo

from v5_cloud.kit.bulk import WriteSet
from v5_cloud.models import AccountRow, AllocationRow, HoldRow, LotRow, PostingRow, new_id
from v5_core.ledger import (
    WHOLE,
    AccountState,
    Allocation,
    Booked,
    Hold,
    HoldState,
    Lot,
    LotsNeededError,
    Operation,
    Outcome,
    Posting,
    Reach,
    Rest,
    available,
    balance_view,
    move,
)
from v5_core.model import Balance
from v5_core.programme import Policies

__all__ = ["Account", "Cause", "Member", "Working", "allocation_of", "hold_of", "home_of", "lot_of"]

Answer = TypeVar("Answer")


class Account(NamedTuple):
    """What settlement needs of an account."""

    id: str
    customer_id: str
    balance: int
    earned: int
    spent: int
    version: int
    sequence: int


class Member(NamedTuple):
    """What settlement needs of a customer."""

    id: str
    keys: list[Any]
    card_types: list[Any]
    birth_date: date | None
    member_since: date | None
    blocked: bool
    inactive: bool
    rates: list[Any]
    shares_with: str | None
    parted: list[Any]
    segments: list[Any]

    @property
    def heads(self) -> set[str]:
        """Whose accounts this customer uses, or has used."""
        return {str(head) for head, _ in self.parted} | ({self.shares_with} if self.shares_with else set())


def home_of(people: Mapping[str, Member], customer: str, since: datetime) -> str:
    """On whose account is by now what a customer had at an instant, for whoever comes to share an account takes all points along."""
    person = people.get(customer)
    if person is None:
        return customer
    for head, until in person.parted:
        if since < (parted := datetime.fromisoformat(until)):
            return home_of(people, head, parted)
    return person.shares_with if person.shares_with and person.shares_with in people else customer


def lot_of(row: LotRow) -> Lot:
    """A stored lot as the ledger's record."""
    return Lot(
        lot_id=row.lot_id,
        account=row.account_id,
        entry=row.entry,
        programme=row.programme,
        rule=row.rule,
        points=row.points,
        remaining=row.remaining,
        earned_at=row.earned_at,
        expires_at=row.expires_at,
        held=row.held,
        expired=row.expired,
        sequence=row.sequence,
        debt=Operation(row.debt) if row.debt else None,
        usable_from=row.usable_from,
    )


def hold_of(row: HoldRow) -> Hold:
    """A stored hold as the ledger's record."""
    parts = tuple((str(lot), int(points)) for lot, points in json.loads(row.parts))
    return Hold(row.id, row.account_id, row.points, row.created_at, row.expires_at, parts, HoldState(row.state), row.captured, row.entry)


def allocation_of(row: AllocationRow) -> Allocation:
    """A stored allocation as the ledger's record."""
    return Allocation(row.entry, row.origin, Operation(row.operation), row.lot_id, row.points, row.at, row.programme, row.rule)


@dataclass(frozen=True, slots=True)
class Cause:
    """What a posting is written for: its document, and the store and zone whose day it counts on."""

    document: str | None = None
    store: str = ""
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))


@dataclass(slots=True)
class Working:
    """A transaction's accounts. Nothing here reaches the database until `collect`."""

    company: str
    now: datetime
    rows: dict[str, AccountRow | Account] = field(default_factory=dict)
    lots: dict[str, dict[str, Lot]] = field(default_factory=dict)
    holds: dict[str, Hold] = field(default_factory=dict)
    aliases: dict[str, str] = field(default_factory=dict)
    allocations: dict[str, list[Allocation]] = field(default_factory=dict)
    # Loads lots that an operation asks for (account, what).
    more: Callable[[str, LotsNeededError], None] | None = None
    _states: dict[str, AccountState] = field(default_factory=dict)
    _rests: dict[str, Rest] = field(default_factory=dict)
    _taken_in: dict[str, int] = field(default_factory=dict)
    _earned: dict[str, int] = field(default_factory=dict)
    _spent: dict[str, int] = field(default_factory=dict)
    _loaded: dict[str, int] = field(default_factory=dict)
    _opened: set[str] = field(default_factory=set)
    _lots_changed: set[tuple[str, str]] = field(default_factory=set)
    _holds_changed: set[str] = field(default_factory=set)
    _postings: list[dict[str, Any]] = field(default_factory=list)
    _allocated: list[dict[str, Any]] = field(default_factory=list)
    # What is asked for by account and by document, so that a batch does not search itself for each of its sales.
    _held: dict[str, dict[str, None]] = field(default_factory=dict)
    _entries: dict[str, set[tuple[str, str]]] = field(default_factory=dict)

    def load(self, accounts: Iterable[AccountRow | Account], lots: Iterable[Lot], holds: Iterable[Hold]) -> None:
        """Takes in what the repository read (accounts locked)."""
        for row in accounts:
            if row.id not in self.rows:
                self.rows[row.id] = row
                self._loaded[row.id] = row.version
                unit = row.unit if isinstance(row, AccountRow) else "points"
                self._states[row.id] = AccountState(row.id, row.balance, row.version, row.sequence, unit=unit)
        for lot in lots:
            known = self.lots.setdefault(lot.account, {})
            if lot.lot_id not in known:
                known[lot.lot_id] = lot
                self._taken_in[lot.account] = self._taken_in.get(lot.account, 0) + lot.remaining
                self._enter(lot.account, lot.entry)
        for hold in holds:
            self.holds.setdefault(hold.hold_id, hold)
            self._held.setdefault(hold.account, {})[hold.hold_id] = None

    def known(self, accounts: Iterable[str]) -> list[str]:
        """Lots that need not be loaded."""
        return [lot for account in accounts for lot in self.lots.get(account, ())]

    def sum_up(self, account: str, balance: int, rest: Rest) -> None:
        """Takes in the sums of what was not loaded; `balance` is what is stored, all lots together."""
        self._rests[account] = replace(rest, points=balance - self._taken_in.get(account, 0))

    def summed(self, accounts: Iterable[str]) -> set[str]:
        """Which of these are known by sums of some of their lots."""
        return {one for one in accounts if self._rests.get(one, WHOLE).points}

    def reach(self, account: str, reach: Reach) -> None:
        """Notes how far lots were loaded in the order of drawing."""
        self._rests[account] = replace(self._rests[account], reach=reach)

    def whole(self, accounts: Iterable[str]) -> None:
        """Notes that all open lots were loaded."""
        self._rests |= dict.fromkeys(accounts, WHOLE)

    def open(self, row: AccountRow) -> None:
        """A new account; it is written even when nothing is booked on it."""
        self.load([row], (), ())
        self._opened.add(row.id)

    def recall(self, allocations: Iterable[tuple[str, Allocation]]) -> None:
        """Takes in what documents drew before, by account."""
        for account, one in allocations:
            self.allocations.setdefault(account, []).append(one)
            self._enter(account, one.entry)

    def _enter(self, account: str, entry: str) -> None:
        self._entries.setdefault(entry.partition(">")[0], set()).add((account, entry))

    def _holds(self, account: str) -> list[Hold]:
        return [self.holds[one] for one in self._held.get(account, ())]

    def state(self, account: str) -> AccountState:
        """The account as `v5_core.ledger` wants it: with its open holds, and its open lots as far as they were loaded."""
        lots = tuple([lot for lot in self.lots.get(account, {}).values() if lot.remaining])
        holds = tuple([hold for hold in self._holds(account) if hold.is_open])
        base = self._states[account]
        return AccountState(account, base.balance, base.version, base.sequence, lots, holds, base.unit, self._rests.get(account, WHOLE))

    def only(self, account: str, lots: Collection[str]) -> AccountState:
        """The account as if there were no other lots than these."""
        state = self.state(account)
        return replace(state, lots=tuple([lot for lot in state.lots if lot.lot_id in lots]), rest=WHOLE)

    def ask(self, account: str, question: Callable[[AccountState], Answer]) -> Answer:
        """What an operation or a view makes of an account; lots that it needs are loaded, as many as it needs."""
        while True:
            try:
                return question(self.state(account))
            except LotsNeededError as error:
                if self.more is None:
                    raise
                self.more(account, error)

    def booked(self, account: str, entry: str, origin: str = "", spared: Mapping[tuple[str, str], int] | None = None) -> Booked:
        """What an entry has booked on an account; `origin` is the sale that a return points at, `spared` what "clip" let go."""
        wanted = {entry, origin} - {""}
        own = self.allocations.get(account, ())
        allocations = tuple([one for one in own if one.entry in wanted or one.origin in wanted])
        named = {one.lot_id for one in allocations}
        lots = tuple([lot for lot in self.lots.get(account, {}).values() if lot.entry in wanted or lot.lot_id in named])
        return Booked(lots, allocations, spared or {})

    def entries(self, document: str) -> set[tuple[str, str]]:
        """(account, entry) of everything that a document has booked so far on the accounts at hand (points, or money on vouchers).

        An entry is a document's id, or `id>original`.
        """
        return {one for one in self._entries.get(document, ()) if one[0] in self.rows}

    def apply(self, outcome: Outcome, cause: Cause) -> None:
        """Takes in what an operation did."""
        account = outcome.account.account
        self._states[account] = outcome.account
        for lot in (*outcome.lots_new, *outcome.lots_changed):
            self.lots.setdefault(account, {})[lot.lot_id] = lot
            self._enter(account, lot.entry)
            self._lots_changed.add((account, lot.lot_id))
        for hold in (*outcome.holds_new, *outcome.holds_changed):
            self.holds[hold.hold_id] = hold
            self._held.setdefault(account, {})[hold.hold_id] = None
            self._holds_changed.add(hold.hold_id)
        for one in outcome.allocations:
            self.recall([(account, one)])
            self._allocated.append(
                {
                    "id": new_id("al", self.now),
                    "company_id": self.company,
                    "account_id": account,
                    "entry": one.entry,
                    "origin": one.origin,
                    "operation": one.operation.value,
                    "lot_id": one.lot_id,
                    "points": one.points,
                    "programme": one.programme,
                    "rule": one.rule,
                    "at": one.at,
                }
            )
        for posting in outcome.postings:
            self._post(account, posting, cause)

    def follow(self, account: str, home: str, entry: str, cause: Cause, policies: Policies, lots: Collection[str]) -> None:
        """What came to an account whose balance has moved goes where that went, a debt too: these lots, but not what is held of them."""
        source = self.only(account, lots)
        source = replace(source, lots=tuple([lot for lot in source.lots if not lot.held]), holds=())
        if source.lots:
            out, into = self.ask(home, lambda target: move(source, target, entry, at=self.now, policies=policies))
            self.apply(out, cause)
            self.apply(into, cause)

    def _post(self, owner: str, posting: Posting, cause: Cause) -> None:
        self._postings.append(
            {
                "id": new_id("p", self.now),
                "company_id": self.company,
                "account": posting.account if posting.account == owner else str(posting.account),
                "owner": owner,
                "document_id": cause.document,
                "entry": posting.entry,
                "operation": posting.operation.value,
                "points": posting.points,
                "unit": self._states[owner].unit,
                "programme": posting.programme,
                "rule": posting.rule,
                "store": cause.store,
                "day": posting.at.astimezone(cause.zone).date(),
                "at": posting.at,
                "written_at": self.now,
            }
        )
        if posting.account == owner:
            if posting.operation in {Operation.EARN, Operation.TAKE}:
                self._earned[owner] = self._earned.get(owner, 0) + posting.points
            elif posting.operation in {Operation.SPEND, Operation.GIVE}:
                self._spent[owner] = self._spent.get(owner, 0) - posting.points

    def balance(self, account: str, at: datetime, zone: ZoneInfo) -> Balance:
        """The balance as a till shows it."""
        return self.ask(account, lambda state: balance_view(state, at=at, zone=zone))

    def held(self, account: str) -> int:
        """Points that open holds reserve."""
        return sum([hold.points for hold in self._holds(account) if hold.is_open])

    def available(self, account: str, at: datetime) -> int:
        """Points that can be spent."""
        return self.ask(account, lambda state: available(state, at))

    def changed(self) -> set[str]:
        """Accounts that something happened to."""
        touched = {account for account, state in self._states.items() if state.version != self._loaded[account]}
        touched |= {account for account, _ in self._lots_changed} | {self.holds[one].account for one in self._holds_changed}
        return touched | self._opened

    def collect(self, writes: WriteSet, zone: ZoneInfo) -> None:
        """Puts all changes into the write set."""
        for account in sorted(self.changed()):
            row, state, view = self.rows[account], self._states[account], self.balance(account, self.now, zone)
            version = max(state.version, self._loaded[account] + 1)
            values = {
                "id": account,
                "balance": state.balance,
                "held": self.held(account),
                "earned": max(0, row.earned + self._earned.get(account, 0)),
                "spent": max(0, row.spent + self._spent.get(account, 0)),
                "version": version,
                "sequence": state.sequence,
                "expiring": view.expiring,
                "expiring_on": view.expiring_on,
                "updated_at": self.now,
            }
            if account in self._opened and isinstance(row, AccountRow):
                whose = {"company_id": self.company, "customer_id": row.customer_id, "kind": row.kind, "unit": row.unit}
                writes.put(AccountRow, [{**values, **whose, "replica": 0}])
            else:
                writes.account(values, self._loaded[account])
        writes.put(LotRow, [_lot_row(self.company, self.lots[owner][key]) for owner, key in sorted(self._lots_changed)], "replace")
        writes.put(HoldRow, [self._hold_row(self.holds[key]) for key in sorted(self._holds_changed)], "replace")
        writes.put(PostingRow, self._postings)
        writes.put(AllocationRow, self._allocated)

    def _hold_row(self, hold: Hold) -> dict[str, Any]:
        return {
            "id": hold.hold_id,
            "company_id": self.company,
            "account_id": hold.account,
            "alias": self.aliases.get(hold.hold_id, ""),
            "points": hold.points,
            "captured": hold.captured,
            "state": hold.state.value,
            "entry": hold.entry,
            "parts": json.dumps(hold.parts),
            "created_at": hold.created_at,
            "expires_at": hold.expires_at,
        }


def _lot_row(company: str, lot: Lot) -> dict[str, Any]:
    return {
        "account_id": lot.account,
        "lot_id": lot.lot_id,
        "company_id": company,
        "entry": lot.entry,
        "programme": lot.programme,
        "rule": lot.rule,
        "points": lot.points,
        "remaining": lot.remaining,
        "held": lot.held,
        "expired": lot.expired,
        "debt": lot.debt.value if lot.debt else None,
        "earned_at": lot.earned_at,
        "expires_at": lot.expires_at,
        "usable_from": lot.usable_from,
        "sequence": lot.sequence,
    }
