"""Printer profiles as data: what `ESC t n` means, columns, dots, QR, commands of its own.

A page number means nothing without the printer: 6 is CP1252 on one and CP860 on another.
"""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Final, Literal

from bidi.algorithm import get_display
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from v5_core.errors import ConfigError

__all__ = ["Profile", "has_hebrew", "load_profile", "profile_names", "reads_from_right", "to_logical", "to_visual"]

_HEBREW: Final = re.compile("[\u0590-\u05ff\ufb1d-\ufb4f]")
# Texts set a title apart from what stands around it; paper has no such marks, and the reordering here knows embeddings only.
_ISOLATE: Final = re.compile("\u2068([^\u2069]*)\u2069")
_MARKS: Final = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069]")
# ESC R n: which ASCII characters a country's set replaces, in the order # $ @ [ \ ] ^ ` { | } ~
_NATIONAL_SLOTS: Final = "#$@[\\]^`{|}~"
_NATIONAL: Final = {
    1: "#$à°ç§^`éùè¨",
    2: "#$§ÄÖÜ^`äöüß",
    3: "£$@[\\]^`{|}~",
    4: "#$@ÆØÅ^`æøå~",
    5: "#¤ÉÄÖÅÜéäöåü",
    6: "#$@°\\é^ùàòèì",
    7: "₧$@¡Ñ¿^`¨ñ}~",
    8: "#$@[¥]^`{|}~",
    9: "#¤ÉÆØÅÜéæøåü",
    10: "#$ÉÆØÅÜéæøåü",
    11: "#$á¡Ñ¿é`íñóú",
    12: "#$á¡Ñ¿éüíñóú",
}


class Profile(BaseModel):
    """One kind of printer.

    Attributes:
        dialect: Jobs for "star" are never edited.
        vertical_units: Units of ESC 3 and ESC J per dot.
        process_id: The printer answers GS ( H fn 48 when a job has really been printed.
        prefer: Pages to print the footer with, best first.
        lengths: Commands of its own, as {"ESC 4": 2}.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = ""
    title: str = ""
    dialect: Literal["escpos", "star"] = "escpos"
    columns: int = Field(default=48, ge=16, le=96)
    dots: int = Field(default=576, ge=128, le=1024)
    vertical_units: int = Field(default=2, ge=1, le=4)
    qr: bool = True
    process_id: bool = False
    prefer: tuple[int, ...] = ()
    pages: dict[int, str] = Field(default_factory=dict)
    lengths: dict[str, int] = Field(default_factory=dict)

    def decode(self, data: bytes, page: int, national: int = 0) -> str:
        """Text as it stands on paper: Hebrew stays in visual order."""
        text = _decode(data, self.pages.get(page, ""))
        replaced = _NATIONAL.get(national)
        return text.translate(str.maketrans(_NATIONAL_SLOTS, replaced)) if replaced else text

    def encode(self, text: str, current: int = 0) -> tuple[int, bytes] | None:
        """Page and bytes for a line of a footer, Hebrew put in visual order; None when no page has all its letters."""
        visual = to_visual(text)
        for page in (current, *self.prefer):
            codec = self.pages.get(page)
            if codec is None or codec == "katakana":
                continue
            try:
                return page, visual.encode(codec)
            except UnicodeEncodeError:
                continue
        return None


@cache
def _table(codec: str) -> str:
    # One character for each byte; bytes without one show as a middle dot.
    high = range(0x80, 0x100)
    if codec == "katakana":
        letters = [bytes([b]).decode("cp932", "replace") if 0xA1 <= b <= 0xDF else "·" for b in high]
    elif codec:
        letters = [bytes([b]).decode(codec, "replace") for b in high]
    else:
        letters = ["·" for _ in high]
    return "".join(map(chr, range(0x80))) + "".join("·" if c == "�" or c < " " or "\x7f" <= c < "\xa0" else c for c in letters)


def _decode(data: bytes, codec: str) -> str:
    return data.decode("latin-1").translate(_table(codec))


def has_hebrew(text: str) -> bool:
    """Any Hebrew letter in it."""
    return _HEBREW.search(text) is not None


def reads_from_right(text: str) -> bool:
    """The first letter says so; what is set apart has no say in the direction of the line."""
    return has_hebrew(next((letter for letter in _ISOLATE.sub("", text) if letter.isalpha()), ""))


def to_visual(text: str) -> str:
    """From the order of reading to the order on paper."""
    if not has_hebrew(text):
        return _MARKS.sub("", text)
    embedded = _ISOLATE.sub(lambda found: ("\u202b" if has_hebrew(found[1]) else "\u202a") + found[1] + "\u202c", text)
    return _MARKS.sub("", str(get_display(re.sub("[\u2066-\u2069]", "", embedded), base_dir="R" if reads_from_right(text) else "L")))


def to_logical(text: str) -> str:
    """From the order on paper to the order of reading: a line whose letters are mostly Hebrew reads from the right."""
    if not has_hebrew(text):
        return text
    stripped = text.strip()
    logical = str(get_display(stripped, base_dir="R"))
    return text.replace(stripped, logical, 1)


def profile_names() -> list[str]:
    """Profiles that come with the spooler."""
    return sorted(entry.name.removesuffix(".toml") for entry in files("v5_spooler.escpos").joinpath("profiles").iterdir())


@cache
def load_profile(name: str) -> Profile:
    """A profile that comes with the spooler, or a TOML file by path.

    Raises:
        ConfigError: No such profile, or it is wrong; says which ones there are.
    """
    known = profile_names()
    if name in known:
        text = files("v5_spooler.escpos").joinpath("profiles", f"{name}.toml").read_text("utf-8")
    elif name.endswith(".toml") and Path(name).is_file():
        text = Path(name).read_text("utf-8")
    else:
        raise ConfigError(f"printer profile {name!r} is unknown: use one of {', '.join(known)}, or the path of a TOML file")
    try:
        data = tomllib.loads(text)
        profile = Profile.model_validate({"name": Path(name).stem, **data})
        for codec in profile.pages.values():
            _table(codec)
    except (tomllib.TOMLDecodeError, ValidationError, LookupError) as error:
        raise ConfigError(f"printer profile {name!r} cannot be read: {error}") from error
    return profile
