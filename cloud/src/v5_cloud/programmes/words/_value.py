"""Sentences of what points buy, of vouchers and of stored value."""

from __future__ import annotations

from collections.abc import Iterator

from v5_cloud.programmes.words._voice import Sentence, Voice
from v5_core.programme import Redemption, RewardLevel, StoredValueType, VoucherRule, VoucherStep

__all__ = ["redemption", "reward", "stored_value", "voucher"]


def redemption(voice: Voice, rule: Redemption) -> Sentence:
    """Points as money."""
    _ = voice.say
    extra = [_("at least %(points)s", points=voice.points(rule.minimum))] if rule.minimum else []
    extra.append(_("in steps of %(points)s", points=voice.formats.points(rule.step)))
    if rule.max_share < 10_000:
        extra.append(_("up to %(rate)s of the purchase", rate=voice.formats.rate(rule.max_share)))
    if rule.daily_limit:
        extra.append(_("at most %(points)s %(per)s", points=voice.points(rule.daily_limit), per=voice.per("day")))
    text = _("%(points)s are worth %(amount)s", points=voice.points(rule.points), amount=voice.money(rule.amount))
    return Sentence("wallet", text, "", (*extra, *voice.asked(rule.when)))


def reward(voice: Voice, one: RewardLevel) -> Sentence:
    """Something to reach."""
    _ = voice.say
    worth = (_("worth %(amount)s", amount=voice.money(one.amount)),) if one.amount else ()
    text = _("%(title)s for %(points)s", title=voice.formats.own(one.title), points=voice.points(one.cost))
    return Sentence("gift", text, "", worth)


def voucher(voice: Voice, rule: VoucherRule) -> Sentence:
    """When a voucher is made, what it is worth, how long it counts."""
    _ = voice.say
    when = {
        "till": _("A voucher at the till"),
        "anonymous": _("A voucher with every purchase without a card"),
        "next_purchase": _("A voucher for the next purchase"),
        "turnover": _("A voucher for what was bought in a period"),
        "new_customer": _("A voucher for a new customer with an e-mail address"),
        "birthday": _("A voucher on the birthday"),
    }[rule.kind]
    given = ", ".join(_step(voice, rule, one) for one in rule.steps)
    text = _("%(voucher)s: %(given)s", voucher=when, given=given)
    conditions = (*voice.conditions(rule.selector, rule.when, rule.validity), *_terms(voice, rule))
    return Sentence("ticket", text, rule.title or rule.id, conditions)


def _step(voice: Voice, rule: VoucherRule, step: VoucherStep) -> str:
    _ = voice.say
    if rule.gives == "coupon":
        worth = _("a coupon for %(name)s", name=voice.formats.own(_title(voice, rule.offer or "")))
    elif rule.gives == "percent":
        worth = voice.off(step.percent, 0)
    elif step.amount:
        worth = voice.money(step.amount)
    else:
        worth = _("%(rate)s of it", rate=voice.formats.rate(step.percent))
    return _("%(worth)s from %(amount)s on", worth=worth, amount=voice.money(step.amount_from)) if step.amount_from else worth


def _title(voice: Voice, offer: str) -> str:
    return next((one.title or one.id for one in voice.programme.offers if one.id == offer), offer)


def _terms(voice: Voice, rule: VoucherRule) -> Iterator[str]:
    _ = voice.say
    if rule.period_days:
        yield _("what was bought in %(count)s days counts", count=rule.period_days)
    if rule.visits:
        yield _("from %(count)s purchases on", count=rule.visits)
    if rule.codes:
        yield _("with a code")
    if rule.valid_after_days:
        yield _("to be used after %(count)s days", count=rule.valid_after_days)
    yield _("valid for %(count)s days", count=rule.valid_days)
    if rule.minimum_purchase:
        yield _("from purchases of %(amount)s", amount=voice.money(rule.minimum_purchase))
    if rule.stores:
        yield _("in the stores %(list)s", list=voice.names(rule.stores))
    if not rule.whole:
        yield _("what is left of it can be used later")
    yield from voice.limits(rule.limits)
    if rule.notify:
        yield _("the manager is told at each use")


def stored_value(voice: Voice, one: StoredValueType) -> Sentence:
    """A gift card, a wallet, a credit note."""
    _ = voice.say
    text = {
        "gift_card": _("A gift card that is sold at the till and pays later"),
        "wallet": _("A wallet that is loaded in advance and pays later"),
        "credit_note": _("A credit note that pays later"),
    }[one.kind]
    symbol = {"gift_card": "gift", "wallet": "wallet", "credit_note": "undo-2"}[one.kind]
    return Sentence(symbol, text, one.title or one.id, (*_uses(voice, one), *voice.lines(one.selector)))


def _uses(voice: Voice, one: StoredValueType) -> Iterator[str]:
    _ = voice.say
    if one.values:
        yield _("of %(list)s", list=", ".join(voice.money(value) for value in one.values))
    if one.products:
        yield _("sold as %(list)s", list=voice.names(one.products))
    if one.ceiling:
        yield _("at most %(amount)s on it", amount=voice.money(one.ceiling))
    yield _("valid for %(count)s days", count=one.valid_days) if one.valid_days else _("never lapses")
    if one.whole:
        yield _("used up at once")
    if not one.by_code:
        yield _("only with its customer's card")
    if one.external:
        yield _("kept by %(name)s", name=voice.formats.own(one.external))
