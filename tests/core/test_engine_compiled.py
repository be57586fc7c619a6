"""The compiled engine: it says why it cannot be made, it is never an old one, and what it gives is what the pure one gives."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from v5_core.engine import COMPILED, CustomerFacts, compile_programmes, evaluate
from v5_core.hooks import QuoteRequest
from v5_core.model import Line
from v5_core.programme import Programme
from v5_tools import compiled

_KINDS: tuple[dict[str, Any], ...] = (
    {"kind": "percent_lines", "percent": "12.5", "units_per_line": 2, "selector": {"families": ["a"]}},
    {"kind": "amount_units", "amount": "0.33", "selector": {"families": ["a", "b"]}},
    {"kind": "buy_get", "buy": "2", "get": "1", "choose": "dearest", "selector": {"families": ["a"]}, "get_selector": {"families": ["b"]}},
    {"kind": "bundle", "parts": [{"selector": {"families": ["c"]}, "quantity": "2"}, {"selector": {"families": ["b"]}}], "price": "9.99"},
    {"kind": "cheapest", "amount": "1.00", "units": 3, "minimum": "5.00", "minimum_price": "remaining"},
    {"kind": "fixed_price", "price": "7.77", "selector": {"products": ["p3"]}},
    {"kind": "percent_order", "percent": "7", "maximum": "3.00"},
    {"kind": "amount_order", "amount": "2.01", "exclusive": True},
    {"kind": "percent_order", "percent": "1", "exclusive": True},
)
_SCRIPT = """
import sys
sys.path.insert(0, sys.argv[1])
from test_engine_compiled import replies
from v5_core.engine import COMPILED
assert COMPILED
print("\\n".join(replies()))
"""


def replies() -> list[str]:
    """Baskets of every kind of offer, for a member and for anybody, as the engine of this process answers them."""
    offers = [{"id": f"o{n}", "exclusive": False, "priority": n, "members_only": False, **one} for n, one in enumerate(_KINDS)]
    data = {
        "id": "p", "name": "P", "offers": offers, "earning": [{"kind": "per_amount", "id": "e", "points": "1", "amount": "1.00"}],
        "boosts": [{"id": "b", "factor": "150", "selector": {"families": ["c"]}}],
    }  # fmt: skip
    programmes = compile_programmes([Programme.model_validate_json(json.dumps(data))])
    at = datetime(2026, 11, 24, 12, tzinfo=UTC)
    found = []
    for basket in range(40):
        lines = []
        for k in range(1 + basket % 7):
            units = 1 + (basket * 3 + k) % 5
            gross = (99 + 137 * ((basket + k) % 11)) * units
            family = "abc"[(basket + k) % 3]
            lines.append(Line(line_id=str(k), product=f"p{k}", family=family, quantity=units * 1000, gross=gross, net=gross, vat_rate=0))
        request = QuoteRequest(store="LX1", at=at, lines=tuple(lines))
        facts = CustomerFacts("ana", balance_available=50_000) if basket % 2 else None
        found.append(evaluate(programmes, request, facts, local_time=at, language="en").model_dump_json())
    return found


def test_what_is_compiled_exists() -> None:
    source = Path(compiled.ROOT, "core", "src", "v5_core")
    assert [name for name in compiled.MODULES if not (source / name).is_file()] == []


def test_a_missing_compiler_is_said_with_the_next_step(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "C compiler" in compiled.obstacle()
    assert "apt-get install" in compiled.obstacle()


def test_an_engine_of_other_sources_is_not_run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(compiled, "FOLDER", tmp_path)
    assert not compiled.fresh()
    (tmp_path / "stamp").write_text("of yesterday", encoding="ascii")
    assert not compiled.fresh()


def test_pure_and_compiled_give_the_same() -> None:
    if COMPILED:
        pytest.skip("this is the compiled engine: all of these tests run on it")
    if not compiled.fresh():
        pytest.skip("no compiled engine of these sources: ./v5 compile makes it, ./v5 soak runs all tests of the core on it")
    command = [sys.executable, "-c", _SCRIPT, str(Path(__file__).parent)]
    done = subprocess.run(command, env=compiled.environment(), capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == replies()
