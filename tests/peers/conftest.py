"""One service for all acceptance cases."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from v5_tools.peers.service import Service


@pytest.fixture(scope="session")
def service() -> Iterator[Service]:
    """The cloud in process; each case makes its own company."""
    with Service() as found:
        yield found
