"""The work that the engine's peers are measured with: the same promotions and baskets, in the kinds of offers that V5 has for them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random
from typing import Any, Final

from v5_core.engine import Compiled, CustomerFacts, compile_programmes
from v5_core.hooks import QuoteRequest
from v5_core.model import Line
from v5_core.programme import (
    AmountOffer,
    BundleOffer,
    BuyGetOffer,
    CheapestOffer,
    EarnPerAmount,
    Offer,
    PercentOffer,
    Programme,
    QuantityOf,
    Selector,
)

AT: Final = datetime(2026, 11, 24, 12, tzinfo=UTC)
FACTS: Final = CustomerFacts("c1", segments=frozenset({"vip"}))
BASKETS: Final = 50


@dataclass(frozen=True)
class Work:
    """Programmes made ready, and baskets of one shape; the first is the peer's own.

    Attributes:
        note: Where V5 does not do the very same as the peer.
    """

    compiled: Compiled
    requests: tuple[QuoteRequest, ...]
    note: str


def medusa() -> Work:
    """The work of bench_medusa.js: 20 promotions for VIPs on two of five categories each, all on a basket of 10 lines and 19 units."""
    note = (
        "the same 20 promotions by kind, all combinable. V5 applies offers on the order (3.00 across) after those on lines, Medusa in the "
        "order given; Medusa splits them by at most 2 units a line and takes a free unit at its full price. Rounding to the cent, "
        "what each discount was reckoned of and points come on top here."
    )
    programme = Programme(id="bench", name="Bench", offers=_medusa_offers(), earning=(EarnPerAmount(id="euro", points=1000, amount=100),))
    return Work(compile_programmes([programme]), _requests(_medusa_baskets()), note)


def _medusa_offers() -> tuple[Offer, ...]:
    made: list[Offer] = []
    for i in range(20):
        own, both = Selector(families=(f"c{i % 5}",)), Selector(families=(f"c{i % 5}", f"c{(i + 1) % 5}"))
        common: dict[str, Any] = {
            "id": f"p{i}", "title": f"P{i}", "exclusive": False, "priority": 20 - i, "when": "segment = 'vip'", "selector": both,
        }  # fmt: skip
        if i % 4 == 0:
            made.append(PercentOffer(**common, percent=1000, units_per_line=2))
        elif i % 4 == 1:
            made.append(AmountOffer(**common, kind="amount_units", amount=300, units_per_line=2))
        elif i % 4 == 2:
            made.append(AmountOffer(**common, kind="amount_order", amount=300))
        else:
            buying = {**common, "selector": own, "get_selector": both}
            made.append(BuyGetOffer(**buying, buy=2000, get=1000, times=1, choose="dearest"))
    return tuple(made)


def _medusa_baskets() -> Iterator[list[Line]]:
    # 50 articles: ten prices in five categories, five articles of each. Every basket has two lines of each category and 19 units.
    for basket in range(BASKETS):
        chance = Random(basket)
        quantities = [1 + k % 3 for k in range(10)]
        if basket:
            chance.shuffle(quantities)
        lines = []
        for k, quantity in enumerate(quantities):
            article = k + 10 * (chance.randrange(5) if basket else 0)
            lines.append(_line(f"i{k}", f"i{article}", quantity, 300 + 137 * k + 10 * (article // 10), f"c{k % 5}"))
        yield lines


def oscar() -> Work:
    """The basket of bench_oscar.py: 200 products, 18 ranges of 60 of them, 20 offers used once each, 19 units, 272.09 in all."""
    note = (
        "the same basket, ranges and offers in V5's nearest kinds, another discount: oscar's sets are of the cheapest units, V5's of "
        "the dearest ('three for 12.00' takes some 90.00); oscar closes every unit that an offer asked for, V5 those it touched; "
        "an amount off from 20.00 on closes none in V5 and comes last"
    )
    lines = [_line(str(k), f"u{n}", 1 + k % 3, 300 + (n % 17) * 137) for k in range(10) for n in ((k * 19) % 200,)]
    programme = Programme(id="bench", name="Bench", offers=_oscar_offers())
    return Work(compile_programmes([programme]), _requests([lines]), note)


def _oscar_offers() -> tuple[Offer, ...]:
    made: list[Offer] = []
    for i in range(20):
        products = sorted({f"u{(i * 11 + k * 3) % 200}" for k in range(60)}) if i < 18 else []
        lines = Selector(products=tuple(products))
        common: dict[str, Any] = {"id": f"o{i}", "title": f"o{i}", "exclusive": False, "priority": 20 - i, "selector": lines}
        if i % 5 == 0:
            made.append(CheapestOffer(**common, percent=1000, units=3, minimum_quantity=2000, closes_units=True))
        elif i % 5 == 1:
            made.append(AmountOffer(**common, kind="amount_order", amount=300, minimum=2000, minimum_price="remaining"))
        elif i % 5 == 2:
            made.append(BuyGetOffer(**common, buy=2000, get=1000, times=1))
        elif i % 5 == 3:
            made.append(BundleOffer(**common, parts=(QuantityOf(selector=lines, quantity=2000),), percent=1500, times=1))
        else:
            made.append(BundleOffer(**common, parts=(QuantityOf(selector=lines, quantity=3000),), price=1200, times=1))
    return tuple(made)


def many(offers: int) -> Work:
    """So many offers of which 8 can apply: the others are for other segments, stores, weekdays, families or products."""
    made: list[Offer] = []
    for i in range(offers):
        kind: dict[str, Any] = {"id": f"o{i}", "title": f"o{i}", "exclusive": False, "priority": (offers - i) % 1000}
        if i < 8:
            made.append(PercentOffer(**kind, percent=100 + i, selector=Selector(families=(f"c{i % 5}",))))
            continue
        closed = ({"when": f"segment = 's{i}'"}, {"when": f"store = 'S{i}'"}, {"when": "weekday = 1"}, {"codes": (f"CODE{i}",)}, {})[i % 5]
        selector = Selector() if closed else Selector(families=(f"f{i}",)) if i % 2 else Selector(products=(f"x{i}",))
        if i % 3:
            made.append(PercentOffer(**kind, **closed, percent=500, selector=selector))
        else:
            made.append(AmountOffer(**kind, **closed, amount=300, selector=selector))
    programme = Programme(id="bench", name="Bench", offers=tuple(made))
    return Work(compile_programmes([programme]), _requests(_medusa_baskets()), f"{offers} offers in force, 8 apply")


def _line(line_id: str, product: str, quantity: int, price: int, family: str = "") -> Line:
    gross = price * quantity
    return Line(line_id=line_id, product=product, family=family, quantity=quantity * 1000, gross=gross, net=gross)


def _requests(baskets: Iterator[list[Line]] | list[list[Line]]) -> tuple[QuoteRequest, ...]:
    return tuple([QuoteRequest(store="S", at=AT, lines=tuple(lines)) for lines in baskets])
