"""The basket beside the forms of a programme: as many rows as one likes, and everything that a sale can name."""

from __future__ import annotations

import json
import re
from html import unescape
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.cloud.conftest import Service
    from tests.cloud.pages.conftest import Person, SignIn

# What is tried says nothing about a database.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
PROGRAMME: dict[str, Any] = {
    "id": "loja",
    "name": "Loja",
    "earning": [{"kind": "per_amount", "id": "points", "amount": "1.00", "points": "1"}],
    "offers": [
        {"kind": "percent_order", "id": "tenth", "title": "Cupão", "percent": "10", "coupon": True},
        {"kind": "percent_order", "id": "golden", "title": "Ouro", "percent": "20", "when": "tier = 'gold'"},
        {"kind": "percent_order", "id": "friends", "title": "Amigos", "percent": "30", "when": "segment = 'friends'"},
        {"kind": "percent_order", "id": "code", "title": "Verão", "percent": "40", "codes": ["SOL"]},
        {"kind": "percent_order", "id": "birth", "title": "Parabéns", "percent": "50", "when": "birthday"},
        {"kind": "percent_order", "id": "cash", "title": "Dinheiro", "percent": "5", "when": "payment = 'cash'"},
        {"kind": "percent_order", "id": "newcomer", "title": "Primeira", "percent": "60", "when": "sales = 0"},
        {"kind": "percent_order", "id": "reward", "title": "Prémio", "percent": "25", "cost": "30", "exclusive": False},
    ],
    "redemption": {"points": "1", "amount": "0.01"},
    "tiers": {"tiers": [{"id": "gold", "title": "Ouro", "threshold": 0}]},
    "stored_value": [{"id": "present", "title": "Cartão presente", "kind": "gift_card"}],
}


def begun(admin: Person, service: Service) -> str:
    sent = {"csrf": admin.token(), "company": service.sample["company"], "text": json.dumps(PROGRAMME)}
    saved = admin.post("/programmes/new", sent)
    assert saved.status_code == 303, saved.text
    return str(saved.headers["location"])


def paid(page: str) -> str:
    found = re.search(r"To pay</dt><dd><bdi class=\"num\">([^<]+)<", page)
    assert found, page
    return found[1]


@pytest.mark.feature("V5-34")
def test_a_basket_names_all_that_a_sale_can(service: Service, person: SignIn) -> None:
    admin = person(service)
    draft = begun(admin, service)
    basket = {"csrf": admin.token(), "b.+": "on", "b.member": "on", "b.0.product": "X", "b.0.quantity": "1", "b.0.price": "100"}
    partial = {"hx-request": "true", "hx-request-type": "partial"}

    def tried(**fields: str) -> str:
        return unescape(admin.post(f"{draft}/try", basket | {f"b.{name}": value for name, value in fields.items()}, **partial).text)

    table: list[tuple[dict[str, str], str]] = [
        ({}, "€100.00"),
        ({"coupon": "tenth"}, "€90.00"),
        ({"tier": "gold"}, "€80.00"),
        ({"segment": "friends"}, "€70.00"),
        ({"codes": "other, sol"}, "€60.00"),
        ({"birthday": "on"}, "€50.00"),
        ({"payment": "cash"}, "€95.00"),
        ({"first": "on"}, "€40.00"),
        ({"percent": "15"}, "€85.00"),
        ({"balance": "500", "use": "200"}, "€98.00"),
        ({"balance": "50", "claim": "reward"}, "€75.00"),
        ({"card": "present", "worth": "12,50"}, "€87.50"),
        ({"card": "voucher", "worth": "120"}, "€0.00"),
    ]
    assert [paid(tried(**fields)) for fields, _ in table] == [expected for _, expected in table]
    assert "There is no code other" in tried(codes="other, sol")
    assert "€20.00 is left" in tried(card="voucher", worth="120")
    assert "A number or a date of the basket cannot be read" in tried(worth="ten", card="present")
    assert "A number or a date of the basket cannot be read" in tried(payment="shells")
    # What was chosen is still chosen on the page of a rule, where the draft is tried with the rule as it stands.
    whole = admin.post(f"{draft}/try", basket | {"b.tier": "gold", "b.worth": "5", "b.card": "present", "b.first": "on"}).text
    assert re.search(r'<option value="gold" selected', whole)
    assert re.search(r'name="b.worth" value="5"', whole)


@pytest.mark.feature("V5-34")
def test_a_basket_grows_row_by_row_and_keeps_what_was_typed(service: Service, person: SignIn) -> None:
    admin = person(service)
    draft = begun(admin, service)
    basket = {"csrf": admin.token(), "b.+": "on"} | {
        f"b.{row}.{name}": value for row in range(4) for name, value in (("product", f"X{row}"), ("quantity", "2"), ("price", "1.50"))
    }
    partial = {"hx-request": "true", "hx-request-type": "partial"}
    grown = admin.post(f"{draft}/try", basket | {"do": "more"}, **partial).text
    assert 'id="basket-rows" hx-swap-oob="true"' in grown
    assert re.findall(r'name="b\.(\d+)\.product" value="([^"]*)"', grown) == [(str(row), f"X{row}" if row < 4 else "") for row in range(8)]
    assert "basket-rows" not in admin.post(f"{draft}/try", basket, **partial).text
    more = basket | {f"b.6.{name}": value for name, value in (("product", "X6"), ("quantity", "1"), ("price", "8"))}
    assert paid(admin.post(f"{draft}/try", more, **partial).text) == "€20.00"
    # Without JavaScript the page comes with more rows, also the one of a rule; and there is an end.
    for path, fields in ((f"{draft}/try", {}), (f"{draft}/edit/earning", {"at": "0", "f.kind": "per_amount", "stamp": "x"})):
        assert admin.post(path, basket | fields | {"do": "more"}).text.count('.product"') == 8, path
    assert admin.post(f"{draft}/try", basket | {"b.999.product": "X"}).text.count('.product"') == 60
