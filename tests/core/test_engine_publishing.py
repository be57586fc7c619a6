"""What publishing refuses: rules that contradict each other, by the names of the rules."""

from __future__ import annotations

from typing import Any

import pytest

from v5_core.engine import check_programme
from v5_core.errors import ValidationError
from v5_core.programme import Programme


def offers(*given: dict[str, Any]) -> dict[str, Any]:
    return {
        "offers": tuple(
            {"kind": "percent_lines", "id": f"o{n}", "exclusive": False, "priority": 9 - n, **one} for n, one in enumerate(given)
        )
    }
