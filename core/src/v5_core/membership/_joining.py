"""Who may join a club: its condition over the customer's record, the same in the cloud and at a till whose line is down."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from v5_core.criteria import RECORD_FIELDS, Predicate, compile_memory, operands, parse
from v5_core.programme import Club

__all__ = ["join_fields", "may_join"]


@lru_cache(maxsize=200)
def _condition(text: str) -> tuple[Predicate, frozenset[str]]:
    criterion = parse(text, RECORD_FIELDS)
    return compile_memory(criterion, RECORD_FIELDS), frozenset(leaf.field for leaf in operands(criterion))


def join_fields(club: Club) -> frozenset[str]:
    """The fields of the record that the club's condition asks for; empty: anybody may join."""
    return _condition(club.join)[1] if club.join.strip() else frozenset()


def may_join(club: Club, record: Mapping[str, Any]) -> bool:
    """Whether whoever has this record may join; what is empty in it is unknown."""
    return not club.join.strip() or _condition(club.join)[0]({name: value for name, value in record.items() if value not in (None, "")})
