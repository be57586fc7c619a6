"""What programmes say themselves: alerts on customer and sale, other words for V5's own messages, the nudge to keep records.

`Compiled.voice` holds it. `evaluate` says what is to be said with a quote; `alerts_for` what is said when somebody is identified.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from string import Formatter
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from v5_core.criteria import RECORD_FIELDS, CriteriaError, FieldType, Predicate, compile_memory, operands, parse
from v5_core.engine._refusals import refusal
from v5_core.engine._situation import SALE_FIELDS, Situation
from v5_core.engine._types import CustomerFacts
from v5_core.errors import FieldError
from v5_core.hooks import Message
from v5_core.programme import Alert, Programme, RecordField, RecordRules
from v5_core.words import MESSAGES, REPLACEABLE, Words, words_of

if TYPE_CHECKING:
    from v5_core.engine._compile import Compiled
    from v5_core.engine._rules import CompiledProgramme

__all__ = ["PLACES", "Voice", "alerts_for", "missing_fields", "record_attributes", "spoken_errors", "unknown_customer"]

PLACES: Final = frozenset({"name", "balance", "total", "tier", "store", "operator", "sales", "age", "member_since", "remark"})
"""Facts that the text of an alert may name in braces."""
_LONGEST: Final = 500
# What only a basket has.
_BASKET: Final = ("total", "quantity", "lines", "payment")
_OWN: Final = frozenset({"birth_date", "member_since", "blocked"})


class _Fields(Mapping[str, FieldType]):
    """The fields of a sale and those of the customer's record."""

    def __getitem__(self, name: str) -> FieldType:
        return RECORD_FIELDS[name] if name in RECORD_FIELDS else SALE_FIELDS[name]

    def __iter__(self) -> Iterator[str]:
        return iter({**SALE_FIELDS, **RECORD_FIELDS})

    def __len__(self) -> int:
        return len({**SALE_FIELDS, **RECORD_FIELDS})


_FIELDS: Final[Mapping[str, FieldType]] = _Fields()


class _Alert:
    """An alert made ready; `asked` are the fields of the record that its condition names."""

    __slots__ = ("asked", "data", "index", "key", "when")

    def __init__(self, data: Alert, programme: CompiledProgramme) -> None:
        self.data = data
        self.index = programme.index
        self.key = (data.order, programme.key, data.id)
        self.asked: frozenset[str] = frozenset()
        self.when: Predicate | None = None
        if data.when.strip():
            try:
                criterion = parse(data.when, _FIELDS)
                self.when = compile_memory(criterion, _FIELDS)
            except CriteriaError as error:
                raise error.of(f"{data.id}.when", "alert", data.id) from None
            self.asked = frozenset(leaf.field for leaf in operands(criterion) if leaf.field in RECORD_FIELDS)

    def says(self, record: Mapping[str, Any]) -> bool:
        # A field that is not kept here (a store without its line) is not an empty one.
        return self.asked <= record.keys() and (self.when is None or self.when(record))


class Voice:
    """The alerts, templates and record rules of a set of programmes."""

    __slots__ = ("_alerts", "_made", "_programmes", "_silent", "_templated", "_titles")

    def __init__(self, programmes: Sequence[CompiledProgramme]) -> None:
        self._programmes = programmes
        self._alerts = sorted((_Alert(alert, one) for one in programmes for alert in one.data.alerts), key=lambda one: one.key)
        self._templated = any(one.data.templates for one in programmes)
        self._titles = {tier.id: tier.title or tier.id for one in programmes if one.data.tiers for tier in one.data.tiers.tiers}
        self._made: dict[tuple[str, str, tuple[int, ...]], Words] = {}
        self._silent = not self._alerts and not any(one.data.record.nudge for one in programmes)

    @property
    def greets(self) -> bool:
        """Whether anything may be said when a customer is identified."""
        return bool(self._alerts) or any(one.data.record != RecordRules() for one in self._programmes)

    def _in_force(self, at: datetime, today: date) -> list[CompiledProgramme]:
        # Of each programme the highest version; they come sorted so.
        found: dict[str, CompiledProgramme] = {}
        for one in self._programmes:
            if one.key not in found and one.data.validity.covers(at, today):
                found[one.key] = one
        return list(found.values())

    def words(self, language: str, currency: str, at: datetime, today: date) -> Words:
        """V5's words, with what the programmes in force say in their own."""
        own = words_of(language, currency)
        if not self._templated:
            return own
        chosen = [one for one in self._in_force(at, today) if one.data.templates]
        key = (own.language, currency, tuple(one.index for one in chosen))
        found = self._made.get(key)
        if found is None:
            other: dict[str, str] = {}
            for template in (template for one in chosen for template in one.data.templates):
                if template.message in REPLACEABLE and own.language in template.text:
                    other.setdefault(template.message, template.text[own.language])
            found = self._made[key] = own.replaced(other)
        return found

    def rules(self, at: datetime, today: date) -> RecordRules:
        """What the till asks of records: what any programme in force asks."""
        found = [one.data.record for one in self._in_force(at, today)]
        return RecordRules(
            required=tuple(dict.fromkeys(field for one in found for field in one.required)),
            wanted=tuple(dict.fromkeys(field for one in found for field in one.wanted)),
            nudge=any(one.nudge for one in found),
        )

    def at_sale(self, situation: Situation, words: Words) -> list[Message]:
        """What is said with a quote."""
        if self._silent:
            return []
        today = situation.local.date()
        found = self._said(situation, words, [one for one in self._alerts if one.data.at == "quote"], basket=True)
        if situation.facts is None and self.rules(situation.at, today).nudge:
            found.append(Message(audience="cashier", text=words.say("nudge_create")[:_LONGEST]))
        return found

    def at_identify(self, situation: Situation, words: Words) -> list[Message]:
        """What is said when a customer is identified."""
        found = self._said(situation, words, self._alerts, basket=False)
        facts = situation.facts
        if facts is not None and not facts.blocked:
            rules = self.rules(situation.at, situation.local.date())
            lacking = missing_fields((*rules.required, *rules.wanted), facts)
            if lacking:
                text = words.say("nudge_complete", fields=", ".join(words.say(f"field_{one}") for one in lacking))
                found.append(Message(audience="cashier", severity="warning", text=text[:_LONGEST]))
        return found

    def _said(self, situation: Situation, words: Words, alerts: Sequence[_Alert], *, basket: bool) -> list[Message]:
        if not alerts:
            return []
        today = situation.local.date()
        active = {one.index for one in self._in_force(situation.at, today)}
        facts = situation.facts
        record = situation.record | (record_of(facts) if facts is not None else {})
        if not basket:
            record = {name: value for name, value in record.items() if name not in _BASKET}
        found: list[Message] = []
        for one in alerts:
            data = one.data
            if one.index not in active or not data.validity.covers(situation.at, today) or not one.says(record):
                continue
            # Whoever is blocked is written to no more; the cashier is told all the same.
            if data.audience == "cashier" or facts is None or not facts.blocked:
                text = _filled(_chosen(data.text, words.language), self._values(situation, words, basket=basket))
                found.append(Message(audience=data.audience, severity=data.severity, text=text[:_LONGEST]))
            if data.stop:
                break
        return found

    def _values(self, situation: Situation, words: Words, *, basket: bool) -> dict[str, str]:
        facts = situation.facts
        values = {"store": situation.store, "operator": situation.operator, "total": words.money(situation.total) if basket else ""}
        if facts is None:
            return values
        since = facts.member_since
        return values | {
            "name": str(facts.attributes.get("name") or ""),
            "remark": str(facts.attributes.get("remark") or ""),
            "balance": words.figure(facts.balance_available),
            "tier": ", ".join(self._titles.get(one, one) for one in sorted(facts.tiers)),
            "sales": str(facts.sales) if facts.sales is not None else "",
            "age": str(situation.record.get("age", "")),
            "member_since": words.day(since) if since is not None else "",
        }


def alerts_for(
    compiled: Compiled,
    facts: CustomerFacts,
    *,
    at: datetime,
    zone: ZoneInfo,
    store: str,
    till: str = "",
    language: str = "pt",
    currency: str = "EUR",
) -> tuple[Message, ...]:
    """What is said when a customer is identified: alerts, and what the record lacks. With a quote `evaluate` says it.

    Args:
        compiled: The programmes.
        facts: Who it is; `attributes` hold the record's fields (`record_attributes`). What is not among them is not asked.
        at: Now.
        zone: Of the store.
        store: Its code.
        till: Its code.
        language: Of the store.
        currency: Of amounts.
    """
    local = at.astimezone(zone)
    situation = Situation((), facts, at=at, local=local, store=store, till=till, currency=currency)
    words = compiled.voice.words(language, currency, at, local.date())
    return tuple(compiled.voice.at_identify(situation, words))


def unknown_customer(compiled: Compiled, *, at: datetime, zone: ZoneInfo, language: str = "pt") -> tuple[str, ...]:
    """Directives to the cashier when nobody is found by what was typed."""
    today = at.astimezone(zone).date()
    voice = compiled.voice
    return (voice.words(language, "", at, today).say("nudge_unknown")[:_LONGEST],) if voice.rules(at, today).nudge else ()


def record_attributes(source: object) -> dict[str, Any]:
    """The fields of a record for `CustomerFacts.attributes`, from whatever object has them by these names."""
    return {name: getattr(source, name) for name in RECORD_FIELDS if name not in _OWN and hasattr(source, name)}


def record_of(facts: CustomerFacts) -> dict[str, Any]:
    """The record's fields as criteria ask for them; those that are not known here are left out."""
    known = {name: facts.attributes[name] for name in RECORD_FIELDS if name in facts.attributes}
    return known | {"birth_date": facts.birth_date, "member_since": facts.member_since, "blocked": facts.blocked}


def missing_fields(wanted: Iterable[RecordField], facts: CustomerFacts) -> tuple[RecordField, ...]:
    """Which of the fields the record lacks; one that is not known here is not missing."""
    record = record_of(facts)
    return tuple(one for one in dict.fromkeys(wanted) if one in record and record[one] in (None, ""))


def spoken_errors(programme: Programme, language: str = "en") -> Iterator[FieldError]:
    """What may not be published of alerts and templates; `field` names the place."""
    for alert in programme.alerts:
        for spoken, text in alert.text.items():
            names = _braces(text)
            if names is None or names - PLACES:
                kind = "no_plain_name" if names is None else "no_fact"
                said = refusal(language, kind, one=alert.id, names=_listed((names or set()) - PLACES), known=_listed(PLACES))
                yield FieldError(f"{alert.id}.text.{spoken}", "brace", said)
    seen: set[str] = set()
    for index, template in enumerate(programme.templates):
        name = template.message
        if name not in REPLACEABLE:
            said = refusal(language, "no_message", one=name, known=", ".join(sorted(REPLACEABLE)))
            yield FieldError(f"templates.{index}.message", "message", said)
            continue
        if name in seen:
            yield FieldError(f"templates.{index}.message", "message", refusal(language, "two_templates", one=name))
        seen.add(name)
        wanted = _braces(MESSAGES["en"][name]) or set()
        for spoken, text in template.text.items():
            if spoken not in MESSAGES:
                said = refusal(language, "unspoken", one=spoken, known=", ".join(MESSAGES))
                yield FieldError(f"templates.{index}.text.{spoken}", "language", said)
            elif _braces(text) != wanted:
                said = refusal(language, "template" if wanted else "plain_template", one=name, known=_listed(wanted))
                yield FieldError(f"templates.{index}.text.{spoken}", "brace", said)


def _braces(text: str) -> set[str] | None:
    """The names in braces; None when something else than a plain name stands in them."""
    try:
        parts = list(Formatter().parse(text))
    except ValueError:
        return None
    names = {name for _, name, _, _ in parts if name is not None}
    plain = all(not spec and not conversion for _, _, spec, conversion in parts) and all(name.isidentifier() for name in names)
    return names if plain else None


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"{{{one}}}" for one in sorted(names))


def _chosen(text: Mapping[str, str], language: str) -> str:
    return text.get(language) or next(iter(text.values()))


def _filled(text: str, values: Mapping[str, str]) -> str:
    # A text that was never checked is said as it stands: nothing that a person wrote may stop a sale.
    names = _braces(text)
    if names is None or not names <= PLACES:
        return text
    return text.format_map({name: values.get(name, "") for name in names})
