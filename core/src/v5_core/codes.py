"""Codes of vouchers, coupons and gift cards: made so that nobody guesses them and nobody misreads them."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Callable
from typing import Final

__all__ = ["derive_code", "fold_code", "is_ours", "make_code", "mistyped", "spell"]

# No 0, 1, I, L or O, which people take for one another, and a prime number of characters: a weighted sum modulo a prime finds every wrong
# character and every two that changed places.
_ALPHABET: Final = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
_SIZE: Final = len(_ALPHABET)
_LENGTH: Final = 12


def fold_code(code: str) -> str:
    """A code as people may type it: the same in either case, whatever spaces or dashes stand in it."""
    return "".join(code.split()).replace("-", "").upper()


def make_code(below: Callable[[int], int] = secrets.randbelow) -> str:
    """A new code: twelve characters by chance (59 bits) and one that checks them.

    Args:
        below: Draws a number from 0 to one below its argument; by default the system's secure source.
    """
    body = "".join(_ALPHABET[below(_SIZE)] for _ in range(_LENGTH))
    return body + _check(body)


def derive_code(secret: bytes, name: str) -> str:
    """A code that follows from a secret and a name: the same for ever, and nobody's to guess who lacks the secret."""
    drawn = 0

    def below(size: int) -> int:
        nonlocal drawn
        drawn += 1
        return int.from_bytes(hmac.new(secret, f"{drawn}\x1f{name}".encode(), hashlib.sha256).digest(), "big") % size

    return make_code(below)


def is_ours(code: str) -> bool:
    """Whether a folded code is as V5 makes them, its check included."""
    return len(code) == _LENGTH + 1 and all(one in _ALPHABET for one in code) and code[-1] == _check(code[:-1])


def mistyped(code: str) -> bool:
    """Whether it looks like one of ours with a character wrong. A code of somebody else's making is never mistyped."""
    bare = fold_code(code)
    return len(bare) == _LENGTH + 1 and all(one in _ALPHABET for one in bare) and bare[-1] != _check(bare[:-1])


def spell(code: str) -> str:
    """One of our codes in groups, as it is printed and read out; others stay as they are."""
    if len(code) != _LENGTH + 1 or any(one not in _ALPHABET for one in code):
        return code
    return "-".join((code[:4], code[4:8], code[8:]))


def _check(body: str) -> str:
    total = sum(weight * _ALPHABET.index(one) for weight, one in enumerate(body, start=2))
    return _ALPHABET[total % _SIZE]
