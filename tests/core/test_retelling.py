"""An explanation in five languages at any later time: each figure is what it was, each sentence what the engine would have said."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import permutations
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from v5_core.engine import CustomerFacts, compile_programmes, evaluate, reversal, settle
from v5_core.hooks import Explanation, QuoteRequest
from v5_core.model import Claim, DocumentKind, Line, Origin, Reference, SalesDocument
from v5_core.programme import (
    AmountOffer,
    Boost,
    BundleOffer,
    BuyGetOffer,
    CheapestOffer,
    EarnPerAmount,
    EarnPerQuantity,
    EarnPerSale,
    FixedPriceOffer,
    GiftOffer,
    PercentOffer,
    PointsCap,
    Policies,
    PriceListOffer,
    Programme,
    QuantityOf,
    Redemption,
    Selector,
)
from v5_core.retelling import retell
from v5_core.words import LANGUAGES, words_of

AT = datetime(2026, 11, 24, 12, tzinfo=UTC)
ANNA = CustomerFacts("anna", balance_available=5_000_000)
TITLES = st.sampled_from(
    ["Points", "1 ponto por cada 1,00 € com IVA", "5 % em vinhos: só hoje (já)", "נקודות לחברים", "A × 2, B", "", "x = y"]
)


def lines(*prices: int) -> tuple[Line, ...]:
    return tuple(
        Line(
            line_id=str(n),
            product=f"p{n}",
            family=f"f{n % 3}",
            quantity=(1 + n % 2) * 1000,
            gross=price,
            net=price * 100 // 123,
            vat_rate=2300,
        )
        for n, price in enumerate(prices, 1)
    )


def programme(title: str, policies: Policies, points: int) -> Programme:
    """Every kind of rule that explains itself."""
    return Programme(
        id="club",
        name="Club",
        policies=policies,
        earning=(
            EarnPerAmount(id="euro", title=title, points=points, amount=100),
            EarnPerAmount(id="most", title=title, points=points, amount=100, caps=(PointsCap(points=3000),)),
            EarnPerQuantity(id="unit", title=title, points=1000, quantity=2000),
            EarnPerSale(id="sale", title=title, points=1000),
        ),
        boosts=(Boost(id="double", title=title or "Boost", factor=20_000, selector=Selector(families=("f1",))),),
        offers=(
            PercentOffer(id="a", title=title, percent=750, exclusive=False, selector=Selector(products=("p1",))),
            PercentOffer(id="b", title=title, percent=333, exclusive=False, selector=Selector(products=("p1", "p2")), maximum=20),
            AmountOffer(id="c", kind="amount_units", title=title, amount=5, exclusive=False, selector=Selector(products=("p3",))),
            AmountOffer(id="d", kind="amount_order", title=title, amount=10, exclusive=False),
            FixedPriceOffer(id="e", title=title, price=50, exclusive=False, selector=Selector(products=("p4",))),
            PriceListOffer(id="f", title=title, prices={"p5": 60}, exclusive=False),
            BuyGetOffer(id="g", title=title, buy=1000, get=1000, percent=5000, exclusive=False, selector=Selector(products=("p2", "p6"))),
            BundleOffer(
                id="h", title=title, price=100, exclusive=False,
                parts=(QuantityOf(selector=Selector(products=("p5",))), QuantityOf(selector=Selector(products=("p7",)))),
            ),
            CheapestOffer(id="i", title=title, percent=1000, exclusive=False, selector=Selector(products=("p8", "p9"))),
            GiftOffer(id="j", title=title, products=("mug",), cost=100_000, exclusive=False),
        ),
        redemption=Redemption(points=100_000, amount=500),
    )  # fmt: skip


def explained(title: str, prices: list[int], policies: Policies, points: int, language: str) -> list[Explanation]:
    compiled = compile_programmes([programme(title, policies, points)])
    request = QuoteRequest(store="S", at=AT, lines=lines(*prices), points_to_use=100_000, claims=(Claim(rule="j"),))
    quoted = evaluate(compiled, request, ANNA, local_time=AT, language=language).explanations
    total = {"gross": sum(prices), "net": sum(one.net for one in request.lines)}
    sale = SalesDocument(
        source="t", source_id="1", origin=Origin.HOOK, kind=DocumentKind.SALE, store="S", issued_at=AT, lines=request.lines, **total
    )
    settled = settle(compiled, sale, ANNA, zone=ZoneInfo("Europe/Lisbon"), points_spent=100_000, language=language)
    more = lines(prices[0] + 10_000)[0].model_copy(update={"reference": Reference(document="1", line="1")})
    back = SalesDocument(
        source="t", source_id="2", origin=Origin.HOOK, kind=DocumentKind.RETURN, store="S", issued_at=AT, lines=(more,), gross=more.gross,
        net=more.net,
    )  # fmt: skip
    return [*quoted, *settled.explanations, *reversal(settled, {}, back, language=language).explanations]


@given(
    title=TITLES,
    prices=st.lists(st.integers(1, 2_500_000), min_size=9, max_size=9),
    vat=st.sampled_from(["gross", "net"]),
    points=st.sampled_from([1000, 2000, 500]),
)
@pytest.mark.feature("NX-05")
def test_it_is_what_the_engine_would_have_said(title: str, prices: list[int], vat: str, points: int) -> None:
    policies = Policies.model_validate({"vat": vat})
    said = {language: explained(title, prices, policies, points, language) for language in LANGUAGES}
    for source, target in permutations(LANGUAGES, 2):
        for mine, theirs in zip(said[source], said[target], strict=True):
            assert (mine.rule, mine.points, mine.amount) == (theirs.rule, theirs.points, theirs.amount)
            assert retell(mine.text, target, source=source, currency="EUR") == theirs.text, mine.text


def test_every_kind_of_sentence_is_among_them() -> None:
    found = {one.rule for one in explained("T", [500] * 9, Policies(), 1000, "en")}
    assert found >= {"euro", "most", "unit", "sale", "a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "club", "redemption", "return"}


@pytest.mark.feature("NX-05")
def test_what_cannot_be_taken_apart_stays_as_it_is() -> None:
    words = words_of("pt", "EUR")
    text = words.say(
        "earned_amount", title="Pontos", each=words.points(1000), per=words.money(100), base=words.money(1000), points=words.points(10_000)
    )
    assert retell(text, "en", source="pt", currency="EUR") == "Pontos: 1 point per €1.00, on €10.00 = 10 points"
    assert retell(text, "en", currency="EUR") == "Pontos: 1 point per €1.00, on €10.00 = 10 points", "the language need not be known"
    assert retell(text[:-4], "en", source="pt", currency="EUR") is None, "cut"
    assert retell(text.replace("10,00", "10,0"), "en", source="pt", currency="EUR") is None, "no amount is written so"
    assert retell(text, "en", source="pt", currency="USD") is None, "these are no dollars"
    assert retell("", "en") is None
    assert retell("Adjusted by hand", "he", source="en") is None


def test_events_are_told_too() -> None:
    for key in ("event_welcome", "event_birthday", "event_profile", "event_referral", "event_referred", "event_taken", "event_anniversary"):
        said = {one: words_of(one).say(key, title="T", points=words_of(one).points(50_000), years=3) for one in LANGUAGES}
        for source, target in permutations(LANGUAGES, 2):
            assert retell(said[source], target, source=source) == said[target]
