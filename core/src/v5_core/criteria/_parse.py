"""The text form, read by recursive descent: `email = '' and (total >= 1000 or weekday(joined) in (6, 7))`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, NamedTuple, cast

from v5_core.criteria._ast import And, Between, Compare, Criterion, In, IsEmpty, IsNull, Like, Not, Or, Part
from v5_core.criteria._fields import CriteriaError, FieldType, check

__all__ = ["parse"]

_TOKEN: Final = re.compile(
    r"""\s*(?:
      (?P<string>'(?:[^']|'')*'|"(?:[^"]|"")*")
    | (?P<date>\d{4}-\d{2}-\d{2}(?!\d))
    | (?P<number>[+-]?\d+(?:\.\d+)?(?![\w.]))
    | (?P<word>[A-Za-z_][A-Za-z0-9_.]*)
    | (?P<op><=|>=|!=|<>|==|=|<|>|\(|\)|,)
    )""",
    re.VERBOSE,
)
_KEYWORDS: Final = frozenset("and or not in between like contains starts with is null empty true false".split())  # noqa: SIM905
_PARTS: Final = frozenset({"weekday", "day", "month", "year"})
_MAX_DEPTH: Final = 50
_MAX_LENGTH: Final = 20_000


class _Token(NamedTuple):
    kind: str
    text: str
    position: int


def _tokens(text: str) -> list[_Token]:
    found: list[_Token] = []
    position = 0
    end = len(text.rstrip())
    while position < end:
        match = _TOKEN.match(text, position)
        if match is None:
            start = position + len(text[position:]) - len(text[position:].lstrip())
            raise CriteriaError("unreadable", "start", found=repr(text[start : start + 12]), position=start)
        kind = cast("str", match.lastgroup)
        word = match.group(kind)
        if kind == "word" and word.lower() in _KEYWORDS:
            kind, word = "keyword", word.lower()
        found.append(_Token(kind, word, match.end() - len(match.group(0).lstrip())))
        position = match.end()
    found.append(_Token("end", "", len(text)))
    return found


class _Parser:
    """One text; `at` is the next token."""

    def __init__(self, text: str, fields: Mapping[str, FieldType] | None) -> None:
        self.tokens = _tokens(text)
        self.at = 0
        self.depth = 0
        self.fields = fields

    @property
    def next(self) -> _Token:
        return self.tokens[self.at]

    def fail(self, right: str, named: str = "") -> CriteriaError:
        token = self.next
        if token.kind == "end":
            return CriteriaError("ended", right, position=token.position, exactly=named, names=named)
        return CriteriaError("found", right, found=repr(token.text), position=token.position, exactly=named, names=named)

    def accept(self, kind: str, *texts: str) -> str | None:
        token = self.next
        if token.kind == kind and token.text in texts:
            self.at += 1
            return token.text
        return None

    def expect(self, kind: str, text: str) -> None:
        if self.accept(kind, text) is None:
            raise self.fail("exactly", repr(text))

    def either(self) -> Criterion:
        items = [self.both()]
        while self.accept("keyword", "or"):
            items.append(self.both())
        return items[0] if len(items) == 1 else Or(items=tuple(items))

    def both(self) -> Criterion:
        items = [self.negation()]
        while self.accept("keyword", "and"):
            items.append(self.negation())
        return items[0] if len(items) == 1 else And(items=tuple(items))

    def negation(self) -> Criterion:
        self.depth += 1
        if self.depth > _MAX_DEPTH:
            raise CriteriaError("nested", "levels", most=_MAX_DEPTH, position=self.next.position)
        try:
            if self.accept("keyword", "not"):
                return Not(item=self.negation())
            if self.accept("op", "("):
                inner = self.either()
                self.expect("op", ")")
                return inner
            return self.leaf()
        finally:
            self.depth -= 1

    def leaf(self) -> Criterion:
        start = self.next.position
        field, args, places, part = self.operand()
        node = self.comparison(field, part)
        if args:
            node = _with_arguments(node, args)
        if self.fields is not None:
            try:
                check(node, self.fields)
            except CriteriaError as error:
                at = start if error.argument is None else places[error.argument]
                raise error.at(at) from None
        return node

    def operand(self) -> tuple[str, tuple[str, ...], list[int], Part]:
        """Field, arguments, where these stand, and part."""
        if self.next.kind != "word":
            raise self.fail("field")
        name = self.next.text.lower()
        following = self.tokens[self.at + 1]
        self.at += 1
        if following != ("op", "(", following.position):
            return name, (), [], ""
        if name in _PARTS:
            self.at += 1
            if self.next.kind != "word":
                raise self.fail("date_field")
            field = self.next.text.lower()
            self.at += 1
            self.expect("op", ")")
            return field, (), [], cast("Part", name)
        self.at += 1
        args, places = [], []
        while True:
            places.append(self.next.position)
            args.append(self.value())
            if not self.accept("op", ","):
                break
        self.expect("op", ")")
        return name, tuple(args), places, ""

    def value(self) -> str:
        token = self.next
        self.at += 1
        if token.kind == "string":
            quote = token.text[0]
            return token.text[1:-1].replace(quote * 2, quote)
        if token.kind in ("number", "date") or (token.kind == "keyword" and token.text in ("true", "false")):
            return token.text.removeprefix("+")
        self.at -= 1
        raise self.fail("value")

    def comparison(self, field: str, part: Part) -> Criterion:
        if operator := self.accept("op", "=", "==", "!=", "<>", "<=", ">=", "<", ">"):
            operator = {"==": "=", "<>": "!="}.get(operator, operator)
            value = self.value()
            if value == "" and operator in ("=", "!="):
                empty = IsEmpty(field=field, part=part)
                return empty if operator == "=" else Not(item=empty)
            return Compare.model_validate({"field": field, "part": part, "op": operator, "value": value})
        if self.accept("keyword", "is"):
            negated = self.accept("keyword", "not")
            which = self.accept("keyword", "null", "empty")
            if which is None:
                raise self.fail("one_of", "null, empty")
            node: Criterion = IsNull(field=field, part=part) if which == "null" else IsEmpty(field=field, part=part)
            return Not(item=node) if negated else node
        if self.accept("keyword", "not"):
            return Not(item=self.ranged(field, part))
        if self.next.kind == "keyword" and self.next.text in ("in", "between", "like", "contains", "starts"):
            return self.ranged(field, part)
        # A yes-or-no field may stand alone.
        if self.next.kind in ("end", "keyword") or self.next.text == ")":
            kind = self.fields.get(field) if self.fields is not None else None
            if kind is None or kind.kind == "bool":
                return Compare(field=field, part=part, op="=", value="true")
        raise self.fail("operator", "=, >=, in, between, like, is null")

    def ranged(self, field: str, part: Part) -> Criterion:
        if self.accept("keyword", "in"):
            self.expect("op", "(")
            values = [self.value()]
            while self.accept("op", ","):
                values.append(self.value())
            self.expect("op", ")")
            return In(field=field, part=part, values=tuple(values))
        if self.accept("keyword", "between"):
            low = self.value()
            self.expect("keyword", "and")
            return Between(field=field, part=part, low=low, high=self.value())
        if self.accept("keyword", "starts"):
            self.expect("keyword", "with")
            return self.like(field, part, "starts_with", self.text())
        if self.accept("keyword", "contains"):
            return self.like(field, part, "contains", self.text())
        if self.accept("keyword", "like"):
            position = self.next.position
            pattern = self.text()
            inner = pattern.strip("%")
            if "%" in inner or "_" in inner or not pattern.endswith("%"):
                raise CriteriaError("pattern", "pattern", found=repr(pattern), position=position)
            return self.like(field, part, "contains" if pattern.startswith("%") else "starts_with", inner)
        raise self.fail("one_of", "in, between, like, contains, starts with")

    def text(self) -> str:
        if self.next.kind != "string":
            raise self.fail("quoted")
        return self.value()

    def like(self, field: str, part: Part, mode: str, value: str) -> Criterion:
        if not value:
            raise CriteriaError("nothing", "something", position=self.tokens[self.at - 1].position)
        return Like.model_validate({"field": field, "part": part, "op": mode, "value": value})


def _with_arguments(node: Criterion, args: tuple[str, ...]) -> Criterion:
    # What was written as "not in" or "!= ''" has its leaf inside.
    if isinstance(node, Not):
        return Not(item=_with_arguments(node.item, args))
    return node.model_copy(update={"args": args})


def parse(text: str, fields: Mapping[str, FieldType] | None = None) -> Criterion:
    """Reads the text form.

    Args:
        text: `email = '' and total >= 1000`; keywords in any case.
        fields: When given, fields, operators and values are checked too, with their position.

    Raises:
        CriteriaError: With the position and what was expected there.
    """
    if len(text) > _MAX_LENGTH:
        raise CriteriaError("long", "length", most=_MAX_LENGTH, position=_MAX_LENGTH)
    parser = _Parser(text, fields)
    node = parser.either()
    if parser.next.kind != "end":
        raise parser.fail("end")
    return node
