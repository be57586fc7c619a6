"""How points are earned: every rule, exclusion, base and boost of the catalogue, and when they lapse."""

from __future__ import annotations

from datetime import UTC, date, datetime
from random import Random
from typing import TYPE_CHECKING, Any, Literal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from v5_core.engine import CustomerFacts, Settlement, compile_programmes, settle
from v5_core.errors import ValidationError
from v5_core.model import DocumentKind, DocumentStatus, Line, LineKind, Payment, PaymentMethod
from v5_core.programme import Boost, EarnPerAmount, EarnPerQuantity, Expiry, PercentOffer, Policies, Selector, Validity

if TYPE_CHECKING:
    from tests.core.conftest import MakeDocument, MakeLine, MakeProgramme, Quote


LISBON = ZoneInfo("Europe/Lisbon")
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)  # a Tuesday
FACTS = CustomerFacts("c1")
NBSP = "\N{NO-BREAK SPACE}"


def euro(**values: Any) -> EarnPerAmount:
    return EarnPerAmount(**{"id": "euro", "points": 1000, "amount": 100, **values})


@pytest.mark.parametrize(
    ("rounding", "decimals", "points", "amount", "gross", "expected"),
    [
        ("down", 0, 1000, 100, 1999, 19_000),
        ("half-up", 0, 1000, 100, 1999, 20_000),
        ("half-up", 0, 1000, 100, 1950, 20_000),
        ("down", 1, 1000, 100, 1999, 19_900),
        ("down", 3, 1000, 300, 1000, 3_333),
        ("down", 0, 5000, 1000, 1999, 9_000),
        ("down", 0, 1000, 100, 99, 0),
    ],
)
def test_points_per_amount(
    programme: MakeProgramme,
    quote: Quote,
    line: MakeLine,
    rounding: Literal["down", "half-up"],
    decimals: int,
    points: int,
    amount: int,
    gross: int,
    expected: int,
) -> None:
    one = programme(earning=(euro(points=points, amount=amount),), decimals=decimals, policies=Policies(rounding=rounding))
    assert quote(one, [line("1", gross)]).points_earned == expected


@pytest.mark.feature("AR-03", "V5-34")
def test_points_per_product_and_per_family_add_up(programme: MakeProgramme, quote: Quote, line: MakeLine) -> None:
    rules = (
        euro(),
        euro(id="family", points=2000, selector=Selector(families=("COSM",))),
        euro(id="product", points=5000, selector=Selector(products=("CREAM",), brands=("B",))),
    )
    basket = [
        line("1", 1000),
        line("2", 1000, family="COSM"),
        line("3", 1000, product="CREAM", family="COSM", brand="B"),
        line("4", 1000, product="CREAM"),
    ]
    reply = quote(programme(earning=rules), basket)
    assert {one.rule: (one.points, one.lines) for one in reply.explanations} == {
        "euro": (40_000, ("1", "2", "3", "4")),
        "family": (40_000, ("2", "3")),
        "product": (50_000, ("3",)),
    }


@pytest.mark.feature("AR-04")
@pytest.mark.parametrize(
    ("selector", "expected"),
    [
        ({"exclude_products": ("P1",)}, 30_000),
        ({"exclude_families": ("TOBACCO",)}, 30_000),
        ({"exclude_products": ("P1",), "exclude_families": ("TOBACCO",)}, 20_000),
        ({"exclude_discounted": True}, 30_000),
        ({"where": "unit_price >= 10 and family != 'TOBACCO'"}, 30_000),
        ({"where": "discounted"}, 10_000),
        ({"kinds": (LineKind.SERVICE,)}, 0),
    ],
)
def test_exclusions(programme: MakeProgramme, quote: Quote, line: MakeLine, selector: dict[str, Any], expected: int) -> None:
    basket = [line("1", 1000), line("2", 1000, family="TOBACCO"), line("3", 1000, discount=100), line("4", 1000)]
    assert quote(programme(earning=(euro(selector=Selector(**selector)),)), basket).points_earned == expected


def test_gift_cards_and_rewards_earn_nothing_unless_asked_for(programme: MakeProgramme, quote: Quote, line: MakeLine) -> None:
    basket = [line("1", 1000, kind=LineKind.GIFT_CARD), line("2", 1000, kind=LineKind.REWARD), line("3", 1000, kind=LineKind.SERVICE)]
    assert quote(programme(), basket).points_earned == 10_000


def test_lines_that_an_offer_reduced_are_discounted_lines(programme: MakeProgramme, quote: Quote, line: MakeLine) -> None:
    one = programme(
        earning=(euro(selector=Selector(exclude_discounted=True)),),
        offers=(PercentOffer(id="ten", percent=1000, selector=Selector(products=("P1",))),),
    )
    assert quote(one, [line("1", 1000), line("2", 1000)]).points_earned == 10_000


@pytest.mark.parametrize(
    ("policies", "expected"),
    [
        ({"vat": "gross"}, 110_000),  # (110.70 + 12.30) less 10 %
        ({"vat": "net"}, 90_000),
        ({"base": "before_discounts"}, 133_000),  # the till's own 10.00 come back too
        ({"base": "before_discounts", "vat": "net"}, 108_000),
    ],
)
def test_with_or_without_vat_before_or_after_discounts(
    programme: MakeProgramme, quote: Quote, policies: dict[str, Any], expected: int
) -> None:
    lines = [
        Line(line_id="1", product="A", gross=11_070, net=9_000, discount=1_000, vat_rate=2300),
        Line(line_id="2", product="B", gross=1_230, net=1_000, vat_rate=2300),
    ]
    one = programme(policies=Policies(**policies), offers=(PercentOffer(id="ten", percent=1000),))
    assert quote(one, lines).points_earned == expected


@pytest.mark.feature("AR-05")
@pytest.mark.parametrize(
    ("per_line", "quantity", "expected"),
    [(False, 3000, 30_000), (True, 3000, 20_000), (False, 1000, 100_000), (False, 2500, 40_000), (True, 9000, 0)],
)
def test_points_per_multiple_of_quantity(
    programme: MakeProgramme, quote: Quote, line: MakeLine, per_line: bool, quantity: int, expected: int
) -> None:
    rule = EarnPerQuantity(id="pack", points=10_000, quantity=quantity, per_line=per_line)
    basket = [line("1", 500, quantity=5000), line("2", 500, quantity=4000), line("3", 500, quantity=1500)]
    assert quote(programme(earning=(rule,)), basket).points_earned == expected


@pytest.mark.feature("PR-33")
@pytest.mark.parametrize(
    ("boost", "expected"),
    [
        ({"factor": 20_000}, 40_000),
        ({"factor": 0}, 0),
        ({"factor": 15_000}, 30_000),
        ({"factor": 20_000, "when": "weekday = 2"}, 40_000),
        ({"factor": 20_000, "when": "weekday = 3"}, 20_000),
        ({"factor": 20_000, "when": "store = 'LX1' and total >= 20 and member"}, 40_000),
        ({"factor": 20_000, "when": "segment = 'vip' or card_type in ('gold')"}, 40_000),
        ({"factor": 20_000, "when": "birthday"}, 20_000),
        ({"factor": 20_000, "when": "days_to_birthday <= 7"}, 40_000),
        (
            {"factor": 20_000, "when": "customer.sector = 'health' and member_days > 300 and hour = 12 and minute between 720 and 780"},
            40_000,
        ),
        ({"factor": 20_000, "selector": {"families": ("F",)}}, 30_000),
        ({"factor": 20_000, "validity": {"starts_at": "2026-11-24T00:00:00Z", "ends_at": "2026-11-25T00:00:00Z"}}, 40_000),
        ({"factor": 20_000, "validity": {"starts_at": "2026-11-24T12:00:01Z"}}, 20_000),
        ({"factor": 20_000, "validity": {"ends_at": "2026-11-24T12:00:00Z"}}, 20_000),
    ],
)
def test_boosts_by_criteria_and_dates(programme: MakeProgramme, quote: Quote, line: MakeLine, boost: dict[str, Any], expected: int) -> None:
    facts = CustomerFacts(
        "c1",
        segments=frozenset({"vip"}),
        birth_date=date(1990, 11, 29),
        member_since=date(2025, 1, 1),
        attributes={"sector": "health", "x": None},
    )
    one = programme(boosts=(Boost.model_validate({"id": "b", "title": "Boost", **boost}),))
    assert quote(one, [line("1", 1000), line("2", 1000, family="F")], facts=facts).points_earned == expected


def test_boosts_multiply_each_other_and_also_quantities(programme: MakeProgramme, quote: Quote, line: MakeLine) -> None:
    boosts = (Boost(id="a", factor=20_000), Boost(id="b", factor=15_000, selector=Selector(products=("P1",))))
    basket = [line("1", 1000, quantity=2000), line("2", 1000, quantity=2000)]
    assert quote(programme(boosts=boosts), basket).points_earned == 50_000
    packs = programme(earning=(EarnPerQuantity(id="q", points=1000, quantity=1000),), boosts=boosts)
    assert quote(packs, basket).points_earned == 10_000


def test_a_boost_touches_only_its_own_programme_and_its_own_lines(programme: MakeProgramme, quote: Quote, line: MakeLine) -> None:
    boost = Boost(id="b", factor=20_000, selector=Selector(products=("P2",)))
    one = programme(earning=(euro(selector=Selector(products=("P1",))),), boosts=(boost,))
    other = programme(id="other", earning=(euro(points=3000),))
    assert quote([one, other], [line("1", 1000), line("2", 1000)]).points_earned == 70_000


def test_ids_are_unique_within_a_programme(programme: MakeProgramme) -> None:
    with pytest.raises(ValueError, match="unique within the programme: euro"):
        programme(boosts=(Boost(id="euro", factor=20_000),))


def test_a_validity_ends_just_before_its_end() -> None:
    validity = Validity(starts_at=NOON, ends_at=datetime(2026, 11, 25, tzinfo=UTC))
    assert [validity.covers(datetime(2026, 11, day, 12, tzinfo=UTC)) for day in (23, 24, 25)] == [False, True, False]
    assert not validity.covers(datetime(2026, 11, 25, tzinfo=UTC))


def test_born_on_29_february_is_congratulated_every_year(programme: MakeProgramme, quote: Quote, line: MakeLine) -> None:
    facts = CustomerFacts("c1", birth_date=date(1992, 2, 29))
    one = programme(boosts=(Boost(id="b", factor=20_000, when="birthday"),))
    assert quote(one, [line("1", 1000)], facts=facts, at=datetime(2027, 3, 1, 12, tzinfo=UTC)).points_earned == 20_000
    assert quote(one, [line("1", 1000)], facts=facts, at=datetime(2028, 2, 29, 12, tzinfo=UTC)).points_earned == 20_000


def test_a_minimum_must_be_reached(programme: MakeProgramme, quote: Quote, line: MakeLine) -> None:
    one = programme(earning=(euro(minimum=2000),))
    assert quote(one, [line("1", 1999)]).points_earned == 0
    assert quote(one, [line("1", 2000)]).points_earned == 20_000


def test_the_highest_version_in_force_counts_and_only_for_its_cards_and_currency(
    programme: MakeProgramme, quote: Quote, line: MakeLine
) -> None:
    old = programme(version=1)
    new = programme(version=2, earning=(euro(points=2000),), validity=Validity(starts_at=NOON))
    basket = [line("1", 1000)]
    assert quote([old, new], basket).points_earned == 20_000
    assert quote([new, old], basket, at=datetime(2026, 11, 24, 11, tzinfo=UTC)).points_earned == 10_000
    assert quote(programme(card_types=("gold",)), basket).points_earned == 0
    assert quote(programme(card_types=("gold",)), basket, facts=CustomerFacts("c", card_types=frozenset({"gold"}))).points_earned == 10_000
    assert quote(programme(currency="USD"), basket).points_earned == 0
    assert quote(programme(), basket, facts=CustomerFacts("c", blocked=True)).points_earned == 0
    with pytest.raises(ValidationError, match="given twice"):
        compile_programmes([old, old])


@pytest.mark.feature("AR-06")
@pytest.mark.parametrize(
    ("expiry", "issued", "expected"),
    [
        ({"kind": "never"}, "2026-01-31T12:00:00Z", None),
        ({"kind": "days", "count": 0}, "2026-01-31T12:00:00Z", "2026-02-01T00:00:00+00:00"),
        ({"kind": "days", "count": 30}, "2026-01-31T12:00:00Z", "2026-03-03T00:00:00+00:00"),
        ({"kind": "months", "count": 1}, "2026-01-31T12:00:00Z", "2026-03-01T00:00:00+00:00"),
        ({"kind": "months", "count": 1}, "2028-01-31T12:00:00Z", "2028-03-01T00:00:00+00:00"),
        ({"kind": "months", "count": 13}, "2026-12-31T12:00:00Z", "2028-02-01T00:00:00+00:00"),
        ({"kind": "end_of_month", "count": 0}, "2026-02-10T12:00:00Z", "2026-03-01T00:00:00+00:00"),
        ({"kind": "end_of_month", "count": 11}, "2026-02-10T12:00:00Z", "2027-02-01T00:00:00+00:00"),
        ({"kind": "end_of_year", "count": 1}, "2026-02-10T12:00:00Z", "2028-01-01T00:00:00+00:00"),
        # Summer time: midnight in Lisbon is 23:00 UTC; the day is counted there, not in UTC.
        ({"kind": "days", "count": 1}, "2026-07-01T12:00:00Z", "2026-07-02T23:00:00+00:00"),
        ({"kind": "days", "count": 1}, "2026-07-01T23:30:00Z", "2026-07-03T23:00:00+00:00"),
        # Over the change of clocks of 25 October: the last day has 25 hours, all of them count.
        ({"kind": "days", "count": 1}, "2026-10-24T12:00:00Z", "2026-10-26T00:00:00+00:00"),
        ({"kind": "days", "count": 1}, "2026-03-28T12:00:00Z", "2026-03-29T23:00:00+00:00"),
    ],
)
def test_lots_lapse_at_the_end_of_the_stores_day(
    programme: MakeProgramme, document: MakeDocument, line: MakeLine, expiry: dict[str, Any], issued: str, expected: str | None
) -> None:
    compiled = compile_programmes([programme(expiry=Expiry(**expiry))])
    settled = settle(compiled, document([line("1", 1000)], issued_at=datetime.fromisoformat(issued)), FACTS, zone=LISBON)
    assert [None if one.expires_at is None else one.expires_at.isoformat() for one in settled.earned] == [expected]


def test_settling_uses_the_tills_prices_and_what_was_paid_in_points_earns_nothing(
    programme: MakeProgramme, document: MakeDocument, line: MakeLine
) -> None:
    offers = (PercentOffer(id="ten", percent=1000),)
    paid = (Payment(method=PaymentMethod.POINTS, amount=500, hold="h"), Payment(method=PaymentMethod.CASH, amount=1500))
    sale = document([line("1", 1000), line("2", 1000)], payments=paid)
    settled = settle(compile_programmes([programme(offers=offers)]), sale, FACTS, zone=LISBON, points_spent=50_000)
    assert (settled.points_earned, settled.points_spent) == (15_000, 50_000)
    assert [one.spent for one in settled.lines] == [25_000, 25_000]
    again = settle(compile_programmes([programme(policies=Policies(earn_on_points=True))]), sale, FACTS, zone=LISBON)
    assert again.points_earned == 20_000
    assert Settlement.from_json(settled.to_json()) == settled


def test_cancelled_anonymous_and_bare_documents(programme: MakeProgramme, document: MakeDocument, line: MakeLine) -> None:
    compiled = compile_programmes([programme()])
    cancelled = settle(compiled, document([line("1", 1000)], status=DocumentStatus.CANCELLED), FACTS, zone=LISBON)
    assert (cancelled.earned, len(cancelled.lines)) == ((), 1)
    assert settle(compiled, document([line("1", 1000)]), None, zone=LISBON).points_earned == 0
    bare = settle(compiled, document([], gross=1000, net=800), FACTS, zone=LISBON)
    assert (bare.points_earned, bare.lines[0].line_id) == (10_000, "*")


def test_a_return_that_points_at_nothing_takes_by_the_rules(programme: MakeProgramme, document: MakeDocument, line: MakeLine) -> None:
    back = document([line("1", 1000)], DocumentKind.RETURN)
    settled = settle(compile_programmes([programme(expiry=Expiry(kind="days", count=1))]), back, FACTS, zone=LISBON)
    assert (settled.points_earned, settled.earned[0].expires_at, settled.explanations[0].points) == (-10_000, None, -10_000)


@pytest.mark.feature("NX-05")
@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("pt", "Um por euro: 1 ponto por 1,00_€, sobre 20,50_€ sem IVA = 61 pontos (com Terça × 300%)"),
        ("en-GB", "Um por euro: 1 point per €1.00, on €20.50 without VAT = 61 points (with Terça × 300%)"),
        ("es", "Um por euro: 1 punto por cada 1,00_€, sobre 20,50_€ sin IVA = 61 puntos (con Terça × 300_%)"),
        ("he", "\u2068Um por euro\u2069: נקודה אחת על כל 1.00_€, מתוך 20.50_€ ללא מע״מ = 61 נקודות (עם \u2068Terça × 300%\u2069)"),
        ("xx", "Um por euro: 1 point per €1.00, on €20.50 without VAT = 61 points (with Terça × 300%)"),
    ],
)
def test_every_point_is_explained_in_words(programme: MakeProgramme, quote: Quote, language: str, text: str) -> None:
    one = programme(
        earning=(euro(title="Um por euro"),), boosts=(Boost(id="t", title="Terça", factor=30_000),), policies=Policies(vat="net")
    )  # fmt: skip
    reply = quote(one, [Line(line_id="1", product="A", gross=2522, net=2050)], language=language)
    explained = reply.explanations[0]
    assert explained.text == text.replace("_", NBSP)
    assert (explained.rule, explained.version, explained.lines, explained.points) == ("euro", 1, ("1",), 61_000)


def test_quantities_are_explained_too(programme: MakeProgramme, quote: Quote, line: MakeLine) -> None:
    one = programme(earning=(EarnPerQuantity(id="pack", title="Packs", points=1000, quantity=1500),))
    assert quote(one, [line("1", 500, quantity=3000)]).explanations[0].text == "Packs: 1 point per 1.5 units, for 3 = 2 points"
    text = quote(one, [line("1", 500, quantity=3000)], language="pt").explanations[0].text
    assert text == "Packs: 1 ponto por cada 1,5 unidades, em 3 = 2 pontos"


@settings(max_examples=60, deadline=None)
@given(
    grosses=st.lists(st.integers(0, 50_000), min_size=1, max_size=8),
    factor=st.integers(0, 40_000),
    points=st.integers(1, 5000),
    decimals=st.integers(0, 3),
    order=st.randoms(use_true_random=False),
)
def test_shares_sum_to_the_points_in_any_order_of_lines(
    programme: MakeProgramme,
    document: MakeDocument,
    line: MakeLine,
    grosses: list[int],
    factor: int,
    points: int,
    decimals: int,
    order: Random,
) -> None:
    compiled = compile_programmes(
        [
            programme(
                decimals=decimals,
                earning=(euro(points=points),),
                boosts=(Boost(id="b", factor=factor, selector=Selector(products=("P0",))),),
            )
        ]
    )
    lines = [line(str(i), gross) for i, gross in enumerate(grosses)]
    settled = settle(compiled, document(lines), FACTS, zone=LISBON)
    assert sum(share.points for one in settled.lines for share in one.shares) == settled.points_earned
    assert all(share.points % share.unit == 0 for one in settled.lines for share in one.shares)
    shuffled = list(lines)
    order.shuffle(shuffled)
    assert settle(compiled, document(shuffled), FACTS, zone=LISBON).earned == settled.earned
