"""Bytes of a SAF-T file as an XML parser can take them: what real files get wrong is repaired on the way, chunk by chunk.

Repaired: a byte-order mark, anything before the root (a browser's banner, blank lines), characters that XML forbids, bare
ampersands, unknown entities, an encoding that is not declared or not kept. Each repair is counted, for people to see.
"""

from __future__ import annotations

import codecs
import re
from collections import Counter
from typing import IO, Final

from v5_core.errors import ValidationError

__all__ = ["RepairedStream"]

_HEAD: Final = 65_536
_START: Final = re.compile(rb"<\?xml|<(?:[A-Za-z_][\w.-]*:)?AuditFile\b")
_ROOT: Final = re.compile(rb"<(?:[A-Za-z_][\w.-]*:)?AuditFile\b")
_NAMESPACE: Final = re.compile(rb"""\sxmlns\s*=\s*(?:"[^"<>]*"|'[^'<>]*')""")
_DECLARED: Final = re.compile(rb"<\?xml[^>]*?encoding\s*=\s*[\"']([A-Za-z0-9._-]+)[\"']")
_AMPERSAND: Final = re.compile(
    rb"&(?!(?:amp|lt|gt|quot|apos|#[0-9]{1,7}|#x[0-9A-Fa-f]{1,6});)"
    rb"|&#(?:[0-8]|1[124-9]|2[0-9]|3[01]|x0?[0-8bcefBCEF]|x1[0-9A-Fa-f]);"
)
_LONGEST_ENTITY: Final = 12
_FORBIDDEN: Final = bytes(byte for byte in range(32) if byte not in b"\t\n\r")
# Five bytes mean nothing in Windows-1252, and libxml2 stops at them.
_CP1252: Final = bytes.maketrans(b"\x81\x8d\x8f\x90\x9d", b"?????")
_SINGLE_BYTE: Final = {"cp1252": "windows-1252", "iso8859-1": "windows-1252", "iso8859-15": "iso-8859-15", "ascii": "windows-1252"}


class RepairedStream:
    """A readable of repaired bytes.

    Attributes:
        encoding: What the parser must be told.
        repairs: How often each repair was needed.
    """

    def __init__(self, raw: IO[bytes]) -> None:
        self._raw = raw
        self.repairs: Counter[str] = Counter()
        head = raw.read(_HEAD)
        self._decoder: codecs.IncrementalDecoder | None = None
        self._mixed = False
        self._tail = b""
        self._rest = b""
        self.encoding = "utf-8"
        self._ready = self._open(head)

    def read(self, size: int = -1) -> bytes:
        """The next repaired bytes; about as many as asked for, none only at the end."""
        while True:
            if self._ready:
                chunk, self._ready = self._ready, b""
                return chunk
            raw = self._raw.read(size if size > 0 else _HEAD)
            out = self._repair(self._decode(raw), last=not raw)
            if out or not raw:
                return out

    def _open(self, head: bytes) -> bytes:
        if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            self._decoder = codecs.getincrementaldecoder("utf-16")("replace")
            head = self._decoder.decode(head).encode()
        start = _START.search(head)
        if start is None:
            raise ValidationError("no AuditFile element: this is not a SAF-T (PT) file", code="not_saft")
        if head[: start.start()].removeprefix(codecs.BOM_UTF8).strip():
            self.repairs["junk_before_root"] += 1
        head = head[start.start() :]
        root = _ROOT.search(head)
        if b"<!DOCTYPE" in head[: root.start() if root else len(head)]:
            raise ValidationError("a DOCTYPE is not accepted in a SAF-T file", code="doctype")
        end = head.find(b">", root.start()) + 1 if root else 0
        if root and end:
            # The namespace differs from version to version and means nothing to us; without it every element's name is read faster.
            head = head[: root.start()] + _NAMESPACE.sub(b"", head[root.start() : end]) + head[end:]
        if self._decoder is None:
            self._choose(head)
            head = self._decode(head)
        return self._repair(head, last=False)

    def _choose(self, head: bytes) -> None:
        declared = _DECLARED.match(head)
        try:
            name = codecs.lookup(declared[1].decode()).name if declared else ""
        except LookupError:
            name = ""
        if name in _SINGLE_BYTE and not _is_utf8(head):
            self.encoding = _SINGLE_BYTE[name]
            return
        if name in _SINGLE_BYTE:
            self.repairs["really_utf8"] += 1
        if not declared:
            self.repairs["no_declaration"] += 1
        # Anything else that can stand here undecoded is UTF-8, or claims to be; bytes that are not show it was Windows-1252.
        self._mixed = True

    def _decode(self, raw: bytes) -> bytes:
        if self._decoder is not None:
            return self._decoder.decode(raw, not raw).encode()
        if self.encoding != "utf-8":
            return raw.translate(_CP1252) if self.encoding == "windows-1252" else raw
        return self._utf8(raw)

    def _utf8(self, raw: bytes) -> bytes:
        """Checked UTF-8; from the first byte that is none, the rest is taken as Windows-1252."""
        data = self._rest + raw
        self._rest = b""
        if data.isascii():
            return data
        try:
            data.decode()
            return data
        except UnicodeDecodeError as error:
            # A character cut by the end of the chunk is no error.
            if raw and error.reason == "unexpected end of data" and error.start > len(data) - 4:
                self._rest = data[error.start :]
                return data[: error.start]
            self.repairs["wrong_encoding"] += 1
            self._decoder = codecs.getincrementaldecoder("cp1252")("replace")
            return data[: error.start] + self._decoder.decode(data[error.start :]).encode()

    def _repair(self, data: bytes, *, last: bool) -> bytes:
        data = self._tail + data
        self._tail = b""
        if not last:
            cut = data.rfind(b"&", len(data) - _LONGEST_ENTITY if len(data) > _LONGEST_ENTITY else 0)
            if cut >= 0 and b";" not in data[cut:]:
                self._tail = data[cut:]
                data = data[:cut]
        clean = data.translate(None, _FORBIDDEN)
        if len(clean) != len(data):
            self.repairs["forbidden_characters"] += len(data) - len(clean)
        if b"&" in clean:
            clean, count = _AMPERSAND.subn(_escape, clean)
            if count:
                self.repairs["bare_ampersands"] += count
        return clean


def _is_utf8(head: bytes) -> bool:
    """Whether letters beyond ASCII stand there as UTF-8: text of one byte a letter never looks like it by chance."""
    if head.isascii():
        return False
    try:
        head.decode()
    except UnicodeDecodeError as error:
        return error.reason == "unexpected end of data" and error.start > len(head) - 4 and not head[: error.start].isascii()
    return True


def _escape(match: re.Match[bytes]) -> bytes:
    # A reference to a character that XML forbids says nothing; a lone ampersand is text.
    return b"" if match[0].startswith(b"&#") and match[0].endswith(b";") else b"&amp;"
