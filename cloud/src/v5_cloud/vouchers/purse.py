"""Vouchers in memory while a transaction works on them: found by their codes, locked, with the accounts that hold their money."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from v5_cloud.kit.bulk import WriteSet
from v5_cloud.ledger.repository import LedgerRepository
from v5_cloud.ledger.working import Cause, Working
from v5_cloud.models import AccountRow, VoucherRow, new_id
from v5_cloud.vouchers.repository import VoucherRepository
from v5_core.codes import fold_code, make_code, spell
from v5_core.engine import Coupon, Earned, Stored
from v5_core.errors import ConflictError, FieldError
from v5_core.hooks import VoucherView
from v5_core.ledger import Counter, Operation, Target, available, book
from v5_core.programme import Policies

__all__ = ["ALLOW", "CLIP", "MONEY", "Issue", "Purse", "view_of"]

MONEY = frozenset({"gift_card", "wallet", "credit_note", "voucher"})
ALLOW, CLIP = Policies(), Policies(negative_balance="clip")
_OTHER_SIDE = {"gift_card": Counter.SOLD, "wallet": Counter.SOLD, "credit_note": Counter.OWED, "voucher": Counter.ISSUED}


@dataclass(frozen=True, slots=True)
class Issue:
    """What is to be issued. Without a code one is made."""

    kind: str
    programme: str = ""
    type: str = ""
    title: str = ""
    code: str = ""
    amount: int = 0
    percent: int = 0
    offer: str = ""
    uses: int = 1
    customer: str | None = None
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    stores: tuple[str, ...] = ()
    minimum: int = 0
    whole: bool = False
    by_code: bool = True
    run: str | None = None
    by: str = ""


@dataclass(slots=True)
class Purse:
    """One transaction's vouchers. Rows are written with the session, money with `collect`."""

    repository: VoucherRepository
    currency: str
    now: datetime
    working: Working = field(init=False)
    rows: dict[str, VoucherRow] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.working = Working(self.repository.scope.company, self.now)

    def load(
        self,
        codes: Iterable[str],
        *,
        lock: bool,
        documents: Collection[str] = (),
        entries: Collection[str] = (),
        holds: Collection[str] = (),
    ) -> None:
        """Takes in vouchers by their codes as typed, with their money, and what documents did to it before."""
        wanted = {fold_code(code) for code in codes} - self.rows.keys() - {""}
        found: list[VoucherRow] = []
        while wanted:
            more = self.repository.by_codes(wanted, lock=lock)
            self.rows |= {row.code: row for row in more}
            found += more
            wanted = {row.moved_to for row in more} - self.rows.keys() - {""}
        accounts = [row.account_id for row in found if row.account_id]
        if not accounts:
            return
        ledger = LedgerRepository(self.repository.session, self.repository.scope)
        self.working.load(self.repository.accounts(accounts, lock=lock), (), ())
        ledger.details(self.working, accounts, holds)
        if documents:
            ledger.booked(self.working, documents, entries)

    def row(self, code: str) -> VoucherRow | None:
        """A voucher by its code as typed."""
        return self.rows.get(fold_code(code))

    def balance(self, row: VoucherRow, at: datetime | None = None) -> int:
        """Money that can be used."""
        return available(self.working.state(row.account_id), at or self.now) if row.account_id else 0

    def coupon(self, row: VoucherRow, *, mine: int = 0) -> Coupon:
        """As the engine sees it; `mine` are uses that the asker holds itself."""
        return Coupon(
            code=row.code, rule=row.offer, programme=row.programme if row.offer else "", percent=row.percent,
            uses_left=row.uses - row.used - row.held + mine, customer=row.customer_id, valid_from=row.valid_from,
            valid_until=row.valid_until, stores=frozenset(row.stores), minimum=row.minimum, problem=_problem(row), title=row.title,
        )  # fmt: skip

    def stored(self, row: VoucherRow, *, mine: int = 0) -> Stored:
        """As the engine sees it; `mine` is what the asker holds itself."""
        return Stored(
            code=row.code, kind=row.kind, type_id=row.type, balance=max(0, self.balance(row) + mine), customer=row.customer_id,
            valid_from=row.valid_from, valid_until=row.valid_until, stores=frozenset(row.stores), minimum=row.minimum, whole=row.whole,
            by_code=row.by_code, problem=_problem(row), title=row.title,
        )  # fmt: skip

    def issue(self, wanted: Issue, entry: str, *, at: datetime, cause: Cause) -> VoucherRow:
        """A new voucher, with its money.

        Raises:
            ConflictError: The code is taken.
        """
        code = fold_code(wanted.code) or make_code()
        if wanted.code and (code in self.rows or self.repository.by_codes([code])):
            wrong = FieldError("code", "code_taken", "choose another code")
            raise ConflictError(f"The code {code} is taken.", code="code_taken", errors=(wrong,))
        scope = self.repository.scope
        row = VoucherRow(
            tenant_id=scope.tenant, company_id=scope.company, code=code, kind=wanted.kind, programme=wanted.programme, type=wanted.type,
            title=wanted.title, offer=wanted.offer, percent=wanted.percent, account_id=None, currency=self.currency, face=wanted.amount,
            uses=wanted.uses, used=0, held=0, excess=0, customer_id=wanted.customer, valid_from=wanted.valid_from,
            valid_until=wanted.valid_until, stores=list(wanted.stores), minimum=wanted.minimum, whole=wanted.whole, by_code=wanted.by_code,
            state="active", reason="", moved_to="", document_id=cause.document, run_id=wanted.run, created_at=self.now,
            created_by=wanted.by, updated_at=self.now,
        )  # fmt: skip
        self.rows[code] = row
        self.repository.add(row)
        if wanted.kind in MONEY:
            account = new_id("sv", self.now)
            row.account_id = account
            self.working.open(
                AccountRow(
                    tenant_id=scope.tenant, id=account, company_id=scope.company, customer_id="", kind=account, unit=self.currency,
                    balance=0, held=0, earned=0, spent=0, version=0, sequence=0, updated_at=self.now,
                )
            )  # fmt: skip
            self.fill(row, entry, wanted.amount, at=at, cause=cause)
        return row

    def fill(
        self,
        row: VoucherRow,
        entry: str,
        amount: int,
        *,
        at: datetime,
        cause: Cause,
        expires_at: datetime | None = None,
        renew: bool = False,
    ) -> int:
        """Brings what an entry loaded to an amount: first time, changed, or undone; never takes what was spent meanwhile.

        Returns what it could not take.

        Args:
            row: Of what.
            entry: What loads it.
            amount: All in all.
            at: When.
            cause: What the movement is written for.
            expires_at: Of what comes; left out: as the row says.
            renew: What is on it already lives as long as what comes.
        """
        if row.account_id is None:
            return 0
        home, policies, least = self._home(row), CLIP, amount
        if home is not None:
            # It is taken back where it is now, as far as it is there.
            least, policies = max(amount, self._loaded(row.account_id, entry) - max(0, self.balance(home, at))), ALLOW
        until = expires_at or row.valid_until
        earned = (Earned(row.programme, 0, row.type or row.kind, least, until),) if least else ()
        target = Target(earned=earned, counter=_OTHER_SIDE[row.kind])
        renewed = {(row.programme, ""): until} if renew else None
        self._book(row, entry, target, at, cause, policies, renewed)
        return max(0, self._loaded(row.account_id, entry) - amount)

    def _loaded(self, account: str, entry: str) -> int:
        """What an entry has loaded, less what was taken of that."""
        booked = self.working.booked(account, entry)
        taken = sum(one.points for one in booked.allocations if one.entry == entry and one.operation is Operation.TAKE)
        return sum(lot.points for lot in booked.lots if lot.entry == entry and lot.debt is None) - taken

    def pay(self, row: VoucherRow, entry: str, taken: int, *, holds: tuple[str, ...] = (), at: datetime, cause: Cause) -> None:
        """Brings what a sale takes off it to an amount. A sale is a fact: what was not there becomes a debt."""
        self._book(row, entry, Target(spent=taken, holds=holds), at, cause, ALLOW)

    def give_back(self, row: VoucherRow, entry: str, sale: str, given: int, *, at: datetime, cause: Cause) -> None:
        """Brings what a return gives back of a sale's payment to an amount, into the lots it came from."""
        self._book(row, entry, Target(given=given, original=sale), at, cause, ALLOW)

    def _book(
        self, row: VoucherRow, entry: str, target: Target, at: datetime, cause: Cause, policies: Policies,
        renewed: dict[tuple[str, str], datetime | None] | None = None,
    ) -> None:  # fmt: skip
        account, home = row.account_id, self._home(row)
        if account is None:
            return
        state, booked = self.working.state(account), self.working.booked(account, entry, target.original)
        own: set[str] = set()
        if home is not None:
            # Who pays with a lost card owes it there: whoever has the new one did not, and nothing that comes back repays it.
            own = {lot.lot_id for lot in state.lots if lot.remaining < 0}
            state = replace(state, lots=tuple(lot for lot in state.lots if lot.lot_id not in own))
        outcome = book(state, entry, booked, target, at=at, policies=policies, renewed=renewed)
        self.working.apply(outcome, cause)
        if home is not None and home.account_id is not None:
            own |= {lot.lot_id for lot in outcome.lots_new if lot.debt is Operation.SPEND and not target.original}
            moved = [lot.lot_id for lot in self.working.state(account).lots if lot.lot_id not in own]
            self.working.follow(account, home.account_id, new_id("mv", self.now), cause, policies, moved)

    def _home(self, row: VoucherRow) -> VoucherRow | None:
        """The card that took over from a lost one, or from whatever took over from that."""
        found: VoucherRow | None = None
        while row.moved_to and (after := self.rows.get(row.moved_to)) is not None:
            found = row = after
        return found

    def use(self, row: VoucherRow, times: int, before: tuple[int, int]) -> tuple[int, int]:
        """Brings a document's uses of a coupon from `before` (uses, and those beyond what there were) to `times` in all."""
        used, excess = before
        row.used, row.excess = row.used - used, row.excess - excess
        used = max(0, min(times, row.uses - row.used - row.held))
        row.used, row.excess = row.used + used, row.excess + times - used
        row.updated_at = self.now
        return used, times - used

    def view(self, row: VoucherRow, zone: ZoneInfo) -> VoucherView:
        """As tills and receipts show it."""
        return view_of(row, max(0, self.balance(row)), zone)

    def collect(self, writes: WriteSet, zone: ZoneInfo) -> None:
        """Puts the movements of money into the write set."""
        self.working.collect(writes, zone)


def view_of(row: VoucherRow, amount: int, zone: ZoneInfo) -> VoucherView:
    """As tills and receipts show it, with so much on it."""
    return VoucherView(
        code=spell(row.code),
        kind=row.kind,
        title=row.title,
        amount=amount,
        percent=row.percent,
        rule=row.offer or row.type,
        valid_from=None if row.valid_from is None else row.valid_from.astimezone(zone).date(),
        valid_until=None if row.valid_until is None else (row.valid_until - timedelta(microseconds=1)).astimezone(zone).date(),
    )


def _problem(row: VoucherRow) -> str:
    if row.state == "active":
        return ""
    return "blocked" if row.state == "blocked" else "used_up"
