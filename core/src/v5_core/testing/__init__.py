"""The conformance kit: a vendor's whole test file is one assignment and a fixture.

    from v5_core.testing import Harness, plugin_suite
    from v5_plugin_example import plugin

    TestConformance = plugin_suite(plugin)

    @pytest.fixture
    def source(tmp_path):
        return ExampleHarness(tmp_path)

A test is skipped, with its reason printed, by what the manifest declares and by `lacks`. A standard test may not be overridden except
as `pytest.mark.xfail` with a reason.
"""

import pytest

for _part in ("base", "checking", "content", "limits", "reading", "suite"):
    pytest.register_assert_rewrite(f"v5_core.testing._{_part}")

from v5_core.testing._harness import NOON, Facility, Harness, Sale, SaleLine  # noqa: E402 - after the rewrite is registered
from v5_core.testing._suite import overridden, plugin_suite, standard_tests  # noqa: E402

__all__ = ["NOON", "Facility", "Harness", "Sale", "SaleLine", "overridden", "plugin_suite", "standard_tests"]
