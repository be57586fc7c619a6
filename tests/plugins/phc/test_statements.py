# ruff: noqa: DTZ001 - the wall clock of a till has no zone
"""The very text that is sent to SQL Server, asserted: a change of any statement shows here before it reaches a customer's server.

To accept a change: V5_ACCEPT=1 ./v5 test tests/plugins/phc/test_statements.py, and read the difference before committing it.
"""

from __future__ import annotations

import os
import re
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Select
from sqlalchemy.dialects.mssql import pymssql

from v5_plugin_phc.config import PhcConfig
from v5_plugin_phc.queries import Statements
from v5_plugin_phc.tables import OPTIONAL, OPTIONAL_TABLES, TABLES

GOLDEN = Path(__file__).parent / "mssql.golden.sql"
FULL = {name: frozenset(column.name for column in table.c) for name, table in TABLES.items()}
OLD = {name: frozenset() if name in OPTIONAL_TABLES else columns - OPTIONAL.get(name, frozenset()) for name, columns in FULL.items()}
NOW = datetime(2026, 3, 10, 12, 0)
FLOOR = ("2026-03-10T00:00:00", "10:30:00", "ADM26031000000000001")


def statements() -> dict[str, Select[Any]]:
    config = PhcConfig(database="phc", store="1", read_from=date(2025, 1, 1))
    new, old = Statements(config, FULL), Statements(PhcConfig(database="phc", store="1"), OLD)
    return {
        "new documents by ftid, from the beginning": new.inserts_by_id(None, 51),
        "new documents by ftid": new.inserts_by_id((4711,), 51),
        "new documents by time": old.inserts_by_time(FLOOR, NOW, 51),
        "changed documents": new.changes(FLOOR, NOW, 51),
        "cancelled documents": new.cancellations(FLOOR, NOW, 51),
        "documents of each day": new.days(date(2026, 2, 3), cancelled=False),
        "cancellations of each day": new.days(date(2026, 2, 3), cancelled=True),
        "documents of one day": new.of_day(date(2026, 3, 1), "ADM26", 51, cancelled=False),
        "cancellations of one day": new.of_day(date(2026, 3, 1), "ADM26", 51, cancelled=True),
        "headers": new.headers(["A", "B"]),
        "headers of an old version": old.headers(["A", "B"]),
        "lines": new.lines(["A", "B"]),
        "lines of an old version": old.lines(["A", "B"]),
        "origins of returned lines": new.origins(["A", "B"]),
        "customers": new.customers(FLOOR, NOW, 51),
        "articles": new.products(None, NOW, 51),
        "company": new.company(),
    }


def compiled() -> str:
    parts = []
    for name, statement in statements().items():
        text = str(statement.compile(dialect=pymssql.dialect(), compile_kwargs={"render_postcompile": True}))
        parts.append(f"-- {name}\n" + re.sub(r"[ ]+\n", "\n", text) + "\n")
    return "\n".join(parts)


@pytest.mark.feature("V5-04")
def test_statements_for_sql_server_are_as_accepted() -> None:
    if os.environ.get("V5_ACCEPT") == "1":
        GOLDEN.write_text(compiled(), encoding="utf-8")
    assert compiled() == GOLDEN.read_text(encoding="utf-8")


@pytest.mark.feature("V5-04")
def test_nothing_is_ever_written() -> None:
    """No statement but SELECT exists."""
    for name, statement in statements().items():
        assert statement.is_select, name
    assert not re.search(r"\b(INSERT|UPDATE|DELETE|MERGE|INTO|EXEC|DROP|ALTER)\b", compiled())


@pytest.mark.feature("V5-04")
def test_values_never_stand_in_the_text() -> None:
    """Values are parameters; stamps are cast to the column's own type, or the server gives up its index."""
    text = compiled()
    assert "ADM26" not in text
    assert "CAST(%(" in text or "CAST(:" in text
