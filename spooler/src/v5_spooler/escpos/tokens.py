"""Streaming ESC/POS tokenizer: bytes in, tokens out, nothing lost, nothing found by searching.

The tokens put together are the bytes that came in, whatever the chunks were. What the length table does not know is marked
UNKNOWN, and whoever edits jobs must then leave the job alone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Final

from v5_spooler.escpos.lengths import DLE, ESC, FS, GS, MAX_COMMAND, UNKNOWN, Length, lengths

__all__ = ["Kind", "Token", "Tokenizer", "tokenize"]

_TEXT: Final = re.compile(rb"[\x20-\xff]+")
_CONTROLS: Final = {0x00: "NUL", 0x09: "HT", 0x0A: "LF", 0x0C: "FF", 0x0D: "CR", 0x18: "CAN"}
_LEADS: Final = {ESC: "ESC", GS: "GS", FS: "FS", DLE: "DLE"}
_DLE_NAMES: Final = {0x04: "EOT", 0x05: "ENQ", 0x14: "DC4"}
# Commands whose third byte tells what they are: the name carries the letter ("GS ( k").
_FAMILIES: Final = frozenset({"GS (", "GS 8", "ESC (", "FS ("})


class Kind(StrEnum):
    """What a token is. REALTIME is acted on by the printer at once, out of the order of the other bytes."""

    TEXT = "text"
    CONTROL = "control"
    COMMAND = "command"
    REALTIME = "realtime"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Token:
    """One command, control byte or run of text.

    Attributes:
        name: "LF", "ESC @", "GS ( k", "DLE EOT"; empty for text.
        data: All its bytes.
    """

    kind: Kind
    name: str
    data: bytes

    @property
    def argument(self) -> int:
        """First byte after the two that name the command; 0 when there is none."""
        return self.data[2] if len(self.data) > 2 else 0


class Tokenizer:
    """Feed it chunks; it keeps what is not complete yet in `partial`."""

    def __init__(self, overrides: dict[str, int] | None = None) -> None:
        self._table = lengths(overrides)
        self._buffer = bytearray()
        self._wanted = 0

    @property
    def partial(self) -> bytes:
        """Bytes of a command that is not complete yet."""
        return bytes(self._buffer)

    def feed(self, data: bytes) -> list[Token]:
        """Tokens that are complete now, in order."""
        self._buffer += data
        if len(self._buffer) < self._wanted:
            return []
        tokens: list[Token] = []
        at, buffer = 0, bytes(self._buffer)
        self._wanted = 0
        while at < len(buffer):
            run = _TEXT.match(buffer, at)
            if run:
                tokens.append(Token(Kind.TEXT, "", run.group()))
                at = run.end()
                continue
            token = self._command(buffer, at)
            if token is None:
                break
            tokens.append(token)
            at += len(token.data)
        self._buffer = bytearray(buffer[at:])
        return tokens

    def close(self) -> list[Token]:
        """The stream has ended: an unfinished command becomes an UNKNOWN token."""
        rest, self._buffer, self._wanted = bytes(self._buffer), bytearray(), 0
        return [Token(Kind.UNKNOWN, "", rest)] if rest else []

    def _command(self, buffer: bytes, at: int) -> Token | None:
        lead = buffer[at]
        if lead not in _LEADS:
            name = _CONTROLS.get(lead, "")
            return Token(Kind.CONTROL if name else Kind.UNKNOWN, name, buffer[at : at + 1])
        if len(buffer) < at + 2:
            return None
        entry: Length | None = self._table[lead].get(buffer[at + 1])
        size = entry(buffer, at) if callable(entry) else entry if entry is not None else UNKNOWN
        if size is None:
            return None
        if size == UNKNOWN or size > MAX_COMMAND:
            return Token(Kind.UNKNOWN, _name(buffer, at), buffer[at : at + 2])
        if len(buffer) < at + size:
            # A large image comes in many chunks: do not look again before it can be complete.
            self._wanted = size
            return None
        kind = Kind.REALTIME if lead == DLE else Kind.COMMAND
        return Token(kind, _name(buffer, at), buffer[at : at + size])


def _name(buffer: bytes, at: int) -> str:
    name = _plain_name(buffer[at], buffer[at + 1])
    if name in _FAMILIES and len(buffer) > at + 2:
        return f"{name} {chr(buffer[at + 2])}"
    return name


@cache
def _plain_name(lead: int, letter: int) -> str:
    if lead == DLE:
        return f"DLE {_DLE_NAMES.get(letter, f'{letter:02X}')}"
    return f"{_LEADS[lead]} {chr(letter) if 0x20 < letter < 0x7F else {0x20: 'SP', 0x0C: 'FF'}.get(letter, f'{letter:02X}')}"


def tokenize(data: bytes, overrides: dict[str, int] | None = None) -> list[Token]:
    """All tokens of a whole job."""
    tokenizer = Tokenizer(overrides)
    return [*tokenizer.feed(data), *tokenizer.close()]
