"""Settlement in memory: documents, customers and accounts of one transaction, and what each report changes in them.

Everything hangs on what the documents say, nothing on the order in which they came: a document's parts are merged by trust, the
returns of a sale are computed anew in the order of their dates, and booking posts the difference to what was booked before.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from v5_cloud.customers.rates import card_rate
from v5_cloud.ledger.working import Cause, Member, Working, home_of
from v5_cloud.models import new_id
from v5_cloud.programmes.service import Catalogue
from v5_cloud.settlement.document import Doc, Report, normal, refs_of
from v5_cloud.settlement.extras import Extras
from v5_cloud.settlement.giving import unlink
from v5_cloud.settlement.issuing import bring, undo_sale
from v5_cloud.settlement.making import occurred
from v5_cloud.settlement.spending import hold_ids, release_unused, spent_points
from v5_cloud.tenants.service import CompanyInfo
from v5_core.engine import Compiled, CustomerFacts, Reversal, Settlement, Share, compile_programmes, reversal, settle
from v5_core.errors import RecordRejectedError
from v5_core.ledger import Target, book, lessened, renewals
from v5_core.model import DocumentStatus, SalesDocument
from v5_core.programme import Policies

__all__ = ["World"]


@dataclass(slots=True)
class _Left:
    """What is to follow to another account once a family is booked."""

    cause: Cause
    policies: Policies
    lots: set[str] = field(default_factory=set)


@dataclass(slots=True)
class World:
    """One transaction's view. Nothing reaches the database until `saving.collect`."""

    company: CompanyInfo
    catalogue: Catalogue | None
    working: Working
    now: datetime
    docs: dict[str, Doc] = field(default_factory=dict)
    by_key: dict[str, str] = field(default_factory=dict)
    customers: dict[str, Member] = field(default_factory=dict)
    account_of: dict[str, str] = field(default_factory=dict)
    customer_of: dict[str, str] = field(default_factory=dict)
    # What a return does to each of its originals.
    reversals: dict[str, dict[str, Reversal]] = field(default_factory=dict)
    repointed: set[str] = field(default_factory=set)
    # Returns by what they point at or once pointed at (a name on paper, a document's id), and keys by the source's own number: a batch
    # must not search itself for each of its sales.
    _pointing: dict[str, dict[str, None]] = field(default_factory=dict)
    _numbered: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    # By account, and by the one where its points have moved since: lots that are to follow.
    _left: dict[tuple[str, str], _Left] = field(default_factory=dict)
    _own: dict[str, str] = field(default_factory=dict)
    _unlinked: dict[str, None] = field(default_factory=dict)
    extras: Extras | None = None

    def load(self, docs: Iterable[Doc], customers: Iterable[tuple[str, Member]]) -> None:
        """Takes in what the repository read: documents, and customers by account."""
        for doc in docs:
            self.docs[doc.id] = doc
            self._point(doc, doc.links)
            if doc.state != "merged":
                self._know(doc)
        for account, row in customers:
            self.customers[row.id] = row
            self.account_of[row.id] = self._own[row.id] = account
            self.customer_of |= dict.fromkeys(row.keys, row.id)
        for row in self.customers.values():
            if row.shares_with in self.account_of:
                self.account_of[row.id] = self.account_of[row.shares_with]

    def _know(self, doc: Doc) -> None:
        for key in doc.keys:
            if key not in self.by_key and key.startswith("source:"):
                _, source, number = key.split(":", 2)
                self._numbered.setdefault((source, normal(number)), []).append(key)
            self.by_key[key] = doc.id
        for name in doc.names:
            self.by_key.setdefault(f"number:{name}", doc.id)

    def _point(self, doc: Doc, links: dict[str, str | None]) -> None:
        doc.links = links
        for ref, original in links.items():
            self._pointing.setdefault(ref, {})[doc.id] = None
            if original:
                self._pointing.setdefault(original, {})[doc.id] = None

    def _pointers(self, *names: str) -> list[Doc]:
        return [self.docs[one] for one in dict.fromkeys(one for name in names for one in self._pointing.get(name, ()))]

    def zone(self, doc: Doc) -> ZoneInfo:
        """The zone of the document's store."""
        store = self.company.stores.get(doc.body.store)
        return store.zone if store else self.company.default_zone

    def take(self, report: SalesDocument) -> tuple[Doc, bool]:
        """One source reports a document.

        Returns:
            The document, and whether this very report was known.

        Raises:
            RecordRejectedError: A store that the company does not have.
        """
        if report.store not in self.company.stores:
            raise RecordRejectedError(f"store {report.store!r} is not a store of this company", ref=report.source_id, code="unknown_store")
        doc = self._find(report)
        told = Report.of(report)
        if not doc.new and doc.revisions.get(report.source) == told.revision and not doc.fresh:
            return doc, True
        was_sale = doc.merged is not None and not doc.is_return
        doc.tell(told)
        self._know(doc)
        self.resettle(doc, was_sale=was_sale)
        return doc, False

    def _find(self, report: SalesDocument) -> Doc:
        found = list(dict.fromkeys(self.by_key[key] for key in report.keys if key in self.by_key))
        if not found:
            doc = Doc(id=new_id("d", self.now), created_at=self.now)
            self.docs[doc.id] = doc
            return doc
        docs = sorted((self.docs[one] for one in found), key=lambda one: (one.created_at, one.id))
        for other in docs[1:]:
            self._absorb(docs[0], other)
        return docs[0]

    def _absorb(self, first: Doc, other: Doc) -> None:
        # Two documents turn out to be one (a report carries the keys of both): the younger one is undone and its reports move over.
        self._unlink(other, other.links.values())
        self._undo(other, keep=set())
        other.state, other.merged_into, other.dirty = "merged", first.id, True
        if self.extras is not None:
            bring(self.extras, other, (), None)
        for source, part in other.parts.items():
            first.parts.setdefault(source, part)
            first.revisions.setdefault(source, other.revisions[source])
            first.fresh.append(replace(Report.of(part), revision=other.revisions[source]))
        first.keys |= other.keys
        self.repointed |= other.keys
        self.by_key |= dict.fromkeys(other.keys, first.id)
        for doc in self._pointers(other.id):
            if other.id in doc.links.values():
                self._point(doc, {ref: first.id if original == other.id else original for ref, original in doc.links.items()})
                doc.dirty = first.has_returns = True
        first.fold()

    def resettle(self, doc: Doc, *, was_sale: bool = False) -> None:
        """Works out anew what a document and its family do."""
        doc.dirty = True
        self._resettle(doc, was_sale=was_sale)
        for sale in [self.docs[one] for one in self._unlinked if one not in doc.links.values() and self.docs[one].state != "merged"]:
            self._family(sale)
        self._unlinked.clear()
        self._follow()

    def _resettle(self, doc: Doc, *, was_sale: bool) -> None:
        before = [one for one in doc.links.values() if one]
        if doc.is_return:
            self._link(doc)
            self._unlink(doc, [one for one in before if one not in doc.links.values()])
            if was_sale:
                self._undo(doc, keep=set())
                if self.extras is not None:
                    undo_sale(self.extras, doc)
            originals = [self.docs[one] for one in dict.fromkeys(doc.links.values()) if one]
            if originals:
                doc.customer, doc.account = originals[0].customer, originals[0].account
            for original in originals:
                self._family(original)
            self._own_return(doc)
            return
        self._unlink(doc, before)
        self._point(doc, {})
        self._customer(doc)
        names = set(doc.names)
        for other in self._pointers(*names):
            if other.is_return and other.state != "merged" and names & {ref for ref, original in other.links.items() if original is None}:
                self._point(
                    other, {ref: doc.id if original is None and ref in names else original for ref, original in other.links.items()}
                )
                other.state, other.dirty, doc.has_returns = "settled", True, True
        self._family(doc)

    def _link(self, doc: Doc) -> None:
        body, links = doc.body, {}
        issuer = body.fiscal.issuer.upper() if body.fiscal else None
        for ref in refs_of(body):
            candidates = [f"fiscal:{issuer}:{ref}"] if issuer else []
            candidates += self._numbered.get((body.source, ref), ())
            candidates.append(f"number:{ref}")
            links[ref] = next(
                (self.by_key[key] for key in candidates if key in self.by_key and not self.docs[self.by_key[key]].is_return), None
            )
        self._point(doc, links)
        doc.state = "waiting" if links and not any(links.values()) else "settled"
        for original in filter(None, links.values()):
            if not self.docs[original].has_returns:
                self.docs[original].has_returns = self.docs[original].dirty = True

    def _unlink(self, doc: Doc, originals: Iterable[str | None]) -> None:
        """What a document did as a return of sales that it does not point at any more is undone; the sales are settled again after it."""
        for one in filter(None, dict.fromkeys(originals)):
            entry = f"{doc.id}>{one}"
            self._leave(doc, entry, None, one)
            self.reversals.get(doc.id, {}).pop(one, None)
            if self.extras is not None:
                unlink(self.extras, doc, one)
            self._unlinked[one] = None

    def _customer(self, doc: Doc) -> None:
        found = next((one for key in doc.customer_refs(self.company.country) if (one := self.customer_of.get(key))), None)
        held = [self.working.holds[one].account for one in hold_ids(self.working, doc)]
        if held:
            # Whoever's points paid is the customer, whatever else the document says; of those who share them, the one it names.
            same = found is not None and self.account_of[found] == held[0]
            doc.customer, doc.account = found if same else self.working.rows[held[0]].customer_id, held[0]
            return
        before, kept = doc.customer, doc.account if doc.account in self.working.rows else None
        doc.customer = found
        # What was booked before somebody came to share an account, or left it, stays where it was booked.
        stays = kept if doc.customer == before and not doc.new else None
        doc.account = stays or (self.account_of.get(doc.customer) if doc.customer else None)

    def facts(self, customer: str | None) -> CustomerFacts | None:
        """What the engine may know of a customer."""
        row = self.customers.get(customer or "")
        if row is None:
            return None
        account = self.account_of[row.id]
        return CustomerFacts(
            customer=row.id,
            card_types=frozenset(row.card_types),
            segments=frozenset(row.segments),
            birth_date=row.birth_date,
            member_since=row.member_since,
            balance_available=self.working.available(account, self.now),
            held=self.working.held(account),
            blocked=row.blocked,
            card_rate=card_rate(row.rates, self.now.astimezone(self.company.default_zone).date()),
        )

    def _family(self, sale: Doc) -> None:
        """Books a sale and all its returns, which lean on it: first what they do less than before, then the sale, then the returns."""
        body, sale.dirty = sale.body, True
        target, facts = Target(), None
        if sale.counts and self.catalogue is not None and (sale.account or self.extras is not None):
            facts = self.facts(sale.customer)
            sale.settlement = self._settled(sale, facts, self.catalogue.at(body.issued_at))
            spent = sale.settlement.points_spent
            target = Target(earned=sale.settlement.earned, spent=spent, holds=hold_ids(self.working, sale))
        else:
            empty = body.model_copy(update={"status": DocumentStatus.CANCELLED})
            sale.settlement = settle(self._nothing(body.issued_at), empty, None, zone=self.zone(sale))
        sale.points_earned, sale.points_spent = sale.settlement.points_earned, sale.settlement.points_spent
        returns = sorted(
            (one for one in self._pointers(sale.id) if sale.id in one.links.values() and one.state != "merged"), key=lambda one: one.order
        )
        for one in returns:  # where the sale leaves an account, they leave it before it
            self._leave(one, f"{one.id}>{sale.id}", sale.account, sale.id)
        leaning = self._reversals(sale, returns)
        for one, back in leaning:
            self._lessen(one, back, sale)
        self._book(sale, sale.id, sale.account, target)
        for one, back in leaning:
            self._book(one, f"{one.id}>{sale.id}", sale.account, back)
        if self.extras is not None:
            bring(self.extras, sale, returns, facts)
            cause, policies = Cause(sale.id, body.store, self.zone(sale)), self.extras.catalogue.policies(body.issued_at)
            release_unused(self.working, self.extras.freed.pop(sale.id, ()), cause, policies)

    def _settled(self, sale: Doc, facts: CustomerFacts | None, compiled: Compiled) -> Settlement:
        spent = spent_points(self.catalogue, self.working, sale) if sale.account else 0
        language, zone = self.company.language(sale.body.store), self.zone(sale)
        if self.extras is None:
            return settle(compiled, sale.body, facts, zone=zone, points_spent=spent, language=language)
        known = self.extras.facts(sale, facts)
        return self.extras.settle(
            sale, lambda state: settle(compiled, sale.body, known, zone=zone, points_spent=spent, language=language, state=state)
        )

    def _nothing(self, at: datetime) -> Compiled:
        return self.catalogue.at(at) if self.catalogue is not None else compile_programmes(())

    def _reversals(self, sale: Doc, returns: list[Doc]) -> list[tuple[Doc, Target]]:
        """What each return should do to the sale's account."""
        returned: Any = {}
        targets: list[tuple[Doc, Target]] = []
        for doc in returns:
            target, found = Target(original=sale.id), Reversal()
            leg = doc.legs().get(sale.id) if doc.counts else None
            if leg is not None:
                found = reversal(sale.settlement, returned, leg, language=self.company.language(leg.store))
                returned = found.returned
                target = Target(taken=found.taken, given=found.points_given, original=sale.id)
            self.reversals.setdefault(doc.id, {})[sale.id] = found
            doc.customer, doc.account = sale.customer, sale.account
            legs = self.reversals[doc.id].values()
            doc.points_earned, doc.points_spent = -sum(one.points_taken for one in legs), -sum(one.points_given for one in legs)
            doc.dirty = True
            targets.append((doc, target))
        return targets

    def _lessen(self, doc: Doc, target: Target, sale: Doc) -> None:
        if sale.account and (sale.account, entry := f"{doc.id}>{sale.id}") in self.working.entries(doc.id):
            booked = self.working.booked(sale.account, entry, sale.id, doc.spared(entry, sale.account))
            self._post(doc, entry, sale.account, lessened(entry, booked, target))

    def _own_return(self, doc: Doc) -> None:
        """A return that points at nothing: settled by the earning rules with the sign turned. And what it no longer does is undone."""
        valid = {f"{doc.id}>{original}" for original in doc.links.values() if original}
        if not doc.links:
            self._customer(doc)
            target = Target()
            if doc.counts and doc.account and self.catalogue is not None:
                language = self.company.language(doc.body.store)
                compiled = self.catalogue.at(doc.body.issued_at)
                doc.settlement = settle(compiled, doc.body, self.facts(doc.customer), zone=self.zone(doc), language=language)
                taken = tuple(Share(one.programme, one.rule, -one.points) for one in doc.settlement.earned)
                target = Target(taken=taken)
                doc.points_earned, doc.points_spent = doc.settlement.points_earned, 0
            else:
                doc.points_earned = doc.points_spent = 0
            self._book(doc, doc.id, doc.account, target)
            valid = {doc.id}
        elif not valid:
            self._customer(doc)
            doc.points_earned = doc.points_spent = 0
        if self.extras is not None:
            bring(self.extras, doc, (), None)
        self._undo(doc, keep=valid)

    def _book(self, doc: Doc, entry: str, account: str | None, target: Target) -> None:
        """Brings one entry to its target; on accounts that it left, to nothing."""
        self._leave(doc, entry, account, target.original)
        if account:
            self._post(doc, entry, account, target)

    def _leave(self, doc: Doc, entry: str, account: str | None, original: str) -> None:
        # Also of a document that is new: the same batch may have told it of somebody else before.
        for owner, known in self.working.entries(doc.id):
            if known == entry and owner != account:
                self._post(doc, entry, owner, Target(original=original))

    def _undo(self, doc: Doc, keep: set[str]) -> None:
        for owner, entry in sorted(self.working.entries(doc.id)):
            if entry not in keep:
                self._post(doc, entry, owner, Target(original=entry.partition(">")[2]))

    def _post(self, doc: Doc, entry: str, account: str, target: Target) -> None:
        body, at = doc.body, occurred(doc)
        policies = self.catalogue.policies(body.issued_at) if self.catalogue is not None else None
        if policies is None:
            return
        booked = self.working.booked(account, entry, target.original, doc.spared(entry, account))
        renewed, cause = self._renewed(doc), Cause(doc.id, body.store, self.zone(doc))
        home = self._home(self.docs.get(target.original, doc), account)
        if home == account:
            outcome = self.working.ask(account, lambda state: book(state, entry, booked, target, at=at, policies=policies, renewed=renewed))
            self.working.apply(outcome, cause)
            doc.spare(entry, account, outcome.spared)
            return
        # Who came to share an account took all points along: what is there now, if they parted since, is of other purchases.
        left = self._left.setdefault((account, home), _Left(cause, policies))
        state = self.working.only(account, left.lots)
        there = max(0, self.working.available(home, self.now)) + sum(min(0, lot.remaining) for lot in state.lots)
        outcome = book(state, entry, booked, target, at=at, policies=policies, renewed=renewed, elsewhere=there)
        self.working.apply(outcome, cause)
        doc.spare(entry, account, outcome.spared)
        left.lots |= {lot.lot_id for lot in (*outcome.lots_new, *outcome.lots_changed)}

    def _home(self, doc: Doc, account: str) -> str:
        """Where the points are by now that a document brought to an account."""
        return self._own.get(home_of(self.customers, self.working.rows[account].customer_id, doc.created_at), account)

    def _follow(self) -> None:
        # Once all of a family is booked, what came of it goes where the points have gone.
        for (account, home), left in self._left.items():
            self.working.follow(account, home, new_id("mv", self.now), left.cause, left.policies, left.lots)
        self._left.clear()

    def _renewed(self, doc: Doc) -> Mapping[tuple[str, str], datetime | None] | None:
        at = doc.body.issued_at
        if self.catalogue is None or doc.is_return or not doc.counts or not self.catalogue.asks(at).renews:
            return None
        return renewals(self.catalogue.programmes(at), at, self.zone(doc))
