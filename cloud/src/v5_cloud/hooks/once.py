"""Once per request id, however often it is sent: the answer is stored in the transaction of its effect."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Any, TypeVar

import orjson
from sqlalchemy.orm import Session

from v5_cloud.kit.container import Container
from v5_cloud.kit.tenant import Scope
from v5_cloud.models import Idempotency
from v5_cloud.settlement.repository import SettlementRepository
from v5_cloud.settlement.service import again
from v5_cloud.tenants.service import epoch_base
from v5_core.errors import RequestReusedError
from v5_core.model import Wire

__all__ = ["body_hash", "check", "once", "row_of"]

Reply = TypeVar("Reply", bound=Wire)


def body_hash(request: Wire) -> str:
    """The content of a request."""
    return hashlib.sha256(request.model_dump_json(exclude_defaults=True).encode()).hexdigest()


def row_of(
    scope: Scope, operation: str, request_id: str, request: Wire, answer: orjson.Fragment | dict[str, Any], now: Any
) -> dict[str, Any]:
    """The row that remembers an answer."""
    return {
        "company_id": scope.company,
        "operation": operation,
        "request_id": request_id,
        "body_hash": body_hash(request),
        "answer": answer,
        "created_at": now,
    }


def check(stored: Idempotency | None, request: Wire) -> dict[str, Any] | None:
    """The stored answer, or None when the request id is new.

    Raises:
        RequestReusedError: The id was used with another body.
    """
    if stored is None:
        return None
    if stored.body_hash != body_hash(request):
        raise RequestReusedError
    return stored.answer


def once(
    container: Container, scope: Scope, operation: str, request_id: str, request: Wire, model: type[Reply], work: Callable[[Session], Reply]
) -> Reply:
    """Does `work` in a transaction, or gives the answer that it gave before.

    Raises:
        RequestReusedError: The id was used with another body.
    """

    def attempt() -> Reply:
        with container.database.write(scope) as session:
            repository = SettlementRepository(session, scope)
            answer = check(repository.stored_answer(operation, request_id), request)
            if answer is not None:
                return model.model_validate_json(json.dumps(answer))
            reply = work(session)
            row = row_of(scope, operation, request_id, request, reply.model_dump(mode="json"), container.clock())
            repository.add(Idempotency(tenant_id=scope.tenant, **row))
            session.flush()
            return reply

    # Read while no connection is held: of many that each hold one and want a second, none would get it.
    epoch_base(container)
    return again(attempt)
