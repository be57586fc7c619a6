"""Cases of our own, in the format of the acceptance page: what a shop may ask of a programme, each by its figures."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from v5_tools.peers.runner import files, run_file
from v5_tools.peers.service import Service

CASES = list(files([Path(__file__).parent]))


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    """The cloud in process; each case makes its own company."""
    with Service() as found:
        yield found


@pytest.mark.feature("V5-16")
@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_case(service: Service, path: Path) -> None:
    assert run_file(service, path).failures == []
