"""One pure function decides: the same basket, programmes and customer give the same result wherever they are asked.

    compiled = compile_programmes(programmes)                      once per published version
    evaluate(compiled, quote_request, facts, local_time=...)       a basket: discounts, points, rewards, messages
    decide(compiled, quote_request, facts, local_time=...)         the same as figures; its `reply` puts them into words
    settle(compiled, document, facts, zone=..., points_spent=...)  an issued document: the till's prices, points earned
    reversal(settlement, returned, return_document)                a credit note that points at a settled document

No I/O and no clock: times come in. Amounts are minor units, points thousandths.
"""

from typing import Final

from v5_core.engine import _evaluate
from v5_core.engine._alerts import alerts_for, missing_fields, record_attributes, unknown_customer
from v5_core.engine._check import check_programme
from v5_core.engine._compile import Compiled, compile_programmes
from v5_core.engine._evaluate import decide, evaluate
from v5_core.engine._events import Occurrence, event_points, event_text, occurrences
from v5_core.engine._expiry import expires_at
from v5_core.engine._permissions import may_redeem, redeeming_programme
from v5_core.engine._refusal import refusal
from v5_core.engine._reply import Decision
from v5_core.engine._reversal import reversal
from v5_core.engine._rewards import next_reward, points_worth, rewards_for
from v5_core.engine._settle import Reckoning, claimed_points, noticed, reckon, settle
from v5_core.engine._types import (
    Coupon,
    CustomerFacts,
    Earned,
    LineReversal,
    Reversal,
    SaleState,
    SettledLine,
    Settlement,
    Share,
    Stored,
    Use,
    limit_key,
)

__all__ = [
    "COMPILED",
    "Compiled",
    "Coupon",
    "CustomerFacts",
    "Decision",
    "Earned",
    "LineReversal",
    "Occurrence",
    "Reckoning",
    "Reversal",
    "SaleState",
    "SettledLine",
    "Settlement",
    "Share",
    "Stored",
    "Use",
    "alerts_for",
    "check_programme",
    "claimed_points",
    "compile_programmes",
    "decide",
    "evaluate",
    "event_points",
    "event_text",
    "expires_at",
    "limit_key",
    "may_redeem",
    "missing_fields",
    "next_reward",
    "noticed",
    "occurrences",
    "points_worth",
    "reckon",
    "record_attributes",
    "redeeming_programme",
    "refusal",
    "reversal",
    "rewards_for",
    "settle",
    "unknown_customer",
]

COMPILED: Final = not (_evaluate.__file__ or "").endswith(".py")
"""Whether this is the engine that `./v5 compile` made; it gives the same."""
