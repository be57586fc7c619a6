"""Words for people. One JSON file a language in `locale/`; a language is offered when its file is there."""

from __future__ import annotations

import functools
import json
from importlib import resources
from typing import Final

from v5_core.words import words_of

__all__ = ["DEFAULT", "RIGHT_TO_LEFT", "catalogue", "choose", "languages", "points_text", "text"]

DEFAULT: Final = "pt"
RIGHT_TO_LEFT: Final = frozenset({"he"})


@functools.cache
def languages() -> tuple[str, ...]:
    """Languages offered."""
    return tuple(sorted(one.name[:-5] for one in resources.files("v5_agent").joinpath("locale").iterdir() if one.name.endswith(".json")))


@functools.cache
def catalogue(language: str) -> dict[str, str]:
    """All texts of a language; what it lacks is English."""
    folder = resources.files("v5_agent").joinpath("locale")
    english: dict[str, str] = json.loads(folder.joinpath("en.json").read_text(encoding="utf-8"))
    if language not in languages():
        return english
    own: dict[str, str] = json.loads(folder.joinpath(f"{language}.json").read_text(encoding="utf-8"))
    return english | own


def text(language: str, key: str, **values: object) -> str:
    """One text with its values."""
    return catalogue(language)[key].format(**values)


def choose(asked: str | None, accept: str | None, default: str) -> str:
    """The language of a page: what was asked for, else what the browser accepts, else the store's."""
    known = languages()
    if asked in known:
        return str(asked)
    weighed: list[tuple[float, str]] = []
    for part in (accept or "")[:200].split(","):
        name, _, rest = part.strip().partition(";")
        quality = rest.strip().removeprefix("q=")
        weight = float(quality) if quality.replace(".", "", 1).isdigit() else 1.0
        weighed.append((-weight, name.strip().lower()[:2]))
    for _, name in sorted(weighed, key=lambda one: one[0]):
        if name in known:
            return name
    return default if default in known else DEFAULT


def points_text(points: int, language: str) -> str:
    """Points as people write them: "12 450,5" or "12,450.5"."""
    return words_of(language).figure(points)
