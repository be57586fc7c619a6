"""The PHC plugin under the standard conformance tests: by ftid, and by date and time where PHC has no ftid."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import pytest

from v5_core.testing import Facility, odbc, plugin_suite
from v5_plugin_phc import plugin

if TYPE_CHECKING:
    from tests.plugins.phc.conftest import PhcHarness

SOURCES: dict[type, Callable[[pytest.FixtureRequest], PhcHarness]] = {}


@pytest.fixture
def source(request: pytest.FixtureRequest) -> PhcHarness:
    """The database that the suite was declared with; the fixtures of the others are not started."""
    return SOURCES[request.cls](request)


def suite(database: str, *without: str, lacks: Mapping[Facility, str], **settings: str) -> type:
    """The standard tests on what the fixture `database` makes of columns to leave out and settings."""
    made = plugin_suite(plugin, lacks=lacks)
    SOURCES[made] = lambda request: request.getfixturevalue(database)(*without, **settings)
    return pytest.mark.feature("NX-04", "V5-04")(made)


FILE = {Facility.PASSWORD: "a SQLite file has no password", Facility.READ_ONLY_USER: "SQLite has no users"}
ODBC_FILE = {**FILE, Facility.BULK: "a hundred thousand rows are read through the driver of Python itself"}
SLOW = {Facility.BULK: "a hundred thousand rows are read on SQLite"}
SERVER = {**SLOW, Facility.READ_ONLY_USER: "the test's user owns the database"}

TestConformance = suite("sqlite_phc", lacks=FILE)
TestConformanceWithoutFtid = suite("sqlite_phc", "ft.ftid", lacks=FILE)
TestConformancePostgres = pytest.mark.postgres(suite("postgres_phc", lacks=SLOW))
TestConformanceOdbcSqlite = pytest.mark.skipif(bool(odbc.missing("sqlite")), reason=odbc.missing("sqlite"))(
    suite("sqlite_phc", "ft.ftid", lacks=ODBC_FILE, driver="sqlite+pyodbc")
)
TestConformanceOdbcPostgres = pytest.mark.postgres(
    pytest.mark.skipif(bool(odbc.missing("postgresql")), reason=odbc.missing("postgresql"))(
        suite("postgres_phc", lacks=SLOW, driver="postgresql+pyodbc")
    )
)
TestConformanceSqlServer = suite("mssql_phc", lacks=SERVER, driver="mssql+pymssql")
TestConformanceSqlServerOdbc = suite("mssql_phc", lacks=SERVER, driver="mssql+pyodbc")
