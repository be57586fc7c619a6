"""What a simulation says, for people and as JSON."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Literal

from v5_core.hooks import Explanation
from v5_core.model import Wire
from v5_core.money import Amount, Points
from v5_core.simulation._given import Given
from v5_core.simulation._simulate import Case, Simulator
from v5_core.simulation._tally import BANDS, Moved, Sample, Sums, Tally

__all__ = ["Band", "Compared", "CustomerChange", "DocumentChange", "Report", "RuleChange", "Side", "report_of", "simulate"]


class Side(Wire):
    """What was given: the liability that points make, and what discounts and vouchers cost.

    Attributes:
        points: Points earned, less what returns took back.
        worth: What they are worth when they are used as money: the liability.
        discount: What offers took off.
        voucher_amount: What vouchers of an amount are good for; those of a percentage count in `vouchers` only.
    """

    points: Points = 0
    worth: Amount = 0
    discount: Amount = 0
    vouchers: int = 0
    voucher_amount: Amount = 0

    @property
    def cost(self) -> int:
        """All of it as money."""
        return self.worth + self.discount + self.voucher_amount


class Compared(Wire):
    """Sales side by side: today's programmes (`base`) and the draft. `name` is a store, a month, a tier or a segment."""

    name: str = ""
    documents: int = 0
    differing: int = 0
    gross: Amount = 0
    base: Side
    draft: Side

    @property
    def difference(self) -> int:
        """What the draft costs more, or less."""
        return self.draft.cost - self.base.cost


class RuleChange(Wire):
    """What one rule gives today and in the draft."""

    rule: str
    title: str
    kind: Literal["earning", "offer", "voucher"]
    base: Side
    draft: Side

    @property
    def difference(self) -> int:
        """What it costs more, or less."""
        return self.draft.cost - self.base.cost


class CustomerChange(Wire):
    """A customer who gets more, or less; `difference` is money, `points` the difference in points."""

    customer: str
    name: str = ""
    difference: Amount
    points: Points
    documents: int
    gross: Amount


class Band(Wire):
    """How many customers get more than `above` and up to `to`; None is open, and two zeros are those for whom nothing changes."""

    above: Amount | None
    to: Amount | None
    customers: int


class DocumentChange(Wire):
    """A document that differs, and why each side gives what it gives."""

    document: str
    number: str
    store: str
    issued_at: datetime
    customer: str | None
    gross: Amount
    difference: Amount
    base: Side
    draft: Side
    base_explanations: tuple[Explanation, ...]
    draft_explanations: tuple[Explanation, ...]


class Report(Wire):
    """Cost, winners, losers and differences.

    Attributes:
        in_money: Differences are money; False: nothing says what points are worth, and "1.00" is one point.
        followed: Customers were followed from sale to sale.
        skipped: Documents left out: cancelled, or in another currency.
        rules: What changes most first.
        notes: What was left out or taken as it is today: "rewards", "coupons", "shared_limits" (a first pass only), "events",
            "as_of_today", "sequence", "returns".
    """

    currency: str
    in_money: bool
    followed: bool
    base_versions: tuple[str, ...]
    draft_versions: tuple[str, ...]
    skipped: int
    returns: int
    total: Compared
    rules: tuple[RuleChange, ...]
    stores: tuple[Compared, ...]
    months: tuple[Compared, ...]
    tiers: tuple[Compared, ...]
    segments: tuple[Compared, ...]
    winners: int
    losers: int
    unchanged: int
    distribution: tuple[Band, ...]
    biggest_winners: tuple[CustomerChange, ...]
    biggest_losers: tuple[CustomerChange, ...]
    documents: tuple[DocumentChange, ...]
    notes: tuple[str, ...]


def report_of(tally: Tally, simulator: Simulator) -> Report:
    """The report on a tally whose customers are closed."""
    if tally.open:
        raise ValueError("customers of whom more documents may come: close them first")
    made = _Making(simulator)
    notes = set(simulator.base.notes | simulator.draft.notes)
    if simulator.follow:
        notes.discard("sequence")
    if simulator.shared is not None:
        notes.discard("shared_limits")
    if tally.returns:
        notes.add("returns")
    if tally.tiers or tally.segments:
        notes.add("as_of_today")
    rules = [made.rule(kind, rule, sums) for (kind, rule), sums in tally.rules.items()]
    return Report(
        currency=simulator.currency,
        in_money=simulator.in_money,
        followed=simulator.follow,
        base_versions=tuple(f"{one.id} {one.version}" for one in simulator.base.programmes),
        draft_versions=tuple(f"{one.id} {one.version}" for one in simulator.draft.programmes),
        skipped=tally.skipped,
        returns=tally.returns,
        total=made.compared("", tally.total),
        rules=tuple(sorted(rules, key=lambda one: (-abs(one.difference), -abs(one.draft.points - one.base.points), one.kind, one.rule))),
        stores=made.all(tally.stores),
        months=made.all(tally.months),
        tiers=made.all(tally.tiers),
        segments=made.all(tally.segments),
        winners=tally.winners,
        losers=tally.losers,
        unchanged=tally.unchanged,
        distribution=_bands(tally.bands),
        biggest_winners=tuple(_customer(one) for one in tally.biggest_winners),
        biggest_losers=tuple(_customer(one) for one in tally.biggest_losers),
        documents=tuple(made.document(one) for one in tally.samples),
        notes=tuple(sorted(notes)),
    )


def simulate(simulator: Simulator, past: Callable[[], Iterable[Case]]) -> Report:
    """The whole of it in one process.

    Args:
        simulator: Today's programmes and the draft.
        past: Gives the past sales; asked twice where limits are shared by all customers.
    """
    tally = simulator.run(past())
    if simulator.counting and tally.shared is not None:
        simulator = simulator.knowing(tally.shared)
        tally = simulator.run(past())
    return report_of(tally, simulator)


class _Making:
    """Makes rows, with what points are worth on each side."""

    def __init__(self, simulator: Simulator) -> None:
        self.base = simulator.base
        self.draft = simulator.draft

    def sides(self, base: Given, draft: Given) -> dict[str, Side]:
        return {"base": _side(base, self.base.worth(base.points)), "draft": _side(draft, self.draft.worth(draft.points))}

    def compared(self, name: str, sums: Sums) -> Compared:
        return Compared(
            name=name, documents=sums.documents, differing=sums.differing, gross=sums.gross, **self.sides(sums.base, sums.draft)
        )

    def all(self, rows: dict[str, Sums]) -> tuple[Compared, ...]:
        return tuple(self.compared(name, rows[name]) for name in sorted(rows))

    def rule(self, kind: Literal["earning", "offer", "voucher"], rule: str, sums: Sums) -> RuleChange:
        title = self.draft.titles.get(rule) or self.base.titles.get(rule) or rule
        return RuleChange(rule=rule, title=title, kind=kind, **self.sides(sums.base, sums.draft))

    def document(self, one: Sample) -> DocumentChange:
        return DocumentChange(
            document=one.document,
            number=one.number,
            store=one.store,
            issued_at=one.issued_at,
            customer=one.customer,
            gross=one.gross,
            difference=one.money,
            base_explanations=one.base_explanations,
            draft_explanations=one.draft_explanations,
            **self.sides(one.base, one.draft),
        )


def _side(given: Given, worth: int) -> Side:
    return Side(points=given.points, worth=worth, discount=given.discount, vouchers=given.vouchers, voucher_amount=given.voucher_amount)


def _customer(one: Moved) -> CustomerChange:
    return CustomerChange(
        customer=one.customer, difference=one.money, points=one.points, documents=one.sums.documents, gross=one.sums.gross
    )


def _bands(counts: list[int]) -> tuple[Band, ...]:
    middle = BANDS.index(0)
    edges: list[tuple[int | None, int | None]] = list(zip((None, *BANDS), (*BANDS, None), strict=True))
    edges.insert(middle + 1, (0, 0))
    return tuple(Band(above=above, to=to, customers=count) for (above, to), count in zip(edges, counts, strict=True))
