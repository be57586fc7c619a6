"""The whole OpenAPI under generated input: no 500, and every answer as documented."""

from __future__ import annotations

import os
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from tests.cloud.conftest import Service, Start


with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import schemathesis
    from schemathesis.checks import not_a_server_error
    from schemathesis.core.result import Ok
    from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance, status_code_conformance

EXAMPLES = int(os.environ.get("V5_SCHEMA_EXAMPLES", "12"))


@pytest.mark.feature("NX-08")
@pytest.mark.filterwarnings("ignore")
def test_no_input_makes_the_service_fail(start: Start, tmp_path: Path) -> None:
    service = start(f"sqlite:///{tmp_path / 'v5.sqlite'}")
    till = service.till()
    till.enrol_agent()
    schema = schemathesis.openapi.from_asgi("/v1/openapi.json", service.app)
    tried = 0
    for operation in schema.get_all_operations():
        assert isinstance(operation, Ok), operation.err()
        found = operation.ok()

        @settings(max_examples=EXAMPLES, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
        def one(case: schemathesis.Case) -> None:
            nonlocal tried
            tried += 1
            case.call_and_validate(
                headers=till.auth,
                checks=[not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance],
            )

        from hypothesis import given

        given(case=found.as_strategy())(one)()
    assert tried > 100


def test_contract_is_complete(service: Service) -> None:
    schema = service.app.openapi()
    assert "Problem" in schema["components"]["schemas"]
    for path, operations in schema["paths"].items():
        for method, operation in operations.items():
            assert operation["summary"], path
            assert operation.get("description"), f"{method} {path}"
            for status in ("400", "401", "422", "429"):
                assert "application/problem+json" in operation["responses"][status]["content"], f"{method} {path} {status}"
