"""What concerns points of before somebody came to share an account: it finds them where they are now."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from v5_cloud.membership.tasks import keep_levels
from v5_cloud.models import CustomerRow

if TYPE_CHECKING:
    from tests.cloud.conftest import Service, Start, Till

PROGRAMME: dict[str, Any] = yaml.safe_load(Path(__file__).with_name("club.yaml").read_text(encoding="utf-8"))
HEAD, CHILD = 0, 1


@pytest.fixture
def shop(till: Till) -> Till:
    """A till of a shop whose first customer may share an account."""
    publish(till)
    post(till, f"/v1/customers/{till.customer(HEAD)['id']}/memberships", {"club": "vip"}, 201)
    return till


def publish(till: Till) -> None:
    assert till.client.post("/v1/programmes", json=PROGRAMME, headers=till.auth).status_code == 201
    assert till.client.post("/v1/programmes/clube/1/publish", headers=till.auth).status_code == 200


def post(shop: Till, path: str, body: dict[str, Any], status: int = 200) -> dict[str, Any]:
    reply = shop.client.post(path, json={"request_id": f"p-{next(shop.count)}", **body}, headers=shop.auth)
    assert reply.status_code == status, reply.text
    answer: dict[str, Any] = reply.json()
    return answer


def name(shop: Till, number: str) -> str:
    """A document's number; of several families in one service each has its own."""
    return f"{shop.sample.get('case', '')}{number}"


def buy(shop: Till, number: str, gross: str, who: int = CHILD, points: str = "") -> None:
    """The relative buys; a euro earns a point. A part may be paid with points, a hundred for a euro."""
    payments = [{"method": "points", "amount": points}, {"method": "cash", "amount": "0.00"}] if points else []
    card = {"card": shop.customer(who)["card"]}
    shop.commit(shop.document(name(shop, number), [("PAO-FORMA", "mercearia", gross)], customer=card, payments=payments))


def give_back(shop: Till, number: str, gross: str, of: str = "s") -> None:
    """Some of a purchase comes back."""
    reference = {"document": name(shop, of)}
    shop.give(shop.document(name(shop, number), [("PAO-FORMA", "", gross)], kind="return", reference=reference))


def cancel(shop: Till, number: str) -> None:
    """A document that never was."""
    at = shop.clock.now.isoformat()
    document = f"source:till:{name(shop, number)}"
    shop.ok("cancel", {"request_id": f"x-{document}", "store": "LX1", "at": at, "document": document})


def adjust(shop: Till, points: str) -> None:
    """The relative's points by hand."""
    made = post(shop, f"/v1/customers/{shop.customer(CHILD)['id']}/adjustments", {"points": points, "reason": "apology"}, 201)
    shop.sample["adjusted"] = made["id"]


def undo(shop: Till) -> None:
    """The last adjustment is taken back."""
    post(shop, f"/v1/adjustments/{shop.sample['adjusted']}/reverse", {"reason": "mistake"})


def share(shop: Till, head: int = HEAD) -> None:
    """From now on all is on the first customer's account."""
    path, body = f"/v1/customers/{shop.customer(head)['id']}/relatives", {"relative": shop.customer(CHILD)["id"]}
    assert shop.client.post(path, json=body, headers=shop.auth).status_code == 200
    shop.clock.forward(minutes=1)


def part(shop: Till, head: int = HEAD) -> None:
    """The relative has an account of their own again."""
    path = f"/v1/customers/{shop.customer(head)['id']}/relatives/{shop.customer(CHILD)['id']}"
    assert shop.client.delete(path, headers=shop.auth).status_code == 200
    shop.clock.forward(minutes=1)


AFTER: dict[str, tuple[list[tuple[Any, ...]], str]] = {
    "a return": ([(buy, "s", "20.00"), (share,), (give_back, "r", "15.00")], "5"),
    "a return that is cancelled": ([(buy, "s", "20.00"), (share,), (give_back, "r", "15.00"), (cancel, "r")], "20"),
    "a cancellation": ([(buy, "s", "20.00"), (buy, "t", "7.00"), (share,), (cancel, "s")], "7"),
    "points by hand undone": ([(buy, "s", "20.00"), (adjust, "9"), (share,), (undo,)], "20"),
    "points taken by hand undone": ([(buy, "s", "20.00"), (adjust, "-9"), (share,), (undo,)], "20"),
}


@pytest.mark.feature("PR-08")
@pytest.mark.parametrize(("steps", "points"), AFTER.values(), ids=AFTER.keys())
def test_it_happens_where_the_points_are(service: Service, shop: Till, steps: list[tuple[Any, ...]], points: str) -> None:
    for step, *given in steps:
        step(shop, *given)
    assert shop.balance(HEAD) == points
    service.sound()
    head, child = shop.customer(HEAD)["id"], shop.customer(CHILD)["id"]
    assert shop.client.delete(f"/v1/customers/{head}/relatives/{child}", headers=shop.auth).status_code == 200
    assert (shop.balance(HEAD), shop.balance(CHILD)) == (points, "0"), "the relative's own account starts empty"


OTHER = 2
THEN: dict[str, tuple[list[tuple[Any, ...]], tuple[str, str]]] = {
    "a return": ([(buy, "s", "20.00"), (share,), (part,), (buy, "o", "7.00"), (give_back, "r", "15.00")], ("5", "7")),
    "a return that is cancelled": (
        [(buy, "s", "20.00"), (share,), (part,), (buy, "o", "7.00"), (give_back, "r", "15.00"), (cancel, "r")], ("20", "7"),
    ),
    "a return of which a part came before": (
        [(buy, "s", "20.00"), (give_back, "q", "5.00"), (share,), (part,), (buy, "o", "7.00"), (give_back, "r", "15.00")], ("0", "7"),
    ),
    "a cancellation": ([(buy, "s", "20.00"), (buy, "t", "7.00"), (share,), (part,), (buy, "o", "9.00"), (cancel, "s")], ("7", "9")),
    "a return of what was bought together": (
        [(share,), (buy, "s", "20.00"), (part,), (buy, "o", "7.00"), (give_back, "r", "15.00")], ("5", "7"),
    ),
    "a return of what was bought afterwards": (
        [(buy, "b", "3.00"), (share,), (part,), (buy, "s", "20.00"), (give_back, "r", "15.00")], ("3", "5"),
    ),
    "points that had paid": (
        [(buy, "b", "120.00"), (buy, "s", "10.00", CHILD, "1.00"), (share,), (part,), (buy, "o", "7.00"), (give_back, "r", "10.00")],
        ("120", "7"),
    ),
    "points by hand undone": (
        [(buy, "s", "20.00"), (adjust, "9"), (share,), (part,), (buy, "o", "7.00"), (undo,)], ("20", "7"),
    ),
    "points taken by hand undone": (
        [(buy, "s", "20.00"), (adjust, "-9"), (share,), (part,), (buy, "o", "7.00"), (undo,)], ("20", "7"),
    ),
    "a return, when they share again": (
        [(buy, "s", "20.00"), (share,), (part,), (buy, "o", "7.00"), (share,), (give_back, "r", "15.00")], ("12", "12"),
    ),
    "a return, when another shares by now": (
        [(buy, "s", "20.00"), (share,), (part,), (buy, "o", "7.00"), (share, OTHER), (give_back, "r", "15.00")], ("5", "7"),
    ),
    "a return of what was bought between two": (
        [(buy, "b", "3.00"), (share,), (part,), (buy, "s", "20.00"), (share, OTHER), (part, OTHER), (give_back, "r", "15.00")],
        ("3", "0"),
    ),
}  # fmt: skip


@pytest.mark.feature("PR-08")
def test_after_they_part_what_was_before_stays_where_the_points_went(start: Start, tmp_path: Path) -> None:
    service = start(f"sqlite:///{tmp_path / 'v5.sqlite'}", customers=3 * len(THEN))
    till, found = service.till(), {}
    publish(till)
    people = list(till.sample["customers"])
    for place, (case, (steps, _)) in enumerate(THEN.items()):
        # Each has three customers of its own.
        till.sample["customers"], till.sample["case"] = people[3 * place : 3 * place + 3], f"{place}-"
        for head in (HEAD, OTHER):
            post(till, f"/v1/customers/{till.customer(head)['id']}/memberships", {"club": "vip"}, 201)
        for step, *given in steps:
            step(till, *given)
        found[case] = till.balance(HEAD), till.balance(CHILD)
    assert found == {case: points for case, (_, points) in THEN.items()}
    service.sound()


@pytest.mark.feature("PR-08")
@pytest.mark.parametrize("parted", [False, True])
def test_a_return_that_stops_at_zero_takes_what_the_other_account_has(start: Start, tmp_path: Path, *, parted: bool) -> None:
    service = start(f"sqlite:///{tmp_path / 'v5.sqlite'}")
    till = service.till()
    stops = {"redemption": {"points": "100", "amount": "1.00"}, "policies": {"negative_balance": "clip"}}
    assert till.client.post("/v1/programmes", json=PROGRAMME | stops | {"id": "a-clube"}, headers=till.auth).status_code == 201
    assert till.client.post("/v1/programmes/a-clube/1/publish", headers=till.auth).status_code == 200
    post(till, f"/v1/customers/{till.customer(HEAD)['id']}/memberships", {"club": "vip"}, 201)
    buy(till, "s", "120.00")
    share(till)
    buy(till, "p", "2.00", HEAD, "1.00")
    left = int(till.balance(HEAD))
    if parted:
        part(till)
    give_back(till, "r", "10.00")
    assert int(till.balance(HEAD)) == left - 10
    give_back(till, "q", "110.00")
    assert till.balance(HEAD) == "0"
    service.sound()


@pytest.mark.feature("PR-08")
def test_a_purchase_is_its_buyers_and_so_is_the_balance_on_its_receipt(start: Start, tmp_path: Path) -> None:
    service = start(f"sqlite:///{tmp_path / 'v5.sqlite'}")
    till = service.till()
    publish(till)
    post(till, f"/v1/customers/{till.customer(HEAD)['id']}/memberships", {"club": "vip"}, 201)
    buy(till, "b", "300.00", HEAD)
    share(till)
    card = {"card": till.customer(CHILD)["card"]}
    asked = {"request_id": "h", "store": "LX1", "at": till.clock.now.isoformat(), "customer": card, "points": "100"}
    paid = [{"method": "points", "amount": "1.00", "hold": till.ok("hold", asked)["hold"]}, {"method": "cash", "amount": "9.00"}]
    till.commit(till.document("s", [("PAO-FORMA", "mercearia", "10.00")], customer=card, payments=paid))

    def visits(who: int) -> int:
        (found,) = till.get("/v1/customers", q=till.customer(who)["card"]).json()["items"]
        return int(found["shopping"]["visits"])

    assert (visits(HEAD), visits(CHILD)) == (1, 1)
    part(till)
    back = till.document("r", [("PAO-FORMA", "", "10.00")], kind="return", reference={"document": "s"})
    assert till.give(back)["balance"]["available"] == "0", "not what the other one has"
    assert till.balance(HEAD) == "300"
    service.sound()


def told(shop: Till, since: int) -> tuple[int, dict[str, tuple[str | None, int]]]:
    """What a store hears of since then: by customer, whose account it is and what is on it."""
    page = shop.signed("/v1/replica", {"since": since}).json()
    return page["version"], {one["customer"]: (one.get("account"), one.get("balance_available", 0)) for one in page["customers"]}


@pytest.mark.feature("PR-08", "NX-03")
def test_a_store_knows_what_is_on_the_account_that_relatives_share(shop: Till) -> None:
    shop.enrol_agent()
    head, child = shop.customer(HEAD)["id"], shop.customer(CHILD)["id"]
    buy(shop, "a", "20.00", HEAD)
    since, _ = told(shop, 0)
    share(shop)
    since, changed = told(shop, since)
    assert changed[child] == (head, 20_000), "also where no point moved"
    for number, who, points in (("b", HEAD, 25_000), ("c", CHILD, 30_000)):
        buy(shop, number, "5.00", who)
        version, changed = told(shop, since)
        assert version > since
        assert changed == {head: (None, points), child: (head, points)}, "whoever bought"
        since = version
    part(shop)
    since, changed = told(shop, since)
    assert changed[child] == (None, 0)
    assert told(shop, since) == (since, {})


@pytest.mark.feature("PR-08")
def test_points_that_came_while_somebody_came_to_share_are_brought_together(service: Service, shop: Till) -> None:
    buy(shop, "s", "20.00")
    with service.held.database.write(service.scope) as session:
        # As a sale leaves it that waited for the account and then went on with what it had read before.
        row = session.get(CustomerRow, (service.scope.tenant, shop.customer(CHILD)["id"]))
        assert row is not None
        row.shares_with = shop.customer(HEAD)["id"]
    assert shop.balance(HEAD) == "0"
    assert keep_levels(service.held, service.scope) == 1
    assert keep_levels(service.held, service.scope) == 0
    assert shop.balance(HEAD) == "20"
    service.sound()
