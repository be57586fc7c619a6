# ruff: noqa: S101 - assertions are what a conformance kit is made of
"""Builds a vendor's whole test class: one assignment and a fixture."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from v5_core.plugins import Plugin
from v5_core.testing._checking import Checking
from v5_core.testing._content import Content
from v5_core.testing._harness import Facility
from v5_core.testing._limits import Limits
from v5_core.testing._reading import Reading

_PARTS: Final = (Checking, Reading, Content, Limits)


def standard_tests() -> dict[str, Any]:
    """Every test of the kit by name."""
    return {name: test for part in _PARTS for name, test in vars(part).items() if name.startswith("test_")}


def overridden(suite: type) -> list[str]:
    """Names of standard tests that a suite replaced or removed other than by `pytest.mark.xfail` with a reason."""
    return [
        name
        for name, test in standard_tests().items()
        if getattr(suite, name, None) is not test and not _excused(getattr(suite, name, None))
    ]


def _excused(test: object) -> bool:
    marks = getattr(test, "pytestmark", [])
    return any(mark.name == "xfail" and str(mark.kwargs.get("reason", "")).strip() for mark in marks)


class Suite(Checking, Reading, Content, Limits):
    """Every standard test, and one that none of them was switched off."""

    def test_no_standard_test_is_overridden(self) -> None:
        """A standard test may be left out only by declared capability, or be an xfail with a reason."""
        names = overridden(type(self))
        assert not names, f"standard tests overridden without pytest.mark.xfail(reason=...): {names}"


def plugin_suite(plugin: Plugin, *, lacks: Mapping[Facility, str] | None = None) -> type[Suite]:
    """The conformance tests of one plugin.

    A vendor's test file is `TestConformance = plugin_suite(plugin)` and a fixture `source` that yields a `Harness`.

    Args:
        plugin: What the entry point gives.
        lacks: What this kind of source cannot have, with the reason that is printed when a test is skipped for it.

    Raises:
        ValueError: A facility is declared missing without saying why.
    """
    reasons = dict(lacks or {})
    empty = [facility.value for facility, reason in reasons.items() if not reason.strip()]
    if empty:
        raise ValueError(f"say why the source lacks: {', '.join(empty)}")
    return type("PluginSuite", (Suite,), {"plugin": plugin, "lacks": reasons, "__test__": True, "__module__": __name__})
