"""The loyalty footer as ESC/POS, set down in the middle of a till's job and leaving no trace in the printer's modes."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import Final

from PIL import Image

from v5_core.hooks import ReceiptLine
from v5_spooler.escpos.modes import Modes, commands, difference
from v5_spooler.escpos.profiles import Profile, reads_from_right
from v5_spooler.escpos.writer import qr_commands
from v5_spooler.receipt.raster import qr_raster

__all__ = ["compose_footer"]

_ALIGN: Final = {"left": 0, "center": 1, "right": 2}
_WORDS: Final = {
    "€": "EUR",
    "₪": 'ש"ח',
    "…": "...",
    "–": "-",
    "—": "-",
    "“": '"',
    "”": '"',
    "’": "'",
    "‘": "'",
    "•": "*",
    # Hebrew punctuation that no page has, as tills write it.
    "״": '"',
    "׳": "'",
    "־": "-",
}
_QR_MODULE: Final = 5
_ALWAYS: Final = ("font", "bold", "underline", "size", "invert", "upside", "align")


def compose_footer(lines: Sequence[ReceiptLine], modes: Modes, profile: Profile) -> bytes:
    """Bytes to insert where the printer is in `modes`; afterwards it is in the same modes, at the start of a line.

    Every mode is set outright: `ESC @` would drop the till's own settings and what stands in the line buffer.
    """
    if not lines:
        return b""
    plain = Modes(page=modes.page, symbol=modes.symbol)
    out = bytearray(b"" if modes.at_line_start else b"\n")
    # Outright, not only what is known to differ: a till may have set the printer before this process was there to see it.
    known = commands(plain)
    out += b"".join(known[name] for name in _ALWAYS) + difference(modes, plain)
    if modes.width is not None:
        out += bytes((0x1D, 0x57, profile.dots & 0xFF, profile.dots >> 8))
    out += b"\n"
    now = plain.copy()
    for line in lines:
        out += _line(line, now, profile)
    out += b"\n"
    now.at_line_start = True
    out += difference(now, modes)
    if lines and any(line.qr for line in lines) and profile.qr:
        out += b"".join(data for _, data in sorted(modes.symbol.items()))
    return bytes(out)


def _line(line: ReceiptLine, now: Modes, profile: Profile) -> bytes:
    want = now.copy()
    # A line begins at the side from which it is read.
    align = "right" if line.align == "left" and reads_from_right(line.text) else line.align
    want.align, want.bold, want.size = _ALIGN[align], int(line.bold), 0x11 if line.large else 0
    out = bytearray()
    if line.qr:
        want.align, want.bold, want.size = 1, 0, 0
        out += difference(now, want) + _qr(line.qr, profile)
        _become(now, want)
        if not line.text:
            return bytes(out)
        want = now.copy()
        want.bold = int(line.bold)
    columns = profile.columns // (2 if line.large else 1)
    for part in _wrap(line.text, columns):
        page, data = _encode(part, now.page, profile)
        want.page = page
        out += difference(now, want) + data + b"\n"
        _become(now, want)
    return bytes(out)


def _become(now: Modes, want: Modes) -> None:
    now.align, now.bold, now.size, now.page = want.align, want.bold, want.size, want.page


def _qr(content: str, profile: Profile) -> bytes:
    if profile.qr:
        return qr_commands(content.encode(), _QR_MODULE) + b"\n"
    image = qr_raster(content.encode(), _QR_MODULE)
    return _raster(image) if image else b""


def _raster(image: Image.Image) -> bytes:
    wide = (image.width + 7) // 8
    sheet = Image.new("L", (wide * 8, image.height), 255)
    sheet.paste(image, (0, 0))
    dots = bytes(value ^ 0xFF for value in sheet.convert("1").tobytes())
    return b"\x1dv0\x00" + bytes((wide & 0xFF, wide >> 8, image.height & 0xFF, image.height >> 8)) + dots + b"\n"


def _wrap(text: str, columns: int) -> list[str]:
    lines: list[str] = [""]
    for word in text.split(" ") if len(text) > columns else [text]:
        joined = f"{lines[-1]} {word}" if lines[-1] else word
        if len(joined) <= columns:
            lines[-1] = joined
        else:
            lines += [word[at : at + columns] for at in range(0, len(word), columns)]
    return [line for line in lines if line] or [""]


def _encode(text: str, current: int, profile: Profile) -> tuple[int, bytes]:
    for attempt in (text, _spelled(text), _unaccented(_spelled(text))):
        found = profile.encode(attempt, current)
        if found:
            return found
    return current, _unaccented(_spelled(text)).encode("ascii", "replace")


def _spelled(text: str) -> str:
    return "".join(_WORDS.get(letter, letter) for letter in text)


def _unaccented(text: str) -> str:
    return "".join(letter for letter in unicodedata.normalize("NFKD", text) if not unicodedata.combining(letter))
