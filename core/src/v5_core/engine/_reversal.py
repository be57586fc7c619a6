"""A return of something that was settled: in proportion, by cumulative shares, so that parts always add up to the whole."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from v5_core.arithmetic import ratio, split
from v5_core.engine._fast import builder
from v5_core.engine._types import LineReversal, Reversal, SettledLine, Settlement, Share
from v5_core.hooks import Explanation
from v5_core.model import Line, SalesDocument
from v5_core.words import Words, words_of

__all__ = ["reversal"]

_explanation = builder(Explanation)


def reversal(original: Settlement, returned: Mapping[str, int], document: SalesDocument, *, language: str = "pt") -> Reversal:
    """What a return takes back and gives back.

    A line's share after k returns is its points times the amount returned so far over the amount of the line; a return takes the
    difference to the return before it. So any sequence of returns of the whole takes exactly what the sale gave.

    Args:
        original: The settlement of the document that the return points at.
        returned: What earlier returns brought back per line (`Reversal.returned` of the last one; {} at first).
        document: The return. Its lines point at a line of the original, or only at the document: then they are matched by product,
            and what no product matches is spread over what has not come back yet.
        language: Of the explanations.
    """
    back, unmatched = _match(original.lines, returned, document)
    lines = tuple([_line(line, returned.get(line.line_id, 0), back[line.line_id]) for line in original.lines if back.get(line.line_id)])
    taken = _sum(lines)
    after = {line.line_id: returned.get(line.line_id, 0) + back.get(line.line_id, 0) for line in original.lines}
    given = sum(line.given for line in lines)
    return Reversal(
        points_taken=sum(share.points for share in taken),
        points_given=given,
        taken=taken,
        lines=lines,
        returned={line_id: measure for line_id, measure in after.items() if measure},
        unmatched=unmatched,
        explanations=_explain(original, lines, taken, given, unmatched, words_of(language, document.currency)),
    )


def _measure(line: SettledLine) -> int:
    """What a line's returns are measured by: its amount, or its quantity when it cost nothing."""
    return line.gross or line.quantity


def _match(lines: tuple[SettledLine, ...], returned: Mapping[str, int], document: SalesDocument) -> tuple[dict[str, int], int]:
    # How much of each line comes back with this document; nothing comes back twice.
    left = {line.line_id: max(0, _measure(line) - returned.get(line.line_id, 0)) for line in lines}
    by_id = {line.line_id: line for line in lines}
    back: dict[str, int] = {}
    loose = 0

    def take(target: SettledLine, wanted: int) -> int:
        took = min(wanted, left[target.line_id])
        left[target.line_id] -= took
        back[target.line_id] = back.get(target.line_id, 0) + took
        return wanted - took

    for line in document.lines:
        named = by_id.get(line.reference.line) if line.reference is not None and line.reference.line is not None else None
        targets = [named] if named is not None else [one for one in lines if one.product == line.product]
        rest = 0 if targets else line.gross
        for position, target in enumerate(targets):
            wanted = _wanted(line, target) if position == 0 else rest
            rest = take(target, wanted)
            if not rest:
                break
        loose += rest
    if not document.lines:
        loose = document.gross
    paid = [line for line in lines if line.gross and left[line.line_id]]
    spread = min(loose, sum(left[line.line_id] for line in paid))
    if spread:
        for target, part in zip(paid, split(spread, [left[line.line_id] for line in paid]), strict=True):
            take(target, part)
    return back, loose - spread


def _wanted(line: Line, target: SettledLine) -> int:
    return line.gross if target.gross else line.quantity


def _line(line: SettledLine, before: int, back: int) -> LineReversal:
    whole = _measure(line)

    def difference(points: int, unit: int) -> int:
        steps = points // unit
        return unit * (ratio(steps, before + back, whole) - ratio(steps, before, whole))

    shares = tuple([replace(share, points=difference(share.points, share.unit)) for share in line.shares])
    given = difference(line.spent, 1 if line.spent % 1000 else 1000)
    return LineReversal(line.line_id, back, tuple([share for share in shares if share.points]), given)


def _sum(lines: tuple[LineReversal, ...]) -> tuple[Share, ...]:
    totals: dict[tuple[str, str, int], int] = {}
    for line in lines:
        for share in line.shares:
            key = (share.programme, share.rule, share.unit)
            totals[key] = totals.get(key, 0) + share.points
    return tuple([Share(programme, rule, points, unit) for (programme, rule, unit), points in sorted(totals.items())])


def _explain(
    original: Settlement, lines: tuple[LineReversal, ...], taken: tuple[Share, ...], given: int, unmatched: int, words: Words
) -> tuple[Explanation, ...]:
    versions = {(one.programme, one.rule): one.version for one in original.earned}
    found = []
    for share in taken:
        touched = tuple(
            [line.line_id for line in lines if any(s.rule == share.rule and s.programme == share.programme for s in line.shares)]
        )
        text = words.say("taken", rule=share.rule, points=words.points(share.points))
        found.append((share.rule, versions.get((share.programme, share.rule), 0), touched, text, -share.points, 0))
    if given:
        touched = tuple([line.line_id for line in lines if line.given])
        found.append(("redemption", 0, touched, words.say("given", points=words.points(given)), given, 0))
    if unmatched:
        found.append(("return", 0, (), words.say("not_matched", amount=words.money(unmatched)), 0, unmatched))
    names = ("rule", "version", "lines", "text", "points", "amount")
    return tuple([_explanation(dict(zip(names, one, strict=True))) for one in found])
