"""A job as text: for people, for search, and for the layouts that read line items."""

from __future__ import annotations

from collections.abc import Iterable

from v5_spooler.escpos.profiles import Profile, to_logical
from v5_spooler.escpos.tokens import Token
from v5_spooler.receipt.paper import Barcode, Cut, Element, Feed, Glyphs, Picture, Row, Symbol, lay_out

__all__ = ["lines_of", "render_text"]


def lines_of(tokens: Iterable[Token], profile: Profile) -> list[str]:
    """The text lines in the order of reading, without alignment: what a layout's expressions are matched with."""
    rows = (_words(element) for element in lay_out(tokens, profile) if isinstance(element, Row))
    return [to_logical(row.rstrip()) for row in rows if row.strip()]


def render_text(tokens: Iterable[Token], profile: Profile) -> str:
    """The whole receipt as plain text, aligned, symbols and images named, cuts as a dashed line."""
    return "\n".join(line.rstrip() for element in lay_out(tokens, profile) for line in _element(element, profile.columns)) + "\n"


def _element(element: Element, columns: int) -> list[str]:
    if isinstance(element, Row):
        text = to_logical(_words(element) or " ".join(_name(item) for item in element.items))
        return [text.strip().center(columns) if element.align == 1 else text.strip().rjust(columns) if element.align == 2 else text]
    if isinstance(element, Feed):
        return [""] * min(round(element.dots / 30), 8)
    return [("- " * columns)[:columns]] if isinstance(element, Cut) else ["[drawer]"]


def _words(row: Row) -> str:
    text, at = "", 0
    for item in row.items:
        if isinstance(item, Glyphs):
            cell = item.style.cell[0]
            text += " " * max(round((item.x - at) / cell), 0) + item.text
            at = item.x + item.width
    return text


def _name(item: object) -> str:
    if isinstance(item, Barcode):
        return f"[barcode {item.data.decode('latin-1')}]"
    if isinstance(item, Symbol):
        kind = "QR" if item.system == 49 else "symbol"
        return f"[{kind} {item.data.decode('utf-8', 'replace')}]"
    return f"[image {item.width} x {item.height}]" if isinstance(item, Picture) else ""
