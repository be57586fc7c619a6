"""Messages marked for the catalogues where they are written down before it is known in which language they are said."""

from __future__ import annotations

__all__ = ["N_"]


def N_(message: str) -> str:  # noqa: N802 - the name that extraction looks for
    """Marks a message for the catalogues."""
    return message
