"""A form as a browser reads it: what it would send when nobody touches it."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

__all__ = ["Form", "form_of"]


@dataclass
class Form:
    """One form of a page.

    Attributes:
        fields: (name, value) in the order of the page; disabled fields and those of buttons are not sent.
    """

    action: str = ""
    fields: list[tuple[str, str]] = field(default_factory=list)

    def sent(self, **changes: str | list[str]) -> dict[str, list[str]]:
        """What is sent after these fields were changed; `__` in a name stands for a dot."""
        found: dict[str, list[str]] = {}
        for name, value in self.fields:
            found.setdefault(name, []).append(value)
        for name, new in changes.items():
            found[name.replace("__", ".")] = new if isinstance(new, list) else [new]
        return found


class _Reader(HTMLParser):
    def __init__(self, form_id: str) -> None:
        super().__init__(convert_charrefs=True)
        self.wanted = form_id
        self.form: Form | None = None
        self.inside = False
        self.area: str | None = None
        self.text = ""
        self.choice: tuple[str, list[tuple[str, bool]]] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "form" and given.get("id") == self.wanted:
            self.form, self.inside = Form(given.get("action") or ""), True
        if not self.inside or self.form is None or "disabled" in given:
            return
        name = given.get("name")
        if tag == "input" and name and (given.get("type") not in ("checkbox", "radio") or "checked" in given):
            self.form.fields.append((name, given.get("value") or ""))
        elif tag == "textarea" and name:
            self.area, self.text = name, ""
        elif tag == "select" and name:
            self.choice = (name, [])
        elif tag == "option" and self.choice:
            self.choice[1].append((given.get("value") or "", "selected" in given))

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_endtag(self, tag: str) -> None:
        if self.form is None or not self.inside:
            return
        if tag == "form":
            self.inside = False
        elif tag == "textarea" and self.area:
            self.form.fields.append((self.area, self.text.removeprefix("\n")))
            self.area = None
        elif tag == "select" and self.choice:
            name, options = self.choice
            chosen = [value for value, on in options if on] or [value for value, _ in options[:1]]
            self.form.fields += [(name, value) for value in chosen]
            self.choice = None


def form_of(page: str, form_id: str = "rule") -> Form:
    """The form of that id."""
    reader = _Reader(form_id)
    reader.feed(page)
    assert reader.form is not None, f"no form {form_id}"
    return reader.form
