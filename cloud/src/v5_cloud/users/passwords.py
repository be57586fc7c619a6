"""Passwords: Argon2id, few at a time, because each hash takes 64 MiB."""

from __future__ import annotations

import threading
from functools import cache
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from v5_core.errors import RetryableError

__all__ = ["LONGEST", "hash_password", "needs_rehash", "verify_password"]

LONGEST: Final = 200
_AT_ONCE: Final = 2
_PATIENCE: Final = 8.0

_hasher = PasswordHasher()
_slots = threading.BoundedSemaphore(_AT_ONCE)


def hash_password(password: str) -> str:
    """A salted hash that names its own parameters."""
    with _Slot():
        return _hasher.hash(password)


def verify_password(digest: str | None, password: str) -> bool:
    """Whether the password fits. With no hash (an unknown user) it takes the same time, and is never right."""
    if len(password) > LONGEST:
        return False
    with _Slot():
        try:
            return _hasher.verify(digest or _nobody(), password) and digest is not None
        except (Argon2Error, InvalidHashError):
            return False


def needs_rehash(digest: str) -> bool:
    """Made with older parameters."""
    return _hasher.check_needs_rehash(digest)


@cache
def _nobody() -> str:
    return _hasher.hash("nobody has this password")


class _Slot:
    def __enter__(self) -> None:
        if not _slots.acquire(timeout=_PATIENCE):
            raise RetryableError("Too many people are signing in; try again in a moment.", retry_after=5)

    def __exit__(self, *_: object) -> None:
        _slots.release()
