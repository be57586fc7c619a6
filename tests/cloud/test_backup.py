"""A backup that was verified restores into either database; a damaged one is refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from v5_cloud.app import create_app
from v5_cloud.backup import backup, restore
from v5_cloud.customers.service import get
from v5_cloud.kit.settings import Settings
from v5_core.errors import ConflictError, ValidationError


@pytest.mark.feature("V5-03")
def test_backup_and_verified_restore(start: Callable[..., Any], database_url: str, tmp_path: Path) -> None:
    source = start(f"sqlite:///{tmp_path / 'source.sqlite'}")
    till = source.till()
    till.commit(till.document("1", [("CAFE-250", "mercearia", "10.00")], customer={"card": till.customer()["card"]}))
    file = tmp_path / "v5.backup"
    backup(source.settings, file)
    with pytest.raises(ConflictError):
        restore(source.settings, file)
    target = Settings(database_url=database_url)
    assert "no difference" in restore(target, file)
    held = create_app(target).state.v5
    assert get(held, source.scope, till.customer()["id"]).balance == 10_000
    held.database.dispose()
    damaged = tmp_path / "damaged"
    damaged.write_bytes(file.read_bytes()[:-40])
    with pytest.raises(ValidationError):
        restore(Settings(database_url=f"sqlite:///{tmp_path / 'x.sqlite'}"), damaged)
