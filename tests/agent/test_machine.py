"""Enrolment, the machine it belongs to, logs, settings and the command line."""

from __future__ import annotations

import json
import logging
import os
import stat
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner, Result

from v5_agent import identity as identities
from v5_agent import logs
from v5_agent.cli import app
from v5_agent.config import load_config
from v5_agent.lock import FolderLock
from v5_core.errors import AuthError, ConfigError

if TYPE_CHECKING:
    from tests.agent.conftest import Eventually, FakeCloud, World


run = CliRunner()


@pytest.fixture(autouse=True)
def quiet_logging() -> Iterator[None]:
    root = logging.getLogger()
    before = list(root.handlers), root.level
    yield
    for handler in root.handlers:
        if handler not in before[0]:
            handler.close()
    root.handlers, root.level = before[0], before[1]


def enrol(folder: Path, cloud: FakeCloud, code: str = "CODE-1234") -> Result:
    return run.invoke(app, ["enrol", "--cloud", cloud.url, "--code", code, "--name", "caixa 1", "--data", str(folder)])


def enrolled(folder: Path) -> identities.Identity:
    found = identities.load_identity(folder)
    assert found is not None
    return found


def test_enrolment_makes_the_key_here_and_keeps_it_to_its_owner(tmp_path: Path, cloud: FakeCloud) -> None:
    folder = tmp_path / "state"
    result = enrol(folder, cloud)
    assert result.exit_code == 0, result.output
    assert "LX1" in result.output
    for name in ("agent.key", "hooks.token", "identity.json"):
        assert stat.S_IMODE((folder / name).stat().st_mode) == 0o600
    found = enrolled(folder)
    assert cloud.keys["agent-1"] != found.private
    assert (folder / "agent.key").read_text() not in (folder / "identity.json").read_text()


def test_a_code_works_once_and_the_reason_is_said(tmp_path: Path, cloud: FakeCloud) -> None:
    enrol(tmp_path, cloud)
    again = enrol(tmp_path, cloud)
    assert again.exit_code == 1
    assert "works once" in again.output
    assert enrolled(tmp_path).agent == "agent-1", "the old enrolment still stands"


@pytest.mark.parametrize(
    ("address", "words"), [("http://shop.example", "https"), ("shop.example", "https://"), ("http://127.0.0.1:1", "reached")]
)
def test_a_wrong_address_is_explained(tmp_path: Path, address: str, words: str) -> None:
    result = run.invoke(app, ["enrol", "--cloud", address, "--code", "x", "--data", str(tmp_path)])
    assert result.exit_code == 1
    assert words in result.output
    assert "Traceback" not in result.output


def test_enrolling_again_keeps_the_outbox(world: World) -> None:
    world.erp.records = [world.sale(n) for n in range(4)]
    world.agent().poll()
    world.agents.pop().close()
    world.cloud.codes.add("NEW")
    assert enrol(world.folder, world.cloud, "NEW").exit_code == 0
    agent = world.agent()
    assert enrolled(world.folder).agent == "agent-2"
    agent.send()
    assert len(world.cloud.events) == 4


def test_a_folder_copied_to_another_machine_is_refused(tmp_path: Path, cloud: FakeCloud) -> None:
    enrol(tmp_path, cloud)
    path = tmp_path / "identity.json"
    data = json.loads(path.read_text()) | {"machine": ["0" * 32]}
    path.write_text(json.dumps(data))
    found = enrolled(tmp_path)
    with pytest.raises(AuthError, match="another machine"):
        identities.check_machine(found, ["1" * 32])
    identities.check_machine(found, ["0" * 32, "2" * 32])
    if identities.fingerprint():
        result = run.invoke(app, ["run", "--once", "--data", str(tmp_path)])
        assert result.exit_code == 1
        assert "enrol" in result.output


def test_run_once_prints_what_happened(tmp_path: Path, cloud: FakeCloud) -> None:
    enrol(tmp_path, cloud)
    result = run.invoke(app, ["run", "--once", "--quiet", "--data", str(tmp_path)])
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["replica"]["changed"] == 3


def test_check_and_status_say_how_it_is(tmp_path: Path, cloud: FakeCloud) -> None:
    enrol(tmp_path, cloud)
    result = run.invoke(app, ["check", "--data", str(tmp_path)])
    assert result.exit_code == 0, result.output
    state = json.loads(run.invoke(app, ["status", "--json", "--data", str(tmp_path)]).stdout)
    assert (state["agent"], state["running"]) == ("agent-1", False)
    cloud.keys.clear()
    assert run.invoke(app, ["check", "--data", str(tmp_path)]).exit_code == 1
    missing = run.invoke(app, ["check", "--data", str(tmp_path / "nowhere")])
    assert missing.exit_code == 1
    assert "enrol" in missing.output


def test_a_newcomer_is_told_what_to_do(tmp_path: Path) -> None:
    status = run.invoke(app, ["status", "--data", str(tmp_path)])
    assert "v5-agent enrol --cloud ADDRESS --code CODE" in status.output
    assert "v5-agent run" in status.output
    (tmp_path / "agent.toml").write_text('[[source]]\nslug = "phc"\n[store]\ncolour = "red"\n')
    assert "store.colour: there is no such setting" in run.invoke(app, ["check", "--data", str(tmp_path)]).output
    (tmp_path / "agent.toml").write_text('[[source]]\nslug = "phc"\n')
    checked = run.invoke(app, ["check", "--data", str(tmp_path)])
    assert "[[source]] phc: database: is missing" in checked.output, "brackets are not taken for colours"


def test_the_outbox_is_checked_exported_and_replayed(world: World) -> None:
    world.erp.records = [world.sale(n) for n in range(3)]
    world.cloud.verdict = lambda event: {"status": "rejected", "code": "store_unknown"} if "doc-1" in json.dumps(event) else None
    world.agent().all_now()
    world.agents.pop().close()
    data = ["--data", str(world.folder)]
    checked = run.invoke(app, ["outbox", "check", *data])
    assert checked.exit_code == 0
    assert "quarantined 1" in checked.output
    rows = [json.loads(line) for line in run.invoke(app, ["outbox", "export", "--state", "quarantined", *data]).stdout.splitlines()]
    assert [row["event"]["document"]["source_id"] for row in rows] == ["doc-1"]
    assert "1 queued again" in run.invoke(app, ["outbox", "replay", "--quarantined", *data]).output
    world.cloud.verdict = lambda _event: None
    world.agent().send(force=True)
    assert len(world.cloud.events) == 3


def test_one_agent_per_folder(world: World) -> None:
    with FolderLock(world.folder):
        world.agent()
        result = run.invoke(app, ["run", "--once", "--data", str(world.folder)])
    assert result.exit_code == 1
    assert "stop it first" in result.output


def test_plugins_are_listed() -> None:
    rows = json.loads(run.invoke(app, ["plugins", "list", "--json"]).stdout)
    assert {"phc", "grid"} <= {row["slug"] for row in rows}


def test_secrets_come_from_the_environment_or_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ERP_PASSWORD", "hunter2")
    (tmp_path / "user.secret").write_text("reader\n")
    (tmp_path / "agent.toml").write_text(
        '[[source]]\nslug = "phc"\nname = "phc-main"\n'
        'config = { password = { env = "ERP_PASSWORD" }, login = { user = { file = "user.secret" } } }\n'
    )
    config = load_config(tmp_path)
    assert config.source[0].config == {"password": "hunter2", "login": {"user": "reader"}}
    assert "hunter2" not in repr(config)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[hooks]\nprt = 1\n", "hooks.prt"),
        ("[hooks]\nport = 99999\n", "hooks.port"),
        ('[store]\nzone = "Europe/Lisboa"\n', "IANA"),
        ('[[source]]\nslug = "phc"\n[[source]]\nslug = "phc"\n', "name of its own"),
        ('[[source]]\nslug = "phc"\nconfig = { url = { env = "NOT_SET_ANYWHERE" } }\n', "NOT_SET_ANYWHERE"),
        ("[hooks\n", "not valid TOML"),
    ],
)
def test_mistakes_in_the_settings_are_named(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "agent.toml").write_text(text)
    with pytest.raises(ConfigError, match=words):
        load_config(tmp_path)


def test_logs_hold_nobody_and_no_secret(tmp_path: Path) -> None:
    logs.set_up(tmp_path, console=False)
    log = logging.getLogger("v5_agent.test")
    log.warning("customer 123456789, +351 912 345 678, ines@example.pt, password=hunter2, Bearer abc.def, mssql://sa:pw1@db/x")
    try:
        raise ValueError("Inês 987654321")
    except ValueError:
        log.exception("it failed at 127.0.0.1:8750 after 12 rows")
    text = (tmp_path / "agent.log").read_text(encoding="utf-8")
    for word in ("123456789", "912 345 678", "ines@", "hunter2", "abc.def", "pw1", "987654321", "Inês"):
        assert word not in text
    lines = [json.loads(line) for line in text.splitlines()]
    assert lines[1]["error"] == "ValueError"
    assert "127.0.0.1:8750 after 12 rows" in lines[1]["message"]


@pytest.mark.skipif(sys.platform == "win32", reason="systemd is not on Windows")
def test_systemd_hears_that_the_send_loop_lives(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, eventually: Eventually
) -> None:
    import socket

    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(os.fspath(tmp_path / "n.sock"))
        manager.settimeout(10)
        monkeypatch.setenv("NOTIFY_SOCKET", os.fspath(tmp_path / "n.sock"))
        world.settings = {"timing": {"send": 0.05, "recovery_jitter": 0}}
        agent = world.agent()
        agent.start()
        assert manager.recv(100) == b"WATCHDOG=1"
        world.erp.records = [world.sale(1)]
        agent.poll()
        eventually(lambda: len(world.cloud.events) == 1)
        eventually(lambda: bool(world.cloud.heartbeats))


def test_the_line_s_return_is_noticed_with_nothing_to_send(world: World, eventually: Eventually) -> None:
    world.settings = {"timing": {"send": 0.05, "probe": 0.1, "heartbeat": 3600, "recovery_jitter": 0}}
    agent = world.agent()
    agent.line.down(world.clock(), "cut")
    agent.start()
    eventually(lambda: agent.line.online)
    assert world.cloud.heartbeats
