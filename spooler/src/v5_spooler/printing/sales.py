"""Sales on their way from the journal to the agent: once per document, now if it answers in time, otherwise later."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Final

from v5_spooler.printing.agent import AgentClient, Answer
from v5_spooler.printing.journal import CaptureRow
from v5_spooler.printing.store import Store
from v5_spooler.receipt.capture import Capture

__all__ = ["Sales"]

_PAUSE: Final = 1.0
_SLOWEST: Final = timedelta(minutes=5)


class Sales:
    """Sends captures; `run` is the loop for those that could not be sent at once."""

    def __init__(self, store: Store, client: AgentClient | None, now: Callable[[], datetime]) -> None:
        self._store = store
        self._client = client
        self._now = now
        self._pool = ThreadPoolExecutor(4, thread_name_prefix="agent")
        self._kept: dict[str, Capture] = {}

    @property
    def connected(self) -> bool:
        """An agent is configured."""
        return self._client is not None

    def keep(self, capture: Capture) -> None:
        """The journal could not take it: memory is what is left until the agent has it."""
        self._kept[capture.request_id] = capture

    async def send(self, capture: Capture | CaptureRow) -> Answer:
        """Asks the agent and notes its answer. Cancelling the wait does not cancel the request."""
        if self._client is None:
            return Answer("pending", problem="no agent is configured")
        loop = asyncio.get_running_loop()
        answer = await loop.run_in_executor(self._pool, self._client.post, capture.operation, capture.body)
        if answer.state != "pending":
            self._kept.pop(capture.request_id, None)
        if answer.state == "pending":
            attempts = capture.attempts if isinstance(capture, CaptureRow) else 0
            until = self._now() + min(timedelta(seconds=2 ** min(attempts, 9)), _SLOWEST)
            self._store.later(lambda journal: journal.postpone(capture.request_id, until, answer.problem))
        else:
            self._store.later(
                lambda journal: journal.answered(capture.request_id, state=answer.state, receipt=answer.receipt, problem=answer.problem)
            )
        return answer

    async def run(self) -> None:
        """Until cancelled: sends what is due, oldest first; a refused sale does not hold the others up."""
        while self._client is not None:
            nothing: list[CaptureRow] = []
            rows = await self._store.attempt(lambda journal: journal.due(self._now()), nothing)
            waiting: list[Capture | CaptureRow] = [*rows, *self._kept.values()]
            for row in waiting:
                answer = await self.send(row)
                if answer.state == "pending":
                    break
            await asyncio.sleep(_PAUSE)

    def close(self) -> None:
        """Waits for requests under way."""
        self._pool.shutdown(wait=True)
        if self._client is not None:
            self._client.close()
