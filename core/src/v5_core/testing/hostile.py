"""A plugin that breaks the contract in every way we know, to torture the runner that calls it.

    config = HostileConfig(behaviour=Behaviour.HANG, patience=30)

The runner must survive every `Behaviour` with its other plugins unharmed, nothing doubled and no secret in a log.
"""

from __future__ import annotations

import logging
import sys
import threading
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from pydantic import SecretStr

from v5_core.errors import AuthError, ConfigError, FatalError, RecordRejectedError, RetryableError
from v5_core.model import DocumentKind, Line, Origin, SalesDocument
from v5_core.plugins import (
    Batch,
    Capability,
    CheckResult,
    Cursor,
    Manifest,
    PluginConfig,
    Rejected,
    Stream,
    Support,
    SupportLevel,
)

SECRET: Final = "hunter2-must-never-be-seen"  # noqa: S105 - bait: a test looks for it in logs and pages


class Behaviour(StrEnum):
    """What it does when it is called; the first is the only honest one."""

    HONEST = "honest"
    RAISE = "raise"
    EXIT = "exit"
    CONFIG_ERROR = "config error"
    AUTH_ERROR = "auth error"
    RETRYABLE = "retryable"
    REJECTED = "rejected as an exception"
    FATAL = "fatal"
    HANG = "hang"
    NONE = "returns None"
    WRONG_BATCH = "returns a dictionary"
    WRONG_RECORDS = "records that are not records"
    WRONG_CURSOR = "a cursor that is not JSON"
    MOVES_WHEN_EMPTY = "moves the cursor on an empty read"
    NEVER_COMPLETE = "never complete, cursor stands still"
    FORGETS_CURSOR = "gives no cursor after records"
    DUPLICATES = "the same document three times"
    CHANGES_ITS_MIND = "one document with two contents in a batch"
    IGNORES_LIMIT = "many more than asked for"
    HUGE_STRINGS = "huge strings in rejections and findings"
    PRINTS_SECRETS = "prints and logs secrets, and raises them"
    BAD_ACKNOWLEDGE = "fails when acknowledged"


class HostileConfig(PluginConfig):
    """Which behaviour, and for how many seconds it hangs at most (so that a test ends whatever happens)."""

    behaviour: Behaviour = Behaviour.HONEST
    patience: float = 30.0
    password: SecretStr = SecretStr(SECRET)


def _document(number: int, now: datetime, gross: int = 500) -> SalesDocument:
    line = Line(line_id="1", product="A1", gross=gross, net=gross)
    return SalesDocument(
        source="hostile",
        source_id=f"H{number}",
        origin=Origin.ERP,
        kind=DocumentKind.SALE,
        store="1",
        issued_at=now - timedelta(minutes=1),
        lines=(line,),
        gross=gross,
        net=gross,
    )


_HUGE: Final = (Rejected("R" * 10**6, "c" * 10**5, "m" * 10**6, "x" * 10**6),)
_ERRORS: Final[dict[Behaviour, BaseException]] = {
    Behaviour.RAISE: ZeroDivisionError("the vendor divided by zero"),
    Behaviour.EXIT: SystemExit(3),
    Behaviour.CONFIG_ERROR: ConfigError("the server's name is missing"),
    Behaviour.AUTH_ERROR: AuthError("the password was refused"),
    Behaviour.RETRYABLE: RetryableError("the server is busy", retry_after=7),
    Behaviour.REJECTED: RecordRejectedError("line 3 has no article", ref="FT 1/3"),
    Behaviour.FATAL: FatalError("the database is of another product"),
}


class HostilePlugin:
    """The plugin; one instance, all behaviour from the settings."""

    manifest = Manifest(
        slug="hostile",
        title="Hostile",
        vendor="V5",
        version="1.0",
        config_model=HostileConfig,
        capabilities={capability: Support(SupportLevel.FULL) for capability in Capability},
    )

    def check(self, config: PluginConfig, *, now: datetime) -> CheckResult:
        """Misbehaves like `read` where that makes sense."""
        behaviour, patience = _settings(config)
        _misbehave(behaviour, patience)
        if behaviour in {Behaviour.NONE, Behaviour.WRONG_BATCH}:
            return None  # type: ignore[return-value]  # that is the point
        return CheckResult(ok=True, details={"now": now.isoformat()})

    def read(self, stream: Stream, cursor: Cursor | None, limit: int, *, config: PluginConfig, now: datetime) -> Batch:
        """One document, or whatever the behaviour says; the other streams are empty."""
        behaviour, patience = _settings(config)
        _misbehave(behaviour, patience)
        if stream is not Stream.DOCUMENTS:
            return Batch((), cursor, complete=True)
        at = int((cursor or {}).get("at", 0))
        good = _document(at + 1, now)
        after: Cursor = {"at": at + 1}
        odd: dict[Behaviour, Any] = {
            Behaviour.NONE: None,
            Behaviour.WRONG_BATCH: {"records": [], "cursor": None},
            Behaviour.WRONG_RECORDS: Batch((good, "not a record", {"gross": 1.5}), after, complete=True),  # type: ignore[arg-type]
            Behaviour.WRONG_CURSOR: Batch((good,), {"at": now, "odd": {1, 2}}, complete=True),
            Behaviour.MOVES_WHEN_EMPTY: Batch((), after, complete=True),
            Behaviour.NEVER_COMPLETE: Batch((), cursor, complete=False),
            Behaviour.FORGETS_CURSOR: Batch((good,), None, complete=True),
            Behaviour.DUPLICATES: Batch((good, good, good), after, complete=True),
            Behaviour.CHANGES_ITS_MIND: Batch((good, _document(at + 1, now, 700)), after, complete=True),
            Behaviour.IGNORES_LIMIT: Batch(tuple(_document(n, now) for n in range(limit * 10 + 1)), after, complete=True),
            Behaviour.HUGE_STRINGS: Batch((good,), after, complete=True, rejected=_HUGE, findings=("f" * 10**6,)),
        }
        if behaviour in odd:
            result: Batch = odd[behaviour]
            return result
        return Batch((good,), after, complete=True) if at == 0 else Batch((), cursor, complete=True)

    def acknowledge(self, stream: Stream, cursor: Cursor | None, *, config: PluginConfig) -> None:
        """Fails when told to."""
        if _settings(config)[0] is Behaviour.BAD_ACKNOWLEDGE:
            raise OSError("the archive folder is gone")

    def receipt_layouts(self) -> tuple[str, ...]:
        """None."""
        return ()


def _settings(config: PluginConfig) -> tuple[Behaviour, float]:
    if not isinstance(config, HostileConfig):
        raise ConfigError("hostile needs a HostileConfig")
    return config.behaviour, config.patience


def _misbehave(behaviour: Behaviour, patience: float) -> None:
    if behaviour in _ERRORS:
        raise _ERRORS[behaviour]
    if behaviour is Behaviour.HANG:
        threading.Event().wait(patience)
    if behaviour is Behaviour.PRINTS_SECRETS:
        sys.stdout.write(SECRET + "\n")
        logging.getLogger("v5_hostile").error("connecting with password %s", SECRET)
        raise RuntimeError(f"cannot connect: Password={SECRET};Server=erp")


plugin = HostilePlugin()
