"""What the pages of a draft show: its parts in words, what stands in its way, what it changes, a basket tried on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Final

from v5_cloud.kit.tenant import Scope
from v5_cloud.models import ProductRow
from v5_cloud.pages.page import Page
from v5_cloud.programmes import drafts, service
from v5_cloud.programmes.difference import Change, compare
from v5_cloud.programmes.editing import Draft, model
from v5_cloud.programmes.form import PartShape, Sight
from v5_cloud.programmes.form.figures import Figures
from v5_cloud.programmes.form.names import Names
from v5_cloud.programmes.form.problems import said
from v5_cloud.programmes.repository import ProgrammeRepository
from v5_cloud.programmes.schemas import DraftItem
from v5_cloud.programmes.trial import Basket, Result, basket_of, try_out
from v5_cloud.programmes.words import Sentence, Words
from v5_cloud.segments import service as segments
from v5_cloud.tenants.changes import get_company
from v5_cloud.tenants.service import overview
from v5_core.errors import FieldError
from v5_core.programme import Programme

__all__ = ["Card", "Desk", "Part"]

_SUGGESTED: Final = 300


@dataclass(frozen=True, slots=True)
class Card:
    """One rule as the overview shows it."""

    at: int
    key: str
    sentences: Sequence[Sentence]
    wrong: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the draft."""

    shape: PartShape
    title: str
    help: str
    symbol: str
    cards: Sequence[Card]


@dataclass
class Desk:
    """One draft on the table of one person.

    Attributes:
        page: Who asks, in which language.
        scope: The company.
        found: The draft as it is saved.
    """

    page: Page
    scope: Scope
    found: DraftItem
    errors: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def open(cls, page: Page, company: str, programme: str, version: int) -> Desk:
        """A version of the viewer's own tenant.

        Raises:
            NotFoundError: No such company or version.
        """
        scope = Scope(page.scope.tenant, get_company(page.held, page.scope, company).id)
        return cls(page, scope, drafts.get(page.held, scope, programme, version, language=page.language.code))

    @property
    def home(self) -> str:
        """Address of the draft."""
        return f"/programmes/{self.scope.company}/{self.found.id}/{self.found.version}"

    @cached_property
    def stamp(self) -> str:
        """The state that is shown."""
        return drafts.stamp_of(self.found.programme)

    @cached_property
    def figures(self) -> Figures:
        """Numbers and times of the page."""
        return Figures(self.page.language.locale, self.page.zone)

    @cached_property
    def names(self) -> Names:
        """Words of the page."""
        return Names(self.page.gettext)

    def sight(self, errors: Mapping[str, str] | None = None) -> Sight:
        """How values are shown."""
        return Sight(self.names, self.figures, self.page.formats, errors or {})

    def words(self, programme: Programme) -> Words:
        """Sentences of a programme in the page's language."""
        return Words(programme, self.page.formats, self.page.gettext)

    def sentences(self, programme: Programme, part: str, at: int) -> Sequence[Sentence]:
        """What one rule says; what belongs to the whole programme is said by its name."""
        if part == "basics":
            return [Sentence("calendar", programme.name, "", tuple(_time(self, programme)))]
        held = getattr(programme, part)
        rule = held[at] if isinstance(held, tuple) else held
        return self.words(programme).of(part, rule)

    def parts(self) -> list[Part]:
        """The parts with their rules in words, those that hold something first said where they are wrong."""
        draft, programme, made = Draft.of(self.found.programme), self.found.programme, []
        for shape in model().parts.values():
            title, text, symbol = self.names.part(shape.name)
            cards = [
                Card(at, str(rule.get("id", "")), self.sentences(programme, shape.name, at), self._wrong(draft.place(shape.name, at)))
                for at, rule in enumerate(draft.rules(shape.name))
            ]
            made.append(Part(shape, title, text, symbol, cards))
        return made

    def _wrong(self, place: str) -> list[str]:
        if not place:
            return [self.said(one) for one in self._findings if one.field.split(".")[0] not in model().parts]
        return [self.said(one) for one in self._findings if one.field == place or one.field.startswith(f"{place}.")]

    @cached_property
    def _findings(self) -> list[FieldError]:
        return [FieldError(one.field, one.code, one.message) for one in self.found.findings]

    def said(self, error: FieldError) -> str:
        """An error in words."""
        return said(error, self.page.gettext)

    def findings(self) -> list[tuple[str, str]]:
        """What stands in the way: where to mend it, and the sentence."""
        return [(self._address(one.field), self.said(one)) for one in self._findings]

    def _address(self, path: str) -> str:
        part, _, rest = path.partition(".")
        if part not in model().parts:
            return f"{self.home}/edit/basics?at=0"
        at = rest.split(".")[0]
        return f"{self.home}/edit/{part}?at={at if at.isdigit() and model().parts[part].many else 0}"

    def problems(self, programme: Programme) -> list[str]:
        """What would stand in the way of publishing another state of it."""
        return [self.said(one) for one in drafts.check(self.page.held, self.scope, programme, language=self.page.language.code)]

    def changes(self) -> tuple[int, list[Change]]:
        """The version that counts now, and what the draft changes of it; 0: there is none."""
        rows = [one for one in service.list_programmes(self.page.held, self.scope) if one.id == self.found.id and one.state == "published"]
        if not rows:
            return 0, []
        return rows[0].version, compare(rows[0].programme, self.found.programme, self.sight())

    def suggestions(self) -> dict[str, list[tuple[str, str]]]:
        """What fields may name: (value, label) by list."""
        programme = self.found.programme
        with self.page.read() as session:
            repository = ProgrammeRepository(session, self.scope)
            products = [(row.code, row.description) for row in repository.products(_SUGGESTED)]
            families = [(name, "") for name in repository.names(ProductRow.family, _SUGGESTED)]
            brands = [(name, "") for name in repository.names(ProductRow.brand, _SUGGESTED)]
        tiers = programme.tiers.tiers if programme.tiers else ()
        return {
            "products": products,
            "families": families,
            "brands": brands,
            "stores": [(one.code, one.name) for one in overview(self.page.held, self.scope).stores if one.company == self.scope.company],
            "tiers": [(one.id, one.title) for one in tiers],
            "clubs": [(one.id, one.title) for one in programme.clubs],
            "segments": [(one.id, one.title) for one in segments.list_segments(self.page.held, self.scope)],
            "offers": [(one.id, one.title) for one in programme.offers if one.coupon],
            "entitlements": [(got.id, got.title) for club in programme.clubs for got in club.entitlements],
            "rewards": [(one.id, one.title) for one in programme.offers if one.cost],
            "values": [(one.id, one.title) for one in programme.stored_value],
        }

    def basket(self, posted: Mapping[str, Sequence[str]], about: Mapping[str, Any] | None = None) -> Basket:
        """What was typed to try; the first time, articles that the rule is about."""
        chosen = (about or {}).get("selector") or {}
        codes, families = chosen.get("products") or [], chosen.get("families") or []
        with self.page.read() as session:
            repository = ProgrammeRepository(session, self.scope)
            rows = list(repository.products(3, codes, families)) if codes or families else []
            rows += [row for row in repository.products(6) if row.code not in {one.code for one in rows}]
            return basket_of(posted, rows[:3], self.figures, self.page.held.clock())

    def tried(self, programme: Programme, basket: Basket, rule: str | None = None) -> Result:
        """What the draft makes of a basket."""
        with self.page.read() as session:
            repository = ProgrammeRepository(session, self.scope)
            codes = [code for code, *_ in basket.rows if code]
            known = {row.code: row for row in repository.products(len(codes), codes)} if codes else {}
            stores = [one.code for one in overview(self.page.held, self.scope).stores if one.company == self.scope.company]
            result = try_out(
                programme,
                basket,
                known,
                self.figures,
                now=self.page.held.clock(),
                store=stores[0] if stores else "",
                language=self.page.language.code,
                rule=rule,
            )
        _ = self.page.gettext
        words = {"empty": _("Type an article or a price."), "unread": _("A number or a date of the basket cannot be read.")}
        return replace(result, problem=words.get(result.problem, result.problem))


def _time(desk: Desk, programme: Programme) -> list[str]:
    _ = desk.page.gettext
    validity, formats = programme.validity, desk.page.formats
    found = [_("from %(day)s", day=formats.day(one)) for one in (validity.starts_at, validity.first_day) if one]
    found += [_("until %(day)s", day=formats.day(validity.last_day))] if validity.last_day else []
    found += [_("until %(day)s", day=formats.moment(validity.ends_at))] if validity.ends_at else []
    return [*found, _("types of card: %(list)s", list=", ".join(programme.card_types))]
