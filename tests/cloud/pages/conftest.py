"""People who look at the pages of a service."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import httpx
import pytest

from v5_cloud.frontend.build import build

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

    def post(self, path: str, fields: dict[str, str], **headers: str) -> httpx.Response:
        reply: httpx.Response = self.client.post(path, data=fields, headers={"cookie": self._cookie(), **headers}, follow_redirects=False)
        for name, value in reply.cookies.items():
            self.cookies[name] = value
        self.client.cookies.clear()
        return reply

    def _cookie(self) -> str:
        return "; ".join(f"{name}={value}" for name, value in self.cookies.items())

    def token(self) -> str:
        found = re.search(r'name="csrf" value="([^"]+)"', self.get("/programmes").text)
        assert found
        return found.group(1)


class SignIn(Protocol):
    """Someone who signed in to a service (as whom its sample says, unless told)."""

    def __call__(self, service: Service, email: str = "", password: str = "", *, language: str = "en") -> Person: ...


@pytest.fixture
def person() -> SignIn:
    def make(service: Service, email: str = "", password: str = "", *, language: str = "en") -> Person:
        one = Person(service.client, {"v5_lang": language})
        login = service.sample["login"]
        reply = one.post("/login", {"email": email or login["email"], "password": password or login["password"]})
        assert reply.status_code == 303, reply.text
        return one

    return make
