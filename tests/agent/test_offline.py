"""The whole core at the till while the line is down: codes, coupons, stored value, limits, levels and clubs, from the store's own copy."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from v5_core.errors import ConflictError, V5Error, ValidationError
from v5_core.hooks import (
    CancelRequest,
    CommitRequest,
    CommitResponse,
    CustomerView,
    EnrolRequest,
    EnrolResponse,
    HoldRequest,
    HoldResponse,
    IdentifyRequest,
    MembershipView,
    QuoteRequest,
    QuoteResponse,
    StoredPayment,
)
from v5_core.model import Applied, Balance, Card, CardKind, Claim, CustomerRef, Line, Origin, Payment, PaymentMethod
from v5_core.programme import (
    AmountOffer,
    CardDiscount,
    Club,
    EarnPerAmount,
    Entitlement,
    GiftOffer,
    Limit,
    PercentOffer,
    Policies,
    Programme,
    Redemption,
    StoredValueType,
    Tier,
    TierScheme,
    VoucherRule,
    VoucherStep,
)
from v5_core.push import ReplicaCustomer, ReplicaMembership, ReplicaTier, ReplicaVoucher

if TYPE_CHECKING:
    from tests.agent.conftest import Make, World


INES = "9512000144105"
GIFT, COUPON, PERCENT = "GEFT2345CARD9", "COUPON234567X", "TENOFF234567Y"


def programme(**policies: Any) -> Programme:
    """Everything a till can meet."""
    return Programme(
        id="club",
        name="Clube",
        state="published",
        card_types=("points", "vip"),
        earning=(EarnPerAmount(id="per-euro", points=1000, amount=100),),
        redemption=Redemption(points=100_000, amount=500),
        offers=(
            PercentOffer(id="autumn", title="Autumn", percent=1000, codes=("AUTUMN10",), group="codes"),
            PercentOffer(id="for-silver", title="Silver members", percent=500, when="tier = 'silver'", group="tiers"),
            AmountOffer(id="alter", title="Free alteration", amount=300, entitlement="alteration", group="clubs"),
            AmountOffer(id="welcome", title="Welcome", amount=200, coupon=True, group="coupons"),
            AmountOffer(id="thrice", title="Three in all", amount=100, codes=("THRICE",), limits=(Limit(uses=3, by="all"),), group="few"),
            AmountOffer(id="mine", title="Once a month", amount=100, codes=("MINE",), limits=(Limit(uses=1, per="month", by="customer"),),
                        group="mine"),
            GiftOffer(id="mug", title="Mug", products=("MUG",), cost=50_000),
            CardDiscount(id="vip", title="VIP", percent=100, when="card_type = 'vip'", group="vip"),
        ),
        stored_value=(StoredValueType(id="card", kind="wallet", title="Wallet"),),
        tiers=TierScheme(tiers=(Tier(id="basic", title="Basic", threshold=0), Tier(id="silver", title="Silver", threshold=50_000))),
        clubs=(Club(id="gold", title="Gold club", warn_days=30, entitlements=(Entitlement(id="alteration", title="Alteration", uses=2),)),),
        vouchers=(VoucherRule(id="next", kind="next_purchase", title="Next time", steps=(VoucherStep(amount_from=10_000, amount=500),)),),
        policies=Policies(**policies),
    )  # fmt: skip


def customer(**more: Any) -> ReplicaCustomer:
    values: dict[str, Any] = {
        "customer": "cus_1",
        "name": "Inês Gonçalves",
        "cards": (INES,),
        "phone": "+351912345678",
        "balance_available": 300_000,
        "tiers": (ReplicaTier(programme="club", tier="silver", measure=60_000, until=date(2099, 1, 31)),),
        "memberships": (
            ReplicaMembership(programme="club", club="gold", since=date(2020, 1, 1), until=date(2099, 1, 1), used={"alteration": 1}),
        ),
        "vouchers": (
            ReplicaVoucher(code=GIFT, kind="wallet", programme="club", type="card", title="Wallet", amount=5000),
            ReplicaVoucher(code=COUPON, kind="coupon", programme="club", type="new", rule="welcome"),
            ReplicaVoucher(code=PERCENT, kind="percent", programme="club", percent=1000),
        ),
        "segments": ("champions",),
        "sales": 12,
        "last_visit": date(2026, 11, 1),
    }
    return ReplicaCustomer(**{**values, **more})


def filled(world: World, make: type[Make], one: ReplicaCustomer | None = None, used: dict[str, int] | None = None, **more: Any) -> World:
    world.cloud.replica = make.replica(customers=(one or customer(),), programmes=(programme(**more),), used=used or {})
    world.agent().pull()
    return world


def down(world: World) -> World:
    world.cloud.answers["/v1/push"] = [("cut", None, {})] * 3
    world.agent().line.down(world.clock(), "cut")
    return world


@pytest.fixture
def strict(world: World, make: type[Make]) -> World:
    """Line down; the programme keeps the defaults."""
    return down(filled(world, make))


@pytest.fixture
def open_(world: World, make: type[Make]) -> World:
    """Line down; 30.00 of stored value, and coupons, may be used all the same."""
    return down(filled(world, make, offline_value=3000, offline_coupons=True))


def lines(gross: int = 10_000) -> tuple[Line, ...]:
    return (Line(line_id="1", product="A1", gross=gross, net=gross),)


def quote(world: World, **more: Any) -> QuoteResponse:
    gross = more.pop("gross", 10_000)
    request = QuoteRequest(store="LX1", at=world.clock(), customer=CustomerRef(card=INES), lines=lines(gross), **more)
    return world.agent().till.quote(request)


def hold(world: World, name: str = "h1", **more: Any) -> HoldResponse:
    return world.agent().till.hold(HoldRequest(request_id=name, store="LX1", at=world.clock(), customer=CustomerRef(card=INES), **more))


def sell(world: World, number: int, gross: int = 10_000, **more: Any) -> CommitResponse:
    document = world.sale(number, gross=gross, origin=Origin.HOOK, source="till", card=INES, **more)
    document = document.model_copy(update={"issued_at": world.clock()})
    return world.agent().till.commit(CommitRequest(request_id=f"c{number}", document=document))


def seen(world: World) -> CustomerView:
    found = world.agent().till.identify(IdentifyRequest(store="LX1", key=INES)).customer
    assert found is not None
    return found


def refusal(call: Any) -> str:
    with pytest.raises(V5Error) as caught:
        call()
    return caught.value.error_code


def took(answer: QuoteResponse) -> set[str]:
    return {one.rule for one in answer.benefits} | {one.rule for one in answer.gifts}


@pytest.mark.feature("PR-31", "PR-25", "PR-19")
def test_the_till_sees_all_of_the_member(strict: World) -> None:
    view = seen(strict)
    assert [(one.tier, one.title, one.next_tier) for one in view.tiers] == [("silver", "Silver", "")]
    (club,) = view.memberships
    assert (club.title, club.state, [(one.entitlement, one.left) for one in club.entitlements]) == (
        "Gold club",
        "active",
        [("alteration", 1)],
    )
    assert view.segments == ("champions",)
    assert [(one.kind, one.amount, one.percent) for one in view.vouchers] == [("wallet", 5000, 0), ("coupon", 0, 0), ("percent", 0, 1000)]


@pytest.mark.feature("PR-20")
def test_a_membership_that_ends_soon_warns_and_one_that_ended_gives_nothing(world: World, make: type[Make]) -> None:
    soon = (world.clock() + timedelta(days=10)).date()
    part = ReplicaMembership(programme="club", club="gold", since=date(2020, 1, 1), until=soon)
    down(filled(world, make, customer(memberships=(part,))))
    assert seen(world).memberships[0].state == "ending"
    assert "alter" in took(quote(world))
    world.clock.move(11 * 86_400)
    assert seen(world).memberships[0].state == "ended"
    assert "alter" not in took(quote(world))


@pytest.mark.feature("NX-03", "PR-27")
def test_public_codes_levels_clubs_and_claims_count_without_the_line(strict: World) -> None:
    answer = quote(strict, codes=("autumn-10",), claims=(Claim(rule="mug"),))
    assert {"autumn", "for-silver", "alter", "mug"} <= took(answer)
    assert answer.points_spent == 50_000
    assert answer.provisional
    assert [one.problem for one in answer.codes] == [""]


@pytest.mark.feature("FM-35")
def test_a_vip_card_gives_its_own_rate_until_its_last_day(world: World, make: type[Make]) -> None:
    today = world.clock().date()
    vip = Card(number=INES, kind=CardKind.DISCOUNT, card_type="vip", rate=2000, valid_until=today)
    down(filled(world, make, customer(plastic=(vip,), tiers=(), memberships=())))
    assert seen(world).cards == (vip,)
    assert {one.rule: one.amount for one in quote(world).benefits} == {"vip": 2000}
    world.clock.move(2 * 86_400)
    assert quote(world).benefits == ()


def test_what_only_the_cloud_knows_is_refused_in_words(strict: World) -> None:
    answer = quote(strict, codes=(COUPON, "SOMETHING"), stored_value=(StoredPayment(code=GIFT), StoredPayment(code="STRANGER")))
    assert [one.problem for one in answer.codes] == ["offline", "offline"]
    assert [one.problem for one in answer.stored_value] == ["offline", "offline"]
    assert "não pode ser verificado sem ligação" in answer.stored_value[0].text
    assert answer.to_pay == answer.total
    assert refusal(lambda: hold(strict, stored_value=(StoredPayment(code=GIFT),))) == "offline"
    assert refusal(lambda: hold(strict, codes=(COUPON,))) == "offline"
    assert strict.agent().outbox.stats().queued == 0, "nothing was promised"


@pytest.mark.feature("NX-03", "FM-33")
def test_stored_value_pays_within_the_limit_and_never_twice(open_: World) -> None:
    answer = quote(open_, stored_value=(StoredPayment(code=GIFT),))
    assert (answer.stored_value[0].amount, answer.stored_value[0].left) == (3000, 2000)
    assert refusal(lambda: hold(open_, "h0", stored_value=(StoredPayment(code=GIFT, amount=3001),))) == "offline_limit"
    held = hold(open_, "h1", stored_value=(StoredPayment(code="geft-2345-card9", amount=2500),))
    assert (held.stored_value[0].amount, held.stored_value[0].left, held.provisional) == (2500, 2500, True)
    assert refusal(lambda: hold(open_, "h2", stored_value=(StoredPayment(code=GIFT, amount=600),))) == "offline_limit"
    sold = sell(open_, 1, payments=(Payment(method=PaymentMethod.WALLET, amount=2500, hold=held.hold),))
    assert [(one.amount, one.left) for one in sold.stored_value] == [(2500, 2500)]
    assert any("GEFT-2345-CARD9" in line.text and "25,00" in line.text for line in sold.receipt)
    assert seen(open_).vouchers[0].amount == 2500
    assert refusal(lambda: hold(open_, "h3", stored_value=(StoredPayment(code=GIFT, amount=600),))) == "offline_limit"
    assert hold(open_, "h4", stored_value=(StoredPayment(code=GIFT, amount=500),)).stored_value[0].left == 2000


def test_tills_of_one_store_use_a_coupon_once(open_: World) -> None:
    def attempt(number: int) -> int:
        try:
            hold(open_, f"t{number}", codes=(COUPON,))
        except ConflictError:
            return 0
        return 1

    with ThreadPoolExecutor(16) as tills:
        assert sum(tills.map(attempt, range(30))) == 1
    assert [one.problem for one in quote(open_, codes=(COUPON,)).codes] == ["used_up"]
    assert COUPON not in {one.code.replace("-", "") for one in seen(open_).vouchers}


def test_a_hold_that_is_given_up_frees_all_it_kept(open_: World) -> None:
    kept = hold(open_, stored_value=(StoredPayment(code=GIFT, amount=3000),), codes=(COUPON,))
    cancelled = open_.agent().till.cancel(CancelRequest(request_id="x", store="LX1", at=open_.clock(), hold=kept.hold))
    assert cancelled.released
    hold(open_, "h2", stored_value=(StoredPayment(code=GIFT, amount=3000),), codes=(COUPON,))
    open_.clock.move(901)
    assert seen(open_).vouchers[0].amount == 5000, "it lapsed"


@pytest.mark.feature("NX-03")
def test_a_coupon_sold_offline_is_not_lost_and_is_told_to_the_cloud_once(open_: World, make: type[Make]) -> None:
    hold(open_, codes=(COUPON,))
    quoted = quote(open_, codes=(PERCENT,))
    assert [one.rule for one in quoted.codes] == ["voucher"]
    sell(open_, 1, applied=(Applied(rule="welcome", code=COUPON), Applied(rule="voucher", code=PERCENT)))
    assert {one.kind for one in seen(open_).vouchers} == {"wallet"}
    open_.clock.move(16)
    open_.cloud.answers.clear()
    agent = open_.agent()
    agent.send()
    agent.send()
    assert [event["type"] for event in open_.cloud.events.values()] == ["hold", "document"]
    told = list(open_.cloud.events.values())[1]["document"]["applied"]
    assert {one["code"] for one in told} == {COUPON, PERCENT}
    # The cloud has settled the sale: its replica carries neither code, and what was noted here is forgotten.
    left = customer(vouchers=customer().vouchers[:1])
    open_.cloud.replica = make.replica(version=8, customers=(left,), programmes=(programme(offline_value=3000),))
    agent.pull()
    assert [one.amount for one in seen(open_).vouchers] == [5000]
    assert agent.outbox.db.read("SELECT count(*) FROM taken")[0][0] == 0


def test_a_cancelled_sale_gives_back_what_it_used_here(open_: World) -> None:
    sold = sell(
        open_, 1, applied=(Applied(rule="welcome", code=COUPON),), payments=(Payment(method=PaymentMethod.WALLET, amount=1000, code=GIFT),)
    )
    assert [one.amount for one in seen(open_).vouchers] == [4000, 0]
    open_.agent().till.cancel(CancelRequest(request_id="x", store="LX1", at=open_.clock(), document=sold.document))
    assert [one.amount for one in seen(open_).vouchers] == [5000, 0, 0]


@pytest.mark.feature("PR-32")
def test_limits_and_entitlements_count_what_other_tills_of_the_store_used(world: World, make: type[Make]) -> None:
    down(filled(world, make, used={"all||club/thrice/0": 1}))
    assert "alter" in took(quote(world))
    sell(world, 1, applied=(Applied(rule="alter"), Applied(rule="thrice", code="THRICE"), Applied(rule="mine", code="MINE")))
    answer = quote(world, codes=("THRICE", "MINE"))
    assert "alter" not in took(answer), "the second of two"
    assert "thrice" in took(answer)
    assert [one.problem for one in answer.codes] == ["", "used_up"]
    assert seen(world).memberships[0].entitlements[0].left == 0
    hold(world, "h1", rules=("thrice",))
    assert refusal(lambda: hold(world, "h2", rules=("thrice",))) == "used_up"
    assert refusal(lambda: hold(world, "h3", rules=("alter",))) == "used_up"
    assert refusal(lambda: hold(world, "h4", rules=("nothing",))) == "unknown_rule"
    sold = sell(world, 2, applied=(Applied(rule="thrice", code="THRICE"),))
    assert not sold.duplicate, "a sale is a fact, whatever there was left"


@pytest.mark.feature("NX-03")
def test_the_receipt_tells_of_a_level_reached_and_the_cashier_of_a_voucher_to_come(world: World, make: type[Make]) -> None:
    down(filled(world, make, customer(tiers=(ReplicaTier(programme="club", tier="basic", measure=45_000),))))
    assert seen(world).tiers[0].missing == 5_000
    sold = sell(world, 1, gross=12_000)
    assert [one.tier for one in sold.tiers] == ["silver"]
    assert any("Silver" in line.text for line in sold.receipt)
    assert any("Next time" in one.text for one in sold.messages)
    assert sold.vouchers == (), "only the cloud makes codes"


# ── with the line up ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────
def reply(world: World, operation: str, answer: Any) -> None:
    world.cloud.answers[f"/v1/hooks/{operation}"] = [(200, json.loads(answer.model_dump_json()), {})]


def test_the_cloud_is_asked_where_the_answer_hangs_on_what_others_used(world: World, make: type[Make]) -> None:
    filled(world, make, customer(memberships=(), tiers=()))
    quote(world)
    quote(world, codes=("AUTUMN10",))
    assert world.cloud.hooks == [], "the store knows these by itself"
    final = QuoteResponse(total=10_000, to_pay=4_000)
    for more in ({"stored_value": (StoredPayment(code="BEARER"),)}, {"codes": (COUPON,)}, {"codes": ("THRICE",)}):
        reply(world, "quote", final)
        assert quote(world, **more) == final


def test_a_cloud_that_says_nothing_in_time_leaves_the_answer_to_the_store(world: World, make: type[Make]) -> None:
    filled(world, make, offline_coupons=True)
    answer = quote(world, codes=(COUPON,))
    assert [path for path, _ in world.cloud.hooks] == ["quote"]
    assert "welcome" in took(answer)


def test_what_the_cloud_reserved_is_not_given_again_when_the_line_fails(world: World, make: type[Make]) -> None:
    filled(world, make, offline_value=5000)
    used = {"code": GIFT, "kind": "wallet", "amount": "40.00", "left": "10.00"}
    body = {"hold": "hx_1", "stored_value": [used], "expires_at": datetime(2099, 1, 1, tzinfo=UTC).isoformat()}
    world.cloud.answers["/v1/hooks/hold"] = [(200, body, {})]
    hold(world, stored_value=(StoredPayment(code=GIFT, amount=4000),))
    down(world)
    with pytest.raises(V5Error, match="10,00\xa0€") as caught:
        hold(world, "h2", stored_value=(StoredPayment(code=GIFT, amount=2000),))
    assert caught.value.error_code == "insufficient_value"
    sold = sell(world, 1, payments=(Payment(method=PaymentMethod.WALLET, amount=4000, hold="hx_1"),))
    assert [(one.amount, one.left) for one in sold.stored_value] == [(4000, 1000)]


# ── clubs at the till ────────────────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.feature("PR-11", "PR-30")
def test_a_club_joined_at_the_till_counts_in_the_very_next_basket(strict: World) -> None:
    till = strict.agent().till
    until = (strict.clock() + timedelta(days=90)).date()
    request = EnrolRequest(request_id="e1", store="LX1", name="Rui", card="2900000000018", clubs=("gold",), member_until=until)
    made = till.enrol(request)
    assert [(one.club, one.state, one.until) for one in made.customer.memberships] == [("gold", "active", until)]
    basket = QuoteRequest(store="LX1", at=strict.clock(), customer=CustomerRef(card="2900000000018"), lines=lines())
    assert "alter" in took(till.quote(basket))
    with pytest.raises(ValidationError) as caught:
        till.enrol(request.model_copy(update={"request_id": "e2", "clubs": ("silver",)}))
    assert caught.value.errors[0].field == "clubs.0"


@pytest.mark.feature("PR-18", "PR-20")
def test_a_member_whose_renewal_is_open_gets_the_next_period(world: World, make: type[Make]) -> None:
    soon = (world.clock() + timedelta(days=10)).date()
    part = ReplicaMembership(programme="club", club="gold", since=date(2020, 1, 1), until=soon)
    down(filled(world, make, customer(memberships=(part,))))
    again = world.agent().till.enrol(EnrolRequest(request_id="e1", store="LX1", card=INES, clubs=("gold",)))
    (club,) = seen(world).memberships
    assert (again.created, club.state) == (False, "active")
    assert club.until is not None
    assert club.until > soon + timedelta(days=300)


def test_whoever_the_cloud_enrolled_is_known_to_the_next_basket(world: World, make: type[Make]) -> None:
    filled(world, make)
    view = CustomerView(
        customer="c_9", name="Rui", cards=(Card(number="2900000000025"),), balance=Balance(available=0),
        memberships=(MembershipView(club="gold", title="Gold club", state="active", since=date(2020, 1, 1)),),
    )  # fmt: skip
    reply(world, "enrol", EnrolResponse(customer=view, created=True))
    world.agent().till.enrol(EnrolRequest(request_id="e1", store="LX1", name="Rui", card="2900000000025", clubs=("gold",)))
    down(world)
    basket = QuoteRequest(store="LX1", at=world.clock(), customer=CustomerRef(card="2900000000025"), lines=lines())
    assert "alter" in took(world.agent().till.quote(basket))
