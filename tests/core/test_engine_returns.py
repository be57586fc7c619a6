"""Returns: whatever comes back in whatever parts, the sale's points go and the points spent on it come back, to the last one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from v5_core.engine import CustomerFacts, Reversal, Settlement, compile_programmes, reversal, settle
from v5_core.ledger import Target
from v5_core.model import DocumentKind, Line, Reference
from v5_core.programme import EarnPerAmount, EarnPerQuantity, Expiry, Selector

if TYPE_CHECKING:
    from tests.core.conftest import MakeDocument, MakeLine, MakeProgramme, OpenBank


LISBON = ZoneInfo("Europe/Lisbon")
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
FACTS = CustomerFacts("c1")
SALE = "fiscal:PT1:FT 1/1"


def part(line: Line, gross: int, quantity: int = 1000, *, named: bool = True, number: str = "1") -> Line:
    reference = Reference(document="FT 1/1", line=line.line_id if named else None)
    return Line(line_id=number, product=line.product, quantity=quantity, gross=gross, net=gross, reference=reference)


@pytest.fixture
def sale(programme: MakeProgramme, document: MakeDocument, line: MakeLine) -> tuple[list[Line], Settlement]:
    """Two lines, 3 and 7 points; 6 points were spent."""
    lines = [line("1", 300), line("2", 700)]
    settled = settle(compile_programmes([programme()]), document(lines), FACTS, zone=LISBON, points_spent=6_000)
    return lines, settled


@pytest.mark.feature("NX-05")
def test_part_of_a_line_takes_its_part_and_says_so(sale: tuple[list[Line], Settlement], document: MakeDocument) -> None:
    lines, settled = sale
    one = reversal(settled, {}, document([part(lines[1], 350)], DocumentKind.RETURN), language="en")
    assert (one.points_taken, one.points_given, one.returned, one.unmatched) == (4_000, 2_000, {"2": 350}, 0)
    assert [explanation.text for explanation in one.explanations] == [
        "Return: 4 points of euro taken back in proportion",
        "Return: 2 points that had been used are given back",
    ]
    assert one.explanations[0].lines == ("2",)
    rest = reversal(settled, one.returned, document([part(lines[1], 350)], DocumentKind.RETURN))
    assert (one.points_taken + rest.points_taken, one.points_given + rest.points_given) == (7_000, 4_000)


def test_nothing_comes_back_twice(sale: tuple[list[Line], Settlement], document: MakeDocument) -> None:
    lines, settled = sale
    everything = document([part(lines[0], 300), part(lines[1], 700, number="2")], DocumentKind.RETURN)
    one = reversal(settled, {}, everything)
    assert (one.points_taken, one.points_given) == (settled.points_earned, settled.points_spent)
    again = reversal(settled, one.returned, everything, language="en")
    assert (again.points_taken, again.points_given, again.unmatched) == (0, 0, 1000)
    assert again.explanations[0].text == "Return: €10.00 match nothing of the original sale and change no points"
    assert "não correspondem" in reversal(settled, one.returned, everything).explanations[0].text


def test_a_return_that_names_only_the_document_is_matched_by_product_then_spread(
    sale: tuple[list[Line], Settlement], document: MakeDocument
) -> None:
    lines, settled = sale
    by_product = reversal(settled, {}, document([part(lines[1], 700, named=False)], DocumentKind.RETURN))
    assert by_product.returned == {"2": 700}
    stranger = Line(line_id="1", product="UNKNOWN", gross=500, net=500, reference=Reference(document="FT 1/1"))
    assert reversal(settled, {}, document([stranger], DocumentKind.RETURN)).returned == {"1": 150, "2": 350}
    bare = reversal(settled, {}, document([], DocumentKind.RETURN, gross=1000, net=800))
    assert bare.points_taken == settled.points_earned


def test_the_same_product_on_two_lines_fills_one_after_the_other(programme: MakeProgramme, document: MakeDocument, line: MakeLine) -> None:
    lines = [line("1", 400, product="A"), line("2", 600, product="A")]
    settled = settle(compile_programmes([programme()]), document(lines), FACTS, zone=LISBON)
    one = reversal(settled, {}, document([part(lines[0], 700, named=False)], DocumentKind.RETURN))
    assert one.returned == {"1": 400, "2": 300}


def test_what_cost_nothing_is_measured_by_its_quantity(programme: MakeProgramme, document: MakeDocument, line: MakeLine) -> None:
    lines = [line("1", 0, quantity=4000), line("2", 500)]
    rules = (EarnPerQuantity(id="q", points=1000, selector=Selector(products=("P1",))),)
    settled = settle(compile_programmes([programme(earning=rules)]), document(lines), FACTS, zone=LISBON)
    one = reversal(settled, {}, document([part(lines[0], 0, 1000)], DocumentKind.RETURN))
    assert (one.points_taken, one.returned) == (1_000, {"1": 1000})


def test_a_reversal_survives_storage(sale: tuple[list[Line], Settlement], document: MakeDocument) -> None:
    lines, settled = sale
    stored = Settlement.from_json(settled.to_json())
    back = document([part(lines[0], 100)], DocumentKind.RETURN)
    assert reversal(stored, {}, back) == reversal(settled, {}, back)


@settings(max_examples=100, deadline=None)
@given(
    grosses=st.lists(st.integers(0, 9_999), min_size=1, max_size=5),
    quantity=st.integers(1, 9).map(lambda whole: whole * 1000),
    cuts=st.lists(st.integers(0, 100), min_size=0, max_size=5),
    spent=st.integers(0, 300).map(lambda points: points * 500),
    decimals=st.integers(0, 3),
    interleaved=st.booleans(),
    named=st.booleans(),
)
def test_buy_then_return_in_k_parts_ends_where_it_began(
    programme: MakeProgramme,
    document: MakeDocument,
    line: MakeLine,
    bank: OpenBank,
    grosses: list[int],
    quantity: int,
    cuts: list[int],
    spent: int,
    decimals: int,
    interleaved: bool,
    named: bool,
) -> None:
    rules = (EarnPerAmount(id="euro", points=1300, amount=100), EarnPerQuantity(id="pack", points=700, quantity=1000, per_line=True))
    compiled = compile_programmes([programme(earning=rules, decimals=decimals, expiry=Expiry(kind="months", count=12))])
    lines = [line(str(i), gross, quantity=quantity) for i, gross in enumerate(grosses)]
    one = bank()
    one.book("before", Target.of_settlement(settle(compiled, document([line("x", 1_000_000)]), FACTS, zone=LISBON)))
    start = set(one.account.lots)
    balance = one.account.balance
    settled = settle(compiled, document(lines), FACTS, zone=LISBON, points_spent=spent)
    one.book(SALE, Target.of_settlement(settled))
    assert one.account.balance == balance + settled.points_earned - spent
    if interleaved:  # life goes on: another sale, and points spent elsewhere
        one.book("other", Target.of_settlement(settle(compiled, document([line("x", 5_000)]), FACTS, zone=LISBON)))
        one.book("elsewhere", Target(spent=2_000))
    edges = sorted({0, *cuts, 100})
    returned: dict[str, int] = {}
    results: list[Reversal] = []
    for number, (low, high) in enumerate(pairwise(edges)):
        parts = [
            part(
                bought,
                bought.gross * high // 100 - bought.gross * low // 100,
                quantity * high // 100 - quantity * low // 100,
                named=named,
                number=str(i),
            )
            for i, bought in enumerate(lines)
        ]
        result = reversal(settled, returned, document(parts, DocumentKind.RETURN))
        assert result.points_taken == sum(share.points for share in result.taken) >= 0
        returned = dict(result.returned)
        results.append(result)
        one.book(f"return{number}", Target.of_reversal(result, SALE), NOON + timedelta(days=number))
    assert sum(result.points_taken for result in results) == settled.points_earned
    assert sum(result.points_given for result in results) == spent
    assert all(result.unmatched == 0 for result in results)
    if interleaved:
        for entry in ("other", "elsewhere"):
            one.book(entry, Target())
    assert one.account.balance == balance
    if not interleaved:  # with other spends between, the points are the same, though not always in the same lots
        assert {(lot.lot_id, lot.remaining) for lot in one.account.lots} == {(lot.lot_id, lot.remaining) for lot in start}
