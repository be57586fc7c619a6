"""The published JSON Schemas are those of the models, and the service gives the same."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from v5_cloud.programmes.endpoints import schema
from v5_core.programme import Programme
from v5_tools import schemas


@pytest.mark.feature("V5-16")
def test_the_files_of_the_site_are_current(root: Path) -> None:
    assert schemas.stale() == [], "run python -m v5_tools.schemas"
    published = json.loads((root / "docs" / "schemas" / "programme.json").read_text(encoding="utf-8"))
    assert published == schema() == Programme.model_json_schema()


def test_a_changed_model_is_noticed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(schemas, "FOLDER", tmp_path)
    assert schemas.stale() == list(schemas.SCHEMAS)
    (tmp_path / "schemas").mkdir()
    for name in schemas.SCHEMAS:
        (tmp_path / name).write_text(schemas.text(name), encoding="utf-8")
    assert schemas.stale() == []
    (tmp_path / "schemas" / "programme.json").write_text("{}\n", encoding="utf-8")
    assert schemas.stale() == ["schemas/programme.json"]


@pytest.mark.feature("V5-16")
def test_the_reference_tells_every_kind_and_every_field_of_it() -> None:
    page, schema = schemas.text("programme-reference.md"), Programme.model_json_schema()
    for name, definition in (("Programme", schema), *schema["$defs"].items()):
        for field in definition.get("properties", {}):
            assert f"| `{field}` |" in page, f"{name}.{field}"
    offers = page.split("## offers\n")[1].split("\n## ")[0]
    assert "### `buy_get` {#buy-get-offer}" in offers
    assert "| `buy` | quantity | " in offers
    assert '| `get` | quantity | `"1"` |' in offers, "a default as people write it"
