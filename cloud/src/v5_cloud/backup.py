"""Backups: all rows of all tables, from one snapshot, in a file that either database can take back.

A gzip file of JSON lines: a head (format, time, rows per table), then `[table, row]`, then a foot with the SHA-256 of what came before.
A backup is read back before it counts as one, and a restore counts every table and checks the ledger before it says that it worked.
"""

from __future__ import annotations

import gzip
import hashlib
import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Date, Table, create_engine, event, func, insert, select, text

from v5_cloud.kit.container import build, utc_now
from v5_cloud.kit.settings import Settings
from v5_cloud.ledger.checks import check
from v5_cloud.migrations import migrate
from v5_cloud.models import Base
from v5_cloud.models.base import UtcDateTime
from v5_core.errors import ConflictError, FatalError, ValidationError

__all__ = ["backup", "restore", "verify"]

_FORMAT: Final = "v5-cloud-backup-1"
_CHUNK: Final = 500
_EPOCH_BITS: Final = 40


def backup(settings: Settings, target: Path) -> str:
    """Writes a backup and verifies it.

    Raises:
        FatalError: What was written cannot be read back.
    """
    counts: Counter[str] = Counter()
    digest = hashlib.sha256()
    part = target.with_name(target.name + ".part")
    with gzip.open(part, "wt", encoding="utf-8") as file, _snapshot(settings) as connection:

        def put(item: object) -> None:
            line = json.dumps(item, default=_plain, separators=(",", ":"))
            digest.update(line.encode())
            file.write(line + "\n")

        put({"format": _FORMAT, "at": utc_now()})
        for table in Base.metadata.sorted_tables:
            if not table.info.get("backup", True):
                continue
            result = connection.execution_options(yield_per=_CHUNK).execute(select(table))
            for row in result.mappings():
                put([table.name, dict(row)])
                counts[table.name] += 1
        file.write(json.dumps({"sha256": digest.hexdigest(), "rows": counts}) + "\n")
    if verify(part) != counts:
        raise FatalError("The backup could not be read back.")
    part.replace(target)
    return f"{sum(counts.values())} rows written and read back."


def verify(source: Path) -> Counter[str]:
    """Reads a backup through and checks its sum; gives the rows per table.

    Raises:
        ValidationError: Cut off, changed, or not a backup.
    """
    counts: Counter[str] = Counter()
    for table, _ in _rows(source):
        counts[table] += 1
    return counts


def restore(settings: Settings, source: Path) -> str:
    """Restores into an empty database.

    Raises:
        ConflictError: The database holds rows already.
        ValidationError: The file is damaged; nothing was written.
        FatalError: What was restored does not agree with the file.
    """
    counts = verify(source)
    migrate(settings)
    held = build(settings)
    try:
        with held.database.engine.begin() as connection:
            _all_tenants(connection)
            if connection.scalar(select(func.count()).select_from(Base.metadata.tables["tenant"])):
                raise ConflictError("The database is not empty; restore into a new one.")
            _insert(connection, source)
            _new_epoch(connection)
            for name, expected in counts.items():
                found = connection.scalar(select(func.count()).select_from(Base.metadata.tables[name]))
                if found != expected and name != "installation":
                    raise FatalError(f"{name}: {expected} rows in the file, {found} in the database.")
        report = check(held)
        if report.differences:
            raise FatalError(f"The restored ledger shows {len(report.differences)} differences; run `v5-cloud ledger check`.")
    finally:
        held.database.dispose()
    return f"{sum(counts.values())} rows restored; {report.accounts} accounts checked, no difference."


def _rows(source: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    digest = hashlib.sha256()
    head, foot = None, None
    damaged = ValidationError(f"{source.name} is damaged or not a backup of V5.")
    try:
        with gzip.open(source, "rt", encoding="utf-8") as file:
            for line in file:
                item = json.loads(line)
                if head is None:
                    head = item
                    if not isinstance(item, dict) or item.get("format") != _FORMAT:
                        raise damaged
                elif isinstance(item, dict):
                    foot = item
                    break
                digest.update(line.rstrip("\n").encode())
                if isinstance(item, list):
                    yield item[0], item[1]
    except (OSError, EOFError, ValueError):
        raise damaged from None
    if foot is None or foot.get("sha256") != digest.hexdigest():
        raise damaged


@contextmanager
def _snapshot(settings: Settings) -> Iterator[Connection]:
    engine = create_engine(settings.sqlalchemy_url)
    if settings.is_sqlite:
        # Python's driver begins no transaction for a SELECT: each table would be read at another moment.
        event.listen(engine, "connect", lambda connection, _: setattr(connection, "isolation_level", None))
        event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN"))
    try:
        with engine.connect() as connection:
            if not settings.is_sqlite:
                connection = connection.execution_options(isolation_level="REPEATABLE READ")
            _all_tenants(connection)
            yield connection.execution_options(stream_results=True)
    finally:
        engine.dispose()


def _all_tenants(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT set_config('v5.tenant', '*', true)"))


def _insert(connection: Connection, source: Path) -> None:
    waiting: dict[str, list[dict[str, Any]]] = {}
    for name, row in _rows(source):
        table = Base.metadata.tables[name]
        rows = waiting.setdefault(name, [])
        rows.append(_typed(table, row))
        if len(rows) >= _CHUNK:
            connection.execute(insert(table), rows)
            rows.clear()
    for name, rows in waiting.items():
        if rows:
            connection.execute(insert(Base.metadata.tables[name]), rows)


def _typed(table: Table, row: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in row.items():
        kind = table.c[name].type
        if value is not None and isinstance(kind, UtcDateTime):
            found[name] = datetime.fromisoformat(value)
        elif value is not None and isinstance(kind, Date):
            found[name] = date.fromisoformat(value)
        else:
            found[name] = value
    return found


def _new_epoch(connection: Connection) -> None:
    # Transaction numbers of another cluster may be lower: counters go on above everything that a store has seen.
    table, accounts = Base.metadata.tables["installation"], Base.metadata.tables["account"]
    key = (table.c.tenant_id == "*") & (table.c.key == "epoch")
    before = connection.scalar(select(table.c.value).where(key))
    after = (before or 0) + 1
    if before is None:
        connection.execute(insert(table).values(tenant_id="*", key="epoch", value=after))
    else:
        connection.execute(table.update().where(key).values(value=after))
    ids = connection.execute(select(accounts.c.tenant_id, accounts.c.id).order_by(accounts.c.replica)).all()
    base = (after << _EPOCH_BITS) - len(ids)
    for number, (tenant, account) in enumerate(ids):
        same = (accounts.c.tenant_id == tenant) & (accounts.c.id == account)
        connection.execute(accounts.update().where(same).values(replica=base + number))


def _plain(value: object) -> str:
    if isinstance(value, datetime | date):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} cannot be kept")
