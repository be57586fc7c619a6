"""Our lint finds planted violations, and nothing in the code as it is."""

from __future__ import annotations

import pytest

from v5_tools.tenant_guard import check_file, main

PLANTED = [
    ("sales/repository.py", "from sqlalchemy import select\n", "V5T001"),
    ("sales/repository.py", "from sqlalchemy import func, text\n", "V5T001"),
    ("sales/service.py", "def f(session):\n    return session.execute(1)\n", "V5T002"),
    ("sales/service.py", "def f(self):\n    return self.session.scalars(1)\n", "V5T002"),
    ("sales/service.py", "def f(session):\n    session.commit()\n", "V5T003"),
    ("sales/repository.py", "def f(self):\n    self.session.commit()\n", "V5T003"),
    ("sales/service.py", "from datetime import datetime\nnow = datetime.now()\n", "V5T004"),
    ("kit/clock.py", "from datetime import datetime\nnow = datetime.utcnow()\n", "V5T004"),
    ("sales/service.py", "from datetime import datetime\nday = datetime(2026, 1, 1)\n", "V5T004"),
    ("models/sales.py", "from sqlalchemy.orm import relationship\nlines = relationship('Line')\n", "V5T005"),
]


@pytest.mark.parametrize(("name", "source", "code"), PLANTED)
def test_planted_violation_is_found(name: str, source: str, code: str) -> None:
    assert code in [finding[2] for finding in check_file(name, source)]


def test_the_code_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0, capsys.readouterr().out
