"""Programmes made ready for evaluation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from v5_core.programme import Programme


@dataclass(frozen=True, slots=True)
class Compiled:
    """Programmes made ready; immutable, safe to share between threads."""

    programmes: tuple[Programme, ...]


def compile_programmes(programmes: Sequence[Programme]) -> Compiled:
    """Makes programmes ready. The order they come in does not matter; of several versions of one id the caller gives those in force.

    Raises:
        ValidationError: Criteria that cannot be read.
    """
    raise NotImplementedError
