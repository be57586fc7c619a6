"""A basket evaluated."""

from __future__ import annotations

from datetime import datetime

from v5_core.engine._compile import Compiled
from v5_core.engine._types import CustomerFacts
from v5_core.hooks import QuoteRequest, QuoteResponse


def evaluate(
    compiled: Compiled, request: QuoteRequest, facts: CustomerFacts | None, *, local_time: datetime, language: str = "pt"
) -> QuoteResponse:
    """What the programmes give on a basket. `local_time` is `request.at` in the store's zone."""
    raise NotImplementedError
