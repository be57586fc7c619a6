"""A small ESC/POS writer: sample receipts for the demo, fixtures for the tests, and the virtual till."""

from __future__ import annotations

from typing import Literal, Self

from v5_spooler.escpos.profiles import Profile, to_visual

__all__ = ["Writer", "qr_commands"]

_ALIGN = {"left": 0, "center": 1, "right": 2}


def qr_commands(content: bytes, size: int = 6, level: int = 49) -> bytes:
    """Model 2, module size, error correction, store, print."""
    store = len(content) + 3
    return b"".join(
        (
            b"\x1d(k\x04\x001A2\x00",
            bytes((0x1D, 0x28, 0x6B, 3, 0, 49, 67, size)),
            bytes((0x1D, 0x28, 0x6B, 3, 0, 49, 69, level)),
            bytes((0x1D, 0x28, 0x6B, store & 0xFF, store >> 8, 49, 80, 48)) + content,
            b"\x1d(k\x03\x001Q0",
        )
    )


class Writer:
    """Builds a job, call after call; `bytes` of it is the job."""

    def __init__(self, profile: Profile, page: int | None = None) -> None:
        self.profile = profile
        self._out = bytearray()
        self.page = profile.prefer[0] if page is None and profile.prefer else page or 0

    def raw(self, data: bytes) -> Self:
        """Bytes as they are."""
        self._out += data
        return self

    def start(self) -> Self:
        """ESC @ and the code page."""
        return self.raw(b"\x1b@").raw(bytes((0x1B, 0x74, self.page)))

    def text(self, text: str) -> Self:
        """Text without a line end, in the code page, Hebrew in visual order; letters that the page lacks become '?'."""
        codec = self.profile.pages[self.page]
        return self.raw(to_visual(text).encode(codec, "replace"))

    def line(self, text: str = "", *, align: Literal["left", "center", "right"] = "left", bold: bool = False, size: int = 0) -> Self:
        """A whole line with its own style, set back after it."""
        before = (bytes((0x1B, 0x61, _ALIGN[align])) if align != "left" else b"") + (b"\x1bE\x01" if bold else b"")
        after = (b"\x1bE\x00" if bold else b"") + (b"\x1ba\x00" if align != "left" else b"")
        scale = bytes((0x1D, 0x21, size))
        self.raw(before + (scale if size else b"")).text(text).raw(b"\n")
        return self.raw((b"\x1d!\x00" if size else b"") + after)

    def columns(self, left: str, right: str) -> Self:
        """A line with something at both edges."""
        room = self.profile.columns - len(right) - 1
        return self.line(f"{left[:room]:<{room}} {right}")

    def rule(self, letter: str = "-") -> Self:
        """A line across the paper."""
        return self.line(letter * self.profile.columns)

    def qr(self, content: str, size: int = 4) -> Self:
        """A native QR code, centred."""
        return self.raw(b"\x1ba\x01" + qr_commands(content.encode(), size) + b"\x1ba\x00")

    def feed(self, lines: int) -> Self:
        """ESC d n."""
        return self.raw(bytes((0x1B, 0x64, lines)))

    def cut(self, *, feed: int | None = None, partial: bool = False) -> Self:
        """GS V; with `feed`, the kind that moves the paper first."""
        return self.raw(bytes((0x1D, 0x56, int(partial))) if feed is None else bytes((0x1D, 0x56, 65 + int(partial), feed)))

    def pulse(self) -> Self:
        """Opens the cash drawer."""
        return self.raw(b"\x1bp\x00\x19\xfa")

    def __bytes__(self) -> bytes:
        return bytes(self._out)
