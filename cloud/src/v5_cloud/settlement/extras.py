"""What documents do beside points: codes and counted uses, stored value, vouchers, tiers and clubs.

A sale that names no code and whose programmes ask for nothing of this has no `Extras`, and costs no statement more. What a document did
is kept with it (`Doc.extras`), so that a revision, a return or a cancellation brings it to what it should have done now.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from v5_cloud.kit.bulk import WriteSet
from v5_cloud.ledger.working import Cause
from v5_cloud.membership.measures import Measures, Share
from v5_cloud.membership.records import Member
from v5_cloud.models import Reservation
from v5_cloud.programmes.asks import Asks, CounterKey
from v5_cloud.programmes.service import Catalogue
from v5_cloud.settlement.document import Doc
from v5_cloud.tenants.service import CompanyInfo
from v5_cloud.vouchers.counters import SEEN, Counters, periods_of, scopes_of
from v5_cloud.vouchers.purse import MONEY, Purse
from v5_cloud.vouchers.repository import VoucherRepository
from v5_cloud.vouchers.reserving import free
from v5_core.codes import fold_code
from v5_core.engine import CustomerFacts, SaleState, Settlement, claimed_points
from v5_core.ledger import release_hold
from v5_core.model import PaymentMethod, SalesDocument

__all__ = ["OWN_CODE", "Extras", "back", "before_of", "codes_of"]

OWN_CODE = "code:"
"""Tag of a line that says which code is on the card that it sells."""


def codes_of(body: SalesDocument) -> set[str]:
    """Codes that a document names: typed ones, those that paid, and those on cards that it sells."""
    found = {payment.code for payment in body.payments if payment.code} | {one.code for one in body.applied if one.code}
    return found | {tag.removeprefix(OWN_CODE) for line in body.lines for tag in line.tags if tag.startswith(OWN_CODE)}


@dataclass(slots=True)
class Extras:
    """One transaction's codes, counters, reservations, levels and memberships.

    Attributes:
        names: Reservations by the name that a payment gives them.
        offered: Open reservations that a sale may use without naming them.
        findings: By document, what a person should know: (name of the words, the code and the amount in them).
        freed: By sale, its reservations: points that they kept and the sale did not use are free again.
        withdrawn: By sale, codes of vouchers that it had made and that are gone, or smaller, now.
        restored: By sale, codes of vouchers that it made now, or that are good, or worth more, again.
        short: By document, what could not be taken back of things that it had made, for it was spent: amounts by their names.
    """

    company: CompanyInfo
    catalogue: Catalogue
    repository: VoucherRepository
    purse: Purse
    counters: Counters
    measures: Measures | None
    members: dict[str, list[Member]]
    reservations: dict[str, Reservation] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    offered: list[Reservation] = field(default_factory=list)
    findings: dict[str, list[tuple[str, str, int]]] = field(default_factory=dict)
    withdrawn: dict[str, list[str]] = field(default_factory=dict)
    restored: dict[str, list[str]] = field(default_factory=dict)
    short: dict[str, dict[str, int]] = field(default_factory=dict)
    freed: dict[str, list[str]] = field(default_factory=dict)
    captured: dict[str, list[Reservation]] = field(default_factory=dict)

    def day(self, doc: Doc) -> date:
        """The document's day in its store's zone."""
        return doc.body.issued_at.astimezone(self.zone(doc)).date()

    def zone(self, doc: Doc) -> Any:
        """The zone of the document's store."""
        store = self.company.stores.get(doc.body.store)
        return store.zone if store else self.company.default_zone

    def asks(self, doc: Doc) -> Asks:
        """What the programmes of the document's day need."""
        return self.catalogue.asks(doc.body.issued_at)

    def cause(self, doc: Doc) -> Cause:
        """What movements of money are written for."""
        return Cause(doc.id, doc.body.store, self.zone(doc))

    def facts(self, doc: Doc, facts: CustomerFacts | None) -> CustomerFacts | None:
        """The customer's facts with levels, clubs, entitlements and visits before this document."""
        if facts is None:
            return None
        day, customer = self.day(doc), facts.customer
        more: dict[str, Any] = {}
        if self.measures is not None and self.measures.knows(customer):
            sales, last = self.measures.visits(customer, day, without=doc.id)
            levels = self.measures.tiers(customer, day, without=doc.id, sale=None if doc.is_return else doc.body.gross)
            more = {"sales": sales, "last_visit": last, "tiers": frozenset(one.tier for one in levels.values())}
        active = [one for one in self.members.get(customer, ()) if one.active(day)]
        if active:
            more["clubs"] = frozenset(one.club.id for one in active)
            own = self._counted(doc)
            more["entitlements"] = {
                got.id: max(0, got.uses - self.counters.value(key) + own.get(key, 0))
                for one in active
                for got in one.club.entitlements
                for key in [one.counter(got, day)]
            }
        return replace(facts, **more) if more else facts

    def read(self, doc: Doc) -> None:
        """Takes in what is counted where the document falls."""
        if not self.asks(doc).counted:
            return
        day = self.day(doc)
        scopes, periods = scopes_of(doc.customer, doc.body.store, codes_of(doc.body)), periods_of(day)
        for one in self.members.get(doc.customer or "", ()):
            scopes.add(f"member:{one.id}")
            periods |= {one.counter(got, day)[1] for got in one.club.entitlements}
        self.counters.read(scopes, periods)

    def settle(self, doc: Doc, run: Callable[[SaleState], Settlement]) -> Settlement:
        """Settles with what is counted, again when somebody else counted meanwhile."""
        self.read(doc)
        self._capture(doc)
        for _ in range(4):
            found = run(self._state(doc))
            if not self.counters.lock(self.wanted(doc, found)):
                break
        return found

    def _state(self, doc: Doc) -> SaleState:
        scopes, periods = scopes_of(doc.customer, doc.body.store, codes_of(doc.body)), periods_of(self.day(doc))
        return SaleState(used=self.counters.used(scopes, periods, self._counted(doc)))

    def _counted(self, doc: Doc) -> dict[CounterKey, int]:
        return {(scope, span, key): times for scope, span, key, times in doc.extras.get("counters", ())}

    def wanted(self, doc: Doc, settlement: Settlement) -> dict[CounterKey, int]:
        """What the document counts, all in all."""
        found: dict[CounterKey, int] = {}

        def count(key: CounterKey, times: int) -> None:
            if times:
                found[key] = found.get(key, 0) + times

        asks, day, body = self.asks(doc), self.day(doc), doc.body
        codes = {one.rule: fold_code(one.code) for one in body.applied if one.code}
        for use in settlement.uses:
            code = fold_code(use.code) or codes.get(use.rule, "")
            for _, limit, key in asks.limit_keys(use.programme, use.rule, day, customer=doc.customer, store=body.store, code=code):
                if limit.count == "customers" and doc.customer:
                    self._first(key, doc, count)
                elif limit.count == "uses":
                    count(key, use.times)
            entitled = self.entitled(doc, use.programme, use.entitlement, day)
            if entitled is not None:
                count(entitled[0], use.times)
        for use in settlement.uses if asks.budgets else ():
            code = fold_code(use.code) or codes.get(use.rule, "")
            for _, _, key in asks.budget_keys(use.programme, use.rule, day, customer=doc.customer, store=body.store, code=code):
                count(key, use.amount)
        self._points(doc, settlement, count)
        return found

    def _points(self, doc: Doc, settlement: Settlement, count: Callable[[CounterKey, int], None]) -> None:
        asks, day, body = self.asks(doc), self.day(doc), doc.body
        for earned in settlement.earned:
            for _, _, key in asks.cap_keys(earned.programme, earned.rule, day, customer=doc.customer):
                count(key, max(0, earned.points))
        if asks.daily and any(payment.method is PaymentMethod.POINTS for payment in body.payments):
            money = settlement.points_spent - claimed_points(self.catalogue.at(body.issued_at), body)
            for _, key in asks.daily_keys(day, doc.customer):
                count(key, max(0, money))

    def _first(self, key: CounterKey, doc: Doc, count: Callable[[CounterKey, int], None]) -> None:
        # The first n customers: who is one of them already is not counted again.
        _, span, name = key
        seen = (f"customer:{doc.customer}", span, f"{name}{SEEN}")
        own = self._counted(doc)
        if self.counters.value(seen) - own.get(seen, 0) <= 0:
            count(key, 1)
        count(seen, 1)

    def bring(self, doc: Doc, before: dict[CounterKey, int], wanted: dict[CounterKey, int]) -> None:
        """Brings what a document counts to what it should count. One of the first n customers stays one while any sale says so."""
        moved = {key: wanted.get(key, 0) - before.get(key, 0) for key in before.keys() | wanted.keys()}
        marks = [key for key in moved if key[2].endswith(SEEN)]
        self.counters.lock(marks)
        for mark in marks:
            place, was = self._place(doc, mark), self.counters.value(mark)
            if place is not None:
                moved[place] = (was + moved[mark] > 0) - (was > 0)
        for key, times in moved.items():
            self.counters.add(key, times)

    def _place(self, doc: Doc, mark: CounterKey) -> CounterKey | None:
        """Where it is counted how many customers there are, from the mark that one of them is there."""
        name = mark[2].removesuffix(SEEN)
        programme, rule, _ = name.rsplit("/", 2)
        code = next((fold_code(one.code) for one in doc.body.applied if one.rule == rule and one.code), "")
        whose = mark[0].partition(":")[2]
        keys = self.asks(doc).limit_keys(programme, rule, self.day(doc), customer=whose, store=doc.body.store, code=code)
        return next(((key[0], mark[1], name) for found, _, key in keys if found == name), None)

    def entitled(self, doc: Doc, programme: str, entitlement: str, day: date) -> tuple[CounterKey, int] | None:
        """Where the customer's uses of an entitlement are counted, and how many there are."""
        if not entitlement or not doc.customer:
            return None
        for one in self.members.get(doc.customer, ()):
            for got in one.club.entitlements:
                if one.programme == programme and got.id == entitlement:
                    return one.counter(got, day), got.uses
        return None

    def _capture(self, doc: Doc) -> None:
        """Takes over what holds reserved for this sale; from now on the sale's own uses count."""
        if not doc.counts or doc.is_return or doc.id in self.captured:
            return
        named = [self.names[payment.hold] for payment in doc.body.payments if payment.hold in self.names]
        mine = [self.reservations[one] for one in dict.fromkeys(named)] or [one for one in self.offered if self._meant(one, doc)]
        self.captured[doc.id] = [one for one in mine if one.state == "open"]
        for one in self.captured[doc.id]:
            one.state, one.document_id = "captured", doc.id
            free(one, self.purse, self.counters)

    def _meant(self, one: Reservation, doc: Doc) -> bool:
        same = (one.till != "" and one.till == doc.body.till) or (one.customer_id is not None and one.customer_id == doc.customer)
        codes = {fold_code(code) for code in codes_of(doc.body)}
        used = not codes.isdisjoint(one.body["codes"]) or not {rule.rule for rule in doc.body.applied}.isdisjoint(one.body["rules"])
        return one.state == "open" and same and used

    def let_go(self, doc: Doc, used: Iterable[str]) -> None:
        """Frees the stored value that a captured reservation kept and the sale did not use."""
        kept = set(used)
        self.freed[doc.id] = [one.id for one in self.captured.get(doc.id, ()) if one.body.get("account")]
        for one in self.captured.pop(doc.id, ()):
            for code, hold, _ in one.body["stored"]:
                row, held = self.purse.row(code), self.purse.working.holds.get(hold)
                if row is not None and row.code not in kept and held is not None and held.is_open and row.account_id:
                    state = self.purse.working.state(row.account_id)
                    self.purse.working.apply(release_hold(state, hold, at=self.purse.now), self.cause(doc))

    def count(self, doc: Doc) -> None:
        """Says what the document brings to its customer's day."""
        if self.measures is not None:
            self.measures.count(doc.id, self.share(doc))

    def share(self, doc: Doc) -> Share | None:
        """What the document brings to its customer's day."""
        if not doc.customer or not doc.counts:
            return None
        sign = -1 if doc.is_return else 1
        return doc.customer, self.day(doc), (sign * doc.body.gross, doc.points_earned, 0 if doc.is_return else 1)

    def foreign(self, doc: Doc) -> bool:
        """Whether the document's amounts are in another currency than the company's money on cards."""
        return doc.body.currency != self.company.currency

    def find(self, doc: Doc, problem: str, code: str, amount: int = 0) -> None:
        """Notes something that a person should know."""
        self.findings.setdefault(doc.id, []).append((problem, code, amount))

    def stored_by_hold(self, hold: str | None) -> Sequence[tuple[str, str, int]]:
        """(code, hold in the ledger, amount) that a reservation keeps of stored value."""
        one = self.reservations.get(self.names.get(hold or "", ""))
        return [(code, held, amount) for code, held, amount in one.body["stored"]] if one is not None else []

    def holds_on(self, doc: Doc, code: str) -> tuple[str, ...]:
        """Holds in the ledger that were made for this sale on one stored value."""
        return tuple(
            held for one in self.captured.get(doc.id, ()) for kept, held, _ in one.body["stored"] if fold_code(kept) == fold_code(code)
        )

    def money(self, code: str) -> bool:
        """Whether a code is a stored value that is known here."""
        row = self.purse.row(code)
        return row is not None and row.kind in MONEY

    def collect(self, writes: WriteSet) -> None:
        """Puts all changes into the write set."""
        self.purse.collect(writes, self.company.default_zone)
        self.counters.collect(writes)
        if self.measures is not None:
            self.measures.collect(writes, self.purse.now)


def back(asks: Iterable[Asks]) -> int:
    """Days before a sale that vouchers measure."""
    return max((rule.period_days for one in asks for _, rule in one.vouchers), default=0)


def before_of(doc: Doc) -> Share | None:
    """What a stored document brought to its customer's day."""
    if doc.counted is None or not doc.customer or not (doc.counted["member_sales"] or doc.counted["member_gross"] or doc.counted["points"]):
        return None
    return doc.customer, doc.counted["day"], (doc.counted["member_gross"], doc.counted["points"], doc.counted["member_sales"])
