"""What is to pay: VAT by the programme's way of rounding, and what stored value pays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from v5_core.arithmetic import apply_rate, ratio, split
from v5_core.engine._basket import usable
from v5_core.engine._compile import Compiled, View
from v5_core.engine._fast import builder
from v5_core.engine._situation import Situation
from v5_core.engine._types import Stored
from v5_core.hooks import StoredPayment, StoredUse
from v5_core.words import Words

__all__ = ["net_of", "stored_uses", "totals"]

_use = builder(StoredUse)


def totals(view: View, situation: Situation, remaining: Sequence[int]) -> tuple[int, int]:
    """Total with and without VAT of what is left of the lines, deductions taken off.

    "line" takes VAT line by line. "total_net" adds up the lines' net by rate and takes VAT of the sum: the total may move by cents;
    "total_net_keep_gross" does so too, but the total stays and the net gives way. "total_gross" takes the net out of each rate's total,
    and VAT of it on top again.
    """
    full, own = situation.gross, situation.net
    nets: list[int] = []
    net = gross = 0
    for i, left in enumerate(remaining):
        gross += left
        part = own[i]
        if left != full[i]:
            part = left if part == full[i] else net_of(left, full[i], part, situation.vat_rates[i])
        nets.append(part)
        net += part
    way = view.tax_rounding
    if way != "line":
        by_rate: dict[int, int] = {}
        for part, rate in zip(remaining if way == "total_gross" else nets, situation.vat_rates, strict=True):
            by_rate[rate] = by_rate.get(rate, 0) + part
        if way == "total_gross":
            by_rate = {rate: ratio(total, 10_000, 10_000 + rate) for rate, total in by_rate.items()}
            net = sum(by_rate.values())
        tax = sum([apply_rate(base, rate) for rate, base in by_rate.items()])
        if way == "total_net_keep_gross":
            net = gross - tax
        else:
            gross = net + tax
    if situation.deducted:
        if sum(remaining) == situation.deducted:
            return 0, 0  # taken off entirely, whatever way VAT is rounded
        gross -= situation.deducted
        net -= situation.deducted_net
    return gross, net


def net_of(left: int, gross: int, net: int, rate: int) -> int:
    """What is left of a line's price, without VAT: by its rate, where its own net was made so; else in proportion."""
    # `ratio`, written out: every quote comes by here.
    whole = 10_000 + rate
    if (20_000 * gross + whole) // (2 * whole) == net:
        return (20_000 * left + whole) // (2 * whole)
    return (2 * left * net + gross) // (2 * gross) if gross else 0


def stored_uses(
    compiled: Compiled,
    situation: Situation,
    asked: Sequence[StoredPayment],
    stored: Mapping[str, Stored],
    remaining: Sequence[int],
    total: int,
    words: Words,
) -> tuple[list[StoredUse], list[int]]:
    """What each stored value pays, in the order asked for; never more than is left to pay, nor than the lines it may pay for cost.

    Returns:
        One answer for each, and what stored value pays of each line.
    """
    found: list[StoredUse] = []
    left = list(remaining)
    paid = [0] * len(left)
    for payment in asked:
        one = stored.get(payment.code)
        problem = "unknown" if one is None else usable(one, situation)
        if one is None or problem:
            text = words.say(f"code_{problem}", code=payment.code)
            kind = one.kind if one is not None else ""
            found.append(_use({"code": payment.code, "kind": kind, "amount": 0, "left": 0, "problem": problem, "text": text}))
            continue
        pool = compiled.payable(situation, one.type_id)
        indexes = [i for i in range(len(left)) if left[i]]
        if pool is not None:
            indexes = pool.of([i for i in indexes if pool.takes(situation.lines[i])], situation, remaining)
        payable = min(sum(left[i] for i in indexes), total)
        amount = max(0, min(one.balance, payable, one.balance if payment.amount is None else payment.amount))
        if amount:
            for i, share in zip(indexes, split(amount, [left[i] for i in indexes]), strict=True):
                left[i] -= share
                paid[i] += share
            total -= amount
        rest = 0 if one.whole and amount else one.balance - amount
        short = payment.amount is not None and amount < min(payment.amount, payable)
        text = words.say("stored_short", code=payment.code, amount=words.money(one.balance)) if short else ""
        problem = "insufficient" if short else ""
        found.append(_use({"code": payment.code, "kind": one.kind, "amount": amount, "left": rest, "problem": problem, "text": text}))
    return found, paid
