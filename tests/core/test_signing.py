"""Signed requests: what the cloud accepts from an agent, and what it says otherwise."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from v5_core.errors import AuthError
from v5_core.signing import generate_key, public_key, sign, verify

# Key of RFC 8032 §7.1 test 1; the signature was made with OpenSSL, not with the code under test.
PRIVATE = bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
PUBLIC = bytes.fromhex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")
ID = "msg_2KWPBgLlAfxdpx2AI54pPJ85f4W"
STAMP = 1674087231
BODY = b'{"sale":"FT 2026A1/1","gross":"12.30"}'
HEADER = "v1a,pY39nw8w7Po6+lyAijUpMHm/+mUqY5WkT05JifpIZyyesgBQHwNQTnnz2FSml4DL1+4yKY0mYGD9B8mhn161BQ=="
NOW = datetime.fromtimestamp(STAMP, UTC)


def code_of(**change: Any) -> str:
    arguments: dict[str, Any] = {"public": PUBLIC, "message_id": ID, "timestamp": STAMP, "body": BODY, "signature_header": HEADER}
    now = change.pop("now", NOW)
    with pytest.raises(AuthError) as caught:
        verify(**(arguments | change), now=now)
    return caught.value.error_code


def test_the_fixed_vector_is_made_and_accepted() -> None:
    assert sign(PRIVATE, ID, STAMP, BODY) == HEADER
    assert public_key(PRIVATE) == PUBLIC
    verify(PUBLIC, ID, STAMP, BODY, HEADER, now=NOW)
    verify(PUBLIC, ID, STAMP, BODY, HEADER, now=NOW.astimezone(timezone(timedelta(hours=9))))
    verify(PUBLIC, ID, STAMP, BODY, HEADER, now=STAMP + 299.5)


def test_while_keys_change_one_right_signature_among_several_is_enough() -> None:
    old, _ = generate_key()
    verify(PUBLIC, ID, STAMP, BODY, f"v1,c2VjcmV0 {sign(old, ID, STAMP, BODY)} {HEADER}", now=NOW)


@pytest.mark.parametrize(
    "change",
    [
        {"body": BODY + b" "},
        {"timestamp": STAMP + 1},
        {"message_id": "msg_other"},
        {"message_id": ""},
        {"public": generate_key()[1]},
        {"public": b"short"},
        {"signature_header": ""},
        {"signature_header": "v1a"},
        {"signature_header": "v1a,"},
        {"signature_header": "v1a,***"},
        {"signature_header": "v1a,ção"},
        {"signature_header": HEADER.replace("v1a", "v1")},
        {"signature_header": HEADER[:-4]},
        {"signature_header": "v1a,AAAA " * 8 + HEADER},
    ],
)
def test_anything_changed_is_refused_as_signature(change: dict[str, object]) -> None:
    assert code_of(**change) == "signature"


@pytest.mark.parametrize("seconds", [-301, 301, 86_400])
def test_a_clock_far_off_is_told_so_only_after_a_right_signature(seconds: int) -> None:
    now = NOW + timedelta(seconds=seconds)
    assert code_of(now=now) == "clock_skew"
    assert code_of(now=now, body=b"other") == "signature"


def test_an_id_with_a_full_stop_cannot_move_the_border_to_the_timestamp() -> None:
    header = sign(PRIVATE, "a", 1, b"2.x")
    assert code_of(message_id="a.1", timestamp=2, body=b"x", signature_header=header, now=2) == "signature"
    with pytest.raises(ValueError, match="full stop"):
        sign(PRIVATE, "a.1", 2, b"x")


def test_a_naive_clock_is_a_programming_error() -> None:
    with pytest.raises(ValueError, match="aware"):
        verify(PUBLIC, ID, STAMP, BODY, HEADER, now=datetime(2023, 1, 19))  # noqa: DTZ001


@given(body=st.binary(max_size=200), stamp=st.integers(0, 2**40), flip=st.integers(0, 10_000))
def test_what_is_signed_verifies_and_one_flipped_bit_does_not(body: bytes, stamp: int, flip: int) -> None:
    private, public = generate_key()
    header = sign(private, "id", stamp, body)
    verify(public, "id", stamp, body, header, now=stamp)
    changed = bytearray(body or b"\0")
    changed[flip // 8 % len(changed)] ^= 1 << flip % 8
    with pytest.raises(AuthError):
        verify(public, "id", stamp, bytes(changed) if body else b"\1", header, now=stamp)
