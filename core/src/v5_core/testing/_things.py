"""Coupons and stored value in memory, for the fake of the hooks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

from v5_core.codes import fold_code, spell
from v5_core.engine import Coupon, SaleState, Stored
from v5_core.errors import ConflictError, FieldError, NotFoundError
from v5_core.hooks import HoldRequest, QuoteRequest, StoredUse, VoucherView
from v5_core.model import SalesDocument
from v5_core.stored import MEANS, refusal

__all__ = ["Things"]

# What open holds keep: minor units by code, and codes of coupons.
Kept = Iterable[tuple[Mapping[str, int], tuple[str, ...]]]


class Things:
    """What has a code. `used` is what sales took."""

    def __init__(self, coupons: Iterable[Coupon], stored: Iterable[Stored]) -> None:
        self._coupons = {fold_code(one.code): one for one in coupons}
        self._stored = {fold_code(one.code): one for one in stored}

    def _coupon(self, code: str, kept: Kept) -> Coupon | None:
        one = self._coupons.get(fold_code(code))
        held = sum(codes.count(fold_code(code)) for _, codes in kept)
        return None if one is None else replace(one, uses_left=one.uses_left - held)

    def _money(self, code: str, kept: Kept) -> Stored | None:
        one = self._stored.get(fold_code(code))
        held = sum(money.get(fold_code(code), 0) for money, _ in kept)
        return None if one is None else replace(one, balance=max(0, one.balance - held))

    def state(self, request: QuoteRequest, kept: Kept) -> SaleState:
        """What is stored about what a basket names."""
        coupons = {code: coupon for code in request.codes if (coupon := self._coupon(code, kept)) is not None}
        money = {part.code: one for part in request.stored_value if (one := self._money(part.code, kept)) is not None}
        return SaleState(coupons=coupons, stored=money)

    def reserve(
        self, request: HoldRequest, customer: str | None, kept: Kept
    ) -> tuple[dict[str, int], tuple[str, ...], tuple[StoredUse, ...]]:
        """What a hold keeps: money by code, codes of coupons, and what the till is told.

        Raises:
            NotFoundError: There is no such code.
            ConflictError: It cannot be had.
        """
        money: dict[str, int] = {}
        shown = []
        for code in request.codes:
            self._able(self._coupon(code, kept), code, request, customer)
        for part in request.stored_value:
            one = self._money(part.code, kept)
            self._able(one, part.code, request, customer)
            balance = one.balance if one is not None else 0
            amount = balance if part.amount is None else part.amount
            if amount > balance:
                raise ConflictError("not so much is on it", code="insufficient_value")
            money[fold_code(part.code)] = amount
            kind = one.kind if one is not None else ""
            shown.append(StoredUse(code=spell(fold_code(part.code)), kind=kind, amount=amount, left=balance - amount))
        return money, tuple(fold_code(code) for code in request.codes), tuple(shown)

    def _able(self, one: Coupon | Stored | None, code: str, request: HoldRequest, customer: str | None) -> None:
        if one is None:
            raise NotFoundError("there is no such code", code="unknown", errors=(FieldError("codes", "unknown", code),))
        problem = refusal(one, at=request.at, store=request.store, customer=customer)
        if problem:
            raise ConflictError("it cannot be used", code=problem)

    def sell(self, document: SalesDocument, kept: Mapping[str, Mapping[str, int]]) -> dict[str, int]:
        """A sale takes what it names; gives what to hand to `undo`. `kept` is money by hold."""
        taken: dict[str, int] = {}
        for payment in document.payments:
            held = kept.get(payment.hold or "", {})
            codes = [fold_code(payment.code)] if payment.code else list(held)
            for code in codes if payment.method in MEANS else ():
                if code in self._stored:
                    taken[code] = taken.get(code, 0) + (payment.amount if payment.code else min(payment.amount or held[code], held[code]))
        taken |= {code: 1 for one in document.applied if one.code and (code := fold_code(one.code)) in self._coupons}
        self.move(taken, -1)
        return taken

    def move(self, taken: Mapping[str, int], sign: int) -> None:
        """Takes, or gives back."""
        for code, amount in taken.items():
            if code in self._stored:
                self._stored[code] = replace(self._stored[code], balance=self._stored[code].balance + sign * amount)
            else:
                self._coupons[code] = replace(self._coupons[code], uses_left=self._coupons[code].uses_left + sign * amount)

    def paid(self, taken: Mapping[str, int]) -> tuple[StoredUse, ...]:
        """What stored value paid, and what is left on it."""
        return tuple(
            StoredUse(code=spell(code), kind=self._stored[code].kind, amount=amount, left=max(0, self._stored[code].balance))
            for code, amount in taken.items()
            if code in self._stored
        )

    def views(self, customer: str, kept: Kept, zone: ZoneInfo) -> tuple[VoucherView, ...]:
        """What a customer has and can use."""
        kept = list(kept)
        money = (self._money(code, kept) for code, one in self._stored.items() if one.customer == customer)
        coupons = (self._coupon(code, kept) for code, one in self._coupons.items() if one.customer == customer)
        left: list[Coupon | Stored] = [one for one in money if one and one.balance > 0]
        left += [one for one in coupons if one and one.uses_left > 0]
        return tuple(_view(one, zone) for one in left)


def _view(one: Coupon | Stored, zone: ZoneInfo) -> VoucherView:
    last = None if one.valid_until is None else (one.valid_until - timedelta(microseconds=1)).astimezone(zone).date()
    first = None if one.valid_from is None else one.valid_from.astimezone(zone).date()
    if isinstance(one, Stored):
        kind, amount, percent, rule = one.kind, one.balance, 0, one.type_id
    else:
        kind, amount, percent, rule = "coupon" if one.rule else "percent", 0, one.percent, one.rule
    return VoucherView(
        code=spell(fold_code(one.code)), kind=kind, title=one.title, amount=amount, percent=percent, rule=rule, valid_from=first,
        valid_until=last,
    )  # fmt: skip
