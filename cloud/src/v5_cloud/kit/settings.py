"""Settings, read from the environment (`V5_...`) once at the start."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Final, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr

from v5_core.errors import ConfigError

__all__ = ["GiftCardSystem", "MailServer", "Settings", "SmsGateway"]

_MAY_BE_EMPTY: Final = frozenset({"database_role"})


class GiftCardSystem(BaseModel):
    """Where an external gift-card system is, and how it knows us; `timeout` in seconds for one attempt."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: str = Field(pattern=r"^https?://")
    token: SecretStr
    timeout: float = Field(default=3.0, gt=0, le=30)


class MailServer(BaseModel):
    """The mail server through which messages go; `tls` is "starttls" (port 587), "tls" (465) or "none" (this very machine)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    host: str = Field(min_length=1)
    port: int = Field(default=587, ge=1, le=65_535)
    sender: str = Field(pattern=r"^[^\r\n]*[^@\s<]+@[^@\s>]+>?$")
    user: str = ""
    password: SecretStr = SecretStr("")
    tls: Literal["starttls", "tls", "none"] = "starttls"
    timeout: float = Field(default=10.0, gt=0, le=60)


class SmsGateway(BaseModel):
    """The SMS gateway: see `v5_cloud.messages.sms` for what it is sent."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: str = Field(pattern=r"^https?://")
    token: SecretStr = SecretStr("")
    sender: str = Field(default="", max_length=20)
    fields: dict[Literal["to", "text", "sender"], str] = Field(default_factory=dict)
    idempotent: bool = False
    timeout: float = Field(default=10.0, gt=0, le=60)


def _from_json(value: object) -> object:
    return json.loads(value) if isinstance(value, str) else value


class Settings(BaseModel):
    """What an operator decides.

    Attributes:
        database_url: SQLAlchemy address; SQLite by default, `postgresql+psycopg://...` in production.
        database_role: Role that the service takes on PostgreSQL, so that row-level security binds it; "" to stay who it is.
        secure_cookies: Cookies over HTTPS only (off for the demo on loopback).
        body_limit: Largest request body in bytes.
        workers: Processes that `v5-cloud serve` starts; more than one needs PostgreSQL.
        machine_rate: Requests an agent or key may make.
        enrol_rate: Enrolment attempts from one address.
        gift_cards: External gift-card systems by the name that a programme's `external` gives them, as JSON in the environment:
            `{"acme": {"url": "https://cards.example", "token": "..."}}`.
        smtp: Mail server, as JSON:
            `{"host": "mail.example", "sender": "Aurora <loyalty@aurora.example>", "user": "...", "password": "..."}`.
        sms: SMS gateway, as JSON: `{"url": "https://sms.example/messages", "token": "...", "sender": "Aurora"}`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    database_url: str = "sqlite:///v5-cloud.sqlite"
    database_role: str = "v5_app"
    pool_size: int = Field(default=10, ge=1, le=200)
    host: str = "127.0.0.1"
    port: int = Field(default=8500, ge=0, le=65_535)
    workers: int = Field(default=1, ge=1, le=64)
    public_url: str = ""
    secure_cookies: bool = False
    session_hours: int = Field(default=12, ge=1, le=720)
    body_limit: int = Field(default=2_000_000, ge=1024)
    machine_rate: str = "12000/minute"
    enrol_rate: str = "20/minute"
    auth_failure_rate: str = "120/minute"
    housekeeping_seconds: int = Field(default=60, ge=0)
    gift_cards: Annotated[dict[str, GiftCardSystem], BeforeValidator(_from_json)] = Field(default_factory=dict)
    smtp: Annotated[MailServer | None, BeforeValidator(_from_json)] = None
    sms: Annotated[SmsGateway | None, BeforeValidator(_from_json)] = None

    @classmethod
    def from_env(cls, env: Mapping[str, str] | None = None) -> Self:
        """Reads `V5_DATABASE_URL`, `V5_PORT` and so on.

        Raises:
            ConfigError: A value that cannot be used, by name.
        """
        source = os.environ if env is None else env
        given = {name: source[f"V5_{name.upper()}"] for name in cls.model_fields if f"V5_{name.upper()}" in source}
        # Set to nothing is not set (compose files do that), except where nothing is an answer.
        values = {name: value for name, value in given.items() if value or name in _MAY_BE_EMPTY}
        try:
            return cls.model_validate(values)
        except ValueError as error:
            names = ", ".join(f"V5_{name.upper()}" for name in values)
            raise ConfigError(f"a setting cannot be used ({names}): {error}") from error

    @property
    def sqlalchemy_url(self) -> str:
        """The address with the driver we ship, whatever notation was given."""
        for prefix in ("postgres://", "postgresql://"):
            if self.database_url.startswith(prefix):
                return "postgresql+psycopg://" + self.database_url.removeprefix(prefix)
        return self.database_url

    @property
    def is_sqlite(self) -> bool:
        """Embedded, with one writer, or a server."""
        return self.sqlalchemy_url.startswith("sqlite")

    @property
    def sqlite_path(self) -> Path | None:
        """The file of an embedded database; None on PostgreSQL."""
        prefix = "sqlite:///"
        return Path(self.database_url.removeprefix(prefix)) if self.database_url.startswith(prefix) else None
