"""Sentences of earning."""

from __future__ import annotations

from v5_cloud.programmes.words._voice import Sentence, Voice
from v5_core.programme import Boost, EarnEvent, EarnPerAmount, EarnPerQuantity, EarnPerSale, EarnRule, Expiry

__all__ = ["boost", "earn", "lapse"]


def earn(voice: Voice, rule: EarnRule) -> Sentence:
    """What an earning rule gives."""
    _, points = voice.say, voice.points(rule.points)
    extra: list[str] = []
    if isinstance(rule, EarnPerAmount):
        text = _("%(points)s for every %(amount)s", points=points, amount=voice.money(rule.amount))
        if rule.whole:
            extra.append(_("full multiples only"))
    elif isinstance(rule, EarnPerQuantity):
        text = _("%(points)s for every %(quantity)s units", points=points, quantity=voice.formats.quantity(rule.quantity))
        if rule.per_line:
            extra.append(_("each line by itself"))
        if rule.minimum_quantity:
            extra.append(_("from %(quantity)s units on", quantity=voice.formats.quantity(rule.minimum_quantity)))
    elif isinstance(rule, EarnPerSale):
        text = _("%(points)s for every visit", points=points) if rule.per == "visit" else _("%(points)s for every purchase", points=points)
    else:
        text = _event(voice, rule, points)
    if isinstance(rule, EarnPerAmount | EarnPerSale) and rule.minimum:
        extra.append(_("from purchases of %(amount)s", amount=voice.money(rule.minimum)))
    extra += voice.caps(rule.caps)
    if rule.pending_days:
        extra.append(_("to be used after %(count)s days", count=rule.pending_days))
    if rule.expiry is not None:
        extra.append(lapse(voice, rule.expiry))
    return Sentence("coins", text, rule.title or rule.id, (*voice.conditions(rule.selector, rule.when, rule.validity), *extra))


def _event(voice: Voice, rule: EarnEvent, points: str) -> str:
    _ = voice.say
    return {
        "welcome": _("%(points)s to welcome a new member", points=points),
        "birthday": _("%(points)s on the birthday", points=points),
        "referral": _("%(points)s for bringing a new customer", points=points),
        "referred": _("%(points)s for coming through another customer", points=points),
        "profile": _("%(points)s for a complete record", points=points),
        "anniversary": _("%(points)s on each anniversary of joining", points=points),
    }[rule.event]


def boost(voice: Voice, rule: Boost) -> Sentence:
    """What a boost does to the points."""
    _ = voice.say
    if rule.factor == 0:
        text = _("No points are earned")
    else:
        text = _("Points are multiplied by %(factor)s", factor=voice.formats.quantity(rule.factor // 10))
    return Sentence("trending-up", text, rule.title or rule.id, voice.conditions(rule.selector, rule.when, rule.validity))


def lapse(voice: Voice, expiry: Expiry) -> str:
    """When points lapse."""
    _ = voice.say
    return {
        "never": _("Points never lapse"),
        "days": _("Points lapse after %(count)s days", count=expiry.count),
        "months": _("Points lapse after %(count)s months", count=expiry.count),
        "end_of_month": _("Points lapse at the end of the month, %(count)s months later", count=expiry.count),
        "activity": _("Points lapse %(count)s months after the last purchase", count=expiry.count),
        "end_of_year": _("Points lapse at the end of the year, %(count)s years later", count=expiry.count),
    }[expiry.kind]
