"""Finding plugins by entry point: one bad plugin never hides the others, two with one name are an error."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from typing import Final

from v5_core.errors import ContractViolationError
from v5_core.plugins._contract import CONTRACT_VERSION, Plugin

GROUP: Final = "v5.plugins"
DISABLE: Final = "V5_DISABLE_PLUGINS"


@dataclass(frozen=True, slots=True)
class LoadedPlugin:
    """A plugin that was found: either usable, or with the reason why not."""

    slug: str
    plugin: Plugin | None
    problem: str = ""


def load_plugins(points: Iterable[EntryPoint] | None = None) -> dict[str, LoadedPlugin]:
    """All plugins by slug, the broken ones with their reason.

    Args:
        points: Entry points to load; by default the group `v5.plugins` of this environment. `V5_DISABLE_PLUGINS`, a list of
            slugs separated by commas, leaves some out.
    """
    off = {name.strip() for name in os.environ.get(DISABLE, "").split(",") if name.strip()}
    found = [point for point in (points if points is not None else entry_points(group=GROUP)) if point.name not in off]
    times = Counter(point.name for point in found)
    return {
        point.name: _load(point) if times[point.name] == 1 else LoadedPlugin(point.name, None, "two plugins have this name")
        for point in sorted(found, key=lambda point: point.name)
    }


def _load(point: EntryPoint) -> LoadedPlugin:
    try:
        plugin: Plugin = point.load()
        manifest = plugin.manifest
        if manifest.slug != point.name:
            raise ContractViolationError(f"the manifest says {manifest.slug!r}, the entry point {point.name!r}")
        if manifest.contract_version != CONTRACT_VERSION:
            raise ContractViolationError(f"contract version {manifest.contract_version} is not {CONTRACT_VERSION}")
    except Exception as error:  # noqa: BLE001 - a vendor's import may raise anything, and must not take the agent down
        return LoadedPlugin(point.name, None, f"{type(error).__name__}: {error}")
    return LoadedPlugin(point.name, plugin)
