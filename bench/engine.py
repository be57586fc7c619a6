"""The rules engine on the basket that the peers are measured with: 10 lines, 19 units, 20 offers, explanations on.

    python bench/engine.py [--seconds 2] [--rounds 3]

Prints one JSON line per figure: {"name", "value", "baseline", "ratio", "unit"}. The peers are installed on first use (see `_peers`);
without them a figure has no baseline. CPU seconds of one core on both sides, in turns, medians of the rounds: a busy machine slows both.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import time
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

import _peers

from v5_core.engine import Compiled, CustomerFacts, compile_programmes, evaluate
from v5_core.hooks import QuoteRequest, QuoteResponse
from v5_core.model import Line
from v5_core.programme import EarnPerAmount, PercentOffer, Programme, Selector

AT = datetime(2026, 11, 24, 12, tzinfo=UTC)
FACTS = CustomerFacts("c1", segments=frozenset({"vip"}))


def medusa_work() -> tuple[Compiled, QuoteRequest]:
    """The work of bench_medusa.js: 20 offers for VIPs on two of five categories each, all on a basket of 10 lines.

    Medusa's fixed amounts and buy-get offers are percentages here, all combinable, each on the lines that it touches there: 70 effects on
    lines where Medusa has 57 actions. Rounding to the cent, explanations and points come on top; Medusa does none of them.
    """
    kinds: tuple[dict[str, Any], ...] = (
        {"percent": 1000},  # a percentage of each line
        {"percent": 300},  # an amount off each line
        {"percent": 250, "kind": "percent_order"},  # an amount across the lines
        {"percent": 500},  # buy two, get one: touches one category only
    )
    offers = tuple(
        PercentOffer(
            id=f"p{i}",
            title=f"P{i}",
            exclusive=False,
            when="segment = 'vip'",
            selector=Selector(families=(f"c{i % 5}",) if i % 4 == 3 else (f"c{i % 5}", f"c{(i + 1) % 5}")),
            **kinds[i % 4],
        )
        for i in range(20)
    )
    lines = []
    for k in range(10):
        quantity = 1 + k % 3
        gross = (300 + 137 * k) * quantity
        lines.append(Line(line_id=f"i{k}", product=f"i{k}", family=f"c{k % 5}", quantity=quantity * 1000, gross=gross, net=gross))
    earning = (EarnPerAmount(id="euro", points=1000, amount=100),)
    programme = Programme(id="bench", name="Bench", offers=offers, earning=earning)
    return compile_programmes([programme]), QuoteRequest(store="S", at=AT, lines=tuple(lines))


def oscar_work() -> tuple[Compiled, QuoteRequest]:
    """The basket of bench_oscar.py: 200 products, 18 ranges of 60 of them, 20 offers, 19 units, 272.09 in all.

    Oscar consumes units (an offer takes the cheapest two or three units and no other offer may touch them), and has fixed amounts,
    multibuy and fixed-price bundles; V5's foundation has percentages. So the basket and the ranges are the same, the discount is not
    comparable: oscar gives 49.74. The percentages here are oscar's own (10 and 15) where it has one, 5 elsewhere.
    """

    def products(r: int) -> tuple[str, ...]:
        return tuple(sorted({f"u{(r * 11 + k * 3) % 200}" for k in range(60)}))

    offers = tuple(
        PercentOffer(
            id=f"o{i}",
            title=f"o{i}",
            percent=(1000, 500, 500, 1500, 500)[i % 5],
            priority=20 - i,
            exclusive=i % 2 == 0,
            minimum=2000 if i % 5 == 1 else 0,
            selector=Selector(products=() if i >= 18 else products(i)),
        )
        for i in range(20)
    )
    lines = []
    for k in range(10):
        number, quantity = (k * 19) % 200, 1 + k % 3
        gross = (300 + (number % 17) * 137) * quantity
        lines.append(Line(line_id=str(k), product=f"u{number}", quantity=quantity * 1000, gross=gross, net=gross))
    programme = Programme(id="bench", name="Bench", offers=offers)
    return compile_programmes([programme]), QuoteRequest(store="S", at=AT, lines=tuple(lines))


def per_cpu_second(compiled: Compiled, request: QuoteRequest, seconds: float) -> tuple[float, QuoteResponse]:
    """Evaluations in one CPU second of one core."""
    reply = evaluate(compiled, request, FACTS, local_time=AT)
    for _ in range(200):
        evaluate(compiled, request, FACTS, local_time=AT)
    count, start = 0, time.process_time()
    while (spent := time.process_time() - start) < seconds:
        for _ in range(50):
            evaluate(compiled, request, FACTS, local_time=AT)
        count += 50
    return count / spent, reply


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
    figures = {"name": name, "value": round(value), "baseline": baseline, "ratio": ratio, "unit": "baskets per CPU second"}
    print(json.dumps({**figures, **more}), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=2.0, help="CPU seconds per figure")
    parser.add_argument("--rounds", type=int, default=3, help="turns of V5 and Medusa")
    arguments = parser.parse_args()
    compiled, request = medusa_work()
    values, baselines, peer = [], [], _peers.medusa()
    for _ in range(max(1, arguments.rounds)):
        value, reply = per_cpu_second(compiled, request, arguments.seconds)
        values.append(value)
        if peer is not None:
            baselines.append(medusa(peer))
    value, baseline = median(values), median(baselines) if baselines else None
    shape = {"benefits": len(reply.benefits), "explanations": len(reply.explanations), "discount_minor": reply.discount}
    report("engine 10 lines 20 offers (medusa's basket)", value, baseline, aim=8, **shape)
    compiled, request = oscar_work()
    value, reply = per_cpu_second(compiled, request, arguments.seconds)
    gross = sum(line.gross for line in request.lines)
    shape = {
        "benefits": len(reply.benefits),
        "explanations": len(reply.explanations),
        "discount_minor": reply.discount,
        "gross_minor": gross,
    }
    found = _peers.oscar()
    note = "same basket and ranges; oscar's bundles are percentages here"
    report("engine 10 lines 20 offers (oscar's basket)", value, oscar(*found) if found else None, note=note, **shape)


if __name__ == "__main__":
    main()
