"""Pages: segments with their sizes, defined with a live count, the picture of recency and frequency, who is in them."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Annotated, Any, Final

from fastapi import Depends, Query, Request
from fastapi.responses import RedirectResponse, Response

from v5_cloud.kit.background import begin
from v5_cloud.kit.tenant import Scope
from v5_cloud.models import ProductRow
from v5_cloud.pages.page import Page, page_for
from v5_cloud.pages.route import page_router
from v5_cloud.programmes.editing import slug_of
from v5_cloud.programmes.repository import ProgrammeRepository
from v5_cloud.segments import bands, refreshing, rounds, service
from v5_cloud.segments.readymade import READY, Ready
from v5_cloud.segments.schemas import Asked, Preview, SegmentBody, SegmentItem
from v5_cloud.segments.uses import Use, uses
from v5_cloud.tenants.changes import get_company
from v5_cloud.tenants.service import CompanyInfo, company_info, overview
from v5_cloud.users.roles import Permission
from v5_core.criteria import CriteriaError
from v5_core.errors import V5Error, ValidationError

__all__ = ["router"]

router = page_router()
Viewing = Annotated[Page, page_for(Permission.SEGMENTS)]
Defining = Annotated[Page, page_for(Permission.PUBLISH)]
Posted = Mapping[str, Sequence[str]]
_SUGGESTED: Final = 300
_PAGE: Final = 500


async def _posted(request: Request) -> Posted:
    form = await request.form()
    return {name: [str(one) for one in form.getlist(name)] for name in form}


Fields = Annotated[Posted, Depends(_posted)]


@dataclass(slots=True)
class Typed:
    """A segment as it stands in its form."""

    title: str = ""
    where: str = ""
    kind: str = ""
    given: Posted = field(default_factory=dict)

    @property
    def ready(self) -> Ready | None:
        """The ready-made kind that writes the criteria."""
        return READY.get(self.kind)


def _typed(posted: Posted) -> Typed:
    def one(name: str, longest: int) -> str:
        return posted[name][-1].strip()[:longest] if posted.get(name) else ""

    made = Typed(one("title", 200), one("where", 20_000), one("kind", 40), posted)
    if made.ready is not None:
        made.where = made.ready.write(posted)
    return made


def _company(page: Page, company: str) -> Scope:
    """A company of the viewer's tenant; refuses another tenant's."""
    return Scope(page.scope.tenant, get_company(page.held, page.scope, company).id)


def _companies(page: Page) -> list[Any]:
    return [one for one in overview(page.held, page.scope).companies if one.closed_at is None]


@router.get("/segments")
def segments(page: Viewing, company: Annotated[str, Query(max_length=80)] = "") -> Response:
    """All segments with their sizes and who asks for them; customers by recency and frequency."""
    companies = _companies(page)
    scope = _company(page, company or (companies[0].id if companies else ""))
    # Asked first: what ends meanwhile is in the list.
    under_way = rounds.under_way(page.held, scope)
    found = service.list_segments(page.held, scope)
    asked = uses(page.held, scope)
    return page.render(
        "segments/found.html" if page.partial else "segments/list.html",
        section="segments",
        companies=companies,
        company=scope.company,
        segments=found,
        asked=asked,
        grid=service.grid(page.held, scope),
        model=bands.item(page.held, scope),
        under_way=under_way,
    )


@router.get("/segments/{company}/progress")
def progress(page: Viewing, company: str) -> Response:
    """How far working everybody out is; looks again by itself, and has the list fetched anew when it is done."""
    scope = _company(page, company)
    return page.render("segments/progress.html", section="segments", company=scope.company, under_way=rounds.under_way(page.held, scope))


@router.post("/segments/{company}/refresh")
def refresh(page: Viewing, company: str) -> Response:
    """Begins to work everybody out now, instead of within a minute; the list follows it."""
    scope = _company(page, company)
    if rounds.claim(page.held, scope, anew=True):
        begin(f"segments of {scope.company}", partial(refreshing.work, page.held, scope))
    return RedirectResponse(f"/segments?company={scope.company}", 303)


@router.get("/segments/{company}/new")
def new(
    page: Defining,
    company: str,
    kind: Annotated[str, Query(max_length=40)] = "",
    r: Annotated[str, Query(max_length=2)] = "",
    f: Annotated[str, Query(max_length=2)] = "",
) -> Response:
    """What it shall go by; then its form."""
    scope = _company(page, company)
    if not kind:
        kinds = [(key, page.gettext(one.title), page.gettext(one.help), one.symbol) for key, one in READY.items()]
        return page.render("segments/kinds.html", section="segments", company=scope.company, kinds=kinds)
    ready = READY.get(kind)
    given = {ask.name: [ask.default] for ask in ready.asks} if ready else {}
    if kind == "bands":
        # A field of the picture: these two bands and no others.
        given |= {f"{name}_{end}": [value] for name, value in (("r", r), ("f", f)) for end in ("low", "high")}
    typed = Typed(page.gettext(ready.title) if ready else "", ready.write(given) if ready else "", kind if ready else "", given)
    return _form(page, scope, None, typed)


@router.post("/segments/{company}/check")
def check(page: Viewing, company: str, posted: Fields) -> Response:
    """How many are meant, and some of them, as the form stands; nothing is stored."""
    typed = _typed(posted)
    return page.render("segments/live.html", section="segments", typed=typed, **_live(page, _company(page, company), typed))


def _live(page: Page, scope: Scope, typed: Typed) -> dict[str, Any]:
    preview: Preview | None = None
    problem = ""
    if typed.where:
        try:
            preview = service.preview(page.held, scope, Asked(where=typed.where))
        except CriteriaError as error:
            problem = error.said(page.language.code)
    return {"preview": preview, "problem": problem}


def _form(page: Page, scope: Scope, segment: SegmentItem | None, typed: Typed, refused: V5Error | None = None) -> Response:
    asked: list[Use] = uses(page.held, scope).get(segment.id, []) if segment else []
    return page.render(
        "segments/form.html",
        status=refused.status if refused else 200,
        section="segments",
        company=scope.company,
        segment=segment,
        typed=typed,
        refused=refused,
        asked=asked,
        fields=service.fields(),
        lists=_suggestions(page, scope),
        **_live(page, scope, typed),
    )


def _suggestions(page: Page, scope: Scope) -> dict[str, list[tuple[str, str]]]:
    with page.read() as session:
        repository = ProgrammeRepository(session, scope)
        return {
            "products": [(row.code, row.description) for row in repository.products(_SUGGESTED)],
            "families": [(name, "") for name in repository.names(ProductRow.family, _SUGGESTED)],
            "stores": [(one.code, one.name) for one in overview(page.held, scope).stores if one.company == scope.company],
        }


@router.post("/segments/{company}/new")
def create(page: Defining, company: str, posted: Fields) -> Response:
    """Saves a new segment, under a short name made of its title."""
    scope = _company(page, company)
    typed = _typed(posted)
    taken = {one.id for one in service.list_segments(page.held, scope)}
    return _save(page, scope, slug_of(typed.title, taken, otherwise="segment"), None, typed)


@router.get("/segments/{company}/{segment}")
def edit(page: Viewing, company: str, segment: str) -> Response:
    """One segment: its criteria, how many it means now, and some of them."""
    scope = _company(page, company)
    found = service.get(page.held, scope, segment)
    return _form(page, scope, found, Typed(found.title, found.where))


@router.post("/segments/{company}/{segment}")
def change(page: Defining, company: str, segment: str, posted: Fields) -> Response:
    """Saves a segment."""
    scope = _company(page, company)
    return _save(page, scope, segment, service.get(page.held, scope, segment), _typed(posted))


def _save(page: Page, scope: Scope, name: str, known: SegmentItem | None, typed: Typed) -> Response:
    try:
        if not typed.where:
            raise ValidationError(page.gettext("This is needed."), code="criteria")
        service.define(page.held, scope, name, SegmentBody(title=typed.title, where=typed.where), actor=page.actor)
    except CriteriaError as error:
        return _form(page, scope, known, typed, error.told(page.language.code))
    except ValidationError as error:
        return _form(page, scope, known, typed, error)
    return RedirectResponse(f"/segments?company={scope.company}#s-{name}", 303)


@router.post("/segments/{company}/{segment}/remove")
def remove(page: Defining, company: str, segment: str) -> Response:
    """Takes a segment away."""
    scope = _company(page, company)
    service.remove(page.held, scope, segment, actor=page.actor)
    return RedirectResponse(f"/segments?company={scope.company}", 303)


@router.get("/segments/{company}/{segment}/export")
def export(page: Viewing, company: str, segment: str) -> Response:
    """Who is in it, as a file for a spreadsheet."""
    scope = _company(page, company)
    found = service.get(page.held, scope, segment)
    info: CompanyInfo = company_info(page.held, scope)
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow([page.gettext("Customer"), page.gettext("Name"), page.gettext("Since")])
    cursor: str | None = None
    while True:
        rows = service.members(page.held, scope, found.id, cursor=cursor, limit=_PAGE)
        for row in rows.items:
            writer.writerow([row.customer, _plain(row.name), row.since.astimezone(info.default_zone).date().isoformat()])
        cursor = rows.next_cursor
        if cursor is None:
            break
    headers = {"Content-Disposition": f'attachment; filename="{found.id}.csv"'}
    # The mark at the beginning tells spreadsheets that it is UTF-8.
    return Response("\ufeff" + text.getvalue(), media_type="text/csv; charset=utf-8", headers=headers)


def _plain(text: str) -> str:
    """A spreadsheet would reckon what begins like a formula."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t") else text
