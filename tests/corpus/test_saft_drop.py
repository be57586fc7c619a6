"""Real SAF-T (PT) files through the drop folder, as a shop would leave them."""

from __future__ import annotations

import os
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from v5_core.model import SalesDocument
from v5_core.plugins import Cursor, Record, Stream
from v5_plugin_grid import GridPlugin
from v5_plugin_grid.config import GridConfig

pytestmark = [pytest.mark.corpus, pytest.mark.feature("NX-02")]

FOLDER = Path(os.environ.get("V5_CORPUS") or Path(__file__).resolve().parents[2].parent / "shared" / "data") / "saft"
NOW = datetime(2026, 4, 20, 12, tzinfo=UTC)


def test_the_demo_companys_month_dropped_three_times(tmp_path: Path) -> None:
    names = ("rebelo_saft_idemo599999999.xml", "rebelo_saft_CREDIT_AND_DEBIT_NC.xml", "rebelo_saft_WRONG_INVOICE_SIGNATURE.xml")
    if not all((FOLDER / name).is_file() for name in names):
        pytest.skip(f"the demo company's files are not in {FOLDER}: set V5_CORPUS to the folder of real files")
    plugin, config = GridPlugin(), GridConfig(folder=tmp_path, store="L1")
    cursors: dict[Stream, Cursor | None] = dict.fromkeys(Stream)

    def dropped(name: str) -> list[Record]:
        """Each file goes through whole before the next one comes."""
        got: list[Record] = []
        target = tmp_path / name
        shutil.copyfile(FOLDER / name, target)
        os.utime(target, (NOW.timestamp() - 60, NOW.timestamp() - 60))
        for stream in Stream:
            while True:
                batch = plugin.read(stream, cursors[stream], 10, config=config, now=NOW)
                assert not batch.rejected
                got += batch.records
                cursors[stream] = batch.cursor
                plugin.acknowledge(stream, batch.cursor, config=config)
                if batch.complete:
                    break
        return got

    first = dropped(names[0])
    assert sum(isinstance(record, SalesDocument) for record in first) == 23
    assert len({record.keys[0] for record in first if isinstance(record, SalesDocument)}) == 23
    assert dropped(names[1]) == []  # its payments section differs, its invoices do not
    assert [record.source_id for record in dropped(names[2])] == ["1T 1/1"]  # another signature is printed on it
    assert len(list((tmp_path / "archive").iterdir())) == 3
