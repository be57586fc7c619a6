"""A draft tried in the back office before it is published: asked for, waited for, read in the viewer's language."""

from __future__ import annotations

import html
import time
from typing import TYPE_CHECKING, Any

import pytest

from v5_cloud.sample import programme
from v5_cloud.simulation import service as simulations
from v5_cloud.simulation.schemas import SimulationOrder
from v5_cloud.users.service import add_user

if TYPE_CHECKING:
    from tests.cloud.conftest import Service, Till
    from tests.cloud.pages.conftest import Person, SignIn

PASSWORD = "dez letras ou mais"


def saved(till: Till) -> str:
    """The address of a draft that gives three points where one is given today."""
    body: dict[str, Any] = programme().model_dump(mode="json")
    earning = [one | {"points": "3"} for one in body["earning"]]
    made = till.client.post("/v1/programmes", json=body | {"version": 7, "earning": earning}, headers=till.auth).json()
    return f"/programmes/{till.sample['company']}/{made['id']}/7"


def read(person: Person, address: str) -> str:
    """The page once it is done."""
    end = time.monotonic() + 60
    while True:
        text = person.get(address).text
        if 'hx-trigger="every 2s"' not in text:
            return html.unescape(text)
        assert time.monotonic() < end
        time.sleep(0.05)


@pytest.mark.feature("NX-06")
def test_a_draft_is_tried_from_its_page(service: Service, till: Till, person: SignIn) -> None:
    admin, address = person(service, language="pt"), saved(till)
    till.commit(till.document("FS 1", [("CAFE-250", "mercearia", "30.00")], customer={"card": till.customer()["card"]}))
    assert f'href="{address}/simulate"' in admin.get(address).text, "the draft's page leads there"
    token = admin.token()
    begun = admin.post(f"{address}/simulate", {"csrf": token, "days": "30", "store": "LX1"})
    assert begun.status_code == 303, begun.text
    shown = read(admin, begun.headers["location"])
    for words in (till.customer()["name"], "data-chart", "FS 1", "1 ponto por cada 1,00 €"):
        assert words in shown
    assert "30 pontos hoje, 90 com o rascunho" in shown
    again = admin.get(f"{address}/simulate").text
    assert begun.headers["location"] in again, "it is kept"
    assert "Simulações anteriores" in html.unescape(again)
    empty = admin.post(f"{address}/simulate", {"csrf": token, "days": "30", "store": "PT2", "alone": "yes"})
    assert "Escolha um período mais longo, ou todas as lojas." in read(admin, empty.headers["location"])


@pytest.mark.feature("NX-06")
def test_only_who_publishes_sees_what_a_draft_costs(service: Service, till: Till, person: SignIn) -> None:
    address = saved(till)
    made = simulations.create(service.held, service.scope, SimulationOrder(id=programme().id, version=7), actor="test")
    result = f"/simulations/{service.sample['company']}/{made.id}"
    add_user(service.held.database, service.sample["tenant"], email="m@example.com", password=PASSWORD, now=till.clock.now, role="manager")
    manager = person(service, "m@example.com", PASSWORD)
    assert (manager.get(f"{address}/simulate").status_code, manager.get(result).status_code) == (403, 403)
    admin = person(service)
    assert 'hx-trigger="every 2s"' in admin.get(result).text, "it waits, and looks again by itself"
    fragment = admin.get(result, **{"hx-request": "true", "hx-request-type": "partial"}).text
    assert "<html" not in fragment
    assert admin.get(f"/simulations/{service.sample['company']}/sim_none").status_code == 404
