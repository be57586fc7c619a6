"""Rules of the catalogue as a till meets them: published over REST, asked for by quote, counted by commit, on both databases."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.cloud.conftest import Till


def publish(till: Till, programme: dict[str, Any]) -> None:
    whole = {"id": "regras", "version": 1, "name": "Regras", **programme}
    saved = till.client.post("/v1/programmes", json=whole, headers=till.auth)
    assert saved.status_code == 201, saved.text
    done = till.client.post("/v1/programmes/regras/1/publish", headers=till.auth)
    assert done.status_code == 200, done.text


def quote(till: Till, *lines: tuple[str, str, str], card: str | None = None, **more: Any) -> dict[str, Any]:
    rows = till.document("basket", list(lines))["lines"]
    body: dict[str, Any] = {"store": "LX1", "at": till.clock.now.isoformat(), "lines": rows, **more}
    return till.ok("quote", body | ({"customer": {"card": card}} if card else {}))


def from_rules(reply: dict[str, Any]) -> dict[str, str]:
    """What our offers took off; the sample's own programme is in force beside them."""
    return {one["rule"]: one["amount"] for one in reply["benefits"]}


def points_of(reply: dict[str, Any], rule: str) -> str:
    found: str = next((one["points"] for one in reply["explanations"] if one["rule"] == rule), "0")
    return found


@pytest.mark.feature("V5-12", "FM-20", "PR-02")
def test_the_sales_take_their_rate_off_everything_on_their_days_and_at_their_hours(till: Till) -> None:
    today = till.clock.now.date().isoformat()
    sales = {"kind": "percent_lines", "id": "saldos", "percent": "30", "members_only": False, "exclusive": False}
    late = {**sales, "id": "fim-de-tarde", "percent": "10", "when": "hour >= 18"}
    other = {**sales, "id": "so-porto", "percent": "50", "when": "store = 'PT2'"}
    over = {**sales, "id": "outono", "percent": "20", "validity": {"last_day": "2026-11-01"}}
    publish(till, {"offers": [{**sales, "validity": {"first_day": today, "last_day": today}}, late, other, over]})
    assert from_rules(quote(till, ("CAFE-250", "mercearia", "10.00"))) == {"saldos": "3.00"}
    till.clock.forward(hours=9)
    assert from_rules(quote(till, ("CAFE-250", "mercearia", "10.00"))) == {"fim-de-tarde": "1.00", "saldos": "2.70"}
    till.clock.forward(days=1)
    assert from_rules(quote(till, ("CAFE-250", "mercearia", "10.00"))) == {"fim-de-tarde": "1.00"}


@pytest.mark.feature("V5-34", "AR-03", "AR-04", "AR-07", "AR-08")
def test_points_and_discounts_by_article_and_family_and_what_gives_none(till: Till) -> None:
    earning = [
        {"kind": "per_amount", "id": "livros", "points": "3", "amount": "1.00", "selector": {"families": ["livros"]}},
        {"kind": "per_quantity", "id": "champo", "points": "50", "selector": {"products": ["CHAMPO-400"]}},
        {"kind": "per_amount", "id": "cheio", "points": "1", "amount": "1.00",
         "selector": {"exclude_products": ["TABACO"], "exclude_discounted": True}},
    ]  # fmt: skip
    publish(till, {"earning": earning, "policies": {"vat": "net"}})
    card = till.customer()["card"]
    reply = quote(till, ("LIVRO-ROM", "livros", "10.00"), ("CHAMPO-400", "cosmetica", "6.00"), ("TABACO", "tabaco", "5.00"), card=card)
    assert [points_of(reply, rule) for rule in ("livros", "champo", "cheio")] == ["30", "50", "16"]
    rows = till.document("x", [("LIVRO-ROM", "livros", "12.30")])["lines"]
    taxed = {**rows[0], "net": "10.00", "vat_rate": "23"}
    with_vat = till.ok("quote", {"store": "LX1", "at": till.clock.now.isoformat(), "lines": [taxed], "customer": {"card": card}})
    assert points_of(with_vat, "livros") == "30", "without VAT"
    reduced = {**rows[0], "discount": "1.00"}
    cheaper = till.ok("quote", {"store": "LX1", "at": till.clock.now.isoformat(), "lines": [reduced], "customer": {"card": card}})
    assert points_of(cheaper, "cheio") == "0", "an article that the till reduced"


@pytest.mark.feature("AR-01", "PR-01", "V5-29")
def test_the_card_names_the_customer_and_the_customer_has_what_the_card_gives(till: Till) -> None:
    publish(till, {"offers": [{"kind": "percent_lines", "id": "cartao", "percent": "10", "exclusive": False}]})
    who = till.customer()
    assert from_rules(quote(till, ("CAFE-250", "mercearia", "10.00"), card=who["card"])) == {"cartao": "1.00"}
    assert from_rules(quote(till, ("CAFE-250", "mercearia", "10.00"))) == {}
    till.commit(till.document("s1", [("CAFE-250", "mercearia", "25.00")], customer={"card": who["card"]}))
    known = till.ok("identify", {"store": "LX1", "key": who["card"]})["customer"]
    assert (known["customer"], known["balance"]["available"]) == (who["id"], "25")
    record = till.get(f"/v1/customers/{who['id']}").json()
    assert [card["number"] for card in record["cards"]] == [who["card"]]


@pytest.mark.feature("PR-21", "PR-27", "PR-34", "PR-35")
def test_a_club_has_its_offers_and_its_prices_from_the_moment_of_joining(till: Till) -> None:
    club = {"id": "vinhos", "title": "Clube dos vinhos", "months": 12}
    prices = {"kind": "price_list", "id": "precos-clube", "prices": {"VINHO-DOURO": "9.00"}, "when": "club = 'vinhos'", "exclusive": False}
    offer = {"kind": "percent_order", "id": "clube-5", "percent": "5", "when": "club = 'vinhos'", "exclusive": False}
    publish(till, {"clubs": [club], "offers": [prices, offer]})
    member, other = till.customer(0), till.customer(1)
    wine = ("VINHO-DOURO", "outros", "12.50")
    assert from_rules(quote(till, wine, card=member["card"])) == {}
    joined = till.client.post(
        f"/v1/customers/{member['id']}/memberships",
        json={"request_id": "j1", "club": "vinhos", "card": member["card"]},
        headers=till.auth,
    )
    assert joined.status_code == 201, joined.text
    assert from_rules(quote(till, wine, card=member["card"])) == {"precos-clube": "3.50", "clube-5": "0.45"}
    assert from_rules(quote(till, wine, card=other["card"])) == {}


@pytest.mark.feature("V5-11")
def test_an_offer_hangs_on_what_the_customer_did_before(till: Till) -> None:
    first = {"kind": "percent_order", "id": "primeira", "percent": "15", "when": "sales = 0", "exclusive": False}
    loyal = {"kind": "percent_order", "id": "fiel", "percent": "5", "when": "sales >= 2", "exclusive": False}
    publish(till, {"offers": [first, loyal]})
    card = till.customer()["card"]
    seen = []
    for number in range(3):
        seen.append(from_rules(quote(till, ("CAFE-250", "mercearia", "10.00"), card=card)))
        till.commit(till.document(f"s{number}", [("CAFE-250", "mercearia", "10.00")], customer={"card": card}))
    assert seen == [{"primeira": "1.50"}, {}, {"fiel": "0.50"}]
