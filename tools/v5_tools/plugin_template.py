"""The files of a new plugin. `$slug`, `$name` and `$title` are filled in; everything passes lint and the kit as it is."""

from __future__ import annotations

from typing import Final

__all__ = ["FILES", "TEST"]

_PYPROJECT: Final = """\
[build-system]
requires = ["hatchling>=1.27"]
build-backend = "hatchling.build"

[project]
name = "v5-plugin-$slug"
version = "0.1.0"
description = "V5 adapter for $title"
readme = "README.md"
requires-python = ">=3.11"
license = "Apache-2.0"
# Ranges only: all plugins of a store share one environment.
dependencies = ["v5-core>=0.1,<1"]

[project.entry-points."v5.plugins"]
$slug = "v5_plugin_$slug:plugin"

[tool.hatch.build.targets.wheel]
packages = ["src/v5_plugin_$slug"]
"""

_INIT: Final = '''\
"""V5's adapter for $title."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from v5_core.errors import ConfigError
from v5_core.plugins import Batch, CheckResult, Cursor, Manifest, PluginConfig, Stream
from v5_plugin_$slug import reader
from v5_plugin_$slug.config import ${name}Config
from v5_plugin_$slug.manifest import MANIFEST

__all__ = ["${name}Plugin", "plugin"]


class ${name}Plugin:
    """What the entry point gives. It is synchronous; the runner owns threads, time-outs, the outbox and the cloud."""

    manifest: Manifest = MANIFEST

    def check(self, config: PluginConfig, *, now: datetime) -> CheckResult:
        """Whether $title can be reached and read."""
        return reader.check(_settings(config))

    def read(self, stream: Stream, cursor: Cursor | None, limit: int, *, config: PluginConfig, now: datetime) -> Batch:
        """One batch after the cursor; an empty one leaves the cursor as it is."""
        return reader.read(stream, cursor, limit, _settings(config), now=now)

    def acknowledge(self, stream: Stream, cursor: Cursor | None, *, config: PluginConfig) -> None:
        """The batch is durable; a file adapter archives its file here."""

    def receipt_layouts(self) -> tuple[str, ...]:
        """Layouts for capture from print; none."""
        return ()


def _settings(config: PluginConfig) -> ${name}Config:
    if not isinstance(config, ${name}Config):
        raise ConfigError("these are not settings of the $title plugin")
    return config


plugin: Final = ${name}Plugin()
'''

_MANIFEST: Final = '''\
"""Who the plugin is and what it can do. Declare a capability when its tests in the kit pass, not before."""

from __future__ import annotations

from typing import Final

from v5_core.plugins import Capability, Manifest, Support, SupportLevel
from v5_plugin_$slug.config import ${name}Config
from v5_plugin_$slug.hooks import HOOK_DIALECT, RECEIPT_LAYOUT
from v5_plugin_$slug.writer import WRITE_CUSTOMERS

__all__ = ["MANIFEST"]

_NOT_YET: Final = Support(SupportLevel.NOT_IMPLEMENTED)

MANIFEST: Final = Manifest(
    slug="$slug",
    title="$title",
    vendor="V5",
    version="0.1.0",
    config_model=${name}Config,
    capabilities={
        Capability.READ_DOCUMENTS: _NOT_YET,
        Capability.READ_DOCUMENT_CHANGES: _NOT_YET,
        Capability.READ_CUSTOMERS: _NOT_YET,
        Capability.READ_PRODUCTS: _NOT_YET,
        Capability.WRITE_CUSTOMERS: WRITE_CUSTOMERS,
        Capability.HOOK_DIALECT: HOOK_DIALECT,
        Capability.RECEIPT_LAYOUT: RECEIPT_LAYOUT,
    },
)
'''

_CONFIG: Final = '''\
"""Settings of one $title installation."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, SecretStr

from v5_core.model import Code
from v5_core.plugins import PluginConfig
from v5_core.sources.localtime import Zone

__all__ = ["${name}Config"]


class ${name}Config(PluginConfig):
    """Where the ERP is, and which store it serves.

    Attributes:
        source: Name of this installation; never change it afterwards, it is part of every document's identity.
        store: Store code in V5.
        zone: IANA zone of the ERP's clocks.
    """

    host: str = Field(min_length=1, max_length=255)
    port: Annotated[int, Field(ge=1, le=65_535)]
    user: str = Field(default="", max_length=128)
    password: SecretStr = SecretStr("")
    timeout_seconds: Annotated[int, Field(ge=1, le=600)] = 10
    source: Code = "$slug"
    store: Code
    zone: Zone = "Europe/Lisbon"
'''

_READER: Final = '''\
"""Reads $title: not implemented; `check` says whether its server answers."""

from __future__ import annotations

import socket
from datetime import datetime

from v5_core.errors import ConfigError
from v5_core.plugins import Batch, CheckResult, Cursor, Stream
from v5_plugin_$slug.config import ${name}Config

__all__ = ["check", "read"]


def check(config: ${name}Config) -> CheckResult:
    """Opens a connection and closes it. Never ok while nothing can be read: the shop would wait for sales that do not come."""
    where = {"host": config.host, "port": str(config.port)}
    try:
        with socket.create_connection((config.host, config.port), timeout=config.timeout_seconds):
            pass
    except OSError:
        problem = f"nothing answers at {config.host}:{config.port}, and reading $title is not implemented in this version"
        return CheckResult(ok=False, problem=problem, details=where)
    problem = f"{config.host}:{config.port} answers, but reading $title is not implemented in this version"
    return CheckResult(ok=False, problem=problem, details=where)


def read(stream: Stream, cursor: Cursor | None, limit: int, config: ${name}Config, *, now: datetime) -> Batch:
    """Refuses: the manifest declares no stream."""
    raise ConfigError(f"reading {stream.value} from $title is not implemented in this version")
'''

_MAPPING: Final = '''\
"""$title's rows to V5 documents, customers and products.

Kind and sign come from the document type, never from the sign of a number; amounts go through `v5_core.money`, splits through
`split`; local times through `v5_core.sources.localtime`; a record that cannot be used raises `RecordRejectedError` with table, key
and column.
"""
'''

_WRITER: Final = '''\
"""Writing back to $title: not implemented."""

from __future__ import annotations

from typing import Final

from v5_core.plugins import Support, SupportLevel

__all__ = ["WRITE_CUSTOMERS"]

WRITE_CUSTOMERS: Final = Support(SupportLevel.NOT_IMPLEMENTED)
'''

_HOOKS: Final = '''\
"""$title's own calls at sale time and its receipts: not implemented."""

from __future__ import annotations

from typing import Final

from v5_core.plugins import Support, SupportLevel

__all__ = ["HOOK_DIALECT", "RECEIPT_LAYOUT"]

HOOK_DIALECT: Final = Support(SupportLevel.NOT_IMPLEMENTED)
RECEIPT_LAYOUT: Final = Support(SupportLevel.NOT_IMPLEMENTED)
'''

_QUALITY: Final = """\
# rule: done, todo, or exempt with a reason. `./v5 plugin lint $slug` checks it.
rules:
  conformance: done
  check: done
  secrets_hidden: done
  strict_typing: done
  docs_installation: done
  docs_removal: done
  known_limits: done
  error_table: todo
  read_only_rights: todo
  real_erp_version: todo
  two_erp_versions: todo
  hook_mode: todo
  messages_pt_en: todo
"""

_README: Final = """\
# V5 adapter for $title

Connects V5 to $title. This version checks that the server answers and reads nothing yet.

## Installation

`pip install v5-plugin-$slug` in the agent's environment, then `v5-agent plugins list` must show `$slug`. Settings: see `config.py`.

## Rights in the ERP

None yet.

## What is found, and when

Nothing is read yet.

## Known limits

Reading, writing and hooks are not implemented; the manifest says so, and the agent shows it.

## Removal

Remove the source from the agent's settings, then `pip uninstall v5-plugin-$slug`. Nothing stays behind in the ERP.
"""

TEST: Final = '''\
"""The $title plugin under the standard conformance tests."""

import socket
from collections.abc import Iterator

import pytest
from v5_core.testing import Facility, Harness, plugin_suite
from v5_plugin_$slug import plugin
from v5_plugin_$slug.config import ${name}Config

TestConformance = plugin_suite(plugin, lacks={Facility.PASSWORD: "no login before there is reading"})


class ${name}Harness(Harness):
    """A server that accepts connections. Give it ways to sell, cancel and correct when reading begins; see `Harness`."""

    secrets = ("never-shown",)

    def __init__(self, port: int) -> None:
        self.port = port

    def config(self) -> ${name}Config:
        return ${name}Config(host="127.0.0.1", port=self.port, password="never-shown", store="1", timeout_seconds=2)

    def unreachable(self) -> ${name}Config:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            return self.config().model_copy(update={"port": free.getsockname()[1]})


@pytest.fixture
def source() -> Iterator[${name}Harness]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield ${name}Harness(server.getsockname()[1])
'''

_PACKAGE: Final = "src/v5_plugin_$slug"
FILES: Final = {
    "pyproject.toml": _PYPROJECT,
    "README.md": _README,
    "quality.yaml": _QUALITY,
    f"{_PACKAGE}/__init__.py": _INIT,
    f"{_PACKAGE}/py.typed": "",
    f"{_PACKAGE}/manifest.py": _MANIFEST,
    f"{_PACKAGE}/config.py": _CONFIG,
    f"{_PACKAGE}/reader.py": _READER,
    f"{_PACKAGE}/mapping.py": _MAPPING,
    f"{_PACKAGE}/writer.py": _WRITER,
    f"{_PACKAGE}/hooks.py": _HOOKS,
}
