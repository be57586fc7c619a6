"""The runner of acceptance cases: it counts rightly, says what is wrong where, and reads files as people write them."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from v5_tools.peers import reading, runner
from v5_tools.peers.basket import Known, credit_note, lines_of, sold
from v5_tools.peers.cases import Case, Item, Returned, Tax
from v5_tools.peers.expectations import BadPathError, check, find
from v5_tools.peers.service import Service

CASE = """
id: X1
title: Ten per cent
programmes:
  - id: promo
    name: Promotion
    offers: [{id: ten, kind: percent_order, percent: 10, members_only: false}]
steps:
  - quote: {basket: [{product: A, price: 12.50}]}
    expect: {total: 11.25, "benefits[rule=ten].amount": 1.25}
"""


def written(folder: Path, text: str, name: str = "case.yaml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def told(folder: Path, *texts: str) -> tuple[int, list[str]]:
    said: list[str] = []
    for number, text in enumerate(texts):
        written(folder, text, f"{number}.yaml")
    return runner.run([folder], said.append), said


def test_what_passes_and_what_fails_is_counted_in_the_last_line(tmp_path: Path) -> None:
    wrong = CASE.replace("total: 11.25", "total: 11.24")
    status, said = told(tmp_path, CASE, wrong)
    assert status == 1
    assert said[-1] == "1 passed, 1 failed"
    assert '        step 1 (quote): total: expected "11.24", got "11.25"' in said
    assert [line.split()[0] for line in said if line.startswith(("passed", "FAILED"))] == ["passed", "FAILED"]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (
            ("percent: 10,", "percent: 10, min_qty: 3,"),
            "given: 422 validation: .*min_qty: no such key here; perhaps minimum_quantity. There are: id",
        ),
        (("total: 11.25", "totl: 11.25"), r"totl: expected \"11.25\", got null \(no totl: there are total, .*; perhaps total\)"),
        (("[rule=ten]", "[rule=tin]"), r"got null \(benefits has no rule tin; it has ten\)"),
        (('"benefits[rule=ten]', '"benefits[3]'), r"got null \(benefits has 1 of them\)"),
        (
            ("percent: 10,", "percent: 10, selector: {where: 'price > 5'},"),
            "given: 422 programme: .*unknown field 'price'.*; perhaps unit_price$",
        ),
        (("percent: 10,", "percent: 10, individual_use: true,"), "individual_use: no such key here; perhaps alone: true"),
        (("percent: 10,", "percent: 10, floor: 5,"), r"floor: no such key here \(the programme says it: policies: \{lowest_prices"),
        (
            ("percent: 10,", "percent: 10, when: \"product_spend('A', 30) > 5\","),
            "unknown field 'product_spend'.*what was bought before is asked by a segment",
        ),
        (("{basket", "{customer: bob, basket"), "no customer is called 'bob'; given: .* has nobody"),
    ],
)
def test_a_mistake_is_told_with_what_is_there(service: Service, tmp_path: Path, wrong: tuple[str, str], said: str) -> None:
    result = runner.run_file(service, written(tmp_path, CASE.replace(*wrong)))
    assert re.search(said, "\n".join(result.failures))


def test_a_path_may_name_what_an_earlier_step_answered(service: Service, tmp_path: Path) -> None:
    text = CASE.replace("steps:", "given: {customers: [ana]}\nsteps:")
    text += """  - call: {method: GET, path: /v1/customers}
    expect: {"items[id=${ana.customer.customer}].name": ana}
"""
    assert runner.run_file(service, written(tmp_path, text)).failures == []


def test_one_thing_where_a_list_is_meant(service: Service, tmp_path: Path) -> None:
    text = CASE.replace("basket: [{product: A, price: 12.50}]", "codes: NONE, basket: {product: A, price: 12.50}")
    assert runner.run_file(service, written(tmp_path, text)).failures == []


def test_a_folder_without_cases_is_no_success(tmp_path: Path) -> None:
    status, said = told(tmp_path)
    assert (status, said[-1]) == (1, "0 passed, 0 failed")


@pytest.mark.parametrize(
    ("text", "names"),
    [
        (CASE.replace("price: 12.50", "prize: 12.50"), "steps[0].quote.basket[0].prize"),
        (CASE.replace("price: 12.50", "price: cheap"), "steps[0].quote.basket[0].price"),
        (CASE.replace("quote:", "quoth:"), "steps[0].quoth"),
        (CASE.replace("title:", "titel:"), "titel"),
        (CASE.replace("    expect:", "    clock: {days: 1}\n    expect:"), "steps[0]: Value error, a step has exactly one verb"),
        (CASE.replace("steps:", "table: [{colour: red}]\nsteps:"), "table: no $colour in the case"),
        (CASE.replace("title:", "id: X2\ntitle:"), "said twice: id"),
        (
            CASE.replace("product:", "sku:"),
            "steps[0].quote.basket[0].sku: no such key here; perhaps product. There are: product, price, amount",
        ),
        (CASE.replace("expect:", "expects:"), "steps[0].expects: no such key here; perhaps expect. There are: as, note, quote"),
        (
            CASE.replace("steps:", "table: [{off: 1}]\nsteps:").replace("12.50", "$price").replace("1.25", "$off"),
            "no row says $price; there are off",
        ),
        ("- a list", "no mapping"),
        ("a: [", "line 1"),
    ],
)
def test_a_mistake_is_named_by_file_and_field(service: Service, tmp_path: Path, text: str, names: str) -> None:
    path = written(tmp_path, text)
    with pytest.raises(reading.BadCaseError, match=re.escape(str(path))) as caught:
        reading.read(path)
    assert names in str(caught.value)
    assert runner.run_file(service, path).failures == caught.value.problems


def test_a_file_that_is_not_there_fails(tmp_path: Path) -> None:
    said: list[str] = []
    assert runner.run([tmp_path / "gone.yaml"], said.append) == 1
    assert said[-1] == "0 passed, 1 failed"


def test_a_programme_that_is_refused_names_its_field(service: Service, tmp_path: Path) -> None:
    failures = runner.run_file(service, written(tmp_path, CASE.replace("percent: 10", "percent: ten"))).failures
    assert len(failures) == 1
    assert "percent" in failures[0]
    expected = CASE.replace("steps:", "steps:\n  - publish: {id: two, name: Two, colour: red}\n    error: validation")
    assert runner.run_file(service, written(tmp_path, expected)).failures == []


def test_an_expected_problem_that_does_not_come_fails_and_another_one_too(service: Service, tmp_path: Path) -> None:
    hold = "  - hold: {customer: ana, points: 5}\n    error: "
    base = CASE.replace("steps:", "given: {customers: [ana]}\nsteps:")
    assert runner.run_file(service, written(tmp_path, base + hold + "insufficient_points\n")).failures == []
    assert "expected gone, got insufficient_points" in runner.run_file(service, written(tmp_path, base + hold + "gone\n")).failures[0]
    quote = "  - quote: {basket: [{product: A, price: 1}]}\n    error: gone\n"
    assert runner.run_file(service, written(tmp_path, base + quote)).failures == ["step 2 (quote): error: expected gone, got a reply"]


def test_every_row_of_a_table_must_pass(service: Service, tmp_path: Path) -> None:
    table = "table:\n  - {row: right, price: 10, total: 9}\n  - {row: wrong, price: 20, total: 19}\n  - {row: free, total: 4.50}\n"
    text = table + CASE.replace("price: 12.50", "amount: $price").replace("11.25", "$total").replace(
        ', "benefits[rule=ten].amount": 1.25', ""
    )
    path = written(tmp_path, text.replace("{product: A,", "{product: A, $else"))
    with pytest.raises(reading.BadCaseError):
        reading.read(path)
    path = written(tmp_path, text.replace("  - {row: free, total: 4.50}\n", ""))
    assert runner.run_file(service, path).failures == ['[wrong] step 1 (quote): total: expected 19, got "18.00"']


def test_a_row_that_lacks_a_name_takes_the_key_away(tmp_path: Path) -> None:
    text = CASE.replace("steps:", "table:\n  - {codes: [A, B], extra: {clock: {days: 1}}}\n  - {}\nsteps:\n  - $extra")
    first, second = reading.read(written(tmp_path, text.replace("{basket:", "{codes: $codes, basket:")))
    assert (len(first.steps), len(second.steps)) == (2, 1)
    assert first.steps[1].quote is not None
    assert second.steps[0].quote is not None
    assert (first.steps[1].quote.codes, second.steps[0].quote.codes) == (("A", "B"), ())


def test_figures_stay_what_was_written(tmp_path: Path) -> None:
    text = (
        CASE.replace("12.50", "0.10").replace("product: A", "product: 007") + "  - note: no\n    clock: {to: 2026-03-03T12:30:00+00:00}\n"
    )
    (case,) = reading.read(written(tmp_path, text))
    assert case.steps[0].quote is not None
    item = case.steps[0].quote.basket[0]
    assert (item.price, item.product) == (Decimal("0.10"), "007")
    assert case.steps[1].note == "no"


def item(**fields: Any) -> Item:
    return Item.model_validate({"product": "A", **fields})


def test_lines_are_made_as_a_till_makes_them() -> None:
    def figures(**fields: Any) -> tuple[str, str, str, str]:
        (line,) = lines_of([item(**fields)])
        return line["kind"], line["gross"], line["net"], line["vat_rate"]

    assert figures(price="9.99", quantity="4", vat=23) == ("product", "39.96", "32.49", "23")
    assert figures(price="217.26", vat=15, price_includes_vat=False) == ("product", "249.85", "217.26", "15")
    assert figures(price=-5, vat=25, price_includes_vat=False) == ("deduction", "6.25", "5.00", "25")
    assert figures(amount=2700, quantity=1080) == ("product", "2700.00", "2700.00", "0")
    both = (Tax(rate=Decimal(10), included=True), Tax(rate=Decimal(10), included=True, compound=True))
    assert figures(price=100, vat=both) == ("product", "100.00", "82.64", "21")
    with pytest.raises(ValueError, match="exactly one of price, amount and gross"):
        item(price=1, amount=1)
    with pytest.raises(ValueError, match="go together"):
        item(gross=1)


def test_a_document_holds_the_discounts_and_a_credit_note_its_share() -> None:
    quote = {
        "benefits": [{"rule": "ten", "shares": {"1": "1.00", "2": "0.50"}}],
        "gifts": [{"rule": "mug", "product": "mug", "quantity": "1", "cost": "0"}],
        "codes": [{"code": "TEN", "rule": "ten", "problem": ""}, {"code": "OLD", "rule": "", "problem": "expired"}],
        "stored_value": [{"code": "G", "kind": "gift_card", "amount": "3.00"}],
        "points_amount": "2.00", "points_spent": "20", "rewards": [],
    }  # fmt: skip
    lines = lines_of([item(price=5, quantity=2, vat=25), item(product="B", price=5)])
    made = sold(Known({"lines": lines}, quote, {"hold": "h1"}))
    assert [(line["product"], line["gross"], line["net"], line.get("discount")) for line in made["lines"]] == [
        ("A", "9.00", "7.20", "1.00"), ("B", "4.50", "4.50", "0.50"), ("mug", "0.00", "0.00", None),
    ]  # fmt: skip
    assert (made["gross"], made["net"]) == ("13.50", "11.70")
    assert made["payments"] == [
        {"method": "points", "amount": "2.00", "hold": "h1"},
        {"method": "gift_card", "amount": "3.00", "code": "G", "hold": "h1"},
        {"method": "cash", "amount": "8.50"},
    ]
    assert made["applied"] == [{"rule": "ten", "code": "TEN", "times": 1, "amount": "1.50"}, {"rule": "mug", "times": 1}]
    back = credit_note({**made, "source_id": "S"}, [Returned(product="A", quantity=Decimal(1))])
    assert (back["gross"], back["net"], back["lines"][0]["reference"]) == ("4.50", "3.60", {"document": "S", "line": "1"})
    with pytest.raises(ValueError, match="no line 'C'"):
        credit_note({**made, "source_id": "S"}, [Returned(product="C")])


def test_paths_and_expectations() -> None:
    reply = {"total": "9.00", "net": "7.32", "rows": [{"id": "a", "n": "1"}, {"id": "b", "n": "2"}], "none": None, "yes": True}
    assert find(reply, "rows[id=b].n") == "2"
    assert find(reply, "rows[*].n") == ["1", "2"]
    assert find(reply, "rows[-1].id") == "b"
    assert find(reply, "rows[7].id") is None
    assert find(reply, "total - net + rows[0].n") == "2.68"
    passes: list[tuple[Any, Any]] = [
        ("9.00", 9), ("9.00", "9"), (None, None), ([], None), (True, True), (["1", "2"], [1, "2.0"]), ("gold", "gold"),
        ("9.39", {"approx": "9.4", "within": "0.05"}), ([1, 2], {"count": 2}), (["gold"], {"contains": "gold"}), ("a b", {"contains": "b"}),
        ("5", {"at_least": 5, "at_most": 7}), ("x", {"not": None}), ({"a": "1", "b": 2}, {"a": 1}),
    ]  # fmt: skip
    assert [pair for pair in passes if not check(*pair)] == []
    fails: list[tuple[Any, Any]] = [
        ("9.00", "9.01"), (None, 0), ("0.00", None), ("1", True), (["1"], [1, 2]), ("9.30", {"approx": "9.4", "within": "0.05"}),
        ([1], {"count": 2}), (["x"], {"contains": "gold"}), ("4", {"at_least": 5}), (None, {"not": None}), ({"a": "1"}, {"a": 1, "b": 2}),
    ]  # fmt: skip
    assert [pair for pair in fails if check(*pair)] == []
    for wrong in ("", "rows[", "total - rows"):
        with pytest.raises(BadPathError):
            find(reply, wrong)
    with pytest.raises(BadPathError, match="not to be mixed"):
        check("1", {"at_least": 1, "colour": "red"})


def test_the_command_closes_with_the_count_and_tells_its_schema(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "v5_tools.peers"]
    path = written(tmp_path, CASE)
    done = subprocess.run([*command, str(path), "--verbose"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "1 passed, 0 failed"), done.stderr
    assert "POST /v1/hooks/quote" in done.stdout
    schema = subprocess.run([*command, "--schema"], capture_output=True, text=True, check=True)
    assert json.loads(schema.stdout) == Case.model_json_schema()
    assert subprocess.run(command, capture_output=True, check=False).returncode == 2
