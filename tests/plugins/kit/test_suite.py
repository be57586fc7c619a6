"""The kit itself: it must find what it promises to find, and nobody may switch a test off in silence."""

from __future__ import annotations

from importlib.metadata import EntryPoint
from typing import Any

import pytest

from v5_core.plugins import Capability, SupportLevel, load_plugins
from v5_core.testing import NOON, Facility, Harness, Sale, overridden, plugin_suite, standard_tests
from v5_core.testing.hostile import SECRET, Behaviour, HostileConfig, plugin

pytestmark = pytest.mark.feature("NX-04")


class HostileHarness(Harness):
    """Holds no sale that anybody could insert: only the tests that need none are run against it."""

    def __init__(self, behaviour: Behaviour) -> None:
        self.behaviour = behaviour

    @property
    def secrets(self) -> tuple[str, ...]:
        return (SECRET,)

    def config(self) -> HostileConfig:
        return HostileConfig(behaviour=self.behaviour, patience=0.1)

    def unreachable(self) -> HostileConfig:
        return self.config()

    def sell(self, sale: Sale) -> str:
        return "H1"

    def fingerprint(self) -> str:
        return "same"


def test_the_kit_has_the_standard_tests() -> None:
    assert len(standard_tests()) >= 24
    assert all(test.__doc__ for test in standard_tests().values()), "each says what it asks for"


@pytest.mark.parametrize(
    ("test", "behaviour", "expected"),
    [
        ("test_check_says_whether_it_can_read", Behaviour.RAISE, ZeroDivisionError),
        ("test_check_says_whether_it_can_read", Behaviour.NONE, AttributeError),
        ("test_empty_read_leaves_the_cursor", Behaviour.MOVES_WHEN_EMPTY, AssertionError),
        ("test_empty_read_leaves_the_cursor", Behaviour.NEVER_COMPLETE, AssertionError),
        ("test_cursor_is_json", Behaviour.WRONG_CURSOR, TypeError),
        ("test_nothing_is_written", Behaviour.NONE, AttributeError),
        ("test_cursor_of_an_earlier_version", Behaviour.HONEST, AssertionError),
    ],
)
def test_the_kit_catches(test: str, behaviour: Behaviour, expected: type[Exception]) -> None:
    """Each of these faults makes the standard test fail that is there for it."""
    standard = getattr(plugin_suite(plugin, lacks={Facility.PASSWORD: "none", Facility.NETWORK: "none"})(), test)
    with pytest.raises(expected):
        standard(HostileHarness(behaviour))


def test_the_kit_sees_a_shown_secret(caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]) -> None:
    suite = plugin_suite(plugin, lacks={Facility.PASSWORD: "none", Facility.NETWORK: "none"})()

    class Loud(HostileHarness):
        def config(self) -> HostileConfig:
            print(SECRET)
            return super().config()

    with pytest.raises(AssertionError, match="a secret was shown"):
        suite.test_secrets_are_not_shown(Loud(Behaviour.HONEST), caplog, capsys)


def test_a_test_that_is_skipped_says_why() -> None:
    suite = plugin_suite(plugin, lacks={Facility.CANCELLATION: "paper cannot be unprinted"})()
    with pytest.raises(pytest.skip.Exception, match="paper cannot be unprinted"):
        suite.test_cancellation_weeks_later(HostileHarness(Behaviour.HONEST))


def test_a_lack_without_a_reason_is_refused() -> None:
    with pytest.raises(ValueError, match="cancellation"):
        plugin_suite(plugin, lacks={Facility.CANCELLATION: " "})


def vendors_suite(**members: object) -> type[Any]:
    """A suite with members of a vendor's own in place of standard ones."""
    return type("VendorsSuite", (plugin_suite(plugin),), members)


def test_overriding_a_standard_test_is_found() -> None:
    @pytest.mark.xfail(reason="the ERP cuts documents at 200 lines")
    def excused(_suite: object, _source: object) -> None:
        """Fails, and says why."""

    cheating = vendors_suite(test_late_row_is_found=lambda _suite: None, test_huge_receipt=None)
    assert sorted(overridden(cheating)) == ["test_huge_receipt", "test_late_row_is_found"]
    assert overridden(vendors_suite(test_huge_receipt=excused)) == []
    with pytest.raises(AssertionError, match="test_late_row_is_found"):
        cheating().test_no_standard_test_is_overridden()


def test_an_xfail_without_a_reason_is_not_enough() -> None:
    @pytest.mark.xfail
    def silent(_suite: object, _source: object) -> None:
        """Fails, and does not say why."""

    assert overridden(vendors_suite(test_huge_receipt=silent)) == ["test_huge_receipt"]


def test_hostile_plugin_is_a_plugin_like_any_other() -> None:
    """It loads by entry point, so that an agent can be tortured with it."""
    loaded = load_plugins([EntryPoint("hostile", "v5_core.testing.hostile:plugin", "v5.plugins")])["hostile"]
    assert loaded.plugin is plugin
    assert plugin.manifest.capabilities[Capability.READ_DOCUMENTS].level is SupportLevel.FULL
    assert plugin.check(HostileConfig(), now=NOON).ok
    assert SECRET not in repr(HostileConfig())


@pytest.mark.parametrize("slug", ["phc", "grid", "sage", "sifarma", "priority"])
def test_our_own_plugins_are_found(slug: str) -> None:
    loaded = load_plugins()[slug]
    assert loaded.problem == ""
    assert loaded.plugin is not None
    assert loaded.plugin.manifest.slug == slug


@pytest.mark.parametrize("slug", ["phc", "grid", "sage", "sifarma", "priority"])
def test_a_zone_that_does_not_exist_is_refused_when_the_settings_are_read(slug: str) -> None:
    loaded = load_plugins()[slug].plugin
    assert loaded is not None
    with pytest.raises(ValueError, match="an IANA zone is expected"):
        loaded.manifest.config_model.model_validate({"zone": "Portugal/Porto"})
