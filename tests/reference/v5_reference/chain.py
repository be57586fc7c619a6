"""What a chain of shops remembers of its day: documents, and a `Book` for each customer, each card and each voucher.

Amounts are whole euros, a point is worth one of them and ten euros of goods earn one, so that the sums of a whole programme come down to
these lines. Documents are booked as families: a sale, then its returns in the order of their dates, each to what it should have done.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from v5_core.programme import Policies
from v5_reference.book import Book

__all__ = ["Back", "Chain", "Hold", "Sale"]

PER_POINT = 10
STEPS = ((100, 12), (50, 5))
"""What a purchase from so many euros on brings as a voucher for the next one."""


@dataclass
class Back:
    """A credit note; `onto` says what it gives back to cards (`more`: beyond what they had paid), `note` what it puts on a new one."""

    name: str
    at: datetime
    euros: int
    onto: dict[str, int] = field(default_factory=dict)
    note: tuple[str, int] | None = None
    more: dict[str, int] = field(default_factory=dict)
    cancelled: datetime | None = None


@dataclass
class Sale:
    """A sale as it is known now.

    Attributes:
        goods: Euros of goods that earn.
        points: Used as money, those of rewards apart.
        cards: What gift cards, wallets and vouchers paid, by code.
        sells: Cards that it sells or loads, by code.
        voucher: Code of what it brought for the next purchase.
        account: Where its points are booked; who shares an account by then changes nothing of that.
    """

    name: str
    at: datetime
    goods: int
    who: int | None = None
    points: int = 0
    rewards: int = 0
    holds: tuple[str, ...] = ()
    cards: dict[str, int] = field(default_factory=dict)
    sells: dict[str, int] = field(default_factory=dict)
    coupon: str = ""
    voucher: str = ""
    cancelled: datetime | None = None
    account: int | None = None
    booked_for: int | None = None
    backs: list[Back] = field(default_factory=list)

    @property
    def gross(self) -> int:
        return self.goods + sum(self.sells.values())

    @property
    def returned(self) -> int:
        return sum(one.euros for one in self.backs if not one.cancelled)

    @property
    def counts_uses(self) -> bool:
        """A sale that came back as a whole used no coupon."""
        return not self.cancelled and self.returned < self.gross

    @property
    def earned(self) -> int:
        return 0 if self.cancelled or self.account is None else max(0, self.goods - self.points) // PER_POINT

    @property
    def spent(self) -> int:
        return 0 if self.cancelled or self.account is None else self.points + self.rewards


@dataclass
class Hold:
    """What a till keeps for a payment."""

    name: str
    expires: datetime
    who: int | None = None
    points: int = 0
    cards: dict[str, int] = field(default_factory=dict)
    coupon: str = ""


class Chain:
    """Everything that the chain remembers."""

    def __init__(self, policies: Policies, zone: ZoneInfo, *, lapse_days: int, voucher_days: int) -> None:
        self.policies, self.zone = policies, zone
        self.lapse_days, self.voucher_days = lapse_days, voucher_days
        self.accounts: dict[int, Book] = {}
        self.cards: dict[str, Book] = {}
        self.sales: dict[str, Sale] = {}
        self.holds: dict[str, Hold] = {}
        self.head: dict[int, int] = {}

    def account(self, who: int) -> Book:
        return self.accounts.setdefault(who, Book(self.policies))

    def card(self, code: str) -> Book:
        return self.cards.setdefault(code, Book(Policies(negative_balance="clip"), spares=False))

    def whose(self, who: int) -> int:
        """The customer on whose account purchases of `who` are booked."""
        return self.head.get(who, who)

    def _day_end(self, at: datetime, days: int) -> datetime:
        day = at.astimezone(self.zone).date() + timedelta(days=days + 1)
        return datetime(day.year, day.month, day.day, tzinfo=self.zone)

    # Documents

    def settle(self, sale: Sale) -> None:
        """Books a sale and its returns to what they should do now."""
        self.sales[sale.name] = sale
        old = sale.account
        if sale.who != sale.booked_for or old is None:
            sale.account = None if sale.who is None else self.whose(sale.who)
        sale.booked_for = sale.who
        leaves = old if old is not None and old != sale.account else None
        if leaves is not None:
            for one in self._in_order(sale):
                self.account(leaves).document(f"{one.name}>{sale.name}", one.cancelled or one.at, original=sale.name)
            self.account(leaves).document(sale.name, sale.cancelled or sale.at)
        self._book_backs(sale, lessen=True)
        self._book_sale(sale)
        self._book_backs(sale)
        self._pay(sale)
        self._issue(sale)

    def _book_sale(self, sale: Sale) -> None:
        at = sale.cancelled or sale.at
        if sale.account is not None:
            lapses = self._day_end(sale.at, self.lapse_days)
            self.account(sale.account).document(
                sale.name, at, earned=sale.earned, lapses=lapses, spent=sale.spent, holds=() if sale.cancelled else sale.holds
            )

    def _in_order(self, sale: Sale) -> list[Back]:
        return sorted(sale.backs, key=lambda one: (one.at, one.name))

    def _book_backs(self, sale: Sale, *, lessen: bool = False) -> None:
        """Brings the returns to what they should do; or, before their sale changes, down to it where they did more."""

        def share(points: int, returned: int) -> int:
            return (2 * points * returned + sale.gross) // (2 * sale.gross)

        before = 0
        for one in self._in_order(sale):
            now = before if one.cancelled else min(sale.gross, before + one.euros)
            taken, given = (share(points, now) - share(points, before) for points in (sale.earned, sale.spent))
            before = now
            entry, at = f"{one.name}>{sale.name}", one.cancelled or one.at
            if sale.account is None:
                continue
            book = self.account(sale.account)
            if lessen:
                taken, given = min(taken, -book.earned.get((entry, "euro"), 0)), min(given, book.given.get(entry, 0))
            book.document(entry, at, original=sale.name, taken=taken, given=given)

    def _pay(self, sale: Sale) -> None:
        # What goes back goes back once: by the returns, and the rest by the cancellation. What is cancelled takes its returns along.
        left, steps = dict(sale.cards), []
        for one in self._in_order(sale):
            for code in sorted(sale.cards):
                given = 0 if one.cancelled else min(one.onto.get(code, 0), left[code])
                left[code] -= given
                one.more[code] = 0 if one.cancelled else one.onto.get(code, 0) - given
                steps.append((code, one, 0 if sale.cancelled else given))
        for lessen in (True, False):
            for code, one, given in steps:
                book, entry = self._with_debts(code), f"{one.name}>{sale.name}"
                kept = min(given, book.given.get(entry, 0)) if lessen else given
                book.document(entry, one.cancelled or one.at, original=sale.name, given=kept)
            if lessen:
                self._take(sale, {} if sale.cancelled else sale.cards)

    def _take(self, sale: Sale, paid: dict[str, int]) -> None:
        at, holds = sale.cancelled or sale.at, () if sale.cancelled else sale.holds
        for code in sorted(sale.cards):
            self._with_debts(code).document(sale.name, at, spent=paid.get(code, 0), holds=holds)

    def _with_debts(self, code: str) -> Book:
        # A sale is a fact: what was not on the card is owed. What is loaded is taken back as far as it is there.
        book = self.card(code)
        book.policies = Policies()
        return book

    def fill(self, code: str, entry: str, euros: int, at: datetime, lapses: datetime | None = None) -> None:
        """Brings what an entry loaded to an amount."""
        book = self.card(code)
        book.policies = Policies(negative_balance="clip")
        book.document(entry, at, earned=euros, lapses=lapses)

    def _issue(self, sale: Sale) -> None:
        at = sale.cancelled or sale.at
        for code, euros in sale.sells.items():
            self.fill(code, f"{sale.name}+sold", 0 if not sale.counts_uses else euros, at)
        if sale.voucher:
            self.fill(sale.voucher, f"{sale.name}+voucher", self.brings(sale), at, self._day_end(sale.at, self.voucher_days - 1))
        for one in self._in_order(sale):
            for code, more in sorted(one.more.items()):
                if not code.startswith("VO"):  # a voucher is no purse
                    self.fill(code, f"{one.name}+more", more, one.cancelled or one.at)
            if one.note is not None:
                self.fill(one.note[0], f"{one.name}+note", 0 if one.cancelled else one.note[1], one.cancelled or one.at)

    def brings(self, sale: Sale) -> int:
        """The voucher that a sale brings."""
        if sale.cancelled or sale.account is None or not sale.goods:
            return 0
        kept = sale.goods - min(sale.returned, sale.goods)
        return next((worth for least, worth in STEPS if kept >= least), 0)

    # Holds

    def place(self, hold: Hold, at: datetime) -> bool:
        """Keeps all of it, or nothing."""
        books = [(self.card(code), euros) for code, euros in hold.cards.items()]
        if hold.points and hold.who is not None:
            books.append((self.account(self.whose(hold.who)), hold.points))
        if any(book.available(at) < amount for book, amount in books):
            return False
        for book, amount in books:
            book.hold(hold.name, amount, at)
        self.holds[hold.name] = hold
        return True

    def release(self, name: str, at: datetime) -> None:
        """Lets go of whatever a hold still keeps."""
        self.holds.pop(name, None)
        for book in self.books():
            if name in book.holds:
                book.release(name, at)

    def use_up(self, names: tuple[str, ...], used: dict[str, int], at: datetime) -> None:
        """A sale took over the hold: what it did not use of the cards is free."""
        for name in names:
            hold = self.holds.pop(name, None)
            for code in hold.cards if hold is not None else ():
                if code not in used and name in self.card(code).holds:
                    self.card(code).release(name, at)

    def keep_house(self, at: datetime) -> None:
        """Holds and points whose time is over."""
        for name, hold in list(self.holds.items()):
            if hold.expires <= at:
                self.release(name, at)
        for book in self.books():
            book.expire(at)

    def books(self) -> list[Book]:
        """All accounts."""
        return [*self.accounts.values(), *self.cards.values()]
