"""Settings as an operator gives them, and the files that set the service up."""

from __future__ import annotations

import configparser
import logging.config
import re
from pathlib import Path

import pytest
import typer
import yaml
from sqlalchemy import create_engine, text
from sqlalchemy.exc import IntegrityError

from v5_cloud.cli import app
from v5_cloud.console import LOGGING
from v5_cloud.kit.container import build
from v5_cloud.kit.settings import Settings
from v5_cloud.migrations import migrate
from v5_core.errors import ConfigError

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"


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


def test_the_log_tells_where_it_failed_and_of_nobody() -> None:
    address = "@".join(("maria", "example.com"))
    engine = create_engine("sqlite://")
    try:
        with engine.begin() as connection:
            connection.execute(text("CREATE TABLE person (email TEXT UNIQUE)"))
            for _ in range(2):
                connection.execute(text("INSERT INTO person VALUES (:email)"), {"email": address})
    except IntegrityError as error:
        failure: Exception = ValueError(f"{address} is known")
        failure.__cause__ = error
    engine.dispose()
    formatter = logging.config.DictConfigurator(LOGGING).configure_formatter(LOGGING["formatters"]["line"])
    record = logging.LogRecord("v5_cloud", logging.ERROR, "", 1, "it failed", (), (type(failure), failure, failure.__traceback__))
    said = formatter.format(record)
    assert address not in said
    assert "test_operations.py" in said
    assert said.index("sqlalchemy.exc.IntegrityError") < said.index("builtins.ValueError")


def test_the_files_for_containers_and_systemd_use_settings_and_commands_that_there_are() -> None:
    commands = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    settings = {f"V5_{name.upper()}" for name in Settings.model_fields}
    services = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))["services"]
    for name in ("migrate", "cloud"):
        assert {one for one in services[name]["environment"] if one.startswith("V5_")} <= settings
        assert services[name]["command"][0] in commands
    assert services["cloud"]["environment"]["V5_WORKERS"] == "${V5_WORKERS:-2}"
    unit = configparser.RawConfigParser(strict=False)
    unit.read(DEPLOY / "systemd" / "v5-cloud.service", encoding="utf-8")
    assert [unit["Service"][key].split()[1] in commands for key in ("ExecStart", "ExecStartPre")] == [True, True]
    named = set(re.findall(r"\bV5_[A-Z_]+", (DEPLOY / "Dockerfile").read_text(encoding="utf-8"))) - {"V5_NO_APT"}
    assert named <= settings
