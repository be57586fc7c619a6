"""Every field of a programme is drawn by the strategies, so that engine and reference are compared on it, or says here why not."""

from __future__ import annotations

from collections.abc import Iterator
from operator import itemgetter
from typing import Any, Final, get_args

from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, TypeAdapter

from v5_core.programme import EarnRule, Offer, Policies, Programme, VoucherRule
from v5_reference.programmes import earning_rules, offers, policies, programme_sets, voucher_rules

_WORDS: Final = "a word for people"
_SCOPE: Final = "says which counter counts, and a counter comes in as a figure: tests/cloud and tests/acceptance"
_STORED: Final = "of stored value itself, not of a basket: tests/core/test_stored.py"
_MADE: Final = "how a voucher is made, kept and used: tests/core/test_stored.py and tests/cloud"
_LEDGER: Final = "of the ledger: test_ledger.py beside this"
_OFFLINE: Final = "of a store whose line is down: tests/agent"
# Fields and whole classes that are not drawn, and why.
NOT_DRAWN: Final = {
    "Alert": "words that are said: tests/core/test_alerts.py",
    "Template": "words that are said: tests/core/test_alerts.py",
    "RecordRules": "of customers' records: tests/core/test_alerts.py",
    "RecordField": "of customers' records: tests/core/test_alerts.py",
    "TierScheme": "decides facts that come in as such: tests/core/test_membership.py",
    "Tier": "decides facts that come in as such: tests/core/test_membership.py",
    "Club": "decides facts that come in as such: tests/core/test_membership.py",
    "Entitlement": "decides facts that come in as such: tests/core/test_membership.py",
    "RewardLevel": "shown only: tests/core/test_engine_totals.py",
    "title": _WORDS,
    "description": _WORDS,
    "Programme.currency": "one currency is drawn; others: tests/core/test_engine_totals.py",
    "Programme.state": "drafts are published before they count",
    "Programme.rewards": "shown only",
    "Programme.tiers": "decides facts that come in as such",
    "Programme.alerts": "words that are said",
    "Programme.templates": "words that are said",
    "Programme.record": "of customers' records",
    "Limit.count": _SCOPE,
    "Budget.per": _SCOPE,
    "Budget.by": _SCOPE,
    "PointsCap.by": _SCOPE,
    "EarnEvent.fields": "of events, not of baskets: tests/core/test_engine_earning.py",
    "VoucherRule.period_days": "what is measured comes in as a figure",
    "VoucherRule.minimum_purchase": _MADE,
    "VoucherRule.stores": _MADE,
    "VoucherRule.whole": _MADE,
    "VoucherRule.limits": _MADE,
    "VoucherRule.notify": _MADE,
    **{f"StoredValueType.{name}": _STORED for name in ("products", "values", "ceiling", "valid_days", "whole", "by_code", "external")},
    "Policies.lots": _LEDGER,
    "Policies.negative_balance": _LEDGER,
    **{f"Policies.{name}": _OFFLINE for name in ("offline_value", "offline_coupons", "offline_vouchers")},
}


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for one in get_args(annotation):
        yield from _models(one)


def _name(model: type[BaseModel], field: str) -> str:
    # By the class that brings it: what all offers have need not be drawn of each kind.
    owner = next(one for one in reversed(model.__mro__) if issubclass(one, BaseModel) and field in one.model_fields)
    return f"{owner.__name__}.{field}"


def _fields() -> set[str]:
    found: set[str] = set()
    waiting: list[type[BaseModel]] = [Programme]
    known = {*waiting}
    while waiting:
        model = waiting.pop()
        for name, field in model.model_fields.items():
            found.add(_name(model, name))
            for other in _models(field.annotation):
                if other not in known:
                    known.add(other)
                    waiting.append(other)
    return found


def _drawn(one: BaseModel) -> Iterator[str]:
    for name, field in type(one).model_fields.items():
        value = getattr(one, name)
        only = len(get_args(field.annotation)) == 1 and name == "kind"
        if only or field.is_required() or value != field.get_default(call_default_factory=True):
            yield _name(type(one), name)
        for inner in value if isinstance(value, tuple) else (value,):
            if isinstance(inner, BaseModel):
                yield from _drawn(inner)


def test_every_field_of_a_programme_is_drawn_or_says_why_not() -> None:
    drawn: set[str] = set()

    def collect(examples: int, strategy: st.SearchStrategy[Any], kind: Any) -> None:
        read = TypeAdapter(kind).validate_python

        @settings(max_examples=examples, derandomize=True, database=None, phases=[Phase.generate])
        @given(st.lists(strategy, min_size=3, max_size=3))
        def draw(some: list[Any]) -> None:
            drawn.update(name for one in some for name in _drawn(read(one)))

        draw()

    collect(300, offers("o", ("coffee",)), Offer)
    collect(50, earning_rules("e"), EarnRule)
    collect(50, voucher_rules("v", "c"), VoucherRule)
    collect(50, policies(), Policies)
    collect(25, programme_sets().map(itemgetter(-1)), Programme)
    excused = {name for name in _fields() for model, _, field in [name.partition(".")] if {name, model, field} & NOT_DRAWN.keys()}
    missing = sorted(_fields() - drawn - excused)
    assert not missing, "draw it in v5_reference.programmes and read it in the reference, or say here why not"
    stale = {name for name in NOT_DRAWN if "." in name and (name in drawn or name not in _fields())}
    assert not sorted(stale), "these are drawn by now, or are no more"
