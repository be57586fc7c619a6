"""Recency, frequency and value (RFM) in bands: by fixed limits, or by quantiles of whoever bought in the period.

Each measure becomes a whole number, 1 and up, the highest the best; 0 is who bought nothing in the period. Thresholds are worked out
once for all customers (`Cuts`); a customer's band is then how many of them are reached, which is the same in memory and in SQL.
Equal customers are always in the same band: quantiles are values (the nearest rank), not places in a list.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Self

from pydantic import Field, model_validator

from v5_core.model import Wire
from v5_core.money import Amount

__all__ = ["AmountBands", "Bands", "Cuts", "Rfm", "cuts_of", "ranks"]

_Whole = Annotated[int, Field(gt=0, le=1_000_000)]


def _check(limits: Sequence[int], quantiles: int | None) -> None:
    if bool(limits) == (quantiles is not None):
        raise ValueError("give either limits or quantiles")
    if list(limits) != sorted(set(limits)):
        raise ValueError("limits must rise")


class Bands(Wire):
    """Bands of days since the last sale, or of the number of sales.

    Attributes:
        limits: Rising. Of days: up to the first is the best band. Of sales: from the last on is the best.
        quantiles: So many bands of about as many customers each.
    """

    limits: Annotated[tuple[_Whole, ...], Field(max_length=9)] = ()
    quantiles: Annotated[int, Field(ge=2, le=10)] | None = None

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        _check(self.limits, self.quantiles)
        return self


class AmountBands(Wire):
    """Bands of what was spent: `limits` rise, from the last on is the best band; or `quantiles`."""

    limits: Annotated[tuple[Annotated[Amount, Field(gt=0)], ...], Field(max_length=9)] = ()
    quantiles: Annotated[int, Field(ge=2, le=10)] | None = None

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        _check(self.limits, self.quantiles)
        return self


class Rfm(Wire):
    """How a company bands its customers; `days` is the period that counts, up to today."""

    days: Annotated[int, Field(ge=1, le=1830)] = 365
    recency: Bands = Bands(quantiles=5)
    frequency: Bands = Bands(quantiles=5)
    value: AmountBands = AmountBands(quantiles=5)


class Cuts(Wire):
    """Thresholds: a customer's band is 1 and one more for each threshold that is reached.

    Attributes:
        days: The period of the `Rfm` that they are of.
        recency: Days since the last sale; reached by as many or fewer.
        frequency: Sales; reached by as many or more.
        value: Minor units spent; reached by as much or more.
    """

    days: int
    recency: tuple[int, ...] = ()
    frequency: tuple[int, ...] = ()
    value: tuple[int, ...] = ()


def ranks(count: int, quantiles: int) -> list[int]:
    """Places (from 1) of the values that part `count` sorted values into `quantiles` parts."""
    return [-(-count * part // quantiles) for part in range(1, quantiles)] if count else []


def cuts_of(rfm: Rfm, recency: Sequence[int], frequency: Sequence[int], value: Sequence[int]) -> Cuts:
    """The thresholds of a company.

    Args:
        rfm: How it bands its customers.
        recency: Values at the `ranks` of the days since the last sale; empty where limits are fixed.
        frequency: The same of the number of sales.
        value: The same of what was spent.
    """
    # A quantile's value still belongs to the lower part: what counts is to be above it.
    return Cuts(
        days=rfm.days,
        recency=rfm.recency.limits or tuple(recency),
        frequency=rfm.frequency.limits or tuple(one + 1 for one in frequency),
        value=rfm.value.limits or tuple(one + 1 for one in value),
    )
