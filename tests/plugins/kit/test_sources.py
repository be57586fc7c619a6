"""What SQL adapters share: errors as a table, a cursor over rows that come late, local times."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import CHAR, URL, Column, DateTime, MetaData, String, Table, create_engine, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import NullPool

from v5_core.errors import AuthError, ConfigError, FatalError, RetryableError, V5Error
from v5_core.sources.localtime import parse_clock, place
from v5_core.sources.sql import after, clock_text, columns_of, reading, translate
from v5_core.sources.window import Scanned, Window

pytestmark = pytest.mark.feature("NX-04")
LISBON = ZoneInfo("Europe/Lisbon")


class WithState(Exception):
    sqlstate = "28P01"


@pytest.mark.parametrize(
    ("origin", "expected", "code"),
    [
        (Exception(18456, b"Login failed for user 'v5'.DB-Lib error message 20018"), AuthError, "sql.login"),
        (Exception("28000", "[28000] [Microsoft][ODBC Driver 18 for SQL Server]Login failed for user"), AuthError, "sql.login"),
        (WithState("whatever the language of the server"), AuthError, "sql.login"),
        (Exception(4060, b'Cannot open database "PHC" requested by the login'), ConfigError, "sql.database"),
        (Exception(229, b"The SELECT permission was denied on the object 'fi'"), ConfigError, "sql.permission"),
        (Exception(208, b"Invalid object name 'ft'."), ConfigError, "sql.table"),
        (Exception("42S22", "[42S22] Invalid column name 'ftid'. (207)"), ConfigError, "sql.column"),
        (Exception("01000", "[01000] Can't open lib 'ODBC Driver 18 for SQL Server' : file not found"), ConfigError, "sql.driver"),
        (Exception(1205, b"Transaction was deadlocked on lock resources"), RetryableError, "sql.locked"),
        (Exception(1222, b"Lock request time out period exceeded."), RetryableError, "sql.locked"),
        (Exception(20009, b"DB-Lib error message 20009, severity 9:\nUnable to connect"), RetryableError, "sql.unreachable"),
        (Exception("HYT00", "[HYT00] Login timeout expired"), RetryableError, "sql.timeout"),
        (Exception("08S01", "[08S01] Communication link failure"), RetryableError, "sql.unreachable"),
        (Exception("file is not a database"), FatalError, "sql.corrupt"),
        (Exception("something nobody has seen"), RetryableError, "sql.unknown"),
    ],
)
def test_drivers_errors_become_what_to_do(origin: Exception, expected: type[V5Error], code: str) -> None:
    error = translate(OperationalError("SELECT secret", {"password": "hunter2"}, origin))
    assert type(error) is expected
    assert error.error_code == code
    assert "hunter2" not in error.message
    assert "SELECT" not in error.message


def test_a_driver_that_is_not_installed() -> None:
    with pytest.raises(ConfigError, match="driver"), reading(URL.create("mssql+nosuchdriver", host="x"), seconds=1):
        pass


def test_text_clocks_are_ordered_by_the_database(tmp_path: Path) -> None:
    table = Table("t", MetaData(), Column("id", CHAR(3), primary_key=True), Column("day", DateTime), Column("hour", String(8)))
    url = URL.create("sqlite", database=str(tmp_path / "x.db"))
    engine = create_engine(url, poolclass=NullPool)
    table.metadata.create_all(engine)
    hours = ["09:59", "9:58:01", "10.00.00", " 9.05", "00:00:00"]
    with engine.begin() as connection:
        day = datetime(2026, 1, 1)  # noqa: DTZ001
        connection.execute(table.insert(), [{"id": f"{n}", "day": day, "hour": hour} for n, hour in enumerate(hours)])
    key = (table.c.day, clock_text(table.c.hour), table.c.id)
    with reading(url, seconds=1) as connection:
        assert [row.hour for row in connection.execute(select(table.c.hour).order_by(*key))] == [hours[n] for n in (4, 3, 1, 0, 2)]
        later = select(table.c.hour).where(after(key, (datetime(2026, 1, 1), "09:58:01", "1"))).order_by(*key)  # noqa: DTZ001
        assert [row.hour for row in connection.execute(later)] == ["09:59", "10.00.00"]
        assert columns_of(connection, table) == {"id", "day", "hour"}
        assert columns_of(connection, Table("gone", MetaData(), Column("x", String))) == frozenset()
    engine.dispose()


# The window -------------------------------------------------------------------------------------------------------------------


def row(second: int, ident: str, revision: str = "a") -> Scanned:
    at = datetime(2026, 3, 10, 9, tzinfo=UTC) + timedelta(seconds=second)
    return Scanned(ident, ("2026-03-10T00:00:00", at.strftime("%H:%M:%S"), ident), revision, "2026-03-10")


class Rows:
    """A table as the window sees it: scans in the order of the key, from the floor."""

    def __init__(self) -> None:
        self.rows: dict[str, Scanned] = {}

    def scan(self, window: Window, limit: int) -> tuple[list[Scanned], bool]:
        found = sorted((r for r in self.rows.values() if window.floor is None or r.key > window.floor), key=lambda r: r.key)
        return window.take(found[: window.wanted(limit)], limit)


@given(
    st.lists(st.tuples(st.integers(0, 7200), st.booleans()), min_size=1, max_size=60),
    st.integers(1, 7),
)
def test_every_row_within_the_overlap_is_handed_out_once(steps: list[tuple[int, bool]], limit: int) -> None:
    """Rows appear in any order within the overlap, reads happen in between, the cursor goes through JSON each time."""
    table, state, handed = Rows(), None, []
    newest = 0
    for number, (second, read) in enumerate(steps):
        second = max(second, newest - 3500)
        newest = max(newest, second)
        table.rows[f"r{number:03d}"] = row(second, f"r{number:03d}")
        complete = not read
        while not complete:
            window = Window.restore(json.loads(json.dumps(state)), cap=1000, overlap=timedelta(hours=1))
            fresh, complete = table.scan(window, limit)
            handed += [item.id for item in fresh]
            state = window.state()
    window = Window.restore(state, cap=1000, overlap=timedelta(hours=1))
    complete = False
    while not complete:
        fresh, complete = table.scan(window, limit)
        handed += [item.id for item in fresh]
    assert sorted(handed) == sorted(table.rows)


def test_changed_row_near_the_cursor_comes_again() -> None:
    table, window = Rows(), Window(cap=10, overlap=timedelta(hours=1))
    table.rows["x"] = row(5, "x")
    assert [item.id for item in table.scan(window, 5)[0]] == ["x"]
    table.rows["x"] = row(5, "x", "changed")
    assert [item.id for item in table.scan(window, 5)[0]] == ["x"]
    assert table.scan(window, 5)[0] == []


def test_cursor_stays_small_under_a_flood() -> None:
    table, window = Rows(), Window(cap=50, overlap=timedelta(hours=1))
    for number in range(2000):
        table.rows[f"r{number:04d}"] = row(1, f"r{number:04d}")
    handed, complete = [], False
    while not complete:
        fresh, complete = table.scan(window, 40)
        handed += [item.id for item in fresh]
        assert len(window.entries) <= 50
    assert len(handed) == len(set(handed)) == 2000


def test_foreign_state_is_refused() -> None:
    with pytest.raises(FatalError):
        Window.restore({"somebody": "else"}, cap=1)


# Local time -------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("9:05", time(9, 5)),
        ("09:05:07", time(9, 5, 7)),
        ("09.05.07", time(9, 5, 7)),
        ("", time()),
        ("090507", time(9, 5, 7)),
        (" 23:59 ", time(23, 59)),
    ],
)
def test_clocks(text: str, expected: time) -> None:
    assert parse_clock(text) == expected


@pytest.mark.parametrize("text", ["25:00", "9:61", "soon", "1:2:3:4", "-1:00"])
def test_what_is_not_a_clock(text: str) -> None:
    with pytest.raises(ValueError, match=r"time of day|must be in"):
        parse_clock(text)


def test_the_hour_that_exists_twice_and_the_one_that_does_not() -> None:
    autumn = place(date(2026, 10, 25), time(1, 30), LISBON)
    assert (autumn.at, autumn.doubtful) == (datetime(2026, 10, 25, 0, 30, tzinfo=UTC), True)
    spring = place(date(2026, 3, 29), time(1, 30), LISBON)
    assert (spring.at, spring.doubtful) == (datetime(2026, 3, 29, 1, 30, tzinfo=UTC), True)
    assert place(date(2026, 7, 1), time(1, 30), LISBON).at == datetime(2026, 7, 1, 0, 30, tzinfo=UTC)
    azores = place(date(2026, 1, 1), time(23, 30), ZoneInfo("Atlantic/Azores"))
    assert (azores.at, azores.doubtful) == (datetime(2026, 1, 2, 0, 30, tzinfo=UTC), False)
