"""The examples of the acceptance page are cases that pass, and the page tells every key."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import yaml
from pydantic import TypeAdapter

from v5_core.engine._situation import LINE_FIELDS, SALE_FIELDS
from v5_tools.peers import cases, runner
from v5_tools.peers.basket import lines_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.docs.conftest import Page


def test_every_case_of_the_page_passes(page: Callable[[str], Page], tmp_path: Path) -> None:
    shown = [block.text for block in page("acceptance.md").blocks if block.title == "case"]
    assert len(shown) >= 4
    for number, text in enumerate(shown):
        (tmp_path / f"{number}.yaml").write_text(text, encoding="utf-8")
    said: list[str] = []
    assert runner.run([tmp_path], said.append) == 0, "\n".join(said)
    assert said[-1] == f"{len(shown)} passed, 0 failed"


def test_the_basket_of_the_page_becomes_lines(page: Callable[[str], Page]) -> None:
    items = TypeAdapter(tuple[cases.Item, ...]).validate_python(yaml.load(page("acceptance.md").one("basket"), Loader=yaml.BaseLoader))
    lines = {line["product"]: (line["kind"], line["gross"], line["net"], line["vat_rate"]) for line in lines_of(items)}
    assert lines["beans"] == ("product", "16.00", "13.01", "23")
    assert lines["tea"] == ("product", "115.00", "100.00", "15")
    assert lines["set"] == ("product", "750.00", "750.00", "0")
    assert lines["old-tyre"] == ("deduction", "20.00", "16.67", "20")
    assert lines["rum"] == ("product", "137.04", "74.07", "85")
    assert lines["odd"] == ("product", "10.01", "8.15", "23")


def test_the_page_tells_every_key(page: Callable[[str], Page]) -> None:
    text = page("acceptance.md").text
    schema = json.dumps(cases.Case.model_json_schema())
    keys = {
        key for part in re.findall(r'"properties": (\{.*?\}), "(?:required|title|type)', schema) for key in re.findall(r'"(\w+)": \{', part)
    }
    models = (cases.Case, cases.Given, cases.Item, cases.Sale, cases.Sell, cases.Hold, cases.Coupon, cases.Stored, cases.Tax, cases.Clock)
    wanted = {name for model in models for name in model.model_fields} | set(cases.VERBS) | (keys & {"as", "expect", "error", "note"})
    missing = sorted(name for name in wanted - {"row"} if not re.search(rf"\b{name}\b", text))
    assert missing == []


def test_the_page_of_programmes_tells_every_word_of_a_condition(page: Callable[[str], Page]) -> None:
    told = page("programmes.md").text.partition("## Conditions")[2].partition("\n## ")[0]
    of_sale, of_line = told.split("| of a line")
    assert set(SALE_FIELDS) <= set(re.findall(r"\w+", of_sale))
    assert set(LINE_FIELDS) <= set(re.findall(r"\w+", of_line))
