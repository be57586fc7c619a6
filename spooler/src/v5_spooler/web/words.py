"""The page's words, in five languages."""

from __future__ import annotations

import tomllib
from importlib.resources import files
from typing import Final

__all__ = ["RIGHT_TO_LEFT", "WORDS", "language_of"]

RIGHT_TO_LEFT: Final = frozenset({"he"})

WORDS: Final[dict[str, dict[str, str]]] = tomllib.loads(files("v5_spooler.web").joinpath("words.toml").read_text("utf-8"))


def language_of(asked: str | None, accepted: str) -> str:
    """`?lang=`, then the browser's wish, then Portuguese."""
    if asked in WORDS:
        return asked
    for part in accepted.split(","):
        code = part.strip()[:2].lower()
        if code in WORDS:
            return code
    return "pt"
