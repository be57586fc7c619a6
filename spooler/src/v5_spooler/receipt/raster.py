"""Bit images and symbols as Pillow pictures (mode L, black on white), and reading QR codes that were sent as images."""

from __future__ import annotations

import io
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final, cast

import segno
import zxingcpp
from PIL import Image, ImageOps
from segno import encoder

from v5_spooler.escpos.profiles import Profile
from v5_spooler.escpos.tokens import Token
from v5_spooler.receipt.paper import Barcode, Picture, Row, Symbol, lay_out

if TYPE_CHECKING:
    from typing_extensions import Buffer

__all__ = ["barcode_modules", "barcode_text", "picture_image", "qr_raster", "read_codes", "symbol_image"]

_FORMAT = zxingcpp.BarcodeFormat
# GS k by system number, A form (0 to 6) and B form (65 on, minus 65) agree up to 6.
_SYSTEMS: Final = {
    0: _FORMAT.UPCA,
    1: _FORMAT.UPCE,
    2: _FORMAT.EAN13,
    3: _FORMAT.EAN8,
    4: _FORMAT.Code39,
    5: _FORMAT.ITF,
    6: _FORMAT.Codabar,
    7: _FORMAT.Code93,
    8: _FORMAT.Code128,
}
_MATRICES: Final = {48: _FORMAT.PDF417, 53: _FORMAT.Aztec, 54: _FORMAT.DataMatrix}
# Content without its check digit, by system: the printer adds it, under the bars too.
_UNCHECKED: Final = {0: 11, 2: 12, 3: 7}
_LEVELS: Final = {48: "L", 49: "M", 50: "Q", 51: "H"}


def picture_image(picture: Picture) -> Image.Image:
    """The pixels of a bit image, scaled to dots."""
    wide, high = picture.pixels_wide, picture.pixels_high
    if picture.columns:
        # Column format is row format turned by a quarter and mirrored.
        size = (high, wide)
        image = _bits(picture.data, size).transpose(Image.Transpose.TRANSPOSE)
    else:
        image = _bits(picture.data, (wide, high))
    return image.resize((picture.width, picture.height), Image.Resampling.NEAREST) if picture.scale != (1, 1) else image


def _bits(data: bytes, size: tuple[int, int]) -> Image.Image:
    need = (size[0] + 7) // 8 * size[1]
    if not need:
        return Image.new("L", (max(size[0], 1), max(size[1], 1)), 255)
    return ImageOps.invert(Image.frombytes("1", size, data[:need].ljust(need, b"\0")).convert("L"))


def _drawn(content: str | bytes, form: zxingcpp.BarcodeFormat) -> Image.Image | None:
    # One pixel a module; None when the content does not fit the symbology.
    try:
        pixels = zxingcpp.create_barcode(content, form).to_image(scale=1, add_quiet_zones=False)
    except (ValueError, RuntimeError):
        return None
    high, wide = pixels.shape
    return Image.frombytes("L", (wide, high), bytes(memoryview(cast("Buffer", pixels))))


def barcode_modules(barcode: Barcode) -> list[bool] | None:
    """Dark and light modules of a one-dimensional code; None when the data is no such code (printers print nothing then)."""
    form = _SYSTEMS.get(barcode.system)
    text = barcode_text(barcode)
    if form is None or not text:
        return None
    image = _drawn(text, form)
    return [image.getpixel((x, 0)) == 0 for x in range(image.width)] if image else None


def barcode_text(barcode: Barcode) -> str:
    """The content as it stands under the bars: without CODE128's code set marks, EAN and UPC with their check digit."""
    text = barcode.data.decode("latin-1")
    if text.isascii() and text.isdigit() and len(text) == _UNCHECKED.get(barcode.system):
        weighted = sum(int(digit) * (1 if place % 2 else 3) for place, digit in enumerate(reversed(text)))
        return text + str(-weighted % 10)
    if barcode.system == 8:
        text = text.replace("{{", "{") if not text.startswith("{") else _code128(barcode.data)
    elif barcode.system == 4:
        text = text.strip("*")
    elif barcode.system == 1 and len(text) >= 11:
        text = text[:11]
    return text


def _code128(data: bytes) -> str:
    out, at, numeric = [], 0, False
    while at < len(data):
        if data[at] == ord("{") and at + 1 < len(data):
            mark = chr(data[at + 1])
            numeric = mark == "C" if mark in "ABC" else numeric
            if mark == "{":
                out.append("{")
            at += 2
        else:
            out.append(f"{data[at]:02d}" if numeric else chr(data[at]))
            at += 1
    return "".join(out)


def symbol_image(symbol: Symbol) -> Image.Image | None:
    """A two-dimensional symbol in dots; None when it cannot be drawn."""
    if symbol.system == 49:
        return qr_raster(symbol.data, symbol.module, _LEVELS.get(symbol.level, "L"))
    form = _MATRICES.get(symbol.system)
    if form is None:
        return None
    picture = _drawn(symbol.data, form)
    if picture is None:
        return None
    return picture.resize((picture.width * symbol.module, picture.height * symbol.module), Image.Resampling.NEAREST)


def qr_raster(content: bytes, module: int, level: str = "M") -> Image.Image | None:
    """A QR code without quiet zone."""
    try:
        code = segno.make_qr(content.decode("utf-8", "replace") or " ", error=level, boost_error=False)
    except (ValueError, encoder.DataOverflowError):
        return None
    file = io.BytesIO()
    code.save(file, kind="png", scale=module, border=0)
    file.seek(0)
    with Image.open(file) as image:
        return image.convert("L")


def read_codes(tokens: Iterable[Token], profile: Profile) -> list[str]:
    """The content of QR codes that the job prints as images; strips that stand one under the other are put together first."""
    found: list[str] = []
    strips: list[Image.Image] = []
    for element in [*lay_out(tokens, profile), None]:
        pictures = [item for item in element.items if isinstance(item, Picture)] if isinstance(element, Row) else []
        strips += [picture_image(picture) for picture in pictures]
        if not pictures and strips:
            found += _decode(strips)
            strips = []
    return found


def _decode(strips: list[Image.Image]) -> list[str]:
    width, height = max(strip.width for strip in strips), sum(strip.height for strip in strips)
    if width < 21 or height < 21:
        return []
    sheet, top = Image.new("L", (width + 40, height + 40), 255), 20
    for strip in strips:
        sheet.paste(strip, (20, top))
        top += strip.height
    return [code.text for code in zxingcpp.read_barcodes(sheet, formats=zxingcpp.BarcodeFormats([_FORMAT.QRCode]))]
