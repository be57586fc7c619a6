"""Checks before publishing: what may stay open in a draft may not in a programme that customers rely on."""

from __future__ import annotations

from itertools import combinations

from v5_core.criteria import And, Compare, Criterion, In, parse
from v5_core.engine._compile import compile_programmes
from v5_core.errors import FieldError, ValidationError
from v5_core.money import CURRENCIES
from v5_core.programme import Offer, OfferBase, PercentOffer, Programme, Selector, Validity

__all__ = ["check_programme"]


def check_programme(programme: Programme) -> None:
    """Refuses a programme that may not be published.

    Two exclusive offers of one group tie when both can apply to the same line at the same time, take the same percentage, and have the
    same priority: then nothing but chance would say which of them is written on the receipt.

    Raises:
        ValidationError: Criteria that cannot be read, an unknown field in them, a currency that is not supported, a validity that ends
            before it starts, or a tie (both rules are named).
    """
    errors: list[FieldError] = []
    if programme.currency not in CURRENCIES:
        errors.append(FieldError("currency", "currency", f"{programme.currency!r} is not supported"))
    for rule in (*programme.earning, *programme.boosts, *programme.offers):
        if _empty(rule.validity):
            errors.append(FieldError(f"{rule.id}.validity", "validity", f"rule {rule.id!r} ends before it starts"))
    if _empty(programme.validity):
        errors.append(FieldError("validity", "validity", "the programme ends before it starts"))
    compile_programmes([programme])
    for one, other in combinations(sorted(programme.offers, key=lambda offer: offer.id), 2):
        if _tie(one, other):
            text = (
                f"offers {one.id!r} and {other.id!r} are exclusive in group {one.group!r} and give the same at the same "
                "priority: give one a higher priority, or make one combinable"
            )
            errors.append(FieldError(f"offers.{one.id}", "tie", text))
    if errors:
        raise ValidationError("; ".join(error.message for error in errors), code="programme", errors=tuple(errors))


def _empty(validity: Validity) -> bool:
    return validity.starts_at is not None and validity.ends_at is not None and validity.ends_at <= validity.starts_at


def _tie(one: Offer, other: Offer) -> bool:
    return (
        one.exclusive
        and other.exclusive
        and one.group == other.group
        and one.priority == other.priority
        and _gives(one) == _gives(other)
        and not (one.cost or other.cost)
        and _overlap(one.validity, other.validity)
        and not _disjoint_lines(one.selector, other.selector)
        and not _disjoint(one.when, other.when)
        and not _disjoint(one.selector.where, other.selector.where)
    )


def _gives(offer: Offer) -> object:
    # What it takes off, whatever the way: two offers that say the same here can come out the same.
    if isinstance(offer, PercentOffer):
        return offer.percent
    return offer.id if offer.kind == "bundle" else offer.model_dump(exclude={*OfferBase.model_fields})


def _overlap(one: Validity, other: Validity) -> bool:
    starts_before = one.starts_at is None or other.ends_at is None or one.starts_at < other.ends_at
    return starts_before and (other.starts_at is None or one.ends_at is None or other.starts_at < one.ends_at)


def _disjoint_lines(one: Selector, other: Selector) -> bool:
    return any(
        bool(mine) and bool(theirs) and set(mine).isdisjoint(theirs)
        for mine, theirs in ((one.products, other.products), (one.families, other.families), (one.brands, other.brands))
    ) or set(one.kinds).isdisjoint(other.kinds)


def _disjoint(one: str, other: str) -> bool:
    # "weekday = 1" and "weekday = 2" can never hold together; anything less plain is taken to overlap.
    if not one.strip() or not other.strip():
        return False
    mine, theirs = _pinned(parse(one)), _pinned(parse(other))
    return any(mine[name].isdisjoint(theirs[name]) for name in mine.keys() & theirs.keys())


def _pinned(criterion: Criterion) -> dict[str, frozenset[str]]:
    # Fields that must have one of a few values; sets (segment, card type) can hold several at once and pin nothing.
    items = criterion.items if isinstance(criterion, And) else (criterion,)
    found: dict[str, frozenset[str]] = {}
    for item in items:
        name = f"{item.part}({item.field})" if isinstance(item, Compare | In) else ""
        if isinstance(item, Compare) and item.op == "=" and item.field not in ("segment", "card_type"):
            found[name] = found.get(name, frozenset({item.value})) & {item.value}
        elif isinstance(item, In) and item.field not in ("segment", "card_type"):
            found[name] = found.get(name, frozenset(item.values)) & frozenset(item.values)
    return found
