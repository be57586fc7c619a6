"""The PHC plugin under the standard conformance tests: by ftid, and by date and time where PHC has no ftid."""

import pytest

from v5_core.testing import Facility, odbc, plugin_suite
from v5_plugin_phc import plugin

FILE = {Facility.PASSWORD: "a SQLite file has no password", Facility.READ_ONLY_USER: "SQLite has no users"}


@pytest.mark.feature("NX-04", "V5-04")
class TestConformance(plugin_suite(plugin, lacks=FILE)):
    @pytest.fixture
    def source(self, sqlite_phc):
        return sqlite_phc()


@pytest.mark.feature("NX-04", "V5-04")
class TestConformanceWithoutFtid(plugin_suite(plugin, lacks=FILE)):
    @pytest.fixture
    def source(self, sqlite_phc):
        return sqlite_phc("ft.ftid")


ODBC_FILE = {**FILE, Facility.BULK: "a hundred thousand rows are read through the driver of Python itself"}
SLOW = {Facility.BULK: "a hundred thousand rows are read on SQLite"}


@pytest.mark.feature("NX-04", "V5-04")
@pytest.mark.postgres
class TestConformancePostgres(plugin_suite(plugin, lacks=SLOW)):
    @pytest.fixture
    def source(self, postgres_phc):
        return postgres_phc()


@pytest.mark.feature("NX-04", "V5-04")
@pytest.mark.skipif(bool(odbc.missing("sqlite")), reason=odbc.missing("sqlite"))
class TestConformanceOdbcSqlite(plugin_suite(plugin, lacks=ODBC_FILE)):
    @pytest.fixture
    def source(self, sqlite_phc):
        return sqlite_phc("ft.ftid", driver="sqlite+pyodbc")


@pytest.mark.feature("NX-04", "V5-04")
@pytest.mark.postgres
@pytest.mark.skipif(bool(odbc.missing("postgresql")), reason=odbc.missing("postgresql"))
class TestConformanceOdbcPostgres(plugin_suite(plugin, lacks=SLOW)):
    @pytest.fixture
    def source(self, postgres_phc):
        return postgres_phc(driver="postgresql+pyodbc")


SERVER = {**SLOW, Facility.READ_ONLY_USER: "the test's user owns the database"}


@pytest.mark.feature("NX-04", "V5-04")
class TestConformanceSqlServer(plugin_suite(plugin, lacks=SERVER)):
    @pytest.fixture
    def source(self, mssql_phc):
        return mssql_phc("mssql+pymssql")


@pytest.mark.feature("NX-04", "V5-04")
class TestConformanceSqlServerOdbc(plugin_suite(plugin, lacks=SERVER)):
    @pytest.fixture
    def source(self, mssql_phc):
        return mssql_phc("mssql+pyodbc")
