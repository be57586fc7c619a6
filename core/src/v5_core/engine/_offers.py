"""Discounts: who competes, who applies, in which order, and how each cent falls on the lines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from v5_core.engine._compile import Compiled, Rule
from v5_core.engine._fast import builder
from v5_core.engine._situation import Situation
from v5_core.hooks import Benefit, Explanation
from v5_core.money import split
from v5_core.words import Words

__all__ = ["Discounts", "apply_offers"]

_benefit = builder(Benefit)
_explanation = builder(Explanation)
_TEXT_LIMIT = 400  # of 500 allowed; the arithmetic follows


@dataclass(slots=True)
class Discounts:
    """What offers did. `remaining` is the price of each line after them; `nudges` are offers whose minimum is not reached yet."""

    remaining: list[int]
    total: int = 0
    benefits: list[Benefit] = field(default_factory=list)
    explanations: list[Explanation] = field(default_factory=list)
    nudges: list[tuple[Rule, int]] = field(default_factory=list)


Candidate = tuple[Rule, list[int]]


def apply_offers(compiled: Compiled, situation: Situation, active: Sequence[bool], members: Sequence[bool], words: Words) -> Discounts:
    """Applies the offers in their canonical order.

    Args:
        compiled: The programmes.
        situation: The basket.
        active: Per programme, whether it is in force.
        members: Per programme, whether the customer is a member of it.
        words: The language of the explanations.
    """
    result = Discounts(remaining=situation.gross.copy())
    if not compiled.offers:
        return result
    chosen = _compete(_candidates(compiled, situation, active, members, result), situation.gross)
    _apply(chosen, situation, result, words)
    return result


def _candidates(
    compiled: Compiled, situation: Situation, active: Sequence[bool], members: Sequence[bool], result: Discounts
) -> list[Candidate]:
    touched, offers = situation.touched[0], compiled.offers
    gross, answers = situation.gross, situation.answers
    found: list[Candidate] = []
    for position in sorted(touched):
        rule = offers[position]
        number = rule.number
        if not active[number] or (rule.members_only and not members[number]):
            continue
        when = rule.when
        if rule.timed or (when is not None and when not in answers):
            if not rule.open(situation):
                continue
        elif when is not None and not answers[when]:
            continue
        indexes = touched[position]
        if not rule.simple:
            indexes = [i for i in indexes if _selects(rule, situation, i)]
        if not indexes:
            continue
        if rule.minimum:
            missing = rule.minimum - sum([gross[i] for i in indexes])
            if missing > 0:
                result.nudges.append((rule, missing))
                continue
        found.append((rule, indexes))
    return found


def _selects(rule: Rule, situation: Situation, index: int) -> bool:
    if rule.exclude_discounted and situation.lines[index].discount > 0:
        return False
    return rule.where is None or rule.where(situation.line_record(index))


def _compete(candidates: list[Candidate], gross: list[int]) -> list[Candidate]:
    # Of the exclusive offers of a group the one that takes most off the till's own prices wins; then priority, then id (their order).
    groups: dict[tuple[str, str], list[Candidate]] = {}
    for candidate in candidates:
        group = candidate[0].group
        if group is not None:
            groups.setdefault(group, []).append(candidate)
    losers: set[int] = set()
    for rivals in groups.values():
        if len(rivals) > 1:
            best = max(rivals, key=lambda one: (sum(_cuts(one[0], [gross[i] for i in one[1]])), one[0].priority))
            losers.update(id(rule) for rule, _ in rivals if rule is not best[0])
    return [candidate for candidate in candidates if id(candidate[0]) not in losers] if losers else candidates


def _cuts(rule: Rule, prices: list[int]) -> list[int]:
    # What an offer takes off each price: an order offer is one amount, split; a line offer rounds line by line.
    percent = rule.percent
    if not rule.order_wide:
        cuts = [(price * percent + 5000) // 10_000 for price in prices]
    else:
        cuts = split((sum(prices) * percent + 5000) // 10_000, prices)
    if rule.limit is not None and sum(cuts) > rule.limit:
        cuts = split(rule.limit, cuts)
    return cuts


def _apply(chosen: list[Candidate], situation: Situation, result: Discounts, words: Words) -> None:
    # The hot loop: most offers are plain percentages of lines, done in one pass with the arithmetic of _cuts.
    remaining, ids, total = result.remaining, situation.ids, 0
    benefits, explanations = result.benefits, result.explanations
    language, before, cents, grouped_from = words.language, words.before, words.cents, words.grouped_from
    for rule, indexes in chosen:
        shares: dict[str, int] = {}
        base = amount = 0
        if rule.plain:
            percent = rule.percent
            for i in indexes:
                price = remaining[i]
                base += price
                cut = (price * percent + 5000) // 10_000
                if cut:
                    remaining[i] = price - cut
                    shares[ids[i]] = cut
                    amount += cut
        else:
            base, amount = _take_off(rule, indexes, situation, remaining, shares)
        if not amount:
            continue
        total += amount
        lines = tuple(shares)
        rule_id = rule.rule_id
        only = lines[0] if len(lines) == 1 else None
        benefits.append(_benefit({"rule": rule_id, "title": rule.title, "line_id": only, "amount": amount, "shares": shares}))
        begin = rule.phrases.get(language) or _phrase(rule, words)
        if base < grouped_from:
            text = f"{begin}{before}{base // 100}{cents[base % 100]} = {before}{amount // 100}{cents[amount % 100]}"
        else:
            text = f"{begin}{words.money(base)} = {words.money(amount)}"
        if rule.limit == amount:
            text = words.say("capped", text=text, limit=words.money(amount))
        elif (base * rule.percent + 5000) // 10_000 != amount:
            text = words.say("line_by_line", text=text)
        explanations.append(
            _explanation({"rule": rule_id, "version": rule.version, "lines": lines, "text": text, "points": 0, "amount": amount})
        )
    result.total = total


def _take_off(rule: Rule, indexes: list[int], situation: Situation, remaining: list[int], shares: dict[str, int]) -> tuple[int, int]:
    if rule.exclude_discounted:
        gross = situation.gross
        indexes = [i for i in indexes if remaining[i] == gross[i]]
        if not indexes:
            return 0, 0
    prices = [remaining[i] for i in indexes]
    ids = situation.ids
    base = sum(prices)
    if rule.order_wide and rule.limit is None:  # as in _cuts, without adding up what is known
        amount = (base * rule.percent + 5000) // 10_000
        cuts = split(amount, prices)
    else:
        cuts = _cuts(rule, prices)
        amount = sum(cuts)
    for i, price, cut in zip(indexes, prices, cuts, strict=True):
        if cut:
            remaining[i] = price - cut
            shares[ids[i]] = cut
    return base, amount


def _phrase(rule: Rule, words: Words) -> str:
    begin = rule.phrases[words.language] = words.say("offer", title=rule.title, rate=words.rate(rule.percent))[:_TEXT_LIMIT]
    return begin
