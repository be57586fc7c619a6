"""spooler.toml: printers, store, agent, data folder, page."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated, Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, ValidationError, model_validator

from v5_core.errors import ConfigError, FieldError

__all__ = ["EXAMPLE", "AgentConfig", "PageConfig", "PrinterConfig", "SpoolerConfig", "load_config"]

EXAMPLE: Final = """\
store = "LIS"                     # store code, as in the back office
zone = "Europe/Lisbon"
data = "spooler-data"             # journal and gallery; relative to this file

[agent]
url = "http://127.0.0.1:8750"
token = "the agent's local token" # or token_file = "path"

[page]
port = 8760                       # 0 picks a free one

[[printer]]
name = "till-1"
listen = 9100                     # host = "192.168.1.10" to serve tills on the shop's network
target = "192.168.1.50:9100"      # or "virtual": receipts go to the gallery only
profile = "epson"
layout = "portugal"               # or "plugin:grid", or the path of a TOML file, or "" to read the fiscal QR code only
deadline_ms = 600                 # how long the footer may take before the receipt is printed without it
"""


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ValueError(f"{name!r} is no time zone: expected one such as 'Europe/Lisbon'") from error
    return name


class _Settings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class PrinterConfig(_Settings):
    """One printer and the port on which tills reach it.

    Attributes:
        idle_ms: Silence after which a job without a cut is complete.
        footer: Print the loyalty footer; without, sales are read and the paper stays as it is.
    """

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,40}$")]
    host: str = "127.0.0.1"
    listen: Annotated[int, Field(ge=0, le=65535)]
    target: str
    profile: str = "epson"
    layout: str = "portugal"
    till: Annotated[str, Field(max_length=40)] = ""
    footer: bool = True
    deadline_ms: Annotated[int, Field(ge=0, le=10_000)] = 600
    idle_ms: Annotated[int, Field(ge=100, le=60_000)] = 1500

    @model_validator(mode="after")
    def _reachable(self) -> PrinterConfig:
        if self.target != "virtual":
            host, _, port = self.target.rpartition(":")
            if not host or not port.isdigit() or not 0 < int(port) < 65536:
                raise ValueError(f'target {self.target!r}: expected host:port, or "virtual"')
        return self

    @property
    def address(self) -> tuple[str, int]:
        """Host and port of the printer."""
        host, _, port = self.target.rpartition(":")
        return host.strip("[]"), int(port)


class AgentConfig(_Settings):
    """Where sales go."""

    url: Annotated[str, Field(pattern=r"^https?://[^\s/]+(/.*)?$")]
    token: SecretStr = SecretStr("")
    token_file: str = ""


class PageConfig(_Settings):
    """The page on loopback. `port` 0 picks a free one; `enabled = false` for none."""

    enabled: bool = True
    port: Annotated[int, Field(ge=0, le=65535)] = 8760


class SpoolerConfig(_Settings):
    """The whole file."""

    store: Annotated[str, Field(min_length=1, max_length=80)]
    zone: Annotated[str, AfterValidator(_zone)] = "Europe/Lisbon"
    currency: str = "EUR"
    data: Path = Path("spooler-data")
    keep_days: Annotated[int, Field(ge=1, le=3650)] = 30
    agent: AgentConfig | None = None
    page: PageConfig = PageConfig()
    printer: Annotated[tuple[PrinterConfig, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _unique(self) -> SpoolerConfig:
        names = [printer.name for printer in self.printer]
        if len(set(names)) != len(names):
            raise ValueError("two printers have the same name")
        ports = [(printer.host, printer.listen) for printer in self.printer if printer.listen]
        if len(set(ports)) != len(ports):
            raise ValueError("two printers listen on the same port")
        return self


def _words(item: Any) -> str:
    words = {"extra_forbidden": "there is no such setting", "missing": "is missing", "too_short": "name at least one, as [[printer]]"}
    return words.get(item["type"]) or str(item["msg"]).removeprefix("Value error, ")


def load_config(path: Path) -> SpoolerConfig:
    """Reads the file; relative folders are taken from where it lies.

    Raises:
        ConfigError: Names each wrong setting.
    """
    try:
        config = SpoolerConfig.model_validate(tomllib.loads(path.read_text("utf-8")))
        token_file = config.agent.token_file if config.agent else ""
        token = (path.parent / token_file).read_text("utf-8").strip() if token_file else ""
    except OSError as error:
        hint = "; `v5-spooler example > spooler.toml` makes one to start from" if error.filename == str(path) else ""
        raise ConfigError(f"{error.filename} cannot be read: {error.strerror}{hint}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is not TOML: {error}") from error
    except ValidationError as error:
        items = error.errors(include_input=False)
        # A printer that is wrong does not count, and would be said to be missing too.
        items = [item for item in items if item["type"] != "too_short" or len(items) == 1]
        fields = tuple(FieldError(".".join(map(str, item["loc"])) or "file", item["type"], _words(item)) for item in items)
        wrong = "; ".join(f"{item.field}: {item.message}" for item in fields)
        raise ConfigError(f"{path}: {wrong}", errors=fields) from error
    update: dict[str, object] = {"data": (path.parent / config.data)}
    if config.agent and token:
        update["agent"] = config.agent.model_copy(update={"token": SecretStr(token)})
    return config.model_copy(update=update)
