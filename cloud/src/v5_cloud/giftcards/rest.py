"""The port over REST: few attempts in little time, the same key in each.

    GET  /cards/{code}                        {"amount": "25.00", "currency": "EUR", "valid_until": "2027-01-31"}, or 404
    POST /reservations                        {"code", "amount", "currency"}
    POST /reservations/{key}/capture          {"amount"}
    POST /reservations/{key}/reverse
    POST /refunds                             {"code", "amount", "currency"}

Changes carry `Idempotency-Key`. 2xx is done; 404 to a reversal is done too (there is nothing to undo); 408, 425, 429 and 5xx are tried
again; any other answer is a refusal whose `detail` is told.
"""

from __future__ import annotations

import json
from datetime import date
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import quote

import requests
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_exponential_jitter

from v5_cloud.giftcards.port import ExternalBalance, GiftCardRefusedError, GiftCardUnreachableError
from v5_core.money import format_scaled, parse_scaled

__all__ = ["RestGiftCards"]

_AGAIN: Final = frozenset({408, 425, 429, 500, 502, 503, 504})
_ATTEMPTS: Final = 3
_LONGEST_ANSWER: Final = 64 * 1024


class _AgainError(Exception):
    """Worth another attempt."""


class RestGiftCards:
    """A system that speaks the contract above.

    Args:
        url: Its address.
        token: Sent as `Authorization: Bearer`.
        timeout: Seconds for one attempt; a till waits for all of them together.
        pause: Seconds before the second attempt; doubled for the next, with jitter.
    """

    def __init__(self, url: str, token: str, *, timeout: float = 3.0, pause: float = 0.2) -> None:
        self._url = url.rstrip("/")
        self._timeout = timeout
        self._pause = pause
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.headers["authorization"] = f"Bearer {token}"

    def close(self) -> None:
        """Closes its connections."""
        self._session.close()

    def balance(self, code: str) -> ExternalBalance | None:
        """See the port."""
        status, body = self._ask("GET", f"/cards/{quote(code, safe='')}")
        if status == HTTPStatus.NOT_FOUND:
            return None
        if not _done(status):
            raise GiftCardRefusedError(_words(body))
        try:
            until = body.get("valid_until")
            return ExternalBalance(parse_scaled(body["amount"], 2), str(body["currency"]), date.fromisoformat(until) if until else None)
        except (KeyError, TypeError, ValueError) as error:
            raise GiftCardUnreachableError("The gift-card system's answer cannot be read.") from error

    def reserve(self, key: str, code: str, amount: int, currency: str) -> None:
        """See the port."""
        self._change(key, "/reservations", {"code": code, "amount": format_scaled(amount, 2), "currency": currency})

    def capture(self, key: str, amount: int) -> None:
        """See the port."""
        self._change(key, f"/reservations/{quote(key, safe='')}/capture", {"amount": format_scaled(amount, 2)})

    def reverse(self, key: str) -> None:
        """See the port."""
        status, body = self._ask("POST", f"/reservations/{quote(key, safe='')}/reverse", key, {})
        if status != HTTPStatus.NOT_FOUND and not _done(status):
            raise GiftCardRefusedError(_words(body))

    def refund(self, key: str, code: str, amount: int, currency: str) -> None:
        """See the port."""
        self._change(key, "/refunds", {"code": code, "amount": format_scaled(amount, 2), "currency": currency})

    def _change(self, key: str, path: str, body: dict[str, str]) -> None:
        status, answer = self._ask("POST", path, key, body)
        if not _done(status):
            raise GiftCardRefusedError(_words(answer))

    def _ask(self, method: str, path: str, key: str = "", body: dict[str, str] | None = None) -> tuple[int, dict[str, Any]]:
        headers = {"idempotency-key": key} if key else {}
        retrying = Retrying(
            stop=stop_after_attempt(_ATTEMPTS),
            wait=wait_exponential_jitter(multiplier=self._pause, max=2, jitter=self._pause),
            retry=retry_if_exception_type(_AgainError),
            reraise=True,
        )
        try:
            return retrying(self._once, method, path, headers, body)
        except _AgainError as error:
            raise GiftCardUnreachableError("The gift-card system does not answer; try again, or pay otherwise.") from error

    def _once(self, method: str, path: str, headers: dict[str, str], body: dict[str, str] | None) -> tuple[int, dict[str, Any]]:
        try:
            with self._session.request(
                method, self._url + path, json=body, headers=headers, timeout=self._timeout, allow_redirects=False, stream=True
            ) as answer:
                raw = answer.raw.read(_LONGEST_ANSWER, decode_content=True)
                if answer.status_code in _AGAIN:
                    raise _AgainError(f"status {answer.status_code}")
                return answer.status_code, _read(raw)
        except (requests.RequestException, OSError) as error:
            raise _AgainError(type(error).__name__) from error


def _read(raw: bytes) -> dict[str, Any]:
    try:
        found = json.loads(raw) if raw else {}
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _done(status: int) -> bool:
    return HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES


def _words(body: dict[str, Any]) -> str:
    detail = body.get("detail")
    return f"The gift-card system refused: {str(detail)[:200]}" if detail else "The gift-card system refused the card."
