"""Which rules of which programmes ask for a segment."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from v5_cloud.kit.container import Container
from v5_cloud.kit.tenant import Scope
from v5_cloud.programmes import service
from v5_core.criteria import Compare, CriteriaError, In, operands, parse
from v5_core.programme import Programme

__all__ = ["Use", "uses"]


@dataclass(frozen=True, slots=True)
class Use:
    """One rule that asks for a segment, and where it is read."""

    programme: str
    rule: str
    address: str
    draft: bool


def uses(container: Container, scope: Scope) -> dict[str, list[Use]]:
    """By segment: of each programme its newest published version, and its drafts."""
    found: dict[str, list[Use]] = {}
    published: set[str] = set()
    for row in service.list_programmes(container, scope):
        if row.state == "published" and row.id in published:
            continue
        published |= {row.id} if row.state == "published" else set()
        address = f"/programmes/{scope.company}/{row.id}/{row.version}"
        for title, text in _conditions(row.programme):
            for segment in _asked(text):
                found.setdefault(segment, []).append(Use(row.name, title, address, row.state != "published"))
    return found


def _conditions(programme: Programme) -> Iterator[tuple[str, str]]:
    for rule in (*programme.earning, *programme.boosts, *programme.offers, *programme.vouchers):
        yield rule.title or rule.id, rule.when
    for alert in programme.alerts:
        yield alert.id, alert.when
    for club in programme.clubs:
        yield club.title, club.join
    if programme.redemption is not None:
        yield programme.name, programme.redemption.when


def _asked(text: str) -> set[str]:
    try:
        leaves = list(operands(parse(text))) if "segment" in text else []
    except CriteriaError:
        return set()
    named = [leaf for leaf in leaves if leaf.field == "segment"]
    return {leaf.value for leaf in named if isinstance(leaf, Compare)} | {
        one for leaf in named if isinstance(leaf, In) for one in leaf.values
    }
