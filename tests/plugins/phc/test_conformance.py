"""The PHC plugin under the standard conformance tests: by ftid, and by date and time where PHC has no ftid."""

import pytest
from v5_core.testing import Facility, plugin_suite
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
