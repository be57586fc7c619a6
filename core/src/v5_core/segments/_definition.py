"""A segment as data, and who is in it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from functools import lru_cache
from typing import Annotated, Final

from pydantic import Field

from v5_core.criteria import Criterion, Predicate, compile_memory, parse
from v5_core.model import Text, Wire
from v5_core.programme import Slug
from v5_core.segments._fields import SEGMENT_FIELDS
from v5_core.segments._record import Shopper, record_of
from v5_core.segments._rfm import Cuts

__all__ = ["CLASSIC", "Definition", "members"]


class Definition(Wire):
    """A segment: a name that offers may ask for (`segment = 'best'`), and who is meant.

    Attributes:
        where: Criteria over `CUSTOMER_FIELDS` in text form.
    """

    id: Slug
    title: Text = ""
    where: Annotated[str, Field(min_length=1, max_length=20_000)]

    def criterion(self) -> Criterion:
        """The tree.

        Raises:
            CriteriaError: Not readable; with the position.
        """
        return parse(self.where, SEGMENT_FIELDS)


@lru_cache(maxsize=1000)
def _predicate(where: str) -> Predicate:
    return compile_memory(parse(where, SEGMENT_FIELDS), SEGMENT_FIELDS)


def members(definitions: Iterable[Definition], shopper: Shopper, today: date, cuts: Cuts | None) -> frozenset[str]:
    """The segments that a customer is in."""
    record = record_of(shopper, today, cuts)
    return frozenset(one.id for one in definitions if _predicate(one.where)(record))


CLASSIC: Final[Mapping[str, tuple[str, str]]] = {
    "champions": ("Champions", "r = 5 and f >= 4 and v >= 4"),
    "loyal": ("Loyal", "r >= 3 and f >= 4 and not (r = 5 and v >= 4)"),
    "promising": ("Promising", "r >= 4 and f between 1 and 3"),
    "at-risk": ("At risk", "r between 1 and 2 and f >= 3"),
    "hibernating": ("Hibernating", "r between 1 and 2 and f between 1 and 2"),
    "newcomers": ("Newcomers", "sales = 1 and days_since_sale <= 30"),
    "lapsed": ("Lapsed", "r = 0 and bought"),
}
"""Named segments made of five bands each, to begin with: (title, criterion)."""
