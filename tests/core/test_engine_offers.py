"""Offers, points used as money, rewards and messages: what a till shows of a basket."""

from __future__ import annotations

from datetime import UTC, datetime
from random import Random
from typing import TYPE_CHECKING, Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from v5_core.engine import CustomerFacts, check_programme, compile_programmes, next_reward, points_worth, rewards_for
from v5_core.errors import ValidationError
from v5_core.hooks import QuoteResponse
from v5_core.model import LineKind
from v5_core.programme import Boost, PercentOffer, Policies, Programme, Redemption, RewardLevel, Selector, Validity

if TYPE_CHECKING:
    from tests.core.conftest import MakeLine, MakeProgramme, Quote


NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
RICH = CustomerFacts("c1", balance_available=1_000_000)
CARDS = frozenset({"points"})


def offer(offer_id: str, percent: int, **values: Any) -> PercentOffer:
    return PercentOffer(**{"id": offer_id, "percent": percent, **values})


def gave(reply: QuoteResponse) -> dict[str, int]:
    return {benefit.rule: benefit.amount for benefit in reply.benefits}


@pytest.mark.feature("PR-03")
def test_a_percentage_off_lines_rounds_each_line(programme: MakeProgramme, quote: Quote, line: MakeLine) -> None:
    reply = quote(programme(offers=(offer("ten", 1000, title="Ten"),)), [line("1", 1005), line("2", 1005), line("3", 1)])
    assert (reply.total, reply.discount) == (1809, 202)
    assert reply.benefits[0].shares == {"1": 101, "2": 101}
    assert reply.benefits[0].line_id is None
    assert reply.explanations[0].text == "Ten: 10% of €20.11 = €2.02 (rounded line by line)"


def test_a_percentage_off_the_order_is_one_amount_split_over_the_lines(programme: MakeProgramme, quote: Quote, line: MakeLine) -> None:
    reply = quote(programme(offers=(offer("ten", 1000, kind="percent_order"),)), [line("1", 1005), line("2", 1005), line("3", 1)])
    assert (reply.discount, reply.benefits[0].shares) == (201, {"1": 101, "2": 100})


def test_an_offer_on_one_line_names_it(programme: MakeProgramme, quote: Quote, line: MakeLine) -> None:
    reply = quote(programme(offers=(offer("ten", 1000, selector=Selector(products=("P2",))),)), [line("1", 1000), line("2", 1000)])
    assert (reply.benefits[0].line_id, reply.benefits[0].shares) == ("2", {"2": 100})


@pytest.mark.parametrize("kind", ["percent_lines", "percent_order"])
@pytest.mark.parametrize("vat", ["gross", "net"])
def test_a_hundred_percent_leaves_exactly_nothing(
    programme: MakeProgramme, quote: Quote, line: MakeLine, kind: Literal["percent_lines", "percent_order"], vat: Literal["gross", "net"]
) -> None:
    one = programme(offers=(offer("all", 10_000, kind=kind),), policies=Policies(vat=vat))
    reply = quote(one, [line("1", 333), line("2", 1), line("3", 0)])
    assert (reply.total, reply.discount, reply.points_earned) == (0, 334, 0)


@pytest.mark.parametrize("kind", ["percent_lines", "percent_order"])
def test_a_cap_is_kept_and_split(
    programme: MakeProgramme, quote: Quote, line: MakeLine, kind: Literal["percent_lines", "percent_order"]
) -> None:
    reply = quote(programme(offers=(offer("ten", 1000, kind=kind, maximum=101),)), [line("1", 1000), line("2", 1000)])
    assert (reply.discount, reply.benefits[0].shares) == (101, {"1": 51, "2": 50})
    assert reply.explanations[0].text.endswith("= €1.01 (maximum €1.01)")


def test_the_best_exclusive_offer_of_a_group_wins_whatever_its_priority(programme: MakeProgramme, quote: Quote, line: MakeLine) -> None:
    basket = [line("1", 1000, family="A"), line("2", 5000)]
    offers = (
        offer("five", 500, priority=9),
        offer("family", 4000, selector=Selector(families=("A",))),
        offer("capped", 5000, maximum=300),
    )
    assert gave(quote(programme(offers=offers), basket)) == {"family": 400}


def test_a_tie_is_decided_by_priority(programme: MakeProgramme, quote: Quote, line: MakeLine) -> None:
    offers = (offer("a", 1000), offer("b", 1000, priority=1))
    assert gave(quote(programme(offers=offers), [line("1", 1000)])) == {"b": 100}


def test_groups_and_combinable_offers_apply_one_after_the_other(programme: MakeProgramme, quote: Quote, line: MakeLine) -> None:
    offers = (
        offer("order", 1000, kind="percent_order", group="order"),
        offer("combinable", 1000, exclusive=False, priority=99),
        offer("exclusive", 5000),
    )
    reply = quote(programme(offers=offers), [line("1", 10_000)])
    assert [(benefit.rule, benefit.amount) for benefit in reply.benefits] == [("exclusive", 5000), ("combinable", 500), ("order", 450)]
    assert reply.total == 4050


def test_an_offer_may_leave_out_reduced_lines(programme: MakeProgramme, quote: Quote, line: MakeLine) -> None:
    offers = (
        offer("a", 1000, selector=Selector(products=("P1",))),
        offer("b", 500, exclusive=False, selector=Selector(exclude_discounted=True)),
    )
    basket = [line("1", 1000), line("2", 1000, discount=1), line("3", 1000)]
    reply = quote(programme(offers=offers), basket)
    assert {benefit.rule: benefit.shares for benefit in reply.benefits} == {"a": {"1": 100}, "b": {"3": 50}}


@pytest.mark.feature("PR-29")
def test_what_is_missing_to_the_minimum_is_told_to_the_cashier(programme: MakeProgramme, quote: Quote, line: MakeLine) -> None:
    one = programme(offers=(offer("ten", 1000, title="Ten off", minimum=3000),))
    reply = quote(one, [line("1", 2500)])
    assert reply.discount == 0
    assert ("cashier", "€5.00 more gives: Ten off") in {(message.audience, message.text) for message in reply.messages}
    assert quote(one, [line("1", 3000)]).discount == 300


def test_who_has_no_card_is_told_what_a_member_saves(programme: MakeProgramme, quote: Quote, line: MakeLine) -> None:
    offers = (
        offer("members", 1000),
        offer("all", 500, members_only=False, group="all"),
        offer("vip", 9000, when="segment = 'vip'", group="vip"),
    )
    reply = quote(programme(offers=offers), [line("1", 10_000)], facts=None)
    assert (gave(reply), reply.points_earned, reply.savings_as_member) == ({"all": 500}, 0, 950)
    texts = [message.text for message in reply.messages]
    assert texts == ["With a card you would have saved €9.50", "With a card this sale would have earned 85 points"]
    portuguese = quote(programme(offers=offers), [line("1", 10_000)], facts=None, language="pt")
    assert portuguese.messages[0].text == "Com cartão teria poupado 9,50\N{NO-BREAK SPACE}€"


def test_a_blocked_customer_gets_what_anybody_gets(programme: MakeProgramme, quote: Quote, line: MakeLine) -> None:
    one = programme(
        offers=(offer("members", 1000),),
        redemption=Redemption(points=100_000, amount=100),
        rewards=(RewardLevel(id="r", title="R", cost=1),),
    )
    reply = quote(one, [line("1", 1000)], facts=CustomerFacts("c", balance_available=10**6, blocked=True), points=1000)
    assert (reply.discount, reply.points_earned, reply.redeemable, reply.rewards, reply.savings_as_member) == (0, 0, 0, (), 0)
    assert [message.severity for message in reply.messages] == ["alert", "warning"]


@pytest.mark.parametrize(
    ("offer_values", "expected"),
    [
        ({"when": "weekday = 2"}, 100),
        ({"when": "weekday = 1"}, 0),
        ({"validity": Validity(ends_at=NOON)}, 0),
        ({"selector": Selector(kinds=(LineKind.GIFT_CARD,))}, 0),
        ({"selector": Selector(where="quantity >= 2")}, 0),
    ],
)
def test_an_offer_applies_only_when_its_conditions_hold(
    programme: MakeProgramme, quote: Quote, line: MakeLine, offer_values: dict[str, Any], expected: int
) -> None:
    assert quote(programme(offers=(offer("x", 1000, **offer_values),)), [line("1", 1000)]).discount == expected


def test_conditions_on_the_customer_do_not_match_nobody(programme: MakeProgramme, quote: Quote, line: MakeLine) -> None:
    offers = (
        offer("shop", 1000, when="weekday = 2", members_only=False, group="a"),
        offer("born", 1000, when="days_to_birthday < 400 or balance >= 0 or segment = 'vip'", members_only=False, group="b"),
    )
    assert gave(quote(programme(offers=offers), [line("1", 1000)], facts=None)) == {"shop": 100}


def test_portuguese_explains_caps_rounding_rewards_and_blocks(programme: MakeProgramme, quote: Quote, line: MakeLine) -> None:
    one = programme(
        offers=(offer("cap", 1000, title="Dez", maximum=50), offer("line", 1000, title="Linha", group="x", minimum=9000)),
        rewards=(RewardLevel(id="r", title="Caneca", cost=1000),),
        redemption=Redemption(points=100_000, amount=100),
    )
    reply = quote(one, [line("1", 1005), line("2", 1005)], facts=RICH, points=100_000, language="pt")
    assert [one.text for one in reply.explanations] == [
        "Dez: 10% de 20,10\N{NO-BREAK SPACE}€ = 0,50\N{NO-BREAK SPACE}€ (máximo 0,50\N{NO-BREAK SPACE}€)",
        "100 pontos usados como 1,00\N{NO-BREAK SPACE}€",
        "euro: 1 ponto por 1,00\N{NO-BREAK SPACE}€, sobre 18,60\N{NO-BREAK SPACE}€ = 18 pontos",
    ]
    assert [message.text for message in reply.messages] == [
        "Esta venda ganha 18 pontos",
        "Faltam 69,90\N{NO-BREAK SPACE}€ para: Linha",
        "Ao alcance: Caneca (1 ponto)",
    ]
    blocked = quote(one, [line("1", 1005)], facts=CustomerFacts("c", blocked=True), points=2000, language="pt")
    assert [message.text for message in blocked.messages] == [
        "Cliente bloqueado: sem pontos e sem ofertas de membro",
        "Pedidos 2 pontos, podem ser usados 0 pontos",
    ]
    rounded = quote(programme(offers=(offer("ten", 1000, title="Dez"),)), [line("1", 5), line("2", 5)], language="pt")
    assert rounded.explanations[0].text == "Dez: 10% de 0,10\N{NO-BREAK SPACE}€ = 0,02\N{NO-BREAK SPACE}€ (arredondado linha a linha)"
    anonymous = quote(programme(), [line("1", 100)], facts=None, language="pt")
    assert [message.text for message in anonymous.messages] == ["Com cartão, esta venda teria ganho 1 ponto"]


@pytest.mark.feature("PR-04")
@pytest.mark.parametrize(
    ("rule", "asked", "redeemable", "used", "total"),
    [
        ({}, 0, 1_000_000, 0, 2000),
        ({}, 500_000, 1_000_000, 500_000, 1500),
        ({}, 9_000_000, 1_000_000, 1_000_000, 1000),
        ({"step": 300_000}, 500_000, 900_000, 300_000, 1700),
        ({"minimum": 600_000}, 500_000, 1_000_000, 0, 2000),
        ({"minimum": 2_000_000}, 500_000, 0, 0, 2000),
        ({"max_share": 2500}, 9_000_000, 500_000, 500_000, 1500),
        ({"points": 1000}, 9_000_000, 20_000, 20_000, 0),
    ],
)
def test_points_used_as_money(
    programme: MakeProgramme, quote: Quote, line: MakeLine, rule: dict[str, Any], asked: int, redeemable: int, used: int, total: int
) -> None:
    one = programme(redemption=Redemption.model_validate({"points": 100_000, "amount": 100, "step": 1000, **rule}, strict=False))
    reply = quote(one, [line("1", 1500), line("2", 500)], facts=RICH, points=asked)
    assert (reply.redeemable, reply.points_used, reply.total, reply.points_amount) == (redeemable, used, total, 2000 - total)
    warned = any(message.severity == "warning" for message in reply.messages)
    assert warned == (asked > used)
    assert reply.points_earned == total // 100 * 1000, "what points pay earns no points"


def test_points_never_pay_more_than_what_offers_leave(programme: MakeProgramme, quote: Quote, line: MakeLine) -> None:
    one = programme(offers=(offer("half", 5000),), redemption=Redemption(points=1000, amount=100))
    reply = quote(one, [line("1", 2000)], facts=RICH, points=1_000_000)
    assert (reply.points_used, reply.points_amount, reply.total) == (10_000, 1000, 0)


def test_rewards_within_and_out_of_reach(programme: MakeProgramme, quote: Quote, line: MakeLine) -> None:
    levels = (RewardLevel(id="tv", title="TV", cost=5_000_000), RewardLevel(id="mug", title="Mug", cost=100_000, amount=500))
    one = programme(rewards=levels, redemption=Redemption(points=100_000, amount=100))
    reply = quote(one, [line("1", 5000)], facts=RICH, points=950_000)
    assert [(reward.rule, reward.missing) for reward in reply.rewards] == [("mug", 50_000), ("tv", 4_950_000)]
    reply = quote(one, [line("1", 5000)], facts=RICH)
    assert "Within reach: Mug (100 points)" in [message.text for message in reply.messages]
    compiled = compile_programmes([one])
    following = next_reward(compiled, 1_000_000, CARDS, NOON)
    assert following is not None
    assert following.rule == "tv"
    assert next_reward(compiled, 9_000_000, CARDS, NOON) is None
    assert rewards_for(compiled, 0, frozenset({"gold"}), NOON) == ()
    assert points_worth(compiled, 250_000, CARDS, NOON) == 250
    assert points_worth(compile_programmes([programme()]), 250_000, CARDS, NOON) == 0


@pytest.mark.parametrize(
    ("one", "other", "named"),
    [
        ({}, {}, True),
        ({}, {"kind": "percent_order"}, True),
        ({}, {"percent": 2000}, False),
        ({}, {"priority": 1}, False),
        ({}, {"group": "other"}, False),
        ({}, {"exclusive": False}, False),
        ({"selector": {"families": ["A"]}}, {"selector": {"families": ["B"]}}, False),
        ({"selector": {"products": ["A"]}}, {"selector": {"families": ["B"]}}, True),
        ({"selector": {"kinds": ["product"]}}, {"selector": {"kinds": ["service"]}}, False),
        ({"when": "weekday = 1"}, {"when": "weekday in (2, 3)"}, False),
        ({"when": "weekday = 1"}, {"when": "store = 'A' and weekday = 1"}, True),
        ({"when": "segment = 'a'"}, {"when": "segment in ('b')"}, True),
        ({"validity": {"ends_at": "2026-01-01T00:00:00Z"}}, {"validity": {"starts_at": "2026-01-01T00:00:00Z"}}, False),
        ({"validity": {"ends_at": "2026-01-02T00:00:00Z"}}, {"validity": {"starts_at": "2026-01-01T00:00:00Z"}}, True),
    ],
)
def test_a_tie_that_nothing_resolves_is_refused_by_name(
    programme: MakeProgramme, one: dict[str, Any], other: dict[str, Any], named: bool
) -> None:
    offers = [{"id": "first", "percent": "10", **one}, {"id": "second", "percent": "10", **other}]
    draft = programme(offers=tuple(PercentOffer.model_validate({**values, "percent": values["percent"]}) for values in offers))
    if named:
        with pytest.raises(ValidationError, match="'first' and 'second'"):
            check_programme(draft)
    else:
        check_programme(draft)


@pytest.mark.parametrize(
    ("values", "where"),
    [
        ({"boosts": (Boost(id="b", factor=1, when="wekday = 1"),)}, "b.when"),
        ({"boosts": (Boost(id="b", factor=1, selector=Selector(where="gross >")),)}, "b.selector.where"),
        ({"boosts": (Boost(id="b", factor=1, validity=Validity(starts_at=NOON, ends_at=NOON)),)}, "b.validity"),
        ({"validity": Validity(starts_at=NOON, ends_at=NOON)}, "validity"),
        ({"currency": "JPY"}, "currency"),
    ],
)
def test_publishing_names_what_is_wrong(programme: MakeProgramme, values: dict[str, Any], where: str) -> None:
    with pytest.raises(ValidationError) as caught:
        check_programme(programme(**values))
    assert [error.field for error in caught.value.errors] == [where]


_OFFERS: st.SearchStrategy[list[dict[str, Any]]] = st.lists(
    st.builds(
        dict,
        percent=st.integers(1, 10_000),
        kind=st.sampled_from(["percent_lines", "percent_order"]),
        priority=st.integers(0, 2),
        group=st.sampled_from(["a", "b"]),
        exclusive=st.booleans(),
        maximum=st.one_of(st.none(), st.integers(1, 500)),
        minimum=st.sampled_from([0, 0, 500]),
        selector=st.sampled_from(
            [Selector(), Selector(families=("A",)), Selector(products=("P1", "P2")), Selector(exclude_discounted=True)]
        ),
    ),
    max_size=6,
)


@settings(max_examples=80, deadline=None)
@given(
    offers=_OFFERS,
    grosses=st.lists(st.integers(0, 5000), min_size=1, max_size=5),
    points=st.integers(0, 2_000_000),
    order=st.randoms(use_true_random=False),
)
def test_any_order_of_lines_offers_and_programmes_gives_the_same_and_every_cent_is_on_a_line(
    programme: MakeProgramme, quote: Quote, line: MakeLine, offers: list[dict[str, Any]], grosses: list[int], points: int, order: Random
) -> None:
    rules = [PercentOffer(id=f"o{i}", **values) for i, values in enumerate(offers)]
    other: Programme = programme(id="other", offers=tuple(rules[:1]))
    redemption = Redemption(points=100_000, amount=100)
    basket = [line(str(i), gross, family="AB"[i % 2]) for i, gross in enumerate(grosses)]
    first = quote([programme(offers=tuple(rules), redemption=redemption), other], basket, facts=RICH, points=points)
    order.shuffle(rules)
    second = quote([other, programme(offers=tuple(rules), redemption=redemption)], basket, facts=RICH, points=points)
    assert first == second
    order.shuffle(basket)
    third = quote([other, programme(offers=tuple(rules), redemption=redemption)], basket, facts=RICH, points=points)
    assert third == first
    for reply in (first, third):
        left = {one.line_id: one.gross for one in basket}
        for benefit in reply.benefits:
            assert sum(benefit.shares.values()) == benefit.amount
            for line_id, amount in benefit.shares.items():
                left[line_id] -= amount
        assert min(left.values()) >= 0
        assert sum(left.values()) == reply.total + reply.points_amount
