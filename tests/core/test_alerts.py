"""What programmes say themselves: alerts in their order, other words for V5's messages, the nudge to keep records."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from v5_core.engine import CustomerFacts, alerts_for, check_programme, compile_programmes, evaluate, unknown_customer
from v5_core.errors import ValidationError
from v5_core.hooks import Message, QuoteRequest
from v5_core.model import Line
from v5_core.programme import Programme

AT = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
LISBON = ZoneInfo("Europe/Lisbon")


def programme(**parts: Any) -> Programme:
    return Programme.model_validate({"id": "club", "name": "Club", **parts})


def alert(name: str, when: str, text: str, **more: Any) -> dict[str, Any]:
    return {"id": name, "when": when, "text": {"en": text}, **more}


def facts(email: str | None = "ana@example.com", **more: Any) -> CustomerFacts:
    attributes = {"name": "Ana", "phone": None, "email": email, "tax_number": None, "home_store": "LX1", "remark": ""}
    return CustomerFacts("c1", attributes=attributes, birth_date=date(1990, 5, 1), member_since=date(2020, 1, 31), **more)


def identified(one: Programme, who: CustomerFacts, language: str = "en") -> list[str]:
    return [said.text for said in said_to(one, who, language)]


def said_to(one: Programme, who: CustomerFacts, language: str = "en") -> tuple[Message, ...]:
    return alerts_for(compile_programmes([one]), who, at=AT, zone=LISBON, store="LX1", language=language)


def quoted(one: Programme, who: CustomerFacts | None, gross: int = 5000, language: str = "en") -> list[str]:
    line = Line.model_validate({"line_id": "1", "product": "A", "gross": f"{gross / 100:.2f}", "net": f"{gross / 100:.2f}"})
    request = QuoteRequest(store="LX1", at=AT, lines=(line,), operator="rui")
    reply = evaluate(compile_programmes([one]), request, who, local_time=AT.astimezone(LISBON), language=language)
    return [said.text for said in reply.messages]


@pytest.mark.feature("FM-10")
def test_alerts_are_said_in_order_until_one_says_stop() -> None:
    one = programme(
        alerts=[
            alert("last", "", "Never said", order=30),
            alert("email", "email = '' and birth_date is not null", "Ask {name} for the e-mail", order=10, severity="warning"),
            alert("rich", "balance >= 100", "{name} has {balance} points", order=5),
            alert("stop", "phone is null", "No phone", order=20, stop=True, severity="alert"),
        ]
    )
    said = said_to(one, facts(email=None, balance_available=1_250_000))
    assert [(got.severity, got.text) for got in said] == [
        ("info", "Ana has 1,250 points"),
        ("warning", "Ask Ana for the e-mail"),
        ("alert", "No phone"),
    ]
    assert identified(one, facts(balance_available=99_999)) == ["No phone"]


@pytest.mark.feature("FM-10")
def test_an_alert_on_customer_and_basket_is_said_with_the_quote() -> None:
    one = programme(
        alerts=[
            alert("ask", "email = '' and total >= 1000", "{operator}: {total} and no e-mail", at="quote"),
            alert("always", "member", "Hello", at="identify"),
        ]
    )
    assert quoted(one, facts(email=""), 100_000) == ["rui: €1,000.00 and no e-mail"]
    assert quoted(one, facts(email=""), 99_999) == []
    assert quoted(one, facts(), 100_000) == []
    # Nobody's e-mail is not an empty one; and a basket that is not there has no total.
    assert quoted(one, None, 100_000) == []
    assert identified(one, facts(email="")) == ["Hello"]


@pytest.mark.feature("FM-10")
def test_what_is_not_kept_here_is_not_asked() -> None:
    one = programme(alerts=[alert("email", "email = ''", "No e-mail")], record={"wanted": ["email", "birth_date"]})
    assert identified(one, CustomerFacts("c1", birth_date=date(1990, 5, 1))) == []


@pytest.mark.feature("FM-10")
def test_texts_are_in_the_stores_language_or_the_first() -> None:
    one = programme(alerts=[{"id": "a", "when": "", "text": {"pt": "Olá {name}", "he": "שלום {name}"}}])
    assert [identified(one, facts(), language)[0] for language in ("pt", "he", "fr")] == ["Olá Ana", "שלום Ana", "Olá Ana"]


@pytest.mark.feature("RS-12")
def test_a_blocked_customer_is_spoken_of_and_not_to() -> None:
    one = programme(
        alerts=[
            alert("vip", "", "Thank you, {name}", audience="customer"),
            alert("stop", "blocked", "Call the manager", severity="alert"),
        ],
        record={"wanted": ["phone"]},
    )
    assert identified(one, facts(blocked=True)) == ["Call the manager"]
    assert identified(one, facts()) == ["Thank you, Ana", "Please ask for what the record lacks: phone"]


@pytest.mark.feature("FM-10")
@pytest.mark.parametrize("text", ["Hi {nome}", "Hi {name.__class__}", "Hi {name!r}", "Hi {balance:>10}", "Hi {", "Hi {0}"])
def test_a_brace_that_is_no_fact_is_refused_at_publishing_and_harmless_before(text: str) -> None:
    one = programme(alerts=[alert("a", "", text)])
    with pytest.raises(ValidationError, match="alert 'a'") as refused:
        check_programme(one)
    assert refused.value.errors[0].field == "a.text.en"
    assert identified(one, facts()) == [text]


@pytest.mark.feature("FM-10")
def test_a_condition_that_cannot_be_read_is_refused_with_the_alerts_name() -> None:
    with pytest.raises(ValidationError, match=r"alert 'a'.*unknown field 'emial'"):
        check_programme(programme(alerts=[alert("a", "emial = ''", "No e-mail")]))


@pytest.mark.feature("FM-16")
def test_the_cashier_is_asked_to_complete_or_to_create_the_record() -> None:
    one = programme(record={"required": ["phone"], "wanted": ["email", "name", "phone"], "nudge": True})
    assert identified(one, facts(email=None)) == ["Please ask for what the record lacks: phone, e-mail"]
    assert identified(one, facts(email=None), "pt") == ["Peça o que falta na ficha: telefone, e-mail"]
    assert quoted(one, None) == ["No customer yet: ask for the card, or offer one"]
    compiled = compile_programmes([one])
    assert unknown_customer(compiled, at=AT, zone=LISBON, language="es") == ("No hay ningún cliente con esos datos: ofrezca una tarjeta",)
    assert quoted(programme(), None) == []
    assert unknown_customer(compile_programmes([programme()]), at=AT, zone=LISBON) == ()


EARN = {"kind": "per_amount", "id": "base", "points": "1", "amount": "1.00"}


def test_a_template_replaces_the_words_of_its_language_only() -> None:
    one = programme(earning=[EARN], templates=[{"message": "will_earn", "text": {"en": "You win {points}!", "he": "{points} בשבילך"}}])
    check_programme(one)
    who = CustomerFacts("c1")
    assert quoted(one, who) == ["You win 50 points!"]
    assert quoted(one, who, language="pt") == ["Esta venda ganha 50 pontos"]
    # Only while it is in force.
    old = one.model_copy(update={"validity": one.validity.model_copy(update={"last_day": date(2026, 11, 19)})})
    today = programme(earning=[EARN], version=2)
    reply = compile_programmes([old, today]).voice.words("en", "EUR", AT, AT.date())
    assert reply.say("will_earn", points="1 point") == "This sale earns 1 point"


@pytest.mark.parametrize(
    ("template", "field", "said"),
    [
        ({"message": "wil_earn", "text": {"en": "x"}}, "templates.0.message", "add_more, add_units"),
        ({"message": "earned_amount", "text": {"en": "x"}}, "templates.0.message", "no message of V5"),
        ({"message": "will_earn", "text": {"en": "You win {pionts}"}}, "templates.0.text.en", "{points}"),
        ({"message": "will_earn", "text": {"en": "You win"}}, "templates.0.text.en", "{points}"),
        ({"message": "will_earn", "text": {"de": "{points}"}}, "templates.0.text.de", "does not speak 'de'"),
        ({"message": "blocked", "text": {"en": "No {name}"}}, "templates.0.text.en", "no braces at all"),
    ],
)
def test_a_template_that_could_not_be_said_is_refused(template: dict[str, Any], field: str, said: str) -> None:
    with pytest.raises(ValidationError) as refused:
        check_programme(programme(templates=[template]))
    assert refused.value.errors[0].field == field
    assert said in refused.value.errors[0].message
