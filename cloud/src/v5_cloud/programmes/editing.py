"""A draft changed rule by rule, as JSON: what is saved is always a programme, what cannot be one is named."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from pydantic import ValidationError as PydanticError

from v5_cloud.kit.problems import field_errors
from v5_cloud.programmes.form import Model, PartShape
from v5_core.errors import FieldError, NotFoundError
from v5_core.programme import Programme

__all__ = ["Draft", "model", "slug_of"]

_LONGEST: Final = 48


@cache
def model() -> Model:
    """The shape of a programme."""
    return Model(Programme.model_json_schema())


def slug_of(title: str, taken: set[str] | frozenset[str] = frozenset(), otherwise: str = "rule") -> str:
    """A short name made from a title, and a number where it is taken."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    name = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:_LONGEST].strip("-") or otherwise.replace("_", "-")
    if name not in taken:
        return name
    return next(f"{name}-{number}" for number in range(2, 10_000) if f"{name}-{number}" not in taken)


@dataclass(slots=True)
class Draft:
    """A programme's JSON while it is changed.

    Attributes:
        body: The whole programme.
    """

    body: dict[str, Any]

    @classmethod
    def of(cls, programme: Programme) -> Draft:
        """A copy to change."""
        return cls(programme.model_dump(mode="json"))

    def part(self, name: str) -> PartShape:
        """A part that there is.

        Raises:
            NotFoundError: No such part.
        """
        found = model().parts.get(name)
        if found is None:
            raise NotFoundError("There is no such part of a programme.")
        return found

    def rules(self, name: str) -> list[Any]:
        """The rules of a part: a list of one, or of none, where there can be one only."""
        if name == "basics":
            return [self.body]
        held = self.body.get(name)
        if self.part(name).many:
            return list(held or ())
        return [held] if held is not None else []

    def rule(self, name: str, at: int) -> dict[str, Any]:
        """One rule.

        Raises:
            NotFoundError: No such rule.
        """
        rules = self.rules(name)
        if not 0 <= at < len(rules):
            raise NotFoundError("There is no such rule.")
        found: dict[str, Any] = rules[at]
        return found

    def place(self, name: str, at: int) -> str:
        """The path of a rule in the JSON."""
        return "" if name == "basics" else f"{name}.{at}" if self.part(name).many else name

    def put(self, name: str, at: int | None, value: dict[str, Any]) -> int:
        """Puts a rule in the place of another, or at the end; gives where it is."""
        self._name(value, name)
        if name == "basics":
            self.body.update(value)
            return 0
        if not self.part(name).many:
            self.body[name] = value
            return 0
        rules = self.rules(name)
        if at is None or at >= len(rules):
            rules.append(value)
        else:
            rules[at] = value
        self.body[name] = rules
        return len(rules) - 1 if at is None else at

    def act(self, name: str, at: int, verb: str) -> None:
        """Removes, doubles or moves a rule.

        Raises:
            NotFoundError: No such rule, or nothing that can be done with it.
        """
        self.rule(name, at)
        part, rules = self.part(name), self.rules(name)
        if verb == "remove" and (part.many or part.nullable):
            del rules[at]
            self.body[name] = rules if part.many else None
        elif verb == "duplicate" and part.many:
            copy = _deep(rules[at])
            taken = self.taken()
            for one in _named(copy):
                one["id"] = slug_of(str(one["id"]), taken)
                taken.add(one["id"])
            self.body[name] = [*rules[: at + 1], copy, *rules[at + 1 :]]
        elif verb in ("up", "down") and part.many:
            other = at - 1 if verb == "up" else at + 1
            if 0 <= other < len(rules):
                rules[at], rules[other] = rules[other], rules[at]
            self.body[name] = rules
        else:
            raise NotFoundError("There is nothing of the kind to do.")

    def add(self, rules: dict[str, Any]) -> None:
        """Adds ready-made rules; their names give way to those that are there."""
        for name, given in rules.items():
            if isinstance(given, list):
                taken = self.taken()
                for rule in given:
                    for one in _named(rule):
                        one["id"] = slug_of(str(one["id"]), taken)
                        taken.add(one["id"])
                self.body[name] = [*self.rules(name), *given]
            elif name not in ("tiers", "redemption") or self.body.get(name) is None:
                self.body[name] = given

    def taken(self) -> set[str]:
        """Short names that are used."""
        parts = [value for name, value in self.body.items() if name in model().parts and value]
        return {str(one["id"]) for part in parts for one in _named(part)}

    def _name(self, value: dict[str, Any], part: str) -> None:
        """Gives what was left without a short name one of its title."""
        taken = self.taken()
        for one in _nameless(model().rule(part, str(value.get("kind", ""))), value):
            one["id"] = slug_of(str(one.get("title", "")), taken, otherwise=str(one.get("kind", part)))
            taken.add(one["id"])

    def read(self) -> tuple[Programme | None, tuple[FieldError, ...]]:
        """The programme, or what keeps it from being one."""
        try:
            return Programme.model_validate(self.body), ()
        except PydanticError as error:
            return None, field_errors(error.errors(), self.body)


def _deep(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _deep(inner) for name, inner in value.items()}
    return [_deep(one) for one in value] if isinstance(value, list) else value


def _named(value: Any) -> Iterator[dict[str, Any]]:
    """Everything with a short name of its own."""
    if isinstance(value, dict):
        if isinstance(value.get("id"), str):
            yield value
        for inner in value.values():
            yield from _named(inner)
    elif isinstance(value, list):
        for one in value:
            yield from _named(one)


def _nameless(shape: Any, value: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for one in shape.fields:
        if one.name == "id" and one.required and not value.get("id"):
            yield value
        elif one.widget == "list":
            for row in value.get(one.name) or ():
                if isinstance(row, dict):
                    yield from _nameless(one.inner, row)
