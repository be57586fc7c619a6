"""How long each ESC/POS command is: the table that keeps the tokenizer from ever guessing.

A length is a number of bytes, or a function that looks at the bytes present and says how many the command has in all,
`None` when it cannot know yet, or `UNKNOWN` when the bytes are no command this table knows.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

__all__ = ["DLE", "ESC", "FS", "GS", "MAX_COMMAND", "UNKNOWN", "Length", "lengths"]

ESC, FS, GS, DLE = 0x1B, 0x1C, 0x1D, 0x10
UNKNOWN: Final = -1
# No real command is larger; a wild length must not swallow the jobs of a whole day.
MAX_COMMAND: Final = 16 * 1024 * 1024

Sizer = Callable[[bytes | bytearray, int], int | None]
Length = int | Sizer


def _little(buffer: bytes | bytearray, at: int, count: int) -> int | None:
    if len(buffer) < at + count:
        return None
    return int.from_bytes(buffer[at : at + count], "little")


def _counted(header: int, at: int, width: int = 2) -> Sizer:
    """`header` bytes, of which `width` at `at` (from the command's start) count what follows."""

    def size(buffer: bytes | bytearray, start: int) -> int | None:
        count = _little(buffer, start + at, width)
        return None if count is None else header + count

    return size


def _area(header: int, at: int, scale: int = 1, width: int = 2) -> Sizer:
    """`header` bytes, then x * y * scale bytes of image, x and y being `width` bytes wide at `at`."""

    def size(buffer: bytes | bytearray, start: int) -> int | None:
        x, y = _little(buffer, start + at, width), _little(buffer, start + at + width, width)
        return None if x is None or y is None else header + x * y * scale

    return size


def _by_byte(at: int, sizes: dict[int, Length], default: int = UNKNOWN) -> Sizer:
    """The byte at `at` selects the variant."""

    def size(buffer: bytes | bytearray, start: int) -> int | None:
        if len(buffer) <= start + at:
            return None
        length = sizes.get(buffer[start + at], default)
        return length if isinstance(length, int) else length(buffer, start)

    return size


def _until_nul(header: int, limit: int) -> Sizer:
    def size(buffer: bytes | bytearray, start: int) -> int | None:
        end = buffer.find(0, start + header, start + header + limit)
        if end >= 0:
            return end - start + 1
        return None if len(buffer) < start + header + limit else UNKNOWN

    return size


def _columns(step: int) -> Sizer:
    """ESC *: nL nH columns of `step` bytes."""

    def size(buffer: bytes | bytearray, start: int) -> int | None:
        columns = _little(buffer, start + 3, 2)
        return None if columns is None else 5 + columns * step

    return size


def _user_characters(buffer: bytes | bytearray, start: int) -> int | None:
    if len(buffer) < start + 5:
        return None
    height, first, last = buffer[start + 2], buffer[start + 3], buffer[start + 4]
    if not 1 <= height <= 4 or last < first:
        return UNKNOWN
    at = start + 5
    for _ in range(first, last + 1):
        if len(buffer) <= at:
            return None
        at += 1 + buffer[at] * height
    return at - start


def _nv_images(buffer: bytes | bytearray, start: int) -> int | None:
    if len(buffer) < start + 3:
        return None
    at = start + 3
    for _ in range(buffer[start + 2]):
        x, y = _little(buffer, at, 2), _little(buffer, at + 2, 2)
        if x is None or y is None:
            return None
        at += 4 + x * y * 8
    return at - start


def _bitmap_file(buffer: bytes | bytearray, start: int) -> int | None:
    if len(buffer) < start + 15:
        return None
    if bytes(buffer[start + 9 : start + 11]) != b"BM":
        return UNKNOWN
    size = _little(buffer, start + 11, 4)
    return None if size is None else 9 + size


def _counter_text(buffer: bytes | bytearray, start: int) -> int | None:
    at = start + 3
    for _ in range(5):
        at = buffer.find(b";", at, start + 64) + 1
        if at == 0:
            return None if len(buffer) < start + 64 else UNKNOWN
    return at - start


def _each(text: str, length: Length) -> dict[int, Length]:
    return dict.fromkeys(text.encode("latin-1"), length)


_CUT: dict[int, Length] = {**dict.fromkeys((0, 1, 48, 49), 3), **dict.fromkeys((65, 66, 97, 98, 103, 104), 4)}
_BARCODE: dict[int, Length] = {**dict.fromkeys(range(7), _until_nul(3, 256)), **dict.fromkeys(range(65, 80), _counted(4, 3, 1))}

_ESC: dict[int, Length] = {
    **_each("@2imLS\x0c<v", 2),
    **_each(" !-3=?EGJKMRTUVadert{u%", 3),
    **_each("$\\Bcf", 4),
    **_each("p", 5),
    **_each("W", 10),
    ord("("): _counted(5, 3),
    ord("?"): 3,
    ord("*"): _by_byte(2, {0: _columns(1), 1: _columns(1), 32: _columns(3), 33: _columns(3)}),
    ord("D"): _until_nul(2, 33),
    ord("&"): _user_characters,
}
_GS: dict[int, Length] = {
    **_each(":<c", 2),
    **_each("!#/BEHITabfhjrwx", 3),
    **_each("$\\ALPW", 4),
    **_each("^z", 5),
    ord("("): _counted(5, 3),
    ord("8"): _counted(7, 3, 4),
    ord("*"): _area(4, 2, 8, 1),
    ord("C"): _by_byte(2, {0: 5, 48: 5, 1: 9, 49: 9, 2: 5, 50: 5, ord(";"): _counter_text}),
    ord("D"): _bitmap_file,
    ord("Q"): _by_byte(2, {0: _area(8, 4), 48: _area(8, 4)}),
    ord("V"): _by_byte(2, _CUT),
    ord("g"): 6,
    ord("k"): _by_byte(2, _BARCODE),
    ord("v"): _by_byte(2, {0: _area(8, 4), 48: _area(8, 4)}),
}
_FS: dict[int, Length] = {
    **_each("&.", 2),
    **_each("!-CW", 3),
    **_each("p?S", 4),
    ord("("): _counted(5, 3),
    ord("2"): 76,
    ord("g"): _by_byte(2, {ord("1"): _counted(10, 8), ord("2"): 10}),
    ord("q"): _nv_images,
}
_DLE: dict[int, Length] = {
    0x04: _by_byte(2, {7: 4, 8: 4, 18: 4}, 3),
    0x05: 3,
    0x14: _by_byte(2, {1: 5, 2: 5, 3: 8, 7: 4, 8: 10}),
}
_STANDARD: Final = {ESC: _ESC, GS: _GS, FS: _FS, DLE: _DLE}


def lengths(overrides: dict[str, int] | None = None) -> dict[int, dict[int, Length]]:
    """The table, with a profile's own lengths ("ESC 4" -> 2) laid over it."""
    table = {lead: dict(commands) for lead, commands in _STANDARD.items()}
    leads = {"ESC": ESC, "GS": GS, "FS": FS, "DLE": DLE}
    for name, length in (overrides or {}).items():
        lead, _, letter = name.partition(" ")
        if lead not in leads or len(letter) != 1 or not 2 <= length <= 64:
            raise ValueError(f"{name!r} = {length}: a command is written like 'ESC 4', its length is 2 to 64 bytes")
        table[leads[lead]][ord(letter)] = length
    return table
