"""Documents looked at one by one, under today's programmes and under the draft."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final
from zoneinfo import ZoneInfo

from v5_core.engine import CustomerFacts, SaleState
from v5_core.model import DocumentKind, DocumentStatus, SalesDocument
from v5_core.simulation._again import claims
from v5_core.simulation._given import Given
from v5_core.simulation._outcome import Outcome, earned, listed, made, paid_with, taken_off
from v5_core.simulation._past import Past
from v5_core.simulation._scenario import Scenario
from v5_core.simulation._shared import Shared, Use
from v5_core.simulation._tally import Sample, Sums, Tally

__all__ = ["Case", "Simulator"]

_NOTHING: Final = SaleState()


@dataclass(frozen=True, slots=True)
class Case:
    """A past document and what is known of its buyer.

    Attributes:
        document: As it is known today, all its sources merged.
        facts: The buyer; None is nobody known.
        zone: Of the store.
        key: By which people find the document.
    """

    document: SalesDocument
    facts: CustomerFacts | None
    zone: ZoneInfo
    key: str = ""

    @property
    def number(self) -> str:
        """As printed."""
        return self.document.fiscal.number if self.document.fiscal else self.document.source_id


class Simulator:
    """Today's programmes beside a draft.

    Args:
        base: Today's.
        draft: Today's with the draft in the place of its older version.
        currency: Of the company; documents in another are left out.
        follow: Follow each customer from sale to sale (balance, visits, the customer's own limits and caps). A customer's documents must
            then come in the order of their dates, and to one simulator.
        most: How many winners, losers and differing documents are kept.
        language: Of the explanations.
        shared: What a first pass found about limits that all share, for today's programmes and for the draft.

    Attributes:
        counting: There are such limits and this is the first pass: its figures are without them.
    """

    def __init__(
        self,
        base: Scenario,
        draft: Scenario,
        *,
        currency: str = "EUR",
        follow: bool = False,
        most: int = 10,
        language: str = "en",
        shared: tuple[Shared, Shared] | None = None,
    ) -> None:
        self.base = base
        self.draft = draft
        self.currency = currency
        self.follow = follow
        self.most = most
        self.language = language
        self.in_money = any(one.redemption is not None or one.offering is not None or one.vouchers for one in (base, draft))
        self.shared = shared
        self.counting = shared is None and bool(base.shared or draft.shared)
        self._same_offers = base.same_offers(draft)
        # Following costs a little for each sale; programmes in which nothing hangs on earlier sales need none of it.
        self._followed = follow and "sequence" in base.notes | draft.notes
        self._pasts: dict[str, tuple[Past, Past]] = {}

    def knowing(self, shared: tuple[Shared, Shared]) -> Simulator:
        """The simulator of the second pass."""
        return Simulator(
            self.base, self.draft, currency=self.currency, follow=self.follow, most=self.most, language=self.language, shared=shared
        )

    def run(self, cases: Iterable[Case]) -> Tally:
        """Looks at documents; all those of the customers among them."""
        tally = Tally(most=self.most)
        for case in cases:
            self.add(tally, case)
        self.close(tally)
        return tally

    def add(self, tally: Tally, case: Case) -> None:
        """Looks at one document."""
        document = case.document
        if document.status is DocumentStatus.CANCELLED or document.currency != self.currency:
            tally.skipped += 1
            return
        base, draft = self._outcomes(case)
        if self.counting:
            if tally.shared is None:
                tally.shared = Shared(self.base.shared), Shared(self.draft.shared)
            for counts, outcome in zip(tally.shared, (base, draft), strict=True):
                _write_down(counts, case, outcome)
        is_return = document.kind is DocumentKind.RETURN
        tally.returns += is_return
        sums = Sums(1, int(base.given != draft.given), -document.gross if is_return else document.gross, base.given, draft.given)
        tally.total += sums
        tally.count(base.rules, draft=False)
        tally.count(draft.rules, draft=True)
        local = document.issued_at.astimezone(case.zone)
        _into(tally.stores, document.store, sums)
        _into(tally.months, f"{local.year:04d}-{local.month:02d}", sums)
        facts = case.facts
        if facts is not None:
            _into(tally.open, facts.customer, sums)
            for tier in facts.tiers:
                _into(tally.tiers, tier, sums)
            for segment in facts.segments:
                _into(tally.segments, segment, sums)
        if sums.differing:
            money, points = self.difference(sums), draft.given.points - base.given.points
            tally.sample(lambda: _sample(case, base, draft, money, points), money, points)

    def close(self, tally: Tally, customers: Iterable[str] | None = None) -> None:
        """Says that these customers' documents are all in; None is everybody's."""
        for customer in sorted(tally.open) if customers is None else customers:
            tally.close(customer, self.difference)
            self._pasts.pop(customer, None)

    def difference(self, sums: Sums) -> int:
        """What is given more (or less) in money; in hundredths of a point where nothing says what points are worth."""
        base, draft = sums.base, sums.draft
        if not self.in_money:
            return (draft.points - base.points) // 10
        return (
            self.draft.worth(draft.points) + draft.discount + draft.voucher_amount
            - self.base.worth(base.points) - base.discount - base.voucher_amount
        )  # fmt: skip

    def _outcomes(self, case: Case) -> tuple[Outcome, Outcome]:
        document, zone, language = case.document, case.zone, self.language
        pasts = self._past(case)
        base_facts = draft_facts = case.facts
        base_state = draft_state = _NOTHING
        if pasts is not None and case.facts is not None:
            base_facts, draft_facts = pasts[0].facts(case.facts), pasts[1].facts(case.facts)
            base_state, draft_state = pasts[0].state(), pasts[1].state()
        if self.shared is not None:
            base_state = _with(base_state, self.shared[0], case)
            draft_state = _with(draft_state, self.shared[1], case)
        offers = self.base.offering is not None or self.draft.offering is not None
        basket = listed(document, claims(document, self.base, self.draft)) if offers else None
        base = taken_off(self.base, basket, document, base_facts, zone, base_state, language)
        if self._same_offers and base_facts == draft_facts and base_state == draft_state:
            draft = Outcome(replace(base.given), list(base.rules), base.shares, list(base.told))
        else:
            draft = taken_off(self.draft, basket, document, draft_facts, zone, draft_state, language)
        paid = document if base.shares == draft.shares else paid_with(document, base.shares, draft.shares)
        earned(base, self.base, document, base_facts, zone, base_state, language)
        earned(draft, self.draft, paid, draft_facts, zone, draft_state, language)
        if self.base.vouchers:
            made(base, self.base, document, base_facts, zone, base_state, pasts[0] if pasts else None)
        if self.draft.vouchers:
            made(draft, self.draft, paid, draft_facts, zone, draft_state, pasts[1] if pasts else None)
        if pasts is not None:
            _remember(pasts[0], document, base)
            _remember(pasts[1], paid, draft)
        return base, draft

    def _past(self, case: Case) -> tuple[Past, Past] | None:
        if not self._followed or case.facts is None:
            return None
        day = case.document.issued_at.astimezone(case.zone).date()
        pasts = self._pasts.get(case.facts.customer)
        if pasts is None:
            pasts = self._pasts[case.facts.customer] = (Past(self.base, day), Past(self.draft, day))
        for one in pasts:
            one.day = day
        return pasts


def _remember(past: Past, document: SalesDocument, outcome: Outcome) -> None:
    past.take(document, _by_rule(outcome))


def _by_rule(outcome: Outcome) -> dict[str, Given]:
    found: dict[str, Given] = {}
    for _, rule, given in outcome.rules:
        if rule in found:
            found[rule] = replace(found[rule])
            found[rule] += given
        else:
            found[rule] = given
    return found


def _write_down(counts: Shared, case: Case, outcome: Outcome) -> None:
    document = case.document
    if not counts.limits or document.kind is DocumentKind.RETURN:
        return
    day = document.issued_at.astimezone(case.zone).date()
    use = Use(document.issued_at, document.keys[0], case.facts.customer if case.facts is not None else "")
    taken = {one.rule: one.times for one in document.applied}
    for rule, given in _by_rule(outcome).items():
        counts.add(rule, use, day, document.store, points=given.points, money=given.discount, times=taken.get(rule, 1))


def _with(state: SaleState, shared: Shared, case: Case) -> SaleState:
    document = case.document
    day = document.issued_at.astimezone(case.zone).date()
    customer = case.facts.customer if case.facts is not None else ""
    used = shared.used(document.issued_at, document.keys[0], customer, day, document.store)
    return replace(state, used={**state.used, **used}) if used else state


def _into(sums: dict[str, Sums], key: str, more: Sums) -> None:
    known = sums.get(key)
    if known is None:
        known = sums[key] = Sums()
    known += more


def _sample(case: Case, base: Outcome, draft: Outcome, money: int, points: int) -> Sample:
    document = case.document
    return Sample(
        document=case.key or document.keys[0],
        number=case.number,
        store=document.store,
        issued_at=document.issued_at,
        customer=case.facts.customer if case.facts is not None else None,
        gross=document.gross,
        money=money,
        points=points,
        base=base.given,
        draft=draft.given,
        base_explanations=base.explanations,
        draft_explanations=draft.explanations,
    )
