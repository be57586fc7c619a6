"""People who look at the pages of a service."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import httpx
import pytest
import yaml

from v5_cloud.frontend.build import build
from v5_cloud.sample import load
from v5_cloud.users.service import add_user

if TYPE_CHECKING:
    from starlette.testclient import TestClient

    from tests.cloud.conftest import Service


@pytest.fixture(scope="session", autouse=True)
def _front_end() -> None:
    build()


@dataclass
class Person:
    """A browser without a screen: keeps cookies, follows nothing by itself."""

    client: TestClient
    cookies: dict[str, str]

    def get(self, path: str, **headers: str) -> httpx.Response:
        sent = {"accept": "text/html", "cookie": self._cookie(), **headers}
        reply: httpx.Response = self.client.get(path, headers=sent, follow_redirects=False)
        return reply

    def post(self, path: str, fields: Mapping[str, str | list[str]], **headers: str) -> httpx.Response:
        reply: httpx.Response = self.client.post(path, data=fields, headers={"cookie": self._cookie(), **headers}, follow_redirects=False)
        for name, value in reply.cookies.items():
            self.cookies[name] = value
        self.client.cookies.clear()
        return reply

    def _cookie(self) -> str:
        return "; ".join(f"{name}={value}" for name, value in self.cookies.items())

    def fill(self, path: str, **fields: str) -> httpx.Response:
        """Opens the form of a page and sends it, with what it hides."""
        return self._send(self.get(path), fields)

    def sure(self, shown: httpx.Response) -> httpx.Response:
        """Sends the step that says what is going to happen."""
        assert shown.status_code == 200, shown.text
        assert 'name="sure" value="1"' in shown.text, shown.text
        return self._send(shown, {})

    def _send(self, shown: httpx.Response, fields: dict[str, str]) -> httpx.Response:
        main = shown.text[shown.text.index('id="main"') :]
        form = re.search(r'<form class="panel[^>]* action="([^"]+)">(.*?)</form>', main, re.DOTALL)
        assert form, shown.text
        hidden = {name: unescape(value) for name, value in re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form[2])}
        return self.post(form[1], hidden | fields)

    def token(self) -> str:
        found = re.search(r'name="csrf" value="([^"]+)"', self.get("/programmes").text)
        assert found
        return found.group(1)


class SignIn(Protocol):
    """Someone who signed in to a service (as whom its sample says, unless told)."""

    def __call__(self, service: Service, email: str = "", password: str = "", *, language: str = "en") -> Person: ...


PASSWORD = "dez letras ou mais"


class AsRole(Protocol):
    """Someone of the sample's company who has a role."""

    def __call__(self, service: Service, role: str) -> Person: ...


@pytest.fixture
def as_role(person: SignIn) -> AsRole:
    def make(service: Service, role: str) -> Person:
        email = f"{role}@exemplo.pt"
        add_user(service.held.database, service.sample["tenant"], email=email, password=PASSWORD, role=role, now=service.clock.now)
        return person(service, email, PASSWORD)

    return make


@pytest.fixture
def counter(service: Service) -> Service:
    """A service whose company sells cards and has a club."""
    publish_counter(service)
    return service


def publish_counter(service: Service) -> None:
    till = service.till()
    programme: dict[str, Any] = yaml.safe_load(Path(__file__).with_name("counter.yaml").read_text(encoding="utf-8"))
    assert till.client.post("/v1/programmes", json=programme, headers=till.auth).status_code == 201
    assert till.client.post("/v1/programmes/balcao/1/publish", headers=till.auth).status_code == 200


@pytest.fixture
def stranger(person: SignIn) -> SignIn:
    """The administrator of another tenant of the same service, which has the same programme."""

    def make(service: Service, email: str = "", password: str = "", *, language: str = "en") -> Person:
        login = load(service.held, seed=3, customers=4)["login"]
        return person(service, login["email"], login["password"], language=language)

    return make


@pytest.fixture
def person() -> SignIn:
    def make(service: Service, email: str = "", password: str = "", *, language: str = "en") -> Person:
        one = Person(service.client, {"v5_lang": language})
        login = service.sample["login"]
        reply = one.post("/login", {"email": email or login["email"], "password": password or login["password"]})
        assert reply.status_code == 303, reply.text
        return one

    return make
