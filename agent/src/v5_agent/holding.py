"""Holds while the line is down: points, stored value, coupons and limited rules, within what the store may decide by itself."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from v5_agent.effects import Effects
from v5_agent.local import Local
from v5_agent.outbox import Fact, Outbox
from v5_agent.taken import Use, coupon, stored
from v5_core.codes import fold_code
from v5_core.engine import points_worth
from v5_core.errors import BlockedError, ConflictError, FieldError, UnknownCustomerError, ValidationError
from v5_core.hooks import HoldRequest, HoldResponse
from v5_core.push import ReplicaCustomer
from v5_core.words import words_of

__all__ = ["Holding"]


class Holding:
    """Writes what holds keep, whoever granted them."""

    def __init__(self, local: Local, outbox: Outbox, effects: Effects, clock: Callable[[], datetime]) -> None:
        self._local = local
        self._outbox = outbox
        self._effects = effects
        self._clock = clock

    def granted(self, request: HoldRequest, mark: bytes, answer: HoldResponse, one: ReplicaCustomer | None) -> None:
        """The cloud reserved it: known here too, should the line fail before the sale."""
        name = one.customer if one else request.customer.customer or ""
        uses = [Use(stored(fold_code(use.code)), use.amount, name) for use in answer.stored_value if use.amount]
        carried = {part.code for part in one.vouchers} if one else set()
        uses += [Use(coupon(fold_code(code)), 1, name) for code in request.codes if fold_code(code) in carried]
        uses += self._local.own.kept(request, one)
        with self._outbox.transaction() as tx:
            if answer.points or not uses:
                account = one.points_of if one else name
                self._effects.hold(tx, answer.hold, account, answer.points, answer.amount, answer.expires_at, event=None, offline=False)
            self._local.taken.hold(tx, answer.hold, uses, answer.expires_at, event=None, offline=False)
            self._effects.store(tx, "hold", request.request_id, mark, answer, self._clock())

    def here(self, request: HoldRequest, mark: bytes, one: ReplicaCustomer | None) -> HoldResponse:
        """Reserved by this store, told to the cloud later.

        Raises:
            ConflictError: It cannot be had, or not while the line is down.
        """
        if one is None and (request.points or not request.customer.is_anonymous):
            raise UnknownCustomerError("this customer is not known in the store, and the line is down")
        if one is not None and one.blocked:
            raise BlockedError
        if one is not None and any(card.number == request.customer.card and not card.active for card in one.plastic):
            said = words_of(self._local.language).say("code_blocked", code=request.customer.card)
            raise ConflictError(said, code="card_blocked", errors=(FieldError("customer.card", "card_blocked", said),))
        if not (request.points or request.stored_value or request.codes or request.rules or request.applied):
            raise ValidationError("a hold reserves something", errors=(FieldError("points", "missing", "name points, codes or rules"),))
        amount, now = self._worth(request), self._clock()
        with self._outbox.transaction() as tx:  # the check and the hold are one: two tills of this store cannot both pass
            if one is not None and request.points:
                self._points(request, one)
            uses, shown = self._local.own.reserve(tx, request, one)
            # The hold's name is the request's: the cloud gets the same request and knows it by it.
            answer = HoldResponse(
                hold=request.request_id,
                points=request.points,
                amount=amount,
                stored_value=shown,
                expires_at=now + timedelta(seconds=request.ttl_seconds),
                provisional=True,
            )
            # Our own name for somebody enrolled here is nothing to the cloud.
            told = request.model_copy(update={"customer": self._local.reference(request.customer)})
            entry = self._outbox.append(tx, Fact("hold", f"hold:{request.request_id}", mark.hex(), "till", {"hold": told}), now)
            if one is not None and request.points:
                self._effects.hold(
                    tx, answer.hold, one.points_of, answer.points, answer.amount, answer.expires_at, event=entry.event_id, offline=True
                )
            self._local.taken.hold(tx, answer.hold, uses, answer.expires_at, event=entry.event_id, offline=True)
            self._effects.store(tx, "hold", request.request_id, mark, answer, now)
        return answer

    def _worth(self, request: HoldRequest) -> int:
        facts = self._local.replica.facts
        amount = points_worth(facts.compiled, request.points, frozenset({"points"}), request.at) if facts.compiled else 0
        if request.points and amount <= 0 and not facts.asked.rewards:
            raise ValidationError(
                "no programme takes these points as money", errors=(FieldError("points", "not_redeemable", "see redeemable in a quote"),)
            )
        return amount

    def _points(self, request: HoldRequest, one: ReplicaCustomer) -> None:
        standing = self._local.standing(one)
        if request.points > standing.spendable:
            raise ConflictError("not enough points are available", code="insufficient_points")
        if standing.offline + request.points > self._local.replica.facts.offline_points_limit:
            raise ConflictError("more points than may be used while the line is down", code="offline_limit")
