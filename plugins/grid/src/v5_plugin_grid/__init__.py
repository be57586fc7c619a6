"""V5 adapter for GRID and for every certified Portuguese program: SAF-T (PT) files in a drop folder."""

from v5_plugin_grid.reader import GridPlugin

__all__ = ["GridPlugin", "plugin"]

plugin = GridPlugin()
