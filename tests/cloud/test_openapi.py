"""The whole OpenAPI under generated input: no 500, every answer as documented, and a sound ledger afterwards.

`V5_SCHEMA_EXAMPLES` says how many requests each operation gets; `./v5 soak` gives it hundreds.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from v5_core.signing import signed_headers

if TYPE_CHECKING:
    from tests.cloud.conftest import Service, Till

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import schemathesis
    from schemathesis.checks import not_a_server_error
    from schemathesis.core.result import Ok
    from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance, status_code_conformance

EXAMPLES = int(os.environ.get("V5_SCHEMA_EXAMPLES", "10"))
# The short run is the same each time; the long one is another each time.
SAME = "V5_SCHEMA_EXAMPLES" not in os.environ
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]


class Signing:
    """Signs what passes as the till's agent would, where the caller asks for it."""

    def __init__(self, app: ASGIApp, till: Till) -> None:
        self._app = app
        self._till = till
        self._count = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or (b"x-sign", b"yes") not in scope["headers"]:
            await self._app(scope, receive, send)
            return
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message.get("body", b""), message.get("more_body", False)
        self._count += 1
        stamp, name = int(self._till.clock.now.timestamp()), f"fuzz-{self._count}"
        headers = signed_headers(self._till.agent["agent"], self._till.private, name, stamp, body)
        signed = [(key.encode(), value.encode()) for key, value in headers.items()]

        async def again() -> Message:
            return {"type": "http.request", "body": body, "more_body": False}

        await self._app({**scope, "headers": [*scope["headers"], *signed]}, again, send)


class Known:
    """Values that mean something to the service, by the name of their field: half of the requests get them, and so get further."""

    def __init__(self, till: Till) -> None:
        people = till.sample["customers"]
        self.values: dict[str, list[str]] = {
            "store": ["LX1"],
            "card": [one["card"] for one in people],
            "customer": [one["id"] for one in people],
            "customer_id": [one["id"] for one in people],
            "product": ["CAFE-250", "CREME-50", "PAO"],
            "family": ["mercearia", "cosmetica"],
            "agent": [till.agent["agent"]],
        }

    def put(self, value: Any, draw: st.DrawFn) -> Any:
        """The same body with known values where it has a field of that name."""
        if isinstance(value, dict):
            return {name: self._one(name, inner, draw) for name, inner in value.items()}
        if isinstance(value, list):
            return [self.put(one, draw) for one in value]
        return value

    def _one(self, name: str, value: Any, draw: st.DrawFn) -> Any:
        if isinstance(value, str) and name in self.values:
            return draw(st.sampled_from(self.values[name]))
        return self.put(value, draw)

    def learn(self, answer: Any) -> None:
        """Remembers what the service itself named: holds, documents, cards and so on."""
        for name, value in _fields(answer):
            kept = self.values.setdefault(name, [])
            if value not in kept and len(kept) < 20:
                kept.append(value)


def _fields(answer: Any) -> Iterator[tuple[str, str]]:
    if isinstance(answer, dict):
        for name, value in answer.items():
            if name in {"hold", "document", "customer", "card", "source_id"} and isinstance(value, str) and value:
                yield name, value
            yield from _fields(value)
    elif isinstance(answer, list):
        for one in answer:
            yield from _fields(one)


@st.composite
def requests(draw: st.DrawFn, cases: st.SearchStrategy[schemathesis.Case[Any]], known: Known) -> tuple[schemathesis.Case[Any], bool]:
    """A request as the contract describes it, or one with values that exist; as an API key, or signed by an agent."""
    case = draw(cases)
    if draw(st.booleans()):
        # Without credentials that were made up too.
        for name in ("authorization", "v5-agent"):
            case.headers.pop(name, None)
        case.body = known.put(case.body, draw)
        case.path_parameters = known.put(case.path_parameters, draw)
    return case, draw(st.booleans())


def hammer(cases: st.SearchStrategy[schemathesis.Case[Any]], known: Known, till: Till) -> set[int]:
    """Calls one operation many times; gives the statuses it answered with."""
    seen: set[int] = set()

    @given(request=requests(cases, known))
    @settings(max_examples=EXAMPLES, deadline=None, derandomize=SAME, database=None, suppress_health_check=list(HealthCheck))
    def one(request: tuple[schemathesis.Case[Any], bool]) -> None:
        case, as_agent = request
        reply = case.call(headers={"x-sign": "yes"} if as_agent else till.auth)
        case.validate_response(reply, checks=CHECKS)
        seen.add(reply.status_code)
        if reply.status_code == 200 and "json" in str(reply.headers.get("content-type")):
            known.learn(reply.json())

    one()
    return seen


@pytest.mark.feature("NX-08")
@pytest.mark.filterwarnings("ignore")
@pytest.mark.timeout(300 + 20 * EXAMPLES)
def test_no_input_makes_the_service_fail(service: Service, till: Till) -> None:
    till.enrol_agent()
    known = Known(till)
    schema = schemathesis.openapi.from_asgi("/v1/openapi.json", Signing(service.app, till))
    answered: dict[str, set[int]] = {}
    for operation in schema.get_all_operations():
        assert isinstance(operation, Ok), operation.err()
        found = operation.ok()
        answered[found.label] = hammer(found.as_strategy(), known, till)
    assert all(answered.values()), "an operation was never called"
    service.sound()


def test_contract_is_complete(service: Service) -> None:
    schema = service.app.openapi()
    assert "Problem" in schema["components"]["schemas"]
    for path, operations in schema["paths"].items():
        for method, operation in operations.items():
            assert operation["summary"], path
            assert operation.get("description"), f"{method} {path}"
            for status in ("400", "401", "422", "429"):
                assert "application/problem+json" in operation["responses"][status]["content"], f"{method} {path} {status}"
