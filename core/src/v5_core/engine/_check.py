"""Checks before publishing."""

from __future__ import annotations

from v5_core.programme import Programme


def check_programme(programme: Programme) -> None:
    """Refuses a programme that may not be published.

    Raises:
        ValidationError: Criteria that cannot be read, an unknown field in them, a currency that is not supported, or two exclusive
            offers that nothing decides between (both are named).
    """
    raise NotImplementedError
