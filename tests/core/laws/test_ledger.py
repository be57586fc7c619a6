"""Ledger and reference live through the same events: the same balances, lots, holds, debts and history, whatever happens in which order."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule, run_state_machine_as_test

from v5_core.engine import Earned, Share
from v5_core.ledger import AccountState, InsufficientPointsError, Target, adjust, available, reset, undo
from v5_core.programme import Policies
from v5_reference.book import Book

START = datetime(2026, 1, 1, 8, tzinfo=UTC)


class Life(RuleBasedStateMachine):
    """One account, kept twice. Points are few, for the reference keeps each of them as a thing of its own."""

    open_bank: Any  # a factory of empty accounts

    def __init__(self) -> None:
        super().__init__()
        self.now = START
        self.number = 0
        self.sales: dict[str, dict[str, Any]] = {}
        self.returns: dict[str, dict[str, Any]] = {}
        self.adjustments: list[str] = []

    @initialize(
        unit=st.sampled_from(("points", "EUR")),
        lots=st.sampled_from(("nearest_expiry", "fifo")), negative=st.sampled_from(("allow", "clip")), same=st.booleans(),
    )  # fmt: skip
    def begin(self, *, unit: str, lots: Any, negative: Any, same: bool) -> None:
        """Points, or money on a gift card, wallet or voucher: the same ledger."""
        self.policies = Policies(lots=lots, negative_balance=negative, same_sale_points=same)
        self.bank = self.open_bank(lots=lots, negative_balance=negative, same_sale_points=same)
        self.bank.account = AccountState("A", unit=unit)
        self.book = Book(self.policies)

    def _next(self, kind: str) -> str:
        # Every event has an instant of its own: of two at once nothing would say which point goes first.
        self.number += 1
        self.now += timedelta(minutes=1)
        return f"{kind}{self.number}"

    def _sell(self, entry: str, at: datetime, holds: tuple[str, ...] = ()) -> None:
        sale = self.sales[entry]
        earned = (Earned("p", 1, "euro", sale["earned"], sale["lapses"], sale["usable"]),) if sale["earned"] else ()
        self.bank.book(entry, Target(earned=earned, spent=sale["spent"], holds=holds), at)
        self.book.document(entry, at, holds=holds, **sale)

    def _return(self, entry: str, at: datetime) -> None:
        one = self.returns[entry]
        taken = (Share("p", "euro", one["taken"]),) if one["taken"] else ()
        self.bank.book(entry, Target(taken=taken, given=one["given"], original=one["original"]), at)
        self.book.document(entry, at, **one)

    @rule(
        earned=st.integers(0, 20), spent=st.sampled_from((0, 0, 3, 10, 40)), days=st.sampled_from((None, 1, 5, 30)),
        pending=st.sampled_from((0, 0, 2)), late=st.booleans(),
    )  # fmt: skip
    def sale(self, *, earned: int, spent: int, days: int | None, pending: int, late: bool) -> None:
        """A sale; now and then it comes in hours after it happened."""
        entry = self._next("s")
        at = self.now - timedelta(hours=5, seconds=30) if late else self.now
        self.sales[entry] = {
            "earned": earned, "spent": spent, "lapses": at + timedelta(days=days) if days else None,
            "usable": at + timedelta(days=pending) if pending else None,
        }  # fmt: skip
        self._sell(entry, at)

    @precondition(lambda self: self.bank.account.holds)
    @rule(earned=st.integers(0, 5), spent=st.integers(0, 12))
    def sale_with_hold(self, *, earned: int, spent: int) -> None:
        """Captures what is held, all or a part of it, or more than that."""
        entry = self._next("s")
        self.sales[entry] = {"earned": earned, "spent": spent, "lapses": None, "usable": None}
        self._sell(entry, self.now, (self.bank.account.holds[0].hold_id,))

    def _free(self) -> list[str]:
        # Sales that no return points at: those are cancelled after their returns.
        busy = {one["original"] for one in self.returns.values()}
        return [entry for entry in self.sales if entry not in busy]

    @precondition(lambda self: self._free())
    @rule(data=st.data())
    def revise(self, data: st.DataObject) -> None:
        """The same sale is reported again with other figures; cancelled, it did nothing."""
        self._next("r")
        entry = data.draw(st.sampled_from(self._free()))
        self.sales[entry] |= {"earned": data.draw(st.sampled_from((0, 0, 2, 9))), "spent": data.draw(st.sampled_from((0, 0, 4)))}
        self._sell(entry, self.now)

    def _returnable(self) -> list[str]:
        return [entry for entry, sale in self.sales.items() if self._left(entry, "taken") or self._left(entry, "given")]

    def _left(self, entry: str, what: str) -> int:
        whole = self.sales[entry]["earned" if what == "taken" else "spent"]
        return int(whole - sum(one[what] for one in self.returns.values() if one["original"] == entry))

    @precondition(lambda self: self._returnable())
    @rule(data=st.data(), whole=st.booleans())
    def give_back(self, data: st.DataObject, *, whole: bool) -> None:
        """A part of a sale comes back, or all that is left of it."""
        entry = self._next("b")
        original = data.draw(st.sampled_from(self._returnable()))
        parts = {what: self._left(original, what) for what in ("taken", "given")}
        if not whole:
            parts = {what: data.draw(st.integers(0, left)) for what, left in parts.items()}
        self.returns[entry] = {"original": original, **parts}
        self._return(entry, self.now)

    @precondition(lambda self: self.returns)
    @rule(data=st.data())
    def cancel_return(self, data: st.DataObject) -> None:
        """The credit note was cancelled, or says less than before."""
        self._next("c")
        entry = data.draw(st.sampled_from(sorted(self.returns)))
        self.returns[entry] |= data.draw(st.sampled_from(({"taken": 0, "given": 0}, {"given": 0}, {"taken": 0})))
        self._return(entry, self.now)
        if not self.returns[entry]["taken"] and not self.returns[entry]["given"]:
            del self.returns[entry]

    @rule(points=st.integers(1, 15))
    def hold(self, *, points: int) -> None:
        """A till reserves points, or is told that there are too few."""
        name = self._next("h")
        try:
            self.bank.hold(name, points, self.now, self.now + timedelta(minutes=15))
            placed = True
        except InsufficientPointsError:
            placed = False
        assert self.book.hold(name, points, self.now) is placed

    @precondition(lambda self: self.bank.account.holds)
    @rule(timed_out=st.booleans())
    def release(self, *, timed_out: bool) -> None:
        self._next("l")
        name = self.bank.account.holds[-1].hold_id
        self.bank.release(name, self.now, timed_out=timed_out)
        self.book.release(name, self.now)

    @rule(days=st.sampled_from((0, 1, 3, 10)))
    def time_passes(self, *, days: int) -> None:
        self.now += timedelta(days=days, hours=1)

    @rule()
    def expire(self) -> None:
        self._next("x")
        self.bank.expire(self.now)
        self.book.expire(self.now)

    @rule(points=st.sampled_from((5, 12, -4, -25)), days=st.sampled_from((None, 3)))
    def adjust(self, *, points: int, days: int | None) -> None:
        entry = self._next("a")
        lapses = self.now + timedelta(days=days) if days and points > 0 else None
        self.bank.write(adjust(self.bank.account, entry, points, at=self.now, policies=self.policies, expires_at=lapses))
        self.book.adjust(entry, points, self.now, lapses)
        self.adjustments.append(entry)

    @rule(keep=st.sampled_from((0, 5)))
    def reset(self, *, keep: int) -> None:
        entry = self._next("z")
        self.bank.write(reset(self.bank.account, entry, at=self.now, keep=keep))
        self.book.reset(entry, keep, self.now)
        self.adjustments.append(entry)

    @precondition(lambda self: self.adjustments)
    @rule()
    def undo(self) -> None:
        entry, undone = self._next("u"), self.adjustments.pop()
        booked = self.bank.booked(undone)
        self.bank.write(undo(self.bank.account, entry, booked, undone, at=self.now, policies=self.policies))
        self.book.undo(entry, undone, self.now)

    @invariant()
    def they_agree(self) -> None:
        if self.number == 0:
            return
        account = self.bank.account
        assert account.balance == self.book.balance
        assert available(account, self.now) == self.book.available(self.now)
        assert sum(hold.points for hold in account.holds) == self.book.held
        assert sum(-lot.remaining for lot in account.lots if lot.remaining < 0) == len(self.book.owed)
        lots: dict[tuple[str, str], tuple[int, int, int]] = {}
        for lot in self.bank.lots.values():
            if lot.debt is None:
                left, held, gone = lots.get((lot.entry, lot.rule), (0, 0, 0))
                lots[lot.entry, lot.rule] = (left + lot.remaining, held + lot.held, gone + lot.expired)
        assert lots == self.book.batches()

    @invariant()
    def the_past_is_what_it_was(self) -> None:
        if self.number == 0:
            return
        for at in {START, self.now, *(when for when, _ in self.book.movements[-8:])}:
            assert sum(row.points for row in self.bank.postings if row.account == "A" and row.at <= at) == self.book.balance_at(at)


def test_ledger_and_reference_live_the_same_life(bank: Any) -> None:
    class Here(Life):
        open_bank = staticmethod(bank)

    examples = int(os.environ.get("V5_EXAMPLES", "60"))
    run_state_machine_as_test(Here, settings=settings(max_examples=examples, stateful_step_count=40))
