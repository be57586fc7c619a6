"""Telling the store agent of a sale: the same local hooks as any till."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass
from typing import Any

import requests
from pydantic import ValidationError

from v5_core.hooks import ReceiptLine
from v5_core.wire import loads

__all__ = ["AgentClient", "Answer", "footer_lines"]

_MOST = 256 * 1024


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a request.

    Attributes:
        state: "committed", "refused" (a person must look; sending again cannot help) or "pending" (try again).
        receipt: The footer's lines as JSON.
    """

    state: str
    receipt: str = "[]"
    problem: str = ""


class AgentClient:
    """Posts to `/v1/hooks/<operation>`.

    Args:
        url: The agent's address, such as http://127.0.0.1:8750.
        token: Its local token.
        timeout: Seconds for one request; the footer's deadline is the caller's.
    """

    def __init__(self, url: str, token: str, timeout: float = 10.0) -> None:
        self._url = url.rstrip("/")
        self._headers = {"authorization": f"Bearer {token}", "content-type": "application/json", "accept": "application/json"}
        self._timeout = timeout
        self._local = threading.local()
        self._sessions: list[requests.Session] = []

    def post(self, operation: str, body: str) -> Answer:
        """Blocks; never raises for what a network or an agent may do."""
        try:
            reply = self._session().post(
                f"{self._url}/v1/hooks/{operation}",
                data=body.encode(),
                headers=self._headers,
                timeout=(2.0, self._timeout),
                allow_redirects=False,
            )
        except requests.RequestException as error:
            return Answer("pending", problem=f"agent not reached: {type(error).__name__}")
        return _answer(reply.status_code, reply.content[:_MOST])

    def close(self) -> None:
        """Ends the connections."""
        for session in self._sessions:
            session.close()

    def _session(self) -> requests.Session:
        session: requests.Session | None = getattr(self._local, "session", None)
        if session is None:
            session = self._local.session = requests.Session()
            # A proxy from the environment must never see the loopback token.
            session.trust_env = False
            self._sessions.append(session)
        return session


def _answer(status: int, content: bytes) -> Answer:
    data = _object(content)
    if status == 200:
        lines = data.get("receipt")
        return Answer("committed", json.dumps(lines if isinstance(lines, list) else []))
    problem = f"{status} {data.get('code') or ''} {data.get('detail') or ''}".strip()[:300]
    # 409: the agent knows the document already, by a body that told more. Tokens and clocks can be mended, so those wait.
    if status == 409:
        return Answer("committed", problem=problem)
    return Answer("refused" if status in {400, 404, 413, 415, 422} else "pending", problem=problem)


def _object(content: bytes) -> dict[str, Any]:
    try:
        data = loads(content)
    except (ValueError, UnicodeDecodeError):
        return {}
    return data if isinstance(data, dict) else {}


def footer_lines(receipt: str) -> list[ReceiptLine]:
    """The lines to print; one that a newer agent words differently is left out rather than guessed."""
    lines = []
    for entry in json.loads(receipt):
        try:
            lines.append(ReceiptLine.model_validate(entry))
        except ValidationError:
            continue
    return lines
