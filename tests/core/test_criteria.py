"""One language, two back ends: what memory answers, SQL answers too, unknown values included."""

from __future__ import annotations

import pickle
import re
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Boolean, Column, ColumnElement, Date, Integer, MetaData, String, Table, create_engine, exists, select
from sqlalchemy.dialects import postgresql
from sqlalchemy.engine import Connection

from v5_core.criteria import (
    And,
    Between,
    Compare,
    CriteriaError,
    Criterion,
    FieldType,
    In,
    IsEmpty,
    IsNull,
    Like,
    Not,
    Or,
    compile_memory,
    from_json,
    parse,
    to_json,
)
from v5_core.sources.criteria_sql import compile_sql

FIELDS = {
    "name": FieldType("text"),
    "email": FieldType("text"),
    "total": FieldType("number", 2),
    "visits": FieldType("number"),
    "joined": FieldType("date"),
    "blocked": FieldType("bool"),
    "segment": FieldType("set"),
}
METADATA = MetaData()
PEOPLE = Table(
    "people", METADATA, Column("id", Integer, primary_key=True), Column("name", String), Column("email", String), Column("total", Integer),
    Column("visits", Integer), Column("joined", Date), Column("blocked", Boolean),
)  # fmt: skip
SEGMENTS = Table("segments", METADATA, Column("person", Integer), Column("segment", String))
COLUMNS: dict[str, ColumnElement[Any] | Callable[[str], ColumnElement[bool]]] = {
    **{name: PEOPLE.c[name] for name in FIELDS if name != "segment"},
    "segment": lambda value: exists(select(SEGMENTS.c.person).where(SEGMENTS.c.person == PEOPLE.c.id, SEGMENTS.c.segment == value)),
}


@pytest.fixture(scope="module")
def database() -> Iterator[Connection]:
    engine = create_engine("sqlite://")
    METADATA.create_all(engine)
    with engine.connect() as connection:
        yield connection
    engine.dispose()


@pytest.mark.parametrize(
    ("text", "record", "expected"),
    [
        ("email = '' and total >= 1000", {"email": "", "total": 100_000}, True),
        ("email = '' and total >= 1000", {"email": None, "total": 100_000}, True),
        ("email = '' and total >= 1000.01", {"total": 100_000}, False),
        ("email != ''", {"email": "a@b"}, True),
        ("email is empty or email is not null", {}, True),
        ("total <> 5", {}, False),
        ("not total = 5", {}, False),
        ("total = 5 or visits = 1", {"visits": 1}, True),
        ("not (total = 5 and visits = 1)", {"visits": 2}, True),
        ("total between 10 and 20.5", {"total": 2050}, True),
        ("total not between 10 and 20.5", {"total": 2050}, False),
        ("visits in (1, 2, 3)", {"visits": 3}, True),
        ("visits not in (1, 2)", {"visits": 3}, True),
        ("visits NOT IN (1, 2)", {}, False),
        ("name like 'mar%'", {"name": "Maria"}, True),
        ("name like '%RI%'", {"name": "Maria"}, True),
        ('name starts with "Ma"', {"name": "Ana"}, False),
        ("name contains 'É'", {"name": "José"}, False),
        ("name = 'O''Neill'", {"name": "O'Neill"}, True),
        ("joined >= 2026-01-31", {"joined": date(2026, 1, 31)}, True),
        ("joined = '2026-01-31'", {"joined": date(2026, 1, 31)}, True),
        ("weekday(joined) = 7 and day(joined) = 1 and month(joined) = 2 and year(joined) = 2026", {"joined": date(2026, 2, 1)}, True),
        ("weekday(joined) = 7", {}, False),
        ("blocked", {"blocked": True}, True),
        ("not blocked", {"blocked": False}, True),
        ("blocked == false and (visits > 1)", {"blocked": False, "visits": 2}, True),
        ("segment = 'vip'", {"segment": {"vip", "new"}}, True),
        ("segment != 'vip'", {"segment": {"new"}}, True),
        ("segment in ('a', 'new')", {"segment": {"new"}}, True),
        ("not segment = 'vip'", {}, True),
        ("segment is null", {}, False),
        ("visits < 2 or visits <= 2", {"visits": 2}, True),
        ("total = -5.5", {"total": -550}, True),
        ("total = +5.5", {"total": 550}, True),
    ],
)
def test_the_text_form_says_what_it_says(database: Connection, text: str, record: dict[str, Any], expected: bool) -> None:
    criterion = parse(text, FIELDS)
    assert compile_memory(criterion, FIELDS)(record) is expected
    assert from_json(to_json(criterion)) == criterion
    assert compile_memory(parse(text), FIELDS)(record) is expected
    assert in_sql(database, criterion, record) is expected


def in_sql(database: Connection, criterion: Criterion, record: dict[str, Any]) -> bool:
    with database.begin_nested() if database.in_transaction() else database.begin() as transaction:
        row = {name: record.get(name) for name in FIELDS if name != "segment"}
        database.execute(PEOPLE.insert().values(id=1, **row))
        for value in record.get("segment") or ():
            database.execute(SEGMENTS.insert().values(person=1, segment=value))
        found = database.execute(select(PEOPLE.c.id).where(compile_sql(criterion, FIELDS, COLUMNS))).all()
        transaction.rollback()
    return bool(found)


@pytest.mark.parametrize(
    ("text", "position", "expected"),
    [
        ("total >=", 8, "a value"),
        ("total 5", 6, "an operator"),
        ("tota = 1", 0, "one of total"),
        ("xyz = 1", 0, "one of blocked, email"),
        ("name = 'x' and name < 'a'", 15, "one of ="),
        ("email like 'a%b'", 11, "'abc%'"),
        ("email like '%'", 11, "at least one"),
        ("email like 5", 11, "a text in quotes"),
        ("email contains ''", 15, "at least one"),
        ("total = 'x'", 0, "a number"),
        ("total = 1.005", 0, "a number"),
        ("visits = 99999999999999999999", 0, "a smaller number"),
        ("joined = 2026-02-30", 0, "a date"),
        ("blocked = 'maybe'", 0, "true or false"),
        ("total like 'a%'", 0, "a text field"),
        ("total is empty", 0, "is null"),
        ("name between 'a' and 'b'", 0, "a number or a date"),
        ("weekday(total) = 1", 0, "a date field"),
        ("weekday('a') = 1", 8, "a date field"),
        ("(total = 1", 10, "')'"),
        ("total = 1 total", 10, "and, or"),
        ("total is 5", 9, "one of null, empty"),
        ("name starts 'a'", 12, "'with'"),
        ("name not 5", 9, "one of in, between"),
        ("visits in 1", 10, "'('"),
        ("total", 5, "an operator"),
        ("5 = total", 0, "a field name"),
        ("", 0, "a field name"),
        ("total = $", 8, "a field, a value"),
        ("name = 'open", 7, "a field, a value"),
        ("(" * 60 + "total = 1", 50, "at most 50"),
        ("x" * 20_001, 20_000, "at most"),
    ],
)
def test_errors_name_the_place_and_what_was_expected(text: str, position: int, expected: str) -> None:
    with pytest.raises(CriteriaError) as caught:
        parse(text, FIELDS)
    assert caught.value.position == position
    assert caught.value.expected.startswith(expected)
    assert f"at character {position + 1}" in caught.value.message


@pytest.mark.feature("RS-05")
@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("pt", "no carácter 16: 'name' não tem ordem, '<' não o pode comparar; espera-se um de =, !=, in, like"),
        ("es", "en el carácter 16: 'name' no tiene orden, '<' no puede compararlo; se espera uno de =, !=, in, like"),
        ("fr", "au caractère 16 : 'name' n’a pas d’ordre, '<' ne peut pas le comparer ; il faut un de =, !=, in, like"),
        ("he", "בתו 16: ל-'name' אין סדר, '<' אינו יכול להשוות אותו; נדרש אחד מאלה: =, !=, in, like"),
        ("xx", "at character 16: 'name' has no order, '<' cannot compare it; expected one of =, !=, in, like"),
    ],
)
def test_mistakes_are_said_in_each_language_with_their_place_and_what_would_be_right(language: str, said: str) -> None:
    with pytest.raises(CriteriaError) as caught:
        parse("name = 'x' and name < 'a'", FIELDS)
    found = caught.value.said(language)
    assert found.replace("\N{NO-BREAK SPACE}", " ").translate(dict.fromkeys(map(ord, "\u2066\u2069"))) == said
    named = caught.value.of("vip.when", "rule", "vip")
    assert named.errors[0].field == "vip.when"
    assert named.told(language).message == named.said(language) != found
    # As it comes from the processes of a simulation.
    assert pickle.loads(pickle.dumps(named)).said(language) == named.said(language)


@pytest.mark.parametrize("language", ["pt", "es", "fr", "he"])
def test_no_mistake_is_left_in_english(language: str) -> None:
    texts = (
        "total = 'x'", "total = 1.005", "visits = 1.5", "visits = 99999999999999999999", "joined = '2026-13-40'", "blocked = 'x'",
        "nothing = 1", "name between 'a' and 'b'", "total like 'a%'", "total is empty", "weekday(total) = 1", "weekday('a') = 1",
        "(total = 1", "total = 1 total", "total is 5", "name starts 'a'", "name not 5", "total", "5 = total", "total = $",
        "name like 'a'", "name like '%'", "name contains 5", "(" * 60 + "total = 1", "x" * 20_001, "name('x') = 'y'",
    )  # fmt: skip
    for text in texts:
        with pytest.raises(CriteriaError) as caught:
            parse(text, FIELDS)
        assert not re.search(r"(?i)\b(expected|cannot|found|unknown|needs|such as|one of|at most)\b", caught.value.said(language)), text


def test_json_from_outside_is_checked_against_the_fields() -> None:
    with pytest.raises(CriteriaError, match="unknown field 'nothing'"):
        compile_memory(from_json('{"op":"=","field":"nothing","value":"1"}'), FIELDS)
    with pytest.raises(CriteriaError, match="cannot be searched here"):
        compile_sql(parse("total = 1"), FIELDS, {"name": PEOPLE.c.name})
    with pytest.raises(ValueError, match="tag"):
        from_json('{"op":"drop table","field":"x"}')


def test_postgresql_says_the_same_in_its_own_words() -> None:
    statement = compile_sql(parse("name like '%Ri%' and weekday(joined) = 7"), FIELDS, COLUMNS).compile(dialect=postgresql.dialect())
    assert "strpos(translate(people.name, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ'" in str(statement)
    assert "EXTRACT(dow FROM people.joined)" in str(statement)


_TEXTS = st.sampled_from(["", "a", "A", "ab", "Ábc", "É", "b%", "_"])
_NUMBERS = st.integers(-3, 3)
_DATES = st.dates(date(2026, 1, 1), date(2026, 1, 14))
_LEAVES = st.one_of(
    st.builds(Compare, field=st.sampled_from(["name", "email"]), op=st.sampled_from(["=", "!="]), value=_TEXTS),
    st.builds(Like, field=st.just("name"), op=st.sampled_from(["starts_with", "contains"]), value=_TEXTS.filter(bool)),
    st.builds(In, field=st.just("name"), values=st.lists(_TEXTS, min_size=1, max_size=3).map(tuple)),
    st.builds(Compare, field=st.just("visits"), op=st.sampled_from(["=", "!=", "<", "<=", ">", ">="]), value=_NUMBERS.map(str)),
    st.builds(Compare, field=st.just("total"), op=st.sampled_from(["=", "<", ">="]), value=_NUMBERS.map(lambda n: f"{n}.5")),
    st.builds(Between, field=st.just("visits"), low=_NUMBERS.map(str), high=_NUMBERS.map(str)),
    st.builds(Compare, field=st.just("joined"), op=st.sampled_from(["=", "!=", "<", ">="]), value=_DATES.map(date.isoformat)),
    st.builds(
        In, field=st.just("joined"), part=st.just("weekday"), values=st.lists(st.integers(1, 7).map(str), min_size=1, max_size=3).map(tuple)
    ),
    st.builds(
        Compare,
        field=st.just("joined"),
        part=st.sampled_from(["day", "month", "year"]),
        op=st.just(">"),
        value=st.sampled_from(["1", "7", "2025"]),
    ),
    st.builds(Compare, field=st.just("blocked"), op=st.sampled_from(["=", "!="]), value=st.sampled_from(["true", "false"])),
    st.builds(Compare, field=st.just("segment"), op=st.sampled_from(["=", "!="]), value=st.sampled_from(["vip", "new"])),
    st.builds(In, field=st.just("segment"), values=st.just(("vip", "old"))),
    st.builds(IsNull, field=st.sampled_from(list(FIELDS))),
    st.builds(IsEmpty, field=st.sampled_from(["name", "email"])),
)
_TREES = st.recursive(
    _LEAVES,
    lambda inner: st.one_of(
        st.builds(Not, item=inner),
        st.builds(And, items=st.lists(inner, min_size=1, max_size=3).map(tuple)),
        st.builds(Or, items=st.lists(inner, min_size=1, max_size=3).map(tuple)),
    ),
    max_leaves=8,
)
_RECORDS = st.fixed_dictionaries(
    {
        "name": st.none() | _TEXTS,
        "email": st.none() | _TEXTS,
        "total": st.none() | st.integers(-350, 350),
        "visits": st.none() | _NUMBERS,
        "joined": st.none() | _DATES,
        "blocked": st.none() | st.booleans(),
        "segment": st.sets(st.sampled_from(["vip", "new", "old"])),
    }
)


@settings(max_examples=300, deadline=None)
@given(tree=_TREES, record=_RECORDS)
def test_both_back_ends_agree(database: Connection, tree: Criterion, record: dict[str, Any]) -> None:
    assert in_sql(database, tree, record) is compile_memory(tree, FIELDS)(record)
    assert from_json(to_json(tree)) == tree
