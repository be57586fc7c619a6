"""Requests to the cloud: signed, bounded, and what each answer means as a table."""

from __future__ import annotations

import json
import logging
import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import StrEnum
from http.cookiejar import DefaultCookiePolicy
from typing import Any, Final

import requests
from requests.adapters import HTTPAdapter
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential

import v5_agent
from v5_agent.identity import Identity
from v5_agent.outbox import Outbox
from v5_core import signing, wire
from v5_core.errors import FieldError, RetryableError

__all__ = ["Action", "Answer", "CloudClient", "LineDownError", "action"]

_log = logging.getLogger(__name__)
_LARGEST_ANSWER: Final = 32 * 1024 * 1024
_OFFSET: Final = "clock_offset_ms"


class LineDownError(RetryableError):
    """No answer that is V5's: no connection, too late, a proxy's page."""

    code = "line_down"


class Action(StrEnum):
    """What an HTTP status means for what was sent."""

    DONE = "done"
    QUARANTINE = "quarantine"  # this record is bad: out of the queue, shown to a person
    DUPLICATE = "duplicate"  # the cloud has it already
    PAUSE = "pause"  # who we are is refused: stop sending, keep everything, say so
    SLOW = "slow"  # most likely a wrong address or version: keep, try rarely, raise the alarm
    HALVE = "halve"  # too much at once
    ALONE = "alone"  # the cloud broke on it: find the one it breaks on, let the others pass
    RETRY = "retry"  # the line or the cloud is down or busy


STATUS: Final[dict[int, Action]] = {
    200: Action.DONE,
    201: Action.DONE,
    202: Action.DONE,
    400: Action.QUARANTINE,
    401: Action.PAUSE,
    403: Action.PAUSE,
    404: Action.SLOW,
    408: Action.RETRY,
    409: Action.DUPLICATE,
    410: Action.PAUSE,
    413: Action.HALVE,
    422: Action.QUARANTINE,
    425: Action.RETRY,
    429: Action.RETRY,
    500: Action.ALONE,
}


def action(status: int) -> Action:
    """The table, with the rest: 5xx are retried, anything unknown is kept and tried slowly, never dropped."""
    return STATUS.get(status) or (Action.RETRY if status >= 500 else Action.SLOW)


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer; `data` is its JSON, with numbers marked as the wire's."""

    status: int
    data: dict[str, Any] = field(default_factory=dict)
    raw: bytes = b""
    retry_after: float | None = None

    @property
    def action(self) -> Action:
        """What the status means."""
        return action(self.status)

    @property
    def code(self) -> str:
        """The problem's stable code."""
        return str(self.data.get("code") or f"http_{self.status}")

    @property
    def detail(self) -> str:
        """The problem in words."""
        return str(self.data.get("detail") or self.data.get("title") or f"HTTP {self.status}")[:300]

    @property
    def errors(self) -> tuple[FieldError, ...]:
        """The fields that are wrong."""
        listed = self.data.get("errors")
        entries = [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
        return tuple(FieldError(str(one.get("field", "")), str(one.get("code", "")), str(one.get("message", ""))) for one in entries)


class CloudClient:
    """One agent's way to its cloud. Safe to use from several threads."""

    def __init__(self, identity: Identity, outbox: Outbox, clock: Callable[[], datetime], *, url: str = "", timeout: float = 20.0) -> None:
        self._identity = identity
        self._outbox = outbox
        self._clock = clock
        self._url = (url or identity.cloud).rstrip("/")
        self._timeout = timeout
        self._lock = threading.Lock()
        self._offset = int(outbox.meta(_OFFSET) or 0)
        self._session = requests.Session()
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self._session.headers.update({"user-agent": f"v5-agent/{v5_agent.__version__}", "content-type": "application/json"})
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, HTTPAdapter(pool_connections=2, pool_maxsize=16))

    @property
    def clock_offset(self) -> float:
        """Seconds by which the cloud's clock is ahead; used for signing only, never for a sale's time."""
        return self._offset / 1000

    @property
    def agent(self) -> str:
        """The enrolled id."""
        return self._identity.agent

    def close(self) -> None:
        """Closes its connections."""
        self._session.close()

    def post(self, path: str, body: bytes, *, timeout: float | None = None, attempts: int = 1) -> Answer:
        """Sends one request; retries only what never reached the cloud, at most three times.

        Raises:
            LineDownError: No answer of a V5 cloud.
        """
        message_id = f"msg_{uuid.uuid4().hex}"
        retrying = Retrying(
            stop=stop_after_attempt(min(attempts, 3)),
            wait=wait_random_exponential(multiplier=0.1, max=1),
            retry=retry_if_exception_type(requests.ConnectionError),
            reraise=True,
        )
        try:
            answer = retrying(self._once, path, body, message_id, timeout or self._timeout)
            if answer.status == 401 and answer.data.get("code") == "clock_skew" and "server_time" in answer.data:
                self.learn_time(answer.data["server_time"], self._clock())
                answer = self._once(path, body, message_id, timeout or self._timeout)
        except (requests.RequestException, OSError) as error:
            raise LineDownError(type(error).__name__) from None
        return answer

    def post_model(self, path: str, body: dict[str, Any], *, timeout: float | None = None) -> Answer:
        """Sends a small JSON body."""
        return self.post(path, json.dumps(body, separators=(",", ":")).encode(), timeout=timeout)

    def learn_time(self, server_time: object, at: datetime) -> None:
        """Notes how far the clocks are apart; kept, so that the first request after a restart is signed well."""
        try:
            there = datetime.fromisoformat(str(server_time))
            offset = int((there - at).total_seconds() * 1000)
        except (ValueError, TypeError):
            return
        with self._lock:
            moved = abs(offset - self._offset) > 2000
            self._offset = offset if abs(offset) > 1000 else 0
        if moved:
            self._outbox.set_meta(_OFFSET, str(self._offset))
            if abs(offset) > 60_000:
                _log.warning("this machine's clock is %d s away from the cloud's: correct it", offset // 1000)

    def _once(self, path: str, body: bytes, message_id: str, timeout: float) -> Answer:
        timestamp = int(self._clock().timestamp() + self.clock_offset)
        headers = signing.signed_headers(self._identity.agent, self._identity.private, message_id, timestamp, body)
        with self._session.post(
            f"{self._url}{path}", data=body, headers=headers, timeout=(min(timeout, 10.0), timeout), allow_redirects=False, stream=True
        ) as response:
            raw = bytearray()
            for chunk in response.iter_content(65_536):
                raw += chunk
                if len(raw) > _LARGEST_ANSWER:
                    raise LineDownError("the answer is too large")
            return _answer(response, bytes(raw), self._clock())


def _answer(response: requests.Response, raw: bytes, now: datetime) -> Answer:
    data: object = None
    if "json" in response.headers.get("content-type", ""):
        try:
            data = wire.loads(raw)
        except ValueError:
            data = None
    known = isinstance(data, dict)
    if 200 <= response.status_code < 400 and not known:
        # A hotel's log-in page says 200 too; taking it for an answer would lose sales.
        raise LineDownError(f"HTTP {response.status_code} that is not the cloud's")
    retry_after = _seconds(response.headers.get("retry-after"), now)
    return Answer(response.status_code, data if isinstance(data, dict) else {}, raw, retry_after)


def _seconds(value: str | None, now: datetime) -> float | None:
    if not value:
        return None
    if value.strip().isdigit():
        return float(value)
    try:
        at = parsedate_to_datetime(value)
    except (ValueError, TypeError):
        return None
    return max(0.0, (at.replace(tzinfo=at.tzinfo or UTC) - now).total_seconds())
