"""The cloud's word on what a till asks, when it comes in time; what became durable before is then settled, or left to the sender."""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as LateError
from datetime import datetime
from typing import Final, TypeVar

import pydantic

from v5_agent.client import Action, Answer, CloudClient, LineDownError
from v5_agent.effects import Effects
from v5_agent.line import Line
from v5_agent.outbox import Entry, Outbox
from v5_agent.replica import ReplicaStore
from v5_core.errors import ConflictError, NotFoundError, PermissionDeniedError, V5Error, ValidationError
from v5_core.hooks import CommitRequest, CommitResponse, ReturnRequest, ReturnResponse
from v5_core.model import Wire

__all__ = ["Asking"]

_log = logging.getLogger(__name__)
_R = TypeVar("_R", bound=Wire)
_REFUSALS: Final[dict[int, type[V5Error]]] = {404: NotFoundError, 403: PermissionDeniedError, 409: ConflictError}
# Statuses that say something about the request itself; all others say something about the line or the agent.
_ABOUT_THE_REQUEST: Final = {400, 404, 409, 422}


class Asking:
    """Asks within the till's deadline. Safe to call from several threads."""

    def __init__(
        self,
        outbox: Outbox,
        effects: Effects,
        replica: ReplicaStore,
        line: Line,
        client: CloudClient | None,
        clock: Callable[[], datetime],
        *,
        answer_seconds: float,
    ) -> None:
        self._outbox = outbox
        self._effects = effects
        self._replica = replica
        self._line = line
        self._client = client
        self._clock = clock
        self._answer_seconds = answer_seconds
        self._pool = ThreadPoolExecutor(max_workers=8, thread_name_prefix="cloud-answer")

    def close(self) -> None:
        """Waits for nobody."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    @property
    def online(self) -> bool:
        """Whether the cloud is worth asking."""
        return self._client is not None and self._line.online

    def ask(
        self, operation: str, request: Wire, model: type[_R], *, entry: Entry | None = None, mark: bytes = b"", aggregate: str | None = None
    ) -> _R | None:
        """The cloud's answer, or None when it does not come in time; what was durable is then told by the sender.

        Raises:
            V5Error: The cloud refuses the request.
        """
        if not self.online or self._client is None:
            return None
        body = request.model_dump_json().encode()
        future = self._pool.submit(self._client.post, f"/v1/hooks/{operation}", body, timeout=max(2.0, 4 * self._answer_seconds))
        try:
            answer = future.result(self._answer_seconds)
        except (LateError, TimeoutError):
            if entry:
                future.add_done_callback(lambda late: self._late(late, entry))
            return None
        except LineDownError as error:
            self._line.down(self._clock(), error.message)
            return None
        if answer.action is Action.DONE:
            return self._accepted(operation, request, answer, model, entry, mark, aggregate)
        if answer.status in _ABOUT_THE_REQUEST and "code" in answer.data:
            self._refused(request, answer, entry)
        if answer.action is Action.RETRY:
            self._line.down(self._clock(), f"HTTP {answer.status}", answer.retry_after)
        return None

    def _accepted(
        self, operation: str, request: Wire, answer: Answer, model: type[_R], entry: Entry | None, mark: bytes, aggregate: str | None
    ) -> _R | None:
        try:
            reply = model.model_validate_json(answer.raw, extra="ignore")  # a newer cloud says more
        except pydantic.ValidationError:
            _log.error("the cloud's answer to %s cannot be read: is it newer than this agent?", operation)
            return None
        if entry:
            now = self._clock()
            with self._outbox.transaction() as tx:
                self._outbox.mark_sent_in(tx, [entry.event_id], now)
                if isinstance(reply, CommitResponse):
                    self._effects.confirm(tx, entry.event_id, reply.points_earned)
                elif isinstance(reply, ReturnResponse):
                    self._effects.confirm(tx, entry.event_id, reply.points_given - reply.points_taken)
                self._effects.store(tx, operation, request.request_id, mark, reply, now, aggregate=aggregate)  # type: ignore[attr-defined]
        return reply

    def _refused(self, request: Wire, answer: Answer, entry: Entry | None) -> None:
        # The till hears why at once. A sale that was issued all the same is not lost: it stays, set aside, where a person sees it.
        # A wish that was refused (an enrolment, a cancellation) is simply not done.
        if entry and isinstance(request, CommitRequest | ReturnRequest):
            self._outbox.quarantine(entry.event_id, answer.code, answer.detail, self._clock())
        if entry:
            with self._outbox.transaction() as tx:
                self._effects.forget(tx, request.request_id)  # type: ignore[attr-defined]
                self._outbox.withdraw(tx, entry.event_id)
            self._replica.drop_provisional([entry.event_id])
        raise _REFUSALS.get(answer.status, ValidationError)(answer.detail, code=answer.code, errors=answer.errors)

    def _late(self, future: Future[Answer], entry: Entry) -> None:
        # Too late for the till, in time for the outbox.
        if future.cancelled():
            return
        error = future.exception()
        if isinstance(error, LineDownError):
            self._line.down(self._clock(), error.message)
        elif error is None and future.result().action is Action.DONE:
            self._outbox.mark_sent([entry.event_id], self._clock())
