"""The programme's JSON Schema as the service gives it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from v5_core.programme import Programme

if TYPE_CHECKING:
    from tests.cloud.conftest import Service


@pytest.mark.feature("V5-16")
def test_the_schema_of_a_programme_is_given_to_anybody(service: Service) -> None:
    reply = service.client.get("/v1/programmes/schema")
    assert reply.status_code == 200
    assert reply.json() == Programme.model_json_schema()
