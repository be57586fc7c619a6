"""Sentences of levels, clubs and what is said to people."""

from __future__ import annotations

from collections.abc import Iterator

from v5_cloud.programmes.words._voice import Sentence, Voice
from v5_core.programme import Alert, Club, RecordRules, Template, TierScheme

__all__ = ["alert", "club", "record", "template", "tiers"]


def tiers(voice: Voice, scheme: TierScheme) -> list[Sentence]:
    """Each level with what it takes."""
    _, terms = voice.say, tuple(_scheme(voice, scheme))
    found = []
    for index, one in enumerate(scheme.tiers):
        title = voice.formats.own(one.title or one.id)
        if one.threshold:
            measure = {
                "spend": voice.money(one.threshold),
                "points": voice.points(one.threshold),
                "visits": _("%(count)s purchases", count=voice.formats.number(one.threshold)),
            }[scheme.measure]
            text = _("%(title)s from %(measure)s on", title=title, measure=measure)
        else:
            text = _("%(title)s for everybody", title=title)
        found.append(Sentence("trophy", text, "", terms if index == len(scheme.tiers) - 1 else ()))
    return found


def _scheme(voice: Voice, scheme: TierScheme) -> Iterator[str]:
    _ = voice.say
    yield {
        "calendar_year": _("counted from 1 January"),
        "rolling": _("counted over the last %(count)s months", count=scheme.months),
        "lifetime": _("counted for ever"),
    }[scheme.period]
    if scheme.grace_days:
        yield _("kept for %(count)s days more", count=scheme.grace_days)
    if scheme.with_this_sale:
        yield _("the sale itself counts")


def club(voice: Voice, one: Club) -> Sentence:
    """A club and what its members have."""
    _ = voice.say
    title = voice.formats.own(one.title)
    text = _("%(title)s for %(count)s months", title=title, count=one.months) if one.months else _("%(title)s without an end", title=title)
    return Sentence("users", text, "", tuple(_membership(voice, one)))


def _membership(voice: Voice, one: Club) -> Iterator[str]:
    _ = voice.say
    for got in one.entitlements:
        uses, per = voice.formats.number(got.uses), voice.per(got.per)
        yield _("%(title)s: %(count)s times %(per)s", title=voice.formats.own(got.title), count=uses, per=per)
    if one.months:
        yield _("renewed from %(count)s days before the end on", count=one.renew_days)
    if one.breaks:
        yield _("may be paused")
    if one.shared:
        yield _("relatives may share an account")
    if one.join:
        yield _("to join: %(criteria)s", criteria=voice.formats.own(one.join))


def alert(voice: Voice, one: Alert) -> Sentence:
    """What is said, to whom."""
    _ = voice.say
    text = one.text.get(voice.formats.locale.language) or next(iter(one.text.values()))
    to = _("The cashier is told: %(text)s") if one.audience == "cashier" else _("The customer is told: %(text)s")
    at = _("when somebody is identified") if one.at == "identify" else _("with every basket")
    said = to % {"text": voice.formats.own(text)}
    return Sentence("message-square", said, one.id, (at, *voice.time(one.validity), *voice.asked(one.when)))


def template(voice: Voice, one: Template) -> Sentence:
    """V5's own message in other words."""
    text = one.text.get(voice.formats.locale.language) or next(iter(one.text.values()))
    return Sentence("languages", voice.formats.own(text), one.message)


def record(voice: Voice, rules: RecordRules) -> list[Sentence]:
    """What the till asks of records."""
    _ = voice.say
    names = {
        "name": _("name"), "phone": _("phone"), "email": _("e-mail"), "tax_number": _("tax number"), "birth_date": _("date of birth"),
    }  # fmt: skip
    found = []
    if rules.required:
        found.append(Sentence("id-card", _("A new record needs: %(list)s", list=", ".join(names[one] for one in rules.required))))
    if rules.wanted:
        found.append(Sentence("id-card", _("The cashier asks for: %(list)s", list=", ".join(names[one] for one in rules.wanted))))
    if rules.nudge:
        found.append(Sentence("id-card", _("The cashier is reminded to offer a card")))
    return found
