"""What a draft changes of another version, in words: rules that come, go and change, and which fields of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from v5_cloud.programmes.editing import model
from v5_cloud.programmes.form import Field, Shape, Sight, fields_of
from v5_cloud.programmes.words import Sentence, Words
from v5_core.programme import Programme

__all__ = ["Change", "compare"]


@dataclass(frozen=True, slots=True)
class Change:
    """One rule that is not what it was.

    Attributes:
        part: Where it is.
        what: new, gone, changed or moved.
        title: Its own.
        before: Its sentences in the other version.
        after: Its sentences now.
        fields: (title, before, after) of what was changed.
    """

    part: str
    what: str
    title: str
    before: tuple[Sentence, ...] = ()
    after: tuple[Sentence, ...] = ()
    fields: tuple[tuple[str, str, str], ...] = ()


def compare(before: Programme, after: Programme, sight: Sight) -> list[Change]:
    """Every rule that differs, part by part."""
    say = sight.names.say

    def gettext(message: str, **values: object) -> str:
        return say(message) % values if values else say(message)

    old_words, new_words = Words(before, sight.formats, gettext), Words(after, sight.formats, gettext)
    found: list[Change] = []
    for part in model().parts:
        old, new = _keyed(before, part), _keyed(after, part)
        found += [Change(part, "gone", _title(one), before=tuple(old_words.of(part, one))) for key, one in old.items() if key not in new]
        for key, one in new.items():
            if key not in old:
                found.append(Change(part, "new", _title(one), after=tuple(new_words.of(part, one))))
            elif one != old[key]:
                fields = tuple(_fields(part, old[key], one, sight))
                if fields:
                    was, now = (() if part == "basics" else tuple(words.of(part, rule)) for words, rule in
                                ((old_words, old[key]), (new_words, one)))  # fmt: skip
                    found.append(Change(part, "changed", _title(one), was, now, fields))
        if [key for key in old if key in new] != [key for key in new if key in old]:
            found.append(Change(part, "moved", ""))
    return found


def _keyed(programme: Programme, part: str) -> Mapping[str, Any]:
    if part == "basics":
        return {"": programme}
    held = getattr(programme, part)
    if isinstance(held, tuple):
        return {str(getattr(one, "id", "") or getattr(one, "message", index)): one for index, one in enumerate(held)}
    return {} if held is None else {"": held}


def _title(rule: Any) -> str:
    return str(getattr(rule, "title", "") or getattr(rule, "name", "") or getattr(rule, "id", "") or getattr(rule, "message", ""))


def _fields(part: str, old: Any, new: Any, sight: Sight) -> Iterator[tuple[str, str, str]]:
    kind = str(getattr(new, "kind", "")) if part != "basics" else ""
    shape = model().rule(part, kind)
    was, now = old.model_dump(mode="json"), new.model_dump(mode="json")
    for one in shape.fields:
        if was.get(one.name) != now.get(one.name):
            title = sight.names.title(one)
            yield title, shown(one, was.get(one.name), was, sight), shown(one, now.get(one.name), now, sight)


def shown(shape: Shape, value: Any, around: Mapping[str, Any], sight: Sight) -> str:
    """A value in a few words."""
    if value is None:
        return "–"
    whole = Shape("", shape.owner, "part", fields=(shape,))
    return _text(fields_of(whole, {**around, shape.name: value}, sight).children[0], sight) or "–"


def _text(one: Field, sight: Sight) -> str:
    if one.widget in ("part", "list"):
        if one.widget == "list":
            return "; ".join(filter(None, (_text(child, sight) for child in one.children)))
        inner = ((child, _text(child, sight)) for child in one.children if child.widget != "const")
        return ", ".join(f"{child.title} {text}" for child, text in inner if text and (child.touched or _told(child)))
    _ = sight.names.say
    if one.widget == "switch":
        return _("Yes") if one.on else _("No")
    if one.widget in ("choice", "checks"):
        return ", ".join(title for __, title, __, chosen in one.options if chosen)
    if one.widget in ("map", "tongues"):
        return "; ".join(f"{key} {text}" for key, __, text in one.rows if text)
    if one.widget == "chips":
        return one.text.replace("\n", ", ")
    if one.widget == "criteria" and one.conditions:
        return _conditions(one, sight)
    return one.text


def _told(child: Field) -> bool:
    return bool(child.text or child.rows or child.children) and child.text != child.default


def _conditions(one: Field, sight: Sight) -> str:
    _, days = sight.names.say, dict(sight.days)
    said = [days[day] for day in one.conditions["weekdays"]]
    first, end = one.conditions["from_hour"], one.conditions["until_hour"]
    said += [f"{first}–{end}"] if first or end else []
    said += [", ".join(value) for name, value in one.conditions.items() if isinstance(value, tuple) and value and name != "weekdays"]
    said += [_("Birthday")] if one.conditions["birthday"] else []
    return ", ".join([*said, *([one.text] if one.text else [])])
