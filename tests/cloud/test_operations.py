"""Settings as an operator gives them."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from v5_cloud.kit.container import build
from v5_cloud.kit.settings import Settings
from v5_cloud.migrations import migrate
from v5_core.errors import ConfigError


def test_set_to_nothing_is_not_set_except_the_role() -> None:
    found = Settings.from_env({"V5_DATABASE_URL": "", "V5_PORT": "", "V5_WORKERS": "", "V5_DATABASE_ROLE": ""})
    assert (found.database_url, found.port, found.workers) == ("sqlite:///v5-cloud.sqlite", 8500, 1)
    assert found.database_role == ""
    assert Settings.from_env({}).database_role == "v5_app"
    with pytest.raises(ConfigError, match="V5_WORKERS"):
        Settings.from_env({"V5_WORKERS": "0"})


@pytest.mark.parametrize("database_url", [pytest.param("postgres", marks=pytest.mark.postgres)], indirect=True)
def test_the_service_takes_the_role_unless_told_to_stay_who_it_is(database_url: str) -> None:
    env = {"V5_DATABASE_URL": database_url}
    migrate(Settings.from_env(env))
    seen = []
    for more in ({}, {"V5_DATABASE_ROLE": ""}):
        held = build(Settings.from_env({**env, **more}))
        with held.database.engine.connect() as connection:
            seen.append(connection.scalar(text("SELECT current_user = 'v5_app'")))
        held.database.dispose()
    assert seen == [True, False]
