"""A job as a picture of the paper, at the printer's own dots."""

from __future__ import annotations

import io
from collections.abc import Iterable
from typing import Final

from PIL import Image, ImageChops, ImageDraw

from v5_spooler.escpos.modes import Modes
from v5_spooler.escpos.profiles import Profile
from v5_spooler.escpos.tokens import Token
from v5_spooler.receipt.fonts import glyph
from v5_spooler.receipt.paper import Barcode, Cut, Element, Feed, Glyphs, Item, Picture, Row, Style, Symbol, lay_out
from v5_spooler.receipt.raster import barcode_modules, barcode_text, picture_image, symbol_image

__all__ = ["render_png"]

_MARGIN: Final = 36
_EDGE: Final = 14
_PAPER: Final = 253
_DESK: Final = 236
_CUT: Final = 44
_HRI: Final = 22
# Longer paper than this (about six metres) is not drawn to its end.
_LONGEST: Final = 48_000


def render_png(tokens: Iterable[Token], profile: Profile, modes: Modes | None = None) -> bytes:
    """The receipt as PNG: white paper with a torn edge above and below, cuts as dashed lines."""
    sheets = [sheet for element in lay_out(tokens, profile, modes) if (sheet := _draw(element, profile)) is not None]
    height = min(sum(sheet.height for sheet in sheets) + 2 * _MARGIN, _LONGEST)
    paper = Image.new("L", (profile.dots + 2 * _MARGIN, max(height, 120)), _PAPER)
    top = _MARGIN
    for sheet in sheets:
        if top >= _LONGEST:
            break
        paper.paste(sheet, (_MARGIN if sheet.width <= profile.dots else 0, top))
        top += sheet.height
    file = io.BytesIO()
    _torn(paper).save(file, "PNG", optimize=True)
    return file.getvalue()


def _torn(paper: Image.Image) -> Image.Image:
    # A saw edge above and below, and a faint shade, so that the paper stands out from any page.
    width, height = paper.size[0] + 2 * _EDGE, paper.size[1] + 2 * _EDGE
    outline = [(_EDGE, _EDGE + 6)]
    for x in range(_EDGE, width - _EDGE, 12):
        outline += [(x + 6, _EDGE), (min(x + 12, width - _EDGE), _EDGE + 6)]
    bottom = [(width - x, height - y) for x, y in outline]
    shape = Image.new("L", (width, height), 0)
    ImageDraw.Draw(shape).polygon(outline + bottom, fill=255)
    desk = Image.new("L", (width, height), 255)
    for step, shade in ((4, 247), (3, 241), (2, _DESK), (1, 228)):
        desk.paste(shade, (0, step), shape.crop((0, 0, width, height - step)))
    desk.paste(paper, (_EDGE, _EDGE), shape.crop((_EDGE, _EDGE, width - _EDGE, height - _EDGE)))
    return desk


def _draw(element: Element, profile: Profile) -> Image.Image | None:
    if isinstance(element, Row):
        return _row(element, profile)
    if isinstance(element, Feed) and element.dots > 0:
        return Image.new("L", (profile.dots, element.dots), _PAPER)
    if isinstance(element, Cut):
        return _cut(profile)
    return None


def _cut(profile: Profile) -> Image.Image:
    width = profile.dots + 2 * _MARGIN
    sheet = Image.new("L", (width, _CUT), _PAPER)
    draw = ImageDraw.Draw(sheet)
    for x in range(0, width, 18):
        draw.line((x, _CUT // 2, x + 9, _CUT // 2), fill=160, width=2)
    return sheet


def _row(row: Row, profile: Profile) -> Image.Image:
    sheets = [(item, _item(item)) for item in row.items]
    used = max((item.x + sheet.width for item, sheet in sheets), default=0)
    height = max((sheet.height for _, sheet in sheets), default=0)
    left = row.margin + {1: max((row.width - used) // 2, 0), 2: max(row.width - used, 0)}.get(row.align, 0)
    canvas = Image.new("L", (profile.dots, max(row.advance, height)), _PAPER)
    for item, sheet in sheets:
        # Letters of different size stand on one base line.
        _darken(canvas, sheet, (left + item.x, height - sheet.height))
    return canvas.rotate(180) if row.upside else canvas


def _darken(canvas: Image.Image, sheet: Image.Image, at: tuple[int, int]) -> None:
    box = (at[0], at[1], at[0] + sheet.width, at[1] + sheet.height)
    canvas.paste(ImageChops.darker(canvas.crop(box), sheet), at)


def _item(item: Item) -> Image.Image:
    if isinstance(item, Glyphs):
        return _glyphs(item)
    if isinstance(item, Picture):
        return picture_image(item)
    if isinstance(item, Symbol):
        return symbol_image(item) or _label(f"[{item.data.decode('utf-8', 'replace')[:24]}]")
    return _barcode(item)


def _glyphs(run: Glyphs) -> Image.Image:
    style = run.style
    width, height = style.cell
    ink = (width // style.wide - style.spacing) * style.wide
    sheet = Image.new("L", (max(width * len(run.text), 1), height), 255)
    for index, letter in enumerate(run.text):
        if letter == " ":
            continue
        mask = glyph(letter, ink, height, bold=style.bold)
        if style.rotate:
            mask = mask.rotate(-90, expand=True).resize((ink, height))
        sheet.paste(0, (index * width, 0), mask)
    if style.italic:
        slant = (1, 0.2, -0.1 * height, 0, 1, 0)
        sheet = sheet.transform(sheet.size, Image.Transform.AFFINE, slant, Image.Resampling.BILINEAR, fillcolor=255)
    if style.underline:
        line = height - 1 - (style.underline - 1)
        ImageDraw.Draw(sheet).rectangle((0, line - 1, sheet.width, height - 1), fill=0)
    return ImageChops.invert(sheet) if style.invert else sheet


def _label(text: str) -> Image.Image:
    return _glyphs(Glyphs(0, text, _PLAIN))


def _barcode(barcode: Barcode) -> Image.Image:
    modules = barcode_modules(barcode)
    if not modules:
        return _label(f"[barcode {barcode.data.decode('latin-1')[:30]}]")
    text = barcode_text(barcode)
    above, below = (_HRI if barcode.hri & side else 0 for side in (1, 2))
    width = len(modules) * barcode.module
    sheet = Image.new("L", (max(width, 12 * len(text) if barcode.hri else 0), barcode.bar_height + above + below), 255)
    draw, left = ImageDraw.Draw(sheet), (sheet.width - width) // 2
    for index, dark in enumerate(modules):
        if dark:
            x = left + index * barcode.module
            draw.rectangle((x, above, x + barcode.module - 1, above + barcode.bar_height - 1), fill=0)
    for top in [0] * bool(above) + [above + barcode.bar_height] * bool(below):
        label = _label(text)
        sheet.paste(label.crop((0, 2, label.width, 24)), ((sheet.width - label.width) // 2, top))
    return sheet


_PLAIN: Final = Style()
