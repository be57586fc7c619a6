"""A programme's rules as sentences, in the language of the page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from v5_cloud.pages.formats import Formats
from v5_cloud.programmes.words import _earning, _offers, _people, _value
from v5_cloud.programmes.words._voice import Gettext, Sentence, Voice
from v5_core.programme import Policies, Programme

__all__ = ["Gettext", "Sentence", "Words"]


class Words:
    """Sentences of one programme.

    Args:
        programme: Whose rules.
        formats: Numbers and dates of the page's language.
        gettext: Messages of the page's language.
    """

    def __init__(self, programme: Programme, formats: Formats, gettext: Gettext) -> None:
        self._programme = programme
        self._voice = Voice(programme, formats, gettext)

    def of(self, part: str, rule: Any) -> Sequence[Sentence]:
        """What one rule of a part of the programme says; a part that has no words of its own is named."""
        voice = self._voice
        many: dict[str, Callable[[Voice, Any], list[Sentence]]]
        many = {"tiers": _people.tiers, "record": _people.record, "policies": _policies}
        if part in many:
            return many[part](voice, rule)
        one: dict[str, Callable[[Voice, Any], Sentence]] = {
            "earning": _earning.earn,
            "boosts": _earning.boost,
            "offers": _offers.offer,
            "redemption": _value.redemption,
            "rewards": _value.reward,
            "vouchers": _value.voucher,
            "stored_value": _value.stored_value,
            "clubs": _people.club,
            "alerts": _people.alert,
            "templates": _people.template,
        }
        if part in one:
            return [one[part](voice, rule)]
        if part == "expiry":
            return [Sentence("timer", _earning.lapse(voice, rule))]
        return [Sentence("layers", str(getattr(rule, "title", "") or getattr(rule, "id", "") or part))]

    def _all(self, part: str) -> list[Sentence]:
        found = getattr(self._programme, part)
        rules = found if isinstance(found, tuple) else () if found is None else (found,)
        return [sentence for rule in rules for sentence in self.of(part, rule)]

    def earning(self) -> list[Sentence]:
        """How points are earned, boosts last."""
        return [*self._all("earning"), *self._all("boosts")]

    def offers(self) -> list[Sentence]:
        """What members pay less, the first to be tried first."""
        rules = sorted(self._programme.offers, key=lambda one: -one.priority)
        return [_offers.offer(self._voice, one) for one in rules]

    def spending(self) -> list[Sentence]:
        """Points as money, and rewards."""
        return [*self._all("redemption"), *self._all("rewards")]

    def vouchers(self) -> list[Sentence]:
        """Vouchers, gift cards, wallets, credit notes."""
        return [*self._all("vouchers"), *self._all("stored_value")]

    def membership(self) -> list[Sentence]:
        """Levels and clubs."""
        return [*self._all("tiers"), *self._all("clubs")]

    def talk(self) -> list[Sentence]:
        """What is said to the cashier and to customers."""
        return [*self._all("alerts"), *self._all("templates"), *self._all("record")]

    def terms(self) -> list[Sentence]:
        """Expiry, rounding and the like."""
        return [*self._all("expiry"), *self._all("policies")]


def _policies(voice: Voice, policies: Policies) -> list[Sentence]:
    _ = voice.say
    base = _("Points are earned on the price with VAT") if policies.vat == "gross" else _("Points are earned on the price without VAT")
    after = _("before discounts") if policies.base == "before_discounts" else _("after discounts")
    rounding = _("Points are rounded down") if policies.rounding == "down" else _("Points are rounded half up")
    paid = _("What is paid with points earns again") if policies.earn_on_points else _("What is paid with points earns none")
    found = [Sentence("receipt-text", base, "", (after,)), Sentence("layers", rounding), Sentence("rotate-ccw", paid)]
    if policies.pending_days:
        found.append(Sentence("clock", _("Points can be used %(count)s days after they were earned", count=policies.pending_days)))
    return found
