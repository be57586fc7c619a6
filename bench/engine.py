"""The rules engine on the baskets that the peers are measured with: 10 lines, 19 units, 20 offers, explanations on.

    python bench/engine.py [--seconds 2] [--rounds 3]

Prints one JSON line per figure: {"name", "value", "baseline", "ratio", "unit"}. A basket is decided, which is what the peers do too: all
figures, and every discount with its rule, version, lines, amount and what it was reckoned of. "in words" has the whole reply as a till
gets it besides: checked models, and each explanation and message as a sentence. The peers are installed on first use (see `_peers`);
without them a figure has no baseline. CPU seconds of one core on both sides, in turns, medians of the rounds: a busy machine slows both.
The compiled engine is measured too where `./v5 compile` has made it.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any, Final

import _baskets
import _peers
from _baskets import AT, FACTS, Work

from v5_core.engine import COMPILED, decide, evaluate
from v5_tools import compiled

_WAY: Final = "compiled" if COMPILED else "pure Python"


def per_cpu_second(work: Work, seconds: float, answer: Callable[..., object] = decide) -> float:
    """Baskets in one CPU second of one core, in turn: decided, or with `evaluate` answered in words."""
    for request in work.requests * 4:
        answer(work.compiled, request, FACTS, local_time=AT)
    requests = work.requests * max(1, 50 // len(work.requests))
    count, start = 0, time.process_time()
    while (spent := time.process_time() - start) < seconds:
        for request in requests:
            answer(work.compiled, request, FACTS, local_time=AT)
        count += len(requests)
    return count / spent


Speeds = tuple[float, float, float]


def three_ways(work: Work, seconds: float) -> Speeds:
    """The peer's own basket decided over and over, as the peer does; 50 baskets of its shape in turn; the peer's answered in words."""
    own = Work(work.compiled, work.requests[:1], work.note)
    return per_cpu_second(own, seconds), per_cpu_second(work, seconds / 2), per_cpu_second(own, seconds / 2, evaluate)


def cold(offers: int, seconds: float) -> float:
    """The first evaluation after publishing, in milliseconds: nothing is looked up yet, neither rules in force nor lines."""
    spent: list[float] = []
    until = time.process_time() + seconds
    while len(spent) < 3 or time.process_time() < until:
        work = _baskets.many(offers)
        start = time.process_time()
        decide(work.compiled, work.requests[0], FACTS, local_time=AT)
        spent.append((time.process_time() - start) * 1000)
    return median(spent)


def medusa(folder: Path) -> float:
    """Baskets per CPU second of Medusa's own compute functions."""
    done = subprocess.run(["node", "bench_medusa.js"], cwd=folder, capture_output=True, text=True, check=True, timeout=120)
    return _figure(r"baskets/cpu_s=(\d+)", done.stdout)


def oscar(python: Path, script: Path) -> float:
    """Baskets per CPU second of django-oscar with its offers already loaded, on SQLite in memory: its fastest way."""
    done = subprocess.run([str(python), str(script), "sqlite"], capture_output=True, text=True, check=True, timeout=300)
    return _figure(r"apply_only.*eval/cpu_s=\s*([\d.]+)", done.stdout)


def _figure(pattern: str, text: str) -> float:
    found = re.search(pattern, text)
    if found is None:
        raise SystemExit(f"the peer printed no figure: {text[:300]}")
    return float(found.group(1))


def report(name: str, value: float, baseline: float | None, **more: Any) -> None:
    ratio = round(value / baseline, 2) if baseline else None
    figures = {"name": name, "value": round(value, 2), "baseline": baseline, "ratio": ratio, "unit": "baskets per CPU second"}
    print(json.dumps({**figures, **more}), flush=True)


def shape(work: Work) -> dict[str, Any]:
    """What the first basket got."""
    reply = evaluate(work.compiled, work.requests[0], FACTS, local_time=AT)
    return {
        "discounts_of_lines": sum(len(benefit.shares) for benefit in reply.benefits), "explanations": len(reply.explanations),
        "discount_minor": reply.discount, "gross_minor": sum(line.gross for line in work.requests[0].lines),
    }  # fmt: skip


def beside_medusa(seconds: float, rounds: int) -> None:
    work, peer = _baskets.medusa(), _peers.medusa()
    values, others, baselines = [], [], []
    for _ in range(rounds):
        values.append(three_ways(work, seconds))
        others.append(_other_way(seconds))
        if peer is not None:
            baselines.append(medusa(peer))
    baseline = median(baselines) if baselines else None
    more = {**shape(work), "note": work.note}
    ways = {_WAY: values, "compiled": [one for one in others if one is not None]}
    for way, found in ways.items():
        if found:
            decided, in_turn, in_words = [median(column) for column in zip(*found, strict=True)]
            report(f"engine, {way}: Medusa's basket", decided, baseline, aim=25 if way == "compiled" else 12, **more)
            report(f"engine, {way}: 50 baskets like Medusa's in turn", in_turn, baseline)
            report(f"engine, {way}: Medusa's basket, in words", in_words, baseline)


def _other_way(seconds: float) -> Speeds | None:
    # The compiled engine, in a process of its own: one process holds one engine. None when there is none of these sources.
    if COMPILED or not compiled.fresh():
        return None
    command = [sys.executable, __file__, "--only-values", "--seconds", str(seconds)]
    done = subprocess.run(command, env=compiled.environment(), capture_output=True, text=True, check=False)
    found = [float(one) for one in done.stdout.split()] if done.returncode == 0 else []
    return (found[0], found[1], found[2]) if len(found) == 3 else None


def beside_oscar(seconds: float) -> None:
    work, found = _baskets.oscar(), _peers.oscar()
    value = per_cpu_second(work, seconds)
    report(
        f"engine, {_WAY}: oscar's basket", value, oscar(*found) if found else None, note=work.note, peer_discount_minor=4974, **shape(work)
    )


def by_number_of_offers(seconds: float, rounds: int) -> None:
    few, many = _baskets.many(20), _baskets.many(2000)
    pairs = [(per_cpu_second(few, seconds / 2), per_cpu_second(many, seconds / 2)) for _ in range(rounds)]
    fast, slow = median(pair[0] for pair in pairs), median(pair[1] for pair in pairs)
    first, first_many = cold(20, seconds / 4), cold(2000, seconds / 4)
    note = f"8 of them apply; the very first basket after publishing: {first:.2f} ms with 20 offers, {first_many:.2f} ms with 2,000"
    report(f"engine, {_WAY}: 2,000 offers beside 20", slow, round(fast, 2), aim="0.5 or more", note=note, **shape(many))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=2.0, help="CPU seconds per figure")
    parser.add_argument("--rounds", type=int, default=3, help="turns of V5 and Medusa")
    parser.add_argument("--only-values", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.only_values:
        if not COMPILED:
            raise SystemExit(1)
        print(*three_ways(_baskets.medusa(), arguments.seconds))
        return
    rounds = max(1, arguments.rounds)
    beside_medusa(arguments.seconds, rounds)
    beside_oscar(arguments.seconds)
    by_number_of_offers(arguments.seconds, rounds)


if __name__ == "__main__":
    main()
