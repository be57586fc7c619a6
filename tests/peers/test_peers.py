"""What the public suites of other systems expect, each restated as a case of ours: one test a file."""

from __future__ import annotations

from pathlib import Path

import pytest

from v5_tools.peers.runner import files, run_file
from v5_tools.peers.service import Service

HERE = Path(__file__).parent
CASES = list(files([HERE]))


@pytest.mark.feature("V5-16")
@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_case(service: Service, path: Path) -> None:
    assert run_file(service, path).failures == []
