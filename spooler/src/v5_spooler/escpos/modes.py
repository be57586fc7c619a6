"""What the printer is set to after the bytes it has been sent, and how to set it so again.

`ESC @` is no way back: it drops the till's own settings. So every mode the footer touches is tracked and written back.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from operator import attrgetter
from typing import Final

from v5_spooler.escpos.tokens import Kind, Token

__all__ = ["CUTS", "FEEDS", "Modes", "advance", "commands", "difference", "is_cut", "is_feed", "prints", "prints_stored"]

CUTS: Final = frozenset({"GS V", "ESC i", "ESC m"})
FEEDS: Final = frozenset({"LF", "ESC d", "ESC J"})
_LINE_ENDS: Final = FEEDS | CUTS | {"FF", "GS v", "GS k", "FS p", "GS Q"}
_WITHIN_LINE: Final = frozenset({"ESC *", "HT"})
_STORED: Final = {"GS ( L": 6, "GS 8 L": 8}
_MARKS: Final = frozenset({"GS k", "GS v", "GS /", "ESC *", "GS Q", "FS p"})


@dataclass(slots=True)
class Modes:
    """Settings as the printer holds them; the defaults are those after power-on.

    Attributes:
        line_spacing: None is the printer's default (ESC 2).
        width: None is the whole line.
        symbol: The till's own QR settings (GS ( k by function), put back after a footer's QR.
        at_line_start: Nothing stands in the line buffer.
        selected: ESC = has not told the printer to look away.
    """

    font: int = 0
    bold: int = 0
    strike: int = 0
    underline: int = 0
    size: int = 0
    invert: int = 0
    upside: int = 0
    rotate: int = 0
    align: int = 0
    page: int = 0
    national: int = 0
    spacing: int = 0
    line_spacing: int | None = None
    margin: int = 0
    width: int | None = None
    kanji: bool = False
    kanji_double: int = 0
    user_characters: int = 0
    italic: int = 0
    tabs: tuple[int, ...] = ()
    symbol: dict[int, bytes] = field(default_factory=dict)
    page_mode: bool = False
    macro: bool = False
    selected: bool = True
    at_line_start: bool = True

    def copy(self) -> Modes:
        """A snapshot."""
        twin = Modes(*_VALUES(self))
        twin.symbol = dict(self.symbol)
        return twin

    def apply(self, token: Token) -> None:
        """The printer has received the token."""
        if token.kind is Kind.TEXT:
            self.at_line_start = False
            return
        change = _CHANGES.get(token.name)
        if change:
            change(self, token.data)

    def reset(self) -> None:
        """ESC @."""
        for name, value in vars_of(Modes()).items():
            setattr(self, name, value)


# One for every job's start and end: `dataclasses.replace` takes five times as long.
_VALUES: Final = attrgetter(*(one.name for one in fields(Modes)))


def vars_of(modes: Modes) -> dict[str, object]:
    """Every setting by name."""
    return {name: getattr(modes, name) for name in modes.__slots__}


def advance(modes: Modes, token: Token) -> None:
    """Applies the token, and knows what it does to the line buffer."""
    modes.apply(token)
    if token.name in _LINE_ENDS or prints_stored(token):
        modes.at_line_start = True
    elif token.name in _WITHIN_LINE:
        modes.at_line_start = False


def is_cut(token: Token) -> bool:
    """Ends a piece of paper. GS V 97 to 104 only prepare or reserve a cut on some models, and count as one."""
    return token.name in CUTS and token.kind is Kind.COMMAND


def is_feed(token: Token) -> bool:
    """Moves paper and nothing else, when the line buffer is empty."""
    return token.name in FEEDS


def prints(token: Token) -> bool:
    """Puts something on paper."""
    if token.kind is Kind.TEXT:
        return bool(token.data.strip())
    if token.name == "GS ( k":
        return len(token.data) > 6 and token.data[6] == 81
    return token.name in _MARKS or prints_stored(token)


def prints_stored(token: Token) -> bool:
    """Prints the image that was stored before."""
    at = _STORED.get(token.name)
    return at is not None and token.data[at : at + 1] in (b"\x02", b"\x32")


Change = Callable[[Modes, bytes], None]


def _set(name: str, mask: int = 0xFF) -> Change:
    def change(modes: Modes, data: bytes) -> None:
        setattr(modes, name, data[2] & mask)

    return change


def _flag(name: str, value: object) -> Change:
    def change(modes: Modes, _: bytes) -> None:
        setattr(modes, name, value)

    return change


def _word(name: str) -> Change:
    def change(modes: Modes, data: bytes) -> None:
        setattr(modes, name, data[2] | data[3] << 8)

    return change


def _print_mode(modes: Modes, data: bytes) -> None:
    bits = data[2]
    modes.font, modes.bold, modes.underline = bits & 1, bits >> 3 & 1, bits >> 7 & 1
    modes.size = (0x10 if bits & 0x20 else 0) | (0x01 if bits & 0x10 else 0)


def _symbol(modes: Modes, data: bytes) -> None:
    # cn 49 is QR; 80 stores its content, 81 prints it, the others are settings. The content is not kept: a fiscal code must
    # never be sent a second time, and tills store before each print.
    if len(data) > 6 and data[5] == 49 and data[6] not in {80, 81}:
        modes.symbol[data[6]] = data


def _align(modes: Modes, data: bytes) -> None:
    if data[2] in (0, 1, 2, 48, 49, 50):
        modes.align = data[2] & 3


def _select(modes: Modes, data: bytes) -> None:
    modes.selected = bool(data[2] & 1)


def _tabs(modes: Modes, data: bytes) -> None:
    modes.tabs = tuple(data[2:-1])


def _kanji(modes: Modes, data: bytes) -> None:
    modes.kanji_double = data[2]


_CHANGES: Final[dict[str, Change]] = {
    "ESC @": lambda modes, _: modes.reset(),
    "ESC !": _print_mode,
    "ESC M": lambda modes, data: setattr(modes, "font", data[2] & 0x0F),
    "ESC E": _set("bold", 1),
    "ESC G": _set("strike", 1),
    "ESC -": _set("underline", 3),
    "ESC V": _set("rotate", 1),
    "ESC {": _set("upside", 1),
    "ESC a": _align,
    "ESC t": _set("page"),
    "ESC R": _set("national"),
    "ESC SP": _set("spacing"),
    "ESC 2": _flag("line_spacing", None),
    "ESC 3": _set("line_spacing"),
    "ESC %": _set("user_characters", 1),
    "ESC =": _select,
    "ESC D": _tabs,
    "ESC 4": _flag("italic", 1),
    "ESC 5": _flag("italic", 0),
    "ESC L": _flag("page_mode", value=True),
    "ESC S": _flag("page_mode", value=False),
    "FF": _flag("page_mode", value=False),
    "FS &": _flag("kanji", value=True),
    "FS .": _flag("kanji", value=False),
    "FS !": _kanji,
    "GS !": _set("size"),
    "GS B": _set("invert", 1),
    "GS L": _word("margin"),
    "GS W": _word("width"),
    "GS :": lambda modes, _: setattr(modes, "macro", not modes.macro),
    "GS ( k": _symbol,
}


def commands(modes: Modes) -> dict[str, bytes]:
    """For every mode, the bytes that set it to what it is here."""
    tabs = b"" if not modes.tabs else b"\x1bD" + bytes(modes.tabs) + b"\x00"
    return {
        "kanji": b"\x1c&" if modes.kanji else b"\x1c.",
        "page": bytes((0x1B, 0x74, modes.page)),
        "national": bytes((0x1B, 0x52, modes.national)),
        "font": bytes((0x1B, 0x4D, modes.font)),
        "bold": bytes((0x1B, 0x45, modes.bold)),
        "strike": bytes((0x1B, 0x47, modes.strike)),
        "underline": bytes((0x1B, 0x2D, modes.underline)),
        "size": bytes((0x1D, 0x21, modes.size)),
        "invert": bytes((0x1D, 0x42, modes.invert)),
        "upside": bytes((0x1B, 0x7B, modes.upside)),
        "rotate": bytes((0x1B, 0x56, modes.rotate)),
        "spacing": bytes((0x1B, 0x20, modes.spacing)),
        "user_characters": bytes((0x1B, 0x25, modes.user_characters)),
        "align": bytes((0x1B, 0x61, modes.align)),
        "margin": bytes((0x1D, 0x4C, modes.margin & 0xFF, modes.margin >> 8)),
        "width": b"" if modes.width is None else bytes((0x1D, 0x57, modes.width & 0xFF, modes.width >> 8)),
        "line_spacing": b"\x1b2" if modes.line_spacing is None else bytes((0x1B, 0x33, modes.line_spacing)),
        "tabs": tabs,
    }


def difference(have: Modes, want: Modes) -> bytes:
    """The bytes that bring a printer from one set of modes to another."""
    now, then = commands(have), commands(want)
    return b"".join(data for name, data in then.items() if data != now[name])
