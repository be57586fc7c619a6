"""Glyphs for receipts: DejaVu Sans Mono, DejaVu Sans for what it lacks (Hebrew); Pillow's own font where neither is installed."""

from __future__ import annotations

import sys
from functools import cache
from typing import Final

from PIL import Image, ImageDraw, ImageFont

__all__ = ["glyph", "have_fonts"]

_FILES: Final = {
    (False, False): "DejaVuSansMono.ttf",
    (True, False): "DejaVuSansMono-Bold.ttf",
    (False, True): "DejaVuSans.ttf",
    (True, True): "DejaVuSans-Bold.ttf",
}
# The share of a cell's height that the letters' size takes, so that the advance fills the cell's width.
_ASCENT: Final = 0.80


@cache
def have_fonts() -> bool:
    """DejaVu is there (Debian: fonts-dejavu-core); says once on stderr when it is not."""
    try:
        ImageFont.truetype(_FILES[False, False], 12)
    except OSError:
        sys.stderr.write("Receipts are drawn with a plain built-in font: install fonts-dejavu-core for Portuguese and Hebrew letters.\n")
        return False
    return True


@cache
def _font(size: int, *, bold: bool, fallback: bool) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    if not have_fonts():
        return ImageFont.load_default(size)
    return ImageFont.truetype(_FILES[bold, fallback], size, layout_engine=ImageFont.Layout.BASIC)


@cache
def _missing(size: int, *, bold: bool) -> bytes:
    font = _font(size, bold=bold, fallback=False)
    return bytes(font.getmask("\uffff"))


@cache
def glyph(letter: str, width: int, height: int, *, bold: bool) -> Image.Image:
    """One character in a cell of this size, black 255 on 0: a mask to paint through."""
    # Drawn for the cell's larger measure and then fitted, so that double width or height stays crisp.
    size = max(round(height * 0.83), 6)
    font = _font(size, bold=bold, fallback=False)
    if have_fonts() and letter > "\x7f" and bytes(font.getmask(letter)) == _missing(size, bold=bold):
        font = _font(size, bold=bold, fallback=True)
    natural = max(round(font.getlength(letter)), 1)
    cell = Image.new("L", (max(natural, round(size * 0.602)), height), 0)
    left = (cell.width - natural) // 2
    ImageDraw.Draw(cell).text((left, round(height * _ASCENT)), letter, font=font, fill=255, anchor="ls")
    return cell if cell.width == width else cell.resize((width, height), Image.Resampling.LANCZOS)
