"""V5's loyalty core: no I/O, no clock, no framework."""

from v5_core.errors import V5Error

__all__ = ["V5Error", "__version__"]
__version__ = "0.1.0"
