"""Every page there is, the next one too: nobody without signing in, and what changes something only with the form's token."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from v5_cloud.pages.route import PageRoute

if TYPE_CHECKING:
    from tests.cloud.conftest import Service
    from tests.cloud.pages.conftest import SignIn

# Open by nature, or what signs in and out.
OPEN = {"/login", "/logout", "/language"}


def pages(routes: Any) -> Iterator[PageRoute]:
    for route in routes:
        if isinstance(route, PageRoute):
            yield route
        elif hasattr(route, "original_router"):
            yield from pages(route.original_router.routes)
        elif hasattr(route, "routes"):
            yield from pages(route.routes)


@pytest.mark.feature("V5-01")
def test_no_page_opens_without_signing_in_and_none_is_posted_without_the_token(service: Service, person: SignIn) -> None:
    found = [one for one in pages(service.app.router.routes) if one.path not in OPEN]
    assert len(found) > 25
    someone = person(service)
    for route in found:
        address = re.sub(r"\{[^}]+\}", "x", route.path)
        for method in route.methods or ():
            reply = service.client.request(method, address, follow_redirects=False)
            assert (reply.status_code, reply.headers.get("location", "").split("?")[0]) == (303, "/login"), f"{method} {route.path}"
            if method == "POST":
                assert someone.post(address, {}).status_code == 403, route.path
