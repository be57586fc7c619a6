"""One store and its cloud on this machine: started in order, each part asked whether it is ready."""

from __future__ import annotations

import contextlib
import fcntl
import json
import secrets
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import requests
from sqlalchemy import Engine, create_engine

from v5_plugin_phc import sample as phc
from v5_tools.demo.processes import DemoError, Processes, free_port
from v5_tools.relay import Line

ROOT: Final = Path(__file__).resolve().parents[3]
ZONE: Final = ZoneInfo("Europe/Lisbon")
STORE: Final = "LX1"
_BIN: Final = Path(sys.executable).parent


@dataclass
class World:
    """Everything that the morning plays on."""

    folder: Path
    processes: Processes
    sample: dict[str, Any] = field(default_factory=dict)
    cloud_port: int = 0
    agent_port: int = 0
    page_port: int = 0
    printer_port: int = 0
    token: str = ""
    line: Line | None = None
    engine: Engine | None = None

    @property
    def cloud_url(self) -> str:
        """The back office and the API."""
        return f"http://127.0.0.1:{self.cloud_port}"

    @property
    def agent_url(self) -> str:
        """The till companion and the local hooks."""
        return f"http://127.0.0.1:{self.agent_port}"

    @property
    def spooler_url(self) -> str:
        """The gallery of printed receipts."""
        return f"http://127.0.0.1:{self.page_port}"

    @property
    def drop(self) -> Path:
        """Where SAF-T files are dropped."""
        return self.folder / "saft-drop"

    @property
    def gallery(self) -> Path:
        """Where the virtual printer keeps its receipts."""
        return self.folder / "spooler" / "gallery"

    @property
    def agent_env(self) -> dict[str, str]:
        """Where the agent keeps its data."""
        return {"V5_AGENT_DATA": str(self.folder / "agent")}

    def agent_command(self, *arguments: str) -> tuple[str, ...]:
        """The agent's own command line."""
        return (str(_BIN / "v5-agent"), *arguments)

    def ask_cloud(self, path: str, **query: Any) -> Any:
        """GET from the cloud's API with the sample's key."""
        reply = requests.get(
            f"{self.cloud_url}{path}", params=query, headers={"authorization": f"Bearer {self.sample['api_key']}"}, timeout=30
        )
        return _read(reply)

    def all_of(self, path: str, **query: Any) -> list[dict[str, Any]]:
        """All pages of a list."""
        items: list[dict[str, Any]] = []
        cursor: str | None = None
        while True:
            page = self.ask_cloud(path, limit=100, **query, **({"cursor": cursor} if cursor else {}))
            items += page["items"]
            cursor = page.get("next_cursor")
            if not cursor:
                return items

    def hook(self, operation: str, body: dict[str, Any]) -> Any:
        """One of the till's hooks, by REST."""
        reply = requests.post(
            f"{self.agent_url}/v1/hooks/{operation}", json=body, headers={"authorization": f"Bearer {self.token}"}, timeout=30
        )
        return _read(reply)

    def admin(self, action: str) -> Any:
        """Tells the agent to do something now instead of at its next turn."""
        reply = requests.post(f"{self.agent_url}/v1/admin/{action}", headers={"authorization": f"Bearer {self.token}"}, timeout=120)
        return _read(reply)


def _read(reply: requests.Response) -> Any:
    if not reply.ok:
        raise DemoError(f"{reply.request.method} {reply.url} answered {reply.status_code}: {reply.text[:600]}")
    return reply.json()


def build(world: World, step: Callable[[str], None]) -> None:
    """Starts the cloud, the agent, the spooler and its printer; `step` hears what is being done."""
    step("database of the cloud")
    cloud(world)
    step("the ERP's database")
    world.engine = create_engine(f"sqlite:///{world.folder / 'phc.db'}")
    phc.create(world.engine)
    step("store agent: enrolment and start")
    agent(world)
    step("print spooler and virtual printer")
    spooler(world)


def cloud(world: World) -> None:
    """Migrates, loads the sample company, serves."""
    env = cloud_env(world)
    command = str(_BIN / "v5-cloud")
    world.processes.run("v5-cloud migrate", command, "migrate", env=env)
    world.sample = json.loads(world.processes.run("v5-cloud sample", command, "sample", "--seed", "5", env=env))
    world.processes.start("cloud", command, "serve", "--port", str(world.cloud_port), env=env)
    world.processes.wait_http("cloud", f"{world.cloud_url}/login")
    world.line = Line("127.0.0.1", world.cloud_port)


def cloud_env(world: World) -> dict[str, str]:
    """Where the demo's cloud keeps its data."""
    return {"V5_DATABASE_URL": f"sqlite:///{world.folder / 'cloud.db'}", "V5_DATA": str(world.folder / "cloud")}


def agent(world: World) -> None:
    """Enrols the agent through the line that will be cut, then runs it."""
    data = world.folder / "agent"
    data.mkdir()
    world.drop.mkdir()
    world.token = secrets.token_urlsafe(24)
    config = f"""
[store]
zone = "Europe/Lisbon"

[hooks]
port = {world.agent_port}
token = "{world.token}"

[timing]
poll = 3600.0      # the demo says when, so that nothing waits
send = 1.0
probe = 1.0
recovery_jitter = 0.0

[[source]]
slug = "phc"
config = {{ driver = "sqlite", database = {json.dumps(str(world.folder / "phc.db"))}, store = "{STORE}" }}

[[source]]
slug = "grid"
config = {{ folder = {json.dumps(str(world.drop))}, store = "{STORE}", settle_seconds = 0 }}
"""
    (data / "agent.toml").write_text(config, encoding="utf-8")
    assert world.line is not None
    code = world.sample["enrol_codes"][STORE]
    enrol = world.agent_command("enrol", "--cloud", f"http://127.0.0.1:{world.line.port}", "--code", code)
    world.processes.run("v5-agent enrol", *enrol, env=world.agent_env)
    world.processes.start("agent", *world.agent_command("run"), env=world.agent_env)
    world.processes.wait_http("agent", f"{world.agent_url}/health.json")


def spooler(world: World) -> None:
    """Starts the spooler with one virtual printer."""
    data = world.folder / "spooler"
    data.mkdir()
    config = f"""
store = "{STORE}"
zone = "Europe/Lisbon"
data = "."

[agent]
url = "{world.agent_url}"
token = "{world.token}"

[page]
port = {world.page_port}

[[printer]]
name = "till-1"
listen = {world.printer_port}
target = "virtual"
deadline_ms = 5000   # a shared machine may be slow, and the demo wants to see every footer
"""
    (data / "spooler.toml").write_text(config, encoding="utf-8")
    world.processes.start("spooler", str(_BIN / "v5-spooler"), "run", "--config", str(data / "spooler.toml"))
    world.processes.wait_port("spooler", world.printer_port)


@contextlib.contextmanager
def fresh_folder() -> Iterator[Path]:
    """A new folder for this run, locked while it lasts; what earlier runs left is removed, a run that goes on is let be."""
    base = ROOT / ".v5" / "demo"
    base.mkdir(parents=True, exist_ok=True)
    folder = base / secrets.token_hex(4)
    folder.mkdir()
    with _locked(folder):
        for old in set(base.iterdir()) - {folder}:
            with contextlib.suppress(BlockingIOError), _locked(old):
                shutil.rmtree(old, ignore_errors=True)
        yield folder


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield


def choose_ports(world: World, *, usual: bool) -> None:
    """The usual ports when they are free and the demo stays up; any free ones otherwise."""
    world.cloud_port = free_port(8500 if usual else 0)
    world.agent_port = free_port(8750 if usual else 0)
    world.page_port = free_port(8760 if usual else 0)
    world.printer_port = free_port(9100 if usual else 0)
