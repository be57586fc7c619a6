"""A tenant sees nothing of another: over every route, with every kind of credential, and in the database itself."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from sqlalchemy import create_engine, text
from starlette.routing import BaseRoute

import v5_cloud
from v5_cloud.access.dependencies import machine

if TYPE_CHECKING:
    from tests.cloud.conftest import Service, Start


# Open by nature: they hold no data of anybody.
OPEN = {"/v1/agents/enrol", "/v1/health", "/v1/openapi.json", "/v1/programmes/schema"}


def _needs(dependant: Dependant, call: Callable[..., object]) -> bool:
    return dependant.call is call or any(_needs(one, call) for one in dependant.dependencies)


def _routes(app: FastAPI) -> list[APIRoute]:
    found: list[APIRoute] = []

    def walk(routes: Iterable[BaseRoute]) -> None:
        for route in routes:
            if isinstance(route, APIRoute):
                found.append(route)
            elif hasattr(route, "original_router"):
                walk(route.original_router.routes)
            elif hasattr(route, "routes"):
                walk(route.routes)

    walk(app.router.routes)
    return found


@pytest.fixture
def two(start: Start, database_url: str) -> tuple[Service, Service]:
    """Two tenants in one database."""
    return start(database_url, seed=1), start(database_url, seed=2)


@pytest.mark.feature("V5-01")
def test_every_api_route_is_guarded(service: Service) -> None:
    paths = service.app.openapi()["paths"]
    assert len(paths) > 15
    for path, operations in paths.items():
        for method in operations:
            if path in OPEN:
                continue
            url = re.sub(r"\{[^}]+\}", "x", path)
            reply = service.client.request(method, url, json={})
            assert reply.status_code == 401, f"{method} {path} answers without a credential"
            assert reply.json()["code"] == "unauthorized"


@pytest.mark.feature("V5-01")
def test_nothing_of_another_tenant_is_found_by_any_credential(two: tuple[Service, Service]) -> None:
    mine, other = two[0].till(), two[1].till()
    member = other.customer()
    other.commit(other.document("1", [("CAFE-250", "mercearia", "10.00")], customer={"card": member["card"]}))
    sale = other.get("/v1/sales").json()["items"][0]["id"]
    secret = {member["id"], member["name"], sale}
    for path in two[0].app.openapi()["paths"]:
        if "get" not in two[0].app.openapi()["paths"][path]:
            continue
        for value in (member["id"], sale):
            url = re.sub(r"\{[^}]+\}", value, path)
            reply = mine.get(url)
            if "{" in path:
                assert reply.status_code == 404, f"{path} knows {value}"
                assert reply.json()["detail"] == mine.get(re.sub(r"\{[^}]+\}", "nothing", path)).json()["detail"]
            assert not [one for one in secret if one in reply.text and one not in url and "{" in path]
    assert mine.get("/v1/customers", q=member["id"]).json()["items"] == []
    # Both samples use the same card numbers: mine is mine.
    assert mine.ok("identify", {"store": "LX1", "key": mine.customer()["card"]})["customer"]["customer"] == mine.customer()["id"]
    mine.enrol_agent()
    assert mine.signed("/v1/push", {"agent": other.enrol_agent()["agent"], "sequence": 1, "events": []}).status_code == 403
    replica = mine.signed("/v1/replica", {"since": 0}).json()
    assert {one["customer"] for one in replica["customers"]} == {one["id"] for one in mine.sample["customers"]}
    hold = mine.hook(
        "hold", {"request_id": "h", "store": "LX1", "at": mine.clock.now.isoformat(), "customer": {"customer": member["id"]}, "points": "1"}
    )
    assert hold.status_code == 404
    cancel = mine.hook("cancel", {"request_id": "c", "store": "LX1", "at": mine.clock.now.isoformat(), "document": sale})
    assert cancel.status_code == 404
    # The same document number in two tenants is two documents.
    assert not mine.commit(mine.document("1", [("CAFE-250", "mercearia", "10.00")]))["duplicate"]
    two[0].sound()


@pytest.mark.postgres
@pytest.mark.feature("V5-01")
def test_row_level_security_covers_every_table(start: Start, postgres: str, database_url: str) -> None:
    if database_url.startswith("sqlite"):
        assert "sqlite" in database_url
        return
    service = start(database_url)
    engine = create_engine(service.settings.sqlalchemy_url)
    with engine.connect() as connection:
        tables = connection.execute(
            text(
                "SELECT c.relname, c.relrowsecurity AND c.relforcerowsecurity, EXISTS (SELECT 1 FROM pg_policy p WHERE p.polrelid = c.oid) "
                "FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_id' WHERE c.relkind = 'r'"
            )
        ).all()
        role = connection.execute(text("SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = 'v5_app'")).scalar_one()
        connection.rollback()
        connection.execute(text("SET ROLE v5_app"))
        assert connection.execute(text("SELECT count(*) FROM customer")).scalar_one() == 0
        connection.execute(text("SELECT set_config('v5.tenant', 't-other', true)"))
        assert connection.execute(text("UPDATE customer SET name = 'x'")).rowcount == 0
        connection.execute(text("SELECT set_config('v5.tenant', :tenant, true)"), {"tenant": service.sample["tenant"]})
        assert connection.execute(text("SELECT count(*) FROM customer")).scalar_one() == 6
    engine.dispose()
    assert len(tables) > 25
    assert [one[0] for one in tables if not (one[1] and one[2])] == []
    assert role is False


def test_the_guard_refuses_what_forgets_it(service: Service) -> None:
    from v5_cloud.kit.tenant import Repository
    from v5_cloud.models import CustomerRow

    with service.held.database.read(service.scope) as session:
        repository = Repository(session, service.scope)
        with pytest.raises(ValueError, match="tenant"):
            repository.text("DELETE FROM customer")
        with pytest.raises(ValueError, match="directory"):
            repository.everywhere(CustomerRow)
        with pytest.raises(ValueError, match="another tenant"):
            repository.add(CustomerRow(tenant_id="t-other", id="x"))


def test_who_looks_across_tenants_is_a_short_list() -> None:
    root = Path(v5_cloud.__file__).parent
    users = set()
    for path in root.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute) and node.attr == "everywhere":
                users.add(path.relative_to(root).as_posix())
    assert users <= {"access/repository.py", "fleet/repository.py", "tenants/directory.py", "users/repository.py"}


def test_machine_is_the_only_way_in(service: Service) -> None:
    for route in _routes(service.app):
        if route.path.startswith("/v1/") and route.path not in OPEN:
            assert _needs(route.dependant, machine), route.path
