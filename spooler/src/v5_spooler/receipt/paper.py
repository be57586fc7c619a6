"""What a job puts on paper: rows of text, pictures and symbols, feeds and cuts, in dots. Text and PNG are both drawn from this."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from v5_spooler.escpos.modes import Modes, advance, is_cut, prints_stored
from v5_spooler.escpos.profiles import Profile
from v5_spooler.escpos.tokens import Kind, Token

__all__ = ["Barcode", "Cut", "Element", "Feed", "Glyphs", "Item", "Picture", "Pulse", "Row", "Style", "Symbol", "lay_out"]

_CHAR: Final = {0: (12, 24), 1: (9, 17)}
_LINE: Final = 30


@dataclass(frozen=True, slots=True)
class Style:
    """How glyphs look. `wide` and `high` multiply the font's cell."""

    font: int = 0
    bold: bool = False
    underline: int = 0
    wide: int = 1
    high: int = 1
    invert: bool = False
    rotate: bool = False
    italic: bool = False
    spacing: int = 0

    @property
    def cell(self) -> tuple[int, int]:
        """Width and height of one glyph, with the space to its right."""
        width, height = _CHAR[self.font & 1]
        return (width + self.spacing) * self.wide, height * self.high


@dataclass(slots=True)
class Glyphs:
    """A run of text in one style, in the order on paper."""

    x: int
    text: str
    style: Style

    @property
    def width(self) -> int:
        """In dots."""
        return self.style.cell[0] * len(self.text)

    @property
    def height(self) -> int:
        """In dots."""
        return self.style.cell[1]


@dataclass(slots=True)
class Picture:
    """An image as the command carries it; `raster` decodes it.

    Attributes:
        columns: Column format (ESC *, GS *) rather than rows.
        scale: How many dots wide and high one pixel is.
    """

    x: int
    pixels_wide: int
    pixels_high: int
    data: bytes
    columns: bool = False
    scale: tuple[int, int] = (1, 1)

    @property
    def width(self) -> int:
        """In dots."""
        return self.pixels_wide * self.scale[0]

    @property
    def height(self) -> int:
        """In dots."""
        return self.pixels_high * self.scale[1]


@dataclass(slots=True)
class Barcode:
    """One-dimensional: GS k's system number, its data, height and module width in dots, where the text stands (0 to 3)."""

    system: int
    data: bytes
    bar_height: int
    module: int
    hri: int
    x: int = 0


@dataclass(slots=True)
class Symbol:
    """Two-dimensional by GS ( k: 48 PDF417, 49 QR, others by number."""

    system: int
    data: bytes
    module: int
    level: int
    x: int = 0


Item = Glyphs | Picture | Barcode | Symbol


@dataclass(slots=True)
class Row:
    """One printed line: where it may stand, and how far the paper moves at least."""

    items: list[Item]
    align: int
    margin: int
    width: int
    advance: int
    upside: bool = False


@dataclass(frozen=True, slots=True)
class Feed:
    """Empty paper, in dots."""

    dots: int


@dataclass(frozen=True, slots=True)
class Cut:
    """The knife."""

    partial: bool


@dataclass(frozen=True, slots=True)
class Pulse:
    """The cash drawer opens."""


Element = Row | Feed | Cut | Pulse


def lay_out(tokens: Iterable[Token], profile: Profile, modes: Modes | None = None) -> list[Element]:
    """The paper that the tokens make."""
    return list(_Printer(profile, modes or Modes()).run(tokens))


@dataclass(slots=True)
class _Bars:
    height: int = 162
    module: int = 3
    hri: int = 0


@dataclass
class _Printer:
    profile: Profile
    modes: Modes
    items: list[Item] = field(default_factory=list)
    x: int = 0
    bars: _Bars = field(default_factory=_Bars)
    symbols: dict[tuple[int, int], bytes] = field(default_factory=dict)
    stored: Picture | None = None
    downloaded: Picture | None = None
    logos: dict[int, Picture] = field(default_factory=dict)

    def run(self, tokens: Iterable[Token]) -> Iterator[Element]:
        for token in tokens:
            if token.kind is Kind.TEXT:
                yield from self._text(token.data)
            elif is_cut(token):
                yield from self._line(always=False)
                if token.name == "GS V" and len(token.data) == 4:
                    yield Feed(token.data[3] // self.profile.vertical_units)
                yield Cut(partial=(token.name != "GS V" and token.name == "ESC m") or token.data[2:3] in (b"\x01", b"1", b"B"))
            else:
                yield from self._command(token)
            if token.name == "ESC @":
                self.x, self.items, self.bars = 0, [], _Bars()
            advance(self.modes, token)
        yield from self._line(always=False)

    @property
    def _width(self) -> int:
        room = max(self.profile.dots - self.modes.margin, 12)
        return min(self.modes.width or room, room)

    @property
    def _style(self) -> Style:
        modes = self.modes
        return Style(
            font=modes.font & 1,
            bold=bool(modes.bold or modes.strike),
            underline=modes.underline,
            wide=(modes.size >> 4 & 7) + 1,
            high=(modes.size & 7) + 1,
            invert=bool(modes.invert),
            rotate=bool(modes.rotate),
            italic=bool(modes.italic),
            spacing=modes.spacing,
        )

    def _spacing(self) -> int:
        lines = self.modes.line_spacing
        return _LINE if lines is None else lines // self.profile.vertical_units

    def _line(self, *, always: bool = True) -> Iterator[Element]:
        if self.items:
            upside = bool(self.modes.upside)
            yield Row(self.items, self.modes.align, self.modes.margin, self._width, self._spacing(), upside)
        elif always:
            yield Feed(self._spacing())
        self.items, self.x = [], 0

    def _text(self, data: bytes) -> Iterator[Element]:
        style = self._style
        text = self.profile.decode(data, self.modes.page, self.modes.national)
        cell = style.cell[0]
        while text:
            room = max((self._width - self.x) // cell, 0)
            if room == 0:
                if not self.items and self.x == 0:
                    room = 1
                else:
                    yield from self._line()
                    continue
            part, text = text[:room], text[room:]
            self.items.append(Glyphs(self.x, part, style))
            self.x += cell * len(part)

    def _command(self, token: Token) -> Iterator[Element]:
        name, data = token.name, token.data
        if name == "LF" or (name == "FF" and self.modes.page_mode):
            yield from self._line()
        elif name == "ESC d":
            yield from self._line(always=False)
            yield Feed(token.argument * self._spacing())
        elif name == "ESC J":
            yield from self._line(always=False)
            yield Feed(token.argument // self.profile.vertical_units)
        elif name == "HT":
            self._tab()
        elif name == "ESC $":
            self.x = data[2] | data[3] << 8
        elif name == "ESC \\":
            step = int.from_bytes(data[2:4], "little", signed=True)
            self.x = max(self.x + step, 0)
        elif name == "ESC p" or (name == "DLE DC4" and token.argument == 1):
            yield Pulse()
        elif name == "ESC *":
            self._place(_column_strip(data))
        elif name in {"GS k", "GS h", "GS w", "GS H"}:
            yield from self._barcode(name, data)
        elif name == "GS ( k":
            yield from self._symbol(data)
        else:
            yield from self._graphics(token)

    def _tab(self) -> None:
        cell = self._style.cell[0]
        stops = [stop * cell for stop in self.modes.tabs] or [8 * cell * n for n in range(1, 33)]
        self.x = next((stop for stop in stops if stop > self.x), self.x)

    def _place(self, picture: Picture) -> None:
        picture.x = self.x
        self.items.append(picture)
        self.x += picture.width

    def _own_row(self, item: Item) -> Iterator[Element]:
        yield from self._line(always=False)
        yield Row([item], self.modes.align, self.modes.margin, self._width, 0, bool(self.modes.upside))

    def _barcode(self, name: str, data: bytes) -> Iterator[Element]:
        bars = self.bars
        if name == "GS h":
            bars.height = data[2] or 1
        elif name == "GS w":
            bars.module = min(max(data[2], 1), 6)
        elif name == "GS H":
            bars.hri = data[2] & 3
        else:
            content = data[3:-1] if data[2] <= 6 else data[4:]
            system = data[2] if data[2] <= 6 else data[2] - 65
            yield from self._own_row(Barcode(system, content, bars.height, bars.module, bars.hri))

    def _symbol(self, data: bytes) -> Iterator[Element]:
        if len(data) < 8:
            return
        system, function = data[5], data[6]
        if function != 81:
            self.symbols[system, function] = data[8:] if function == 80 else data[7:]
            return
        content = self.symbols.get((system, 80))
        if content is not None:
            module = self.symbols.get((system, 67), b"\x03")[0]
            level = self.symbols.get((system, 69), b"0")[0]
            yield from self._own_row(Symbol(system, content, min(max(module, 1), 16), level))

    def _graphics(self, token: Token) -> Iterator[Element]:
        name, data = token.name, token.data
        if name == "GS v" and len(data) >= 8:
            scale = (1 + (data[3] & 1), 1 + (data[3] >> 1 & 1))
            yield from self._own_row(_rows(data, 4, 8, scale))
        elif name in {"GS ( L", "GS 8 L"}:
            head = 5 if name == "GS ( L" else 7
            if prints_stored(token):
                if self.stored:
                    yield from self._own_row(self.stored)
            elif data[head + 1 : head + 2] == b"p" and len(data) > head + 10:
                wide, high = (int.from_bytes(data[head + at : head + at + 2], "little") for at in (6, 8))
                self.stored = Picture(0, wide, high, data[head + 10 :], scale=(data[head + 3] or 1, data[head + 4] or 1))
        elif name == "GS *":
            self.downloaded = Picture(0, data[2] * 8, data[3] * 8, data[4:], columns=True)
        elif name == "GS /" and self.downloaded:
            image = self.downloaded
            scale = (1 + (data[2] & 1), 1 + (data[2] >> 1 & 1))
            yield from self._own_row(Picture(0, image.pixels_wide, image.pixels_high, image.data, columns=True, scale=scale))
        elif name == "FS q":
            self._define_logos(data)
        elif name == "FS p" and token.argument in self.logos:
            yield from self._own_row(self.logos[token.argument])

    def _define_logos(self, data: bytes) -> None:
        at = 3
        for number in range(1, data[2] + 1):
            wide, high = (int.from_bytes(data[at + skip : at + skip + 2], "little") * 8 for skip in (0, 2))
            size = wide * high // 8
            self.logos[number] = Picture(0, wide, high, data[at + 4 : at + 4 + size], columns=True)
            at += 4 + size


def _rows(data: bytes, at: int, start: int, scale: tuple[int, int]) -> Picture:
    wide, high = (int.from_bytes(data[at + skip : at + skip + 2], "little") for skip in (0, 2))
    return Picture(0, wide * 8, high, data[start:], scale=scale)


def _column_strip(data: bytes) -> Picture:
    mode, columns = data[2], data[3] | data[4] << 8
    high = 24 if mode in (32, 33) else 8
    scale = (1 if mode in (1, 33) else 2, 1 if high == 24 else 3)
    return Picture(0, columns, high, data[5:], columns=True, scale=scale)
