"""Writing back to PHC: not implemented.

PHC numbers, signs and checks its records in its own program; a raw INSERT into `cl` or `ft` goes around all of that. The supported
way in is a script of the partner behind PHC CS Web's `RunCode` service, which is not part of every licence.
"""

from __future__ import annotations

from typing import Final

from v5_core.plugins import Support, SupportLevel

__all__ = ["WRITE_CUSTOMERS"]

WRITE_CUSTOMERS: Final = Support(SupportLevel.NOT_IMPLEMENTED)
