"""A return of something that was settled."""

from __future__ import annotations

from collections.abc import Mapping

from v5_core.engine._types import Reversal, Settlement
from v5_core.model import SalesDocument


def reversal(original: Settlement, returned: Mapping[str, int], document: SalesDocument, *, language: str = "pt") -> Reversal:
    """What a return takes back and gives back, in proportion.

    Args:
        original: The settlement of the document that the return points at.
        returned: Cumulative measure per line that earlier returns brought back (`Reversal.returned` of the last one; {} at first).
        document: The return. Its lines point at a line of the original, or only at the document (then matched by product).
    """
    raise NotImplementedError
