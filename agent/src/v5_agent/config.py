"""agent.toml: what an installer writes. Every mistake is named with what to do about it."""

from __future__ import annotations

import os
import secrets
import sys
import tomllib
from pathlib import Path
from typing import Annotated, Any, Final
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, SecretStr, StringConstraints, ValidationError, field_validator

from v5_core.errors import ConfigError

__all__ = [
    "CONFIG_FILE",
    "AgentConfig",
    "HooksConfig",
    "SourceConfig",
    "Timing",
    "data_folder",
    "hooks_token",
    "load_config",
    "write_private",
    "wrong_settings",
]

CONFIG_FILE: Final = "agent.toml"
TOKEN_FILE: Final = "hooks.token"  # noqa: S105 - a file's name
_Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$")]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class StoreConfig(_Part):
    """The store this machine stands in. `code` is normally known from enrolment; `zone` places the ERP's local times."""

    code: str = ""
    zone: str = "Europe/Lisbon"
    language: Annotated[str, StringConstraints(pattern=r"^(pt|en|es|fr|he)?$")] = ""

    @field_validator("zone")
    @classmethod
    def _known(cls, value: str) -> str:
        return _zone(value)


class HooksConfig(_Part):
    """Local hooks, always on 127.0.0.1. Without a token setting, one is made and kept in `hooks.token`."""

    port: int = Field(default=8750, ge=0, le=65_535)
    token: SecretStr | None = None
    answer_ms: int = Field(default=400, ge=10, le=10_000)


class CloudConfig(_Part):
    """Only to override where enrolment pointed: another name or a proxy of the same cloud."""

    url: str = ""
    timeout_seconds: float = Field(default=20.0, gt=0, le=300)


class Timing(_Part):
    """Seconds between things. `recovery_jitter` spreads the stores' return after an outage of the cloud."""

    poll: float = Field(default=15.0, gt=0, le=86_400)
    send: float = Field(default=2.0, gt=0, le=3600)
    probe: float = Field(default=15.0, gt=0, le=3600)
    heartbeat: float = Field(default=30.0, gt=0, le=3600)
    replica: float = Field(default=30.0, gt=0, le=3600)
    recovery_jitter: float = Field(default=10.0, ge=0, le=600)
    read_timeout: float = Field(default=120.0, gt=0, le=3600)


class SourceConfig(_Part):
    """One ERP: which plugin, a name for this installation of it, and the plugin's own settings."""

    slug: _Name
    name: _Name = ""
    zone: str = ""
    poll: float = Field(default=0.0, ge=0, le=86_400)
    limit: int = Field(default=500, ge=1, le=10_000)
    enabled: bool = True
    config: dict[str, Any] = Field(default_factory=dict, repr=False)

    @field_validator("zone")
    @classmethod
    def _known(cls, value: str) -> str:
        return _zone(value) if value else value

    @property
    def key(self) -> str:
        """How the outbox names it."""
        return self.name or self.slug


class AgentConfig(_Part):
    """The whole file."""

    store: StoreConfig = StoreConfig()
    hooks: HooksConfig = HooksConfig()
    cloud: CloudConfig = CloudConfig()
    timing: Timing = Timing()
    source: tuple[SourceConfig, ...] = ()

    @field_validator("source")
    @classmethod
    def _named_apart(cls, value: tuple[SourceConfig, ...]) -> tuple[SourceConfig, ...]:
        keys = [one.key for one in value]
        doubled = sorted({key for key in keys if keys.count(key) > 1})
        if doubled:
            raise ValueError(f"two sources are called {', '.join(doubled)}: give each [[source]] a name of its own")
        return value


def data_folder(given: Path | None) -> Path:
    """The folder of one agent: as given, else V5_AGENT_DATA, else the user's state folder."""
    if given:
        return given
    if from_environment := os.environ.get("V5_AGENT_DATA"):
        return Path(from_environment)
    if sys.platform == "win32":
        return Path(os.environ.get("PROGRAMDATA", r"C:\ProgramData")) / "V5" / "agent"
    return Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state") / "v5-agent"


def load_config(folder: Path) -> AgentConfig:
    """Reads agent.toml of the folder; without the file everything has its default.

    Raises:
        ConfigError: Not TOML, an unknown or wrong setting, or a secret that is not there.
    """
    path = folder / CONFIG_FILE
    if not path.exists():
        return AgentConfig()
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is not valid TOML: {error}") from None
    try:
        return AgentConfig.model_validate(_with_secrets(raw, folder, ""))
    except ValidationError as error:
        raise ConfigError(f"{path}: {wrong_settings(error)}") from None


def wrong_settings(error: ValidationError) -> str:
    """Each wrong setting in words; what was written is not repeated, for it may be a password."""
    words = {"extra_forbidden": "there is no such setting", "missing": "is missing"}
    return "; ".join(
        f"{'.'.join(str(part) for part in one['loc'])}: {words.get(one['type']) or one['msg'].removeprefix('Value error, ')}"
        for one in error.errors(include_url=False, include_input=False, include_context=False)
    )


def hooks_token(config: AgentConfig, folder: Path) -> str:
    """The token that tills show; made once when the installer chose none."""
    if config.hooks.token:
        return config.hooks.token.get_secret_value()
    path = folder / TOKEN_FILE
    if not path.exists():
        write_private(path, secrets.token_urlsafe(24))
    return path.read_text(encoding="utf-8").strip()


def write_private(path: Path, text: str) -> None:
    """Writes a file that only its owner may read, whole or not at all."""
    temporary = path.with_name(path.name + ".new")
    temporary.unlink(missing_ok=True)
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


def _zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (KeyError, ValueError, OSError):
        raise ValueError(f"{value!r} is not an IANA time zone, such as Europe/Lisbon or Atlantic/Azores") from None
    return value


def _with_secrets(value: Any, folder: Path, where: str) -> Any:
    # A secret is written {env = "NAME"} or {file = "name"} wherever a text may stand, so that the file itself can be shown around.
    if isinstance(value, list):
        return [_with_secrets(one, folder, f"{where}[{index}]") for index, one in enumerate(value)]
    if not isinstance(value, dict):
        return value
    if set(value) == {"env"} and isinstance(value["env"], str):
        found = os.environ.get(value["env"])
        if found is None:
            raise ConfigError(f"{where}: the environment variable {value['env']} is not set")
        return found
    if set(value) == {"file"} and isinstance(value["file"], str):
        try:
            return (folder / value["file"]).read_text(encoding="utf-8").strip()
        except OSError:
            raise ConfigError(f"{where}: the secret file {value['file']} cannot be read") from None
    return {key: _with_secrets(one, folder, f"{where}.{key}" if where else key) for key, one in value.items()}
