"""An account worked on with a few of its lots does what it does with all of them: the rest is asked for, never guessed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import pytest

from v5_core.engine import Earned, Share
from v5_core.errors import ConflictError
from v5_core.ledger import (
    SHOWN,
    AccountState,
    Booked,
    Lot,
    LotsNeededError,
    Order,
    Outcome,
    Reach,
    Rest,
    Target,
    adjust,
    available,
    balance_view,
    book,
    move,
    pending_points,
    place_hold,
    release_hold,
    reset,
    undo,
)
from v5_core.model import Balance
from v5_core.programme import Policies

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
NEVER = datetime.max.replace(tzinfo=UTC)
LISBON = ZoneInfo("Europe/Lisbon")
Answer = TypeVar("Answer")


class Shelf:
    """Hands out lots as a database does: debts and held ones always, of the others the next ones in the order that is asked for."""

    def __init__(self, account: AccountState, random: Random, now: datetime) -> None:
        self.account, self.random, self.now = account, random, now
        self.loaded = {lot.lot_id for lot in account.lots if lot.remaining < 0 or lot.held or random.random() < 0.1}
        self.reach: Reach | None = None
        self.asked = 0

    def state(self) -> AccountState:
        away = [lot for lot in self.account.lots if lot.lot_id not in self.loaded]
        over = [lot for lot in away if lot.expires_at is not None and lot.expires_at <= self.now]
        ends_at = min((lot.expires_at for lot in away if lot.expires_at is not None and lot.expires_at > self.now), default=None)
        shown = ends_at is not None and ends_at <= self.now + SHOWN
        rest = Rest(
            points=sum(lot.remaining for lot in away),
            at=self.now,
            lapsed=sum(lot.remaining for lot in over),
            pending=sum(lot.remaining for lot in away if lot not in over and lot.usable_from is not None and lot.usable_from > self.now),
            ends_at=ends_at,
            ending=sum(lot.remaining for lot in away if lot.expires_at == ends_at) if shown else 0,
            reach=self.reach,
        )
        return replace(self.account, lots=tuple(lot for lot in self.account.lots if lot.lot_id in self.loaded), rest=rest)

    def more(self, order: Order | None) -> None:
        self.asked += 1
        if order is None:
            self.loaded |= {lot.lot_id for lot in self.account.lots}
            return

        def key(lot: Lot) -> tuple[Any, ...]:
            return (lot.earned_at, lot.lot_id) if order.fifo else (lot.expires_at or NEVER, lot.earned_at, lot.lot_id)

        def ready(lot: Lot) -> bool:
            lives = lot.expires_at is None or lot.expires_at > order.at
            return lives and (lot.usable_from is None or lot.usable_from <= order.at) and lot.lot_id not in self.loaded

        left, most = sorted(filter(ready, self.account.lots), key=key), self.random.randint(1, 3)
        self.loaded |= {lot.lot_id for lot in left[:most]}
        self.reach = Reach(order, left[most - 1] if len(left) >= most else None)

    def ask(self, question: Callable[[AccountState], Answer]) -> Answer:
        while True:
            try:
                return question(self.state())
            except LotsNeededError as error:
                self.more(error.order)


class Life:
    """One account; whatever is done to it is done twice."""

    def __init__(self, bank: Any, seed: int) -> None:
        self.random = Random(seed)
        self.policies = Policies.model_validate(
            {
                "lots": self.random.choice(("nearest_expiry", "fifo")), "same_sale_points": self.random.random() < 0.5,
                "negative_balance": self.random.choice(("allow", "allow", "clip")),
            }
        )  # fmt: skip
        self.bank = bank()
        self.now = NOON
        self.asked = self.spared = 0
        self.sales: list[str] = []
        self.adjusted: list[str] = []

    def do(self, operation: Callable[[AccountState], Outcome]) -> Outcome | None:
        shelf = Shelf(self.bank.account, self.random, self.now)
        try:
            whole = operation(self.bank.account)
        except ConflictError:
            with pytest.raises(ConflictError):
                shelf.ask(operation)
            return None
        part = shelf.ask(operation)
        assert (part.postings, part.allocations, part.clipped) == (whole.postings, whole.allocations, whole.clipped)
        for name in ("lots_new", "lots_changed", "holds_new", "holds_changed"):
            assert set(getattr(part, name)) == set(getattr(whole, name)), name
        assert replace(part.account, lots=(), holds=(), rest=whole.account.rest) == replace(whole.account, lots=(), holds=())
        self.asked += shelf.asked
        self.spared += len(self.bank.account.lots) - len(shelf.loaded)
        return self.bank.write(whole)  # type: ignore[no-any-return]

    def book(self, entry: str, target: Target, at: datetime, renewed: Any = None) -> None:
        booked: Booked = self.bank.booked(entry, target.original)
        self.do(lambda state: book(state, entry, booked, target, at=at, policies=self.policies, renewed=renewed))

    def sell(self, number: int) -> None:
        random, entry = self.random, f"s{number}"
        at = self.now - timedelta(hours=random.choice((0, 0, 0, 30)))
        days, pending = random.choice((None, 2, 20, 59, 200)), random.choice((None, None, 3))
        until, since = (at + timedelta(days=one) if one else None for one in (days, pending))
        earned = (Earned("p", 1, "euro", random.randint(1, 20), until, since),) if random.random() < 0.9 else ()
        holds = tuple(hold.hold_id for hold in self.bank.account.holds[:1]) if random.random() < 0.3 else ()
        spent = random.choice((0, 0, 0, 0, 0, random.randint(1, 60)))
        renewed = {("p", ""): at + timedelta(days=25)} if random.random() < 0.1 else None
        self.book(entry, Target(earned=earned, spent=spent, holds=holds), at, renewed)
        self.sales.append(entry)

    def give_back(self, number: int) -> None:
        if self.sales:
            original = self.random.choice(self.sales)
            self.sales.remove(original)
            gone = self.random.randint(0, sum(lot.points for lot in self.bank.lots.values() if lot.entry == original))
            drawn = sum(row.points for row in self.bank.allocations if row.origin == original and row.operation == "spend")
            taken = (Share("p", "euro", gone),) if gone else ()
            self.book(f"r{number}", Target(taken=taken, given=self.random.randint(0, max(0, drawn)), original=original), self.now)

    def revise(self, _: int) -> None:
        if self.sales:
            self.book(self.random.choice(self.sales), Target(spent=self.random.choice((0, 5, 30))), self.now)

    def hold(self, number: int) -> None:
        points, name = self.random.randint(1, 50), f"h{number}"
        until = self.now + timedelta(minutes=5)
        self.do(lambda state: place_hold(state, name, points, at=self.now, expires_at=until, policies=self.policies))

    def release(self, _: int) -> None:
        if self.bank.account.holds:
            name = self.bank.account.holds[-1].hold_id
            self.do(lambda state: release_hold(state, name, at=self.now))

    def correct(self, number: int) -> None:
        entry, points, keep = f"a{number}", self.random.choice((9, -30)), self.random.choice((None, None, None, 5))
        if keep is None:
            self.do(lambda state: adjust(state, entry, points, at=self.now, policies=self.policies))
        else:
            self.do(lambda state: reset(state, entry, at=self.now, keep=keep))
        self.adjusted.append(entry)

    def take_back(self, number: int) -> None:
        if self.adjusted:
            undone = self.adjusted.pop()
            booked = self.bank.booked(undone)
            self.do(lambda state: undo(state, f"u{number}", booked, undone, at=self.now, policies=self.policies))

    def look(self, _: int) -> None:
        shelf = Shelf(self.bank.account, self.random, self.now)

        def seen(state: AccountState) -> tuple[int, int, Balance]:
            return available(state, self.now), pending_points(state, self.now), balance_view(state, at=self.now, zone=LISBON)

        assert shelf.ask(seen) == seen(self.bank.account)
        assert not shelf.asked, "what is shown costs no lot"
        later = self.now + timedelta(days=1)
        assert shelf.ask(lambda state: available(state, later)) == available(self.bank.account, later)

    def lose(self, number: int) -> None:
        """The card is lost: all that is on it moves to another."""
        new = AccountState("B")
        whole = {lot.remaining for lot in move(self.bank.account, new, f"m{number}", at=self.now)[1].lots_new}
        shelf = Shelf(self.bank.account, self.random, self.now)
        assert {lot.remaining for lot in shelf.ask(lambda state: move(state, new, f"m{number}", at=self.now))[1].lots_new} == whole

    def step(self, number: int) -> None:
        self.now += timedelta(hours=self.random.choice((1, 5, 30)))
        works = (self.sell, self.give_back, self.revise, self.hold, self.release, self.correct, self.take_back, self.look)
        self.random.choices(works, (50, 12, 5, 8, 4, 4, 3, 14))[0](number)
        if number % 20 == 0:
            self.bank.expire(self.now)
        if number % 50 == 0 and not self.bank.account.holds:
            self.lose(number)


def test_an_account_of_which_little_was_loaded_does_what_the_whole_one_does(bank: Any) -> None:
    asked = spared = 0
    for seed in range(12):
        life = Life(bank, seed)
        for number in range(1, 160):
            life.step(number)
        asked, spared = asked + life.asked, spared + life.spared
    assert asked > 200, "something had to be asked for"
    assert spared > 4_000, "most lots were never needed"
