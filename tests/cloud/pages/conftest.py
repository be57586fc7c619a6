"""People who look at the pages of a service."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from v5_cloud.frontend.build import build


@pytest.fixture(scope="session", autouse=True)
def _front_end() -> None:
    build()


@dataclass
class Person:
    """A browser without a screen: keeps cookies, follows nothing by itself."""

    client: Any
    cookies: dict[str, str]

    def get(self, path: str, **headers: str) -> Any:
        return self.client.get(path, headers={"accept": "text/html", "cookie": self._cookie(), **headers}, follow_redirects=False)

    def post(self, path: str, fields: dict[str, str], **headers: str) -> Any:
        reply = self.client.post(path, data=fields, headers={"cookie": self._cookie(), **headers}, follow_redirects=False)
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


@pytest.fixture
def person() -> Callable[..., Person]:
    """Someone who signed in to a service (as whom its sample says, unless told)."""

    def make(service: Any, email: str = "", password: str = "", *, language: str = "en") -> Person:
        one = Person(service.client, {"v5_lang": language})
        login = service.sample["login"]
        reply = one.post("/login", {"email": email or login["email"], "password": password or login["password"]})
        assert reply.status_code == 303, reply.text
        return one

    return make
