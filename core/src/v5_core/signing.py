"""Signed requests between agent and cloud: Standard Webhooks, scheme `v1a` (Ed25519 over "id.timestamp.body").

The published Python library checks `v1` only and signs the wrong instant for times that are not UTC; this is the part we need.
The raw body is signed, never JSON written anew. The id stays the same over retries; the timestamp is that of the attempt.
"""

from __future__ import annotations

import base64
import binascii
from datetime import datetime
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from v5_core.errors import AuthError

__all__ = ["TOLERANCE", "generate_key", "public_key", "sign", "signed_headers", "verify"]

TOLERANCE: Final = 300
_SCHEME: Final = "v1a"
_MOST_SIGNATURES: Final = 8


def generate_key() -> tuple[bytes, bytes]:
    """A new key pair: 32 raw bytes of the private key, 32 of the public one."""
    private = Ed25519PrivateKey.generate()
    raw = private.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())
    return raw, private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


def public_key(private: bytes) -> bytes:
    """The public part that belongs to a private key."""
    key = Ed25519PrivateKey.from_private_bytes(private).public_key()
    return key.public_bytes(Encoding.Raw, PublicFormat.Raw)


def sign(private: bytes, message_id: str, timestamp: int, body: bytes) -> str:
    """The value of the `webhook-signature` header.

    Args:
        private: 32 raw bytes.
        message_id: Constant over retries; without a full stop, which separates the parts.
        timestamp: Unix seconds of this attempt.
        body: The bytes as sent.

    Raises:
        ValueError: An id that would make the signed text ambiguous, or a key of another size.
    """
    signature = Ed25519PrivateKey.from_private_bytes(private).sign(_signed(message_id, timestamp, body))
    return f"{_SCHEME},{base64.b64encode(signature).decode()}"


def signed_headers(agent: str, private: bytes, message_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """The headers of an agent's request; see `sign`."""
    return {
        "v5-agent": agent,
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": sign(private, message_id, timestamp, body),
    }


def verify(
    public: bytes,
    message_id: str,
    timestamp: int,
    body: bytes,
    signature_header: str,
    *,
    now: datetime | float,
    tolerance: int = TOLERANCE,
) -> None:
    """Returns when one of the header's signatures is right and the timestamp is near; otherwise says which of the two is wrong.

    Args:
        public: 32 raw bytes.
        message_id: From `webhook-id`.
        timestamp: From `webhook-timestamp`.
        body: The bytes as received.
        signature_header: "v1a,<base64>", or several separated by spaces while keys change.
        now: The receiver's clock, an aware datetime or Unix seconds.
        tolerance: Seconds that the two clocks may differ.

    Raises:
        AuthError: `signature`, or `clock_skew`, which is only said to one who signed rightly: it reveals the server's clock.
    """
    try:
        signed = _signed(message_id, timestamp, body)
        key = Ed25519PublicKey.from_public_bytes(public)
    except ValueError:
        raise _refused() from None
    if not any(_matches(key, part, signed) for part in signature_header.split(" ")[:_MOST_SIGNATURES]):
        raise _refused()
    if abs(_seconds(now) - timestamp) > tolerance:
        raise AuthError("the clock is too far off: correct it, or sign with the server's time", code="clock_skew")


def _matches(key: Ed25519PublicKey, part: str, signed: bytes) -> bool:
    scheme, _, value = part.partition(",")
    if scheme != _SCHEME:
        return False
    try:
        key.verify(base64.b64decode(value, validate=True), signed)
    except (InvalidSignature, binascii.Error, ValueError):
        return False
    return True


def _signed(message_id: str, timestamp: int, body: bytes) -> bytes:
    if not message_id or "." in message_id:
        raise ValueError("the message id must not be empty and not contain a full stop")
    return f"{message_id}.{timestamp}.".encode() + body


def _seconds(now: datetime | float) -> float:
    if isinstance(now, datetime):
        if now.tzinfo is None:
            raise ValueError("an aware time is expected")
        return now.timestamp()
    return now


def _refused() -> AuthError:
    return AuthError("the signature does not fit the request", code="signature")
