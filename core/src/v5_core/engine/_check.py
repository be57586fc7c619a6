"""Checks before publishing: what may stay open in a draft may not in a programme that customers rely on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from itertools import combinations
from typing import Final

from v5_core.criteria import RECORD_FIELDS, And, Compare, CriteriaError, Criterion, FieldType, In, compile_memory, parse
from v5_core.engine._alerts import spoken_errors
from v5_core.engine._compile import compile_programmes
from v5_core.engine._events import event_errors
from v5_core.engine._refusals import refusal
from v5_core.engine._rules import fold_code
from v5_core.engine._situation import LINE_FIELDS, SALE_FIELDS
from v5_core.errors import FieldError, ValidationError
from v5_core.money import CURRENCIES, format_scaled
from v5_core.programme import BuyGetOffer, Offer, OfferBase, PercentOffer, PriceListOffer, Programme, Selector, Validity

__all__ = ["check_programme"]

# What decides whether an offer applies, and to what.
_CONDITIONS: Final = {
    "kind", "selector", "when", "minimum", "minimum_of", "minimum_selector", "minimum_basis", "minimum_price", "minimum_quantity", "limits",
    "members_only", "maximum", "units_per_line", "units", "of_same", "of_different",
}  # fmt: skip

_SEVERAL: Final = frozenset({"segment", "card_type", "tier", "club", "payment", "tag"})
"""Fields that can hold several values at once."""


def check_programme(programme: Programme, language: str = "en") -> None:
    """Refuses a programme that may not be published.

    Two exclusive offers of one group tie when both can apply to the same line at the same time, give the same, and have the
    same priority: then nothing but chance would say which of them is written on the receipt.

    Args:
        programme: The draft.
        language: In which it is told.

    Raises:
        ValidationError: Criteria that cannot be read, an unknown field in them, a currency that is not supported, a validity that ends
            before it starts, a tie or another contradiction (both rules are named).
    """
    errors: list[FieldError] = []
    if programme.currency not in CURRENCIES:
        errors.append(FieldError("currency", "currency", refusal(language, "currency", currency=programme.currency)))
    for rule in (*programme.earning, *programme.boosts, *programme.offers, *programme.vouchers):
        if _empty(rule.validity):
            errors.append(FieldError(f"{rule.id}.validity", "validity", refusal(language, "ends_before", one=rule.id)))
    if _empty(programme.validity):
        errors.append(FieldError("validity", "validity", refusal(language, "programme_ends_before")))
    errors += _unreadable(programme, language) or [
        *_policies(programme, language),
        *_rules(programme, language),
        *_ties(programme.offers, language),
        *_codes(programme.offers, language),
        *_unreachable(programme, language),
        *spoken_errors(programme, language),
        *event_errors(programme, language),
    ]
    if errors:
        raise ValidationError("; ".join(error.message for error in errors), code="programme", errors=tuple(errors))


def _unreadable(programme: Programme, language: str) -> tuple[FieldError, ...]:
    """Criteria that cannot be read: what else is wrong with the rules cannot be told then."""
    try:
        compile_programmes([programme])
        for rule in programme.vouchers:
            _readable(rule.id, "when", rule.when, SALE_FIELDS)
            _readable(rule.id, "selector.where", rule.selector.where, LINE_FIELDS)
        for club in programme.clubs:
            _readable(club.id, "join", club.join, RECORD_FIELDS)
    except CriteriaError as error:
        return error.told(language).errors
    return ()


def _readable(rule: str, field: str, text: str, fields: Mapping[str, FieldType]) -> None:
    # What is looked at only when a sale is booked, or somebody joins.
    try:
        if text.strip():
            compile_memory(parse(text, fields), fields)
    except CriteriaError as error:
        raise error.of(f"{rule}.{field}", "rule", rule) from None


def _policies(programme: Programme, language: str) -> Iterator[FieldError]:
    policies = programme.policies
    # Points of units or of a sale hang on no amount: nothing that the sale spends lowers them.
    if not policies.same_sale_points or not any(rule.kind == "per_amount" for rule in programme.earning):
        return
    if policies.base == "after_discounts" and any(offer.cost for offer in programme.offers):
        yield FieldError("policies.same_sale_points", "contradiction", refusal(language, "spend_lowers"))
    if not policies.earn_on_points and programme.redemption is not None:
        yield FieldError("policies.earn_on_points", "contradiction", refusal(language, "earn_on_points"))


def _rules(programme: Programme, language: str) -> Iterator[FieldError]:
    unit = 10 ** (3 - programme.decimals)
    for rule in programme.earning:
        for index, cap in enumerate(rule.caps):
            if cap.points < unit:
                text = refusal(language, "never_a_point", one=rule.id)
                yield FieldError(f"{rule.id}.caps.{index}", "contradiction", text)
    for offer in programme.offers:
        if offer.entitlement and not offer.members_only:
            text = refusal(language, "open_entitlement", one=offer.id, other=offer.entitlement)
            yield FieldError(f"{offer.id}.members_only", "contradiction", text)
        if offer.coupon and offer.codes:
            text = refusal(language, "coupon_and_code", one=offer.id)
            yield FieldError(f"{offer.id}.codes", "contradiction", text)
        if isinstance(offer, BuyGetOffer) and offer.add is not None and (offer.price is not None or offer.percent != 10_000):
            text = refusal(language, "priced_gift", one=offer.id)
            yield FieldError(f"{offer.id}.add", "contradiction", text)
        if offer.cost and not offer.members_only:
            yield FieldError(f"{offer.id}.members_only", "contradiction", refusal(language, "open_reward", one=offer.id))


def _ties(offers: Iterable[Offer], language: str) -> Iterator[FieldError]:
    # Only offers that say the same of everything but when and where are compared in pairs.
    alike: dict[object, list[Offer]] = defaultdict(list)
    for offer in sorted(offers, key=lambda one: one.id):
        if offer.exclusive and not offer.cost:
            alike[offer.group, offer.priority, _gives(offer)].append(offer)
    for rivals in alike.values():
        for one, other in combinations(rivals, 2):
            if _meet(one, other):
                text = refusal(language, "tie", one=one.id, other=other.id, group=one.group)
                yield FieldError(f"offers.{one.id}", "tie", text)


def _codes(offers: Iterable[Offer], language: str) -> Iterator[FieldError]:
    # One code for two exclusive offers of a group under the same conditions: one of them could never be had.
    owners: dict[tuple[str, str, str], Offer] = {}
    for offer in sorted(offers, key=lambda one: one.id):
        alike = offer.model_dump_json(include=_CONDITIONS) if isinstance(offer, PercentOffer) else offer.id
        for code in {fold_code(code) for code in offer.codes}:
            known = owners.setdefault((code, offer.group, alike), offer)
            if known is not offer and known.exclusive and offer.exclusive and _meet(known, offer):
                text = refusal(language, "one_code", code=code, one=known.id, other=offer.id, group=offer.group)
                yield FieldError(f"offers.{offer.id}.codes", "contradiction", text)


def _unreachable(programme: Programme, language: str) -> Iterator[FieldError]:
    # What could never be had, and who is in its way.
    offers = {offer.id: offer for offer in programme.offers}
    for rule in (*programme.earning, *programme.boosts, *programme.offers, *programme.vouchers):
        if not _overlap(rule.validity, programme.validity):
            text = refusal(language, "outside", one=rule.id, other=programme.id)
            yield FieldError(f"{rule.id}.validity", "contradiction", text)
        pinned = _pinned(parse(rule.when)) if rule.when.strip() else {}
        for name in sorted(name for name, values in pinned.items() if not values):
            text = refusal(language, "never", one=rule.id, field=name.partition("(")[2].rstrip(")"))
            yield FieldError(f"{rule.id}.when", "contradiction", text)
    for voucher in programme.vouchers:
        offer = offers.get(voucher.offer or "")
        if offer is not None and not _overlap(_from(voucher.validity), offer.validity):
            text = refusal(language, "voucher_offer", one=voucher.id, other=offer.id)
            yield FieldError(f"{voucher.id}.offer", "contradiction", text)
    lists = [offer for offer in programme.offers if isinstance(offer, PriceListOffer)]
    for one, other in combinations(sorted(lists, key=lambda one: one.id), 2):
        alike = one.exclusive and other.exclusive and (one.group, one.priority) == (other.group, other.priority)
        doubled = sorted(name for name in one.prices.keys() & other.prices.keys() if one.prices[name] != other.prices[name])
        if alike and doubled and one.when == other.when and one.selector == other.selector and _overlap(one.validity, other.validity):
            text = refusal(language, "price_lists", one=one.id, other=other.id, product=doubled[0])
            yield FieldError(f"{other.id}.prices", "contradiction", text)
    redemption = programme.redemption
    if redemption is not None and redemption.daily_limit is not None:
        least = max(redemption.minimum, redemption.step)
        if least > redemption.daily_limit:
            figures = [format_scaled(points, 3) for points in (least, redemption.daily_limit)]
            text = refusal(language, "redeem_limit", one=figures[0], other=figures[1])
            yield FieldError("redemption.daily_limit", "contradiction", text)


def _from(validity: Validity) -> Validity:
    # Coupons live on after the rule that makes them: only its beginning counts.
    return validity.model_copy(update={"ends_at": None, "last_day": None})


def _empty(validity: Validity) -> bool:
    starts, ends, first, last = validity.starts_at, validity.ends_at, validity.first_day, validity.last_day
    return (starts is not None and ends is not None and ends <= starts) or (first is not None and last is not None and last < first)


def _meet(one: Offer, other: Offer) -> bool:
    """Whether both can apply to the same line at the same time."""
    return (
        _overlap(one.validity, other.validity)
        and not _disjoint_lines(one.selector, other.selector)
        and not _disjoint(one.when, other.when)
        and not _disjoint(one.selector.where, other.selector.where)
    )


def _gives(offer: Offer) -> object:
    # What it takes off, whatever the way: two offers that say the same here can come out the same.
    if isinstance(offer, PercentOffer):
        return offer.percent
    return offer.id if offer.kind == "bundle" else offer.model_dump_json(exclude={*OfferBase.model_fields})


def _overlap(one: Validity, other: Validity) -> bool:
    if (one.first_day and other.last_day and other.last_day < one.first_day) or (
        other.first_day and one.last_day and one.last_day < other.first_day
    ):
        return False
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
        if isinstance(item, Compare) and item.op == "=" and item.field not in _SEVERAL:
            found[name] = found.get(name, frozenset({item.value})) & {item.value}
        elif isinstance(item, In) and item.field not in _SEVERAL:
            found[name] = found.get(name, frozenset(item.values)) & frozenset(item.values)
    return found
