"""zeep drives a whole sale over HTTP; what is wrong has the same code as in REST."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import httpx
import pytest
import zeep
from lxml import etree
from zeep.exceptions import Fault
from zeep.transports import Transport

if TYPE_CHECKING:
    from tests.cloud.conftest import Service, Till


class _Local(Transport):
    """zeep over the service under test."""

    def __init__(self, till: Till) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # zeep has no types here
        self.session.close()
        self.till = till

    def load(self, url: str) -> bytes:
        found: bytes = self.till.client.get("/soap?wsdl").content
        return found

    def post(self, address: str, message: bytes, headers: dict[str, str]) -> httpx.Response:
        reply: httpx.Response = self.till.client.post("/soap", content=message, headers={**headers, **self.till.auth})
        return reply


@pytest.mark.feature("V5-14")
def test_zeep_drives_a_whole_sale(service: Service, till: Till) -> None:
    contract = io.BytesIO(till.client.get("/soap?wsdl").content)
    client = zeep.Client(contract, transport=_Local(till))
    call = client.service
    card = till.customer()["card"]
    assert call.identify(store="LX1", key=card).customer.name == till.customer()["name"]
    line = {"line_id": "1", "product": "CAFE-250", "family": "mercearia", "gross": "150.00", "net": "150.00"}
    document = {
        "source": "till",
        "source_id": "s1",
        "origin": "hook",
        "kind": "sale",
        "store": "LX1",
        "issued_at": till.clock.now.isoformat(),
        "customer": {"card": card},
        "lines": [line],
        "gross": "150.00",
        "net": "150.00",
    }
    sold = call.commit(request_id="c1", document=document)
    assert str(sold.points_earned) == "150"
    hold = call.hold(request_id="h1", store="LX1", at=till.clock.now.isoformat(), customer={"card": card}, points="100")
    assert str(hold.amount) == "1.00"
    assert call.cancel(request_id="x1", store="LX1", at=till.clock.now.isoformat(), hold=hold.hold).released
    back = {**document, "source_id": "n1", "kind": "return", "lines": [{**line, "reference": {"document": "s1", "line": "1"}}]}
    taken = getattr(call, "return")(request_id="r1", document=back)
    assert str(taken.points_taken) == "150"
    with pytest.raises(Fault) as refused:
        call.hold(request_id="h2", store="LX1", at=till.clock.now.isoformat(), customer={"card": card}, points="100")
    rest = till.hook(
        "hold", {"request_id": "h3", "store": "LX1", "at": till.clock.now.isoformat(), "customer": {"card": card}, "points": "100"}
    )
    assert rest.json()["code"] == "insufficient_points"
    assert b"insufficient_points" in _detail(refused.value)
    service.sound()


def _detail(fault: Fault) -> bytes:
    return etree.tostring(fault.detail)


def test_soap_needs_a_credential_and_good_xml(till: Till) -> None:
    reply = till.client.post("/soap", content=b"<x/>")
    assert reply.status_code == 500
    assert b"unauthorized" in reply.content
    for body in (b"<x", b"<!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><x>&e;</x>"):
        refused = till.client.post("/soap", content=body, headers=till.auth)
        assert b"malformed" in refused.content
        assert b"root:" not in refused.content
