"""Pages: programmes, their rules in words; a draft begun, uploaded, checked and published."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Annotated, Final

from fastapi import File, Form, Query, UploadFile
from fastapi.responses import RedirectResponse, Response

from v5_cloud.kit.tenant import Scope
from v5_cloud.pages.page import Page, page_for
from v5_cloud.pages.route import page_router
from v5_cloud.programmes import drafts, editor, service
from v5_cloud.programmes.desk import Desk
from v5_cloud.programmes.editing import Draft, slug_of
from v5_cloud.programmes.editor import number
from v5_cloud.programmes.readymade import READY, rules_of
from v5_cloud.programmes.schemas import ProgrammeItem
from v5_cloud.programmes.words import Sentence, Words
from v5_cloud.tenants.changes import get_company
from v5_cloud.tenants.service import company_info, overview
from v5_cloud.users.roles import Permission
from v5_core.errors import ConflictError, V5Error, ValidationError
from v5_core.programme import Programme

__all__ = ["router"]

router = page_router()
router.include_router(editor.router)
Viewing = Annotated[Page, page_for(Permission.PROGRAMMES)]
Publishing = Annotated[Page, page_for(Permission.PUBLISH)]
_LONGEST: Final = 500_000
Parts = tuple[tuple[str, list[Sentence]], ...]


@dataclass(frozen=True, slots=True)
class Shown:
    """One programme: the version shown in full, and the others."""

    row: ProgrammeItem
    company: str
    company_name: str
    in_force: bool
    parts: Parts
    others: tuple[ProgrammeItem, ...]

    @property
    def programme(self) -> Programme:
        """The version shown."""
        return self.row.programme


@router.get("/programmes")
def programmes(page: Viewing) -> Response:
    """Every programme: what it gives and on which terms."""
    companies = overview(page.held, page.scope).companies
    shown = []
    for company in companies:
        versions: dict[str, list[ProgrammeItem]] = {}
        for row in service.list_programmes(page.held, Scope(page.scope.tenant, company.id)):
            versions.setdefault(row.id, []).append(row)
        shown += [_shown(page, rows, company.id, company.name) for rows in versions.values()]
    return page.render("programmes/list.html", section="programmes", shown=shown, several=len(companies) > 1)


def _shown(page: Page, rows: list[ProgrammeItem], company: str, name: str) -> Shown:
    # The newest published version is what counts; a programme that has none shows its newest draft.
    row = next((one for one in rows if one.state == "published"), rows[0])
    in_force = row.state == "published" and row.programme.validity.covers(page.held.clock())
    return Shown(row, company, name, in_force, _parts(page, row.programme), tuple(one for one in rows if one is not row))


def _parts(page: Page, programme: Programme) -> Parts:
    words, _ = Words(programme, page.formats, page.gettext), page.gettext
    parts = (
        (_("How points are earned"), words.earning()),
        (_("Offers"), words.offers()),
        (_("What points are good for"), words.spending()),
        (_("Vouchers, gift cards and wallets"), words.vouchers()),
        (_("Levels and clubs"), words.membership()),
        (_("What is said at the till"), words.talk()),
        (_("Terms"), words.terms()),
    )
    return tuple(part for part in parts if part[1])


def _company(page: Page, company: str) -> Scope:
    """The company of the viewer's tenant; refuses another tenant's."""
    return Scope(page.scope.tenant, get_company(page.held, page.scope, company).id)


@router.get("/programmes/new")
def new(
    page: Publishing,
    company: Annotated[str, Query(max_length=80)] = "",
    programme: Annotated[str, Query(max_length=80)] = "",
    version: Annotated[int, Query(ge=0, le=2**31)] = 0,
) -> Response:
    """The form for a draft: empty, or what another version says."""
    text = ""
    if company and programme:
        scope = _company(page, company)
        found = drafts.get(page.held, scope, programme, version)
        body = found.programme.model_dump(mode="json")
        if found.state == "published":
            # The next free number, so that no draft of somebody else is overwritten.
            body["version"] = 1 + max(one.version for one in service.list_programmes(page.held, scope) if one.id == programme)
        text = json.dumps(body, ensure_ascii=False, indent=2)
    return _form(page, company, text)


def _form(page: Page, company: str, text: str, refused: V5Error | None = None) -> Response:
    return page.render(
        "programmes/new.html",
        status=refused.status if refused else 200,
        section="programmes",
        companies=[one for one in overview(page.held, page.scope).companies if one.closed_at is None],
        company=company,
        text=text,
        refused=refused,
        ready=[(key, *(page.gettext(text) for text in one[:2]), one[2]) for key, one in READY.items()],
    )


@router.post("/programmes/start")
def start(
    page: Publishing,
    company: Annotated[str, Form(max_length=80)],
    name: Annotated[str, Form(max_length=200)] = "",
    ready: Annotated[tuple[str, ...], Form(max_length=40)] = (),
) -> Response:
    """A new programme: its name, and the ready-made rules to begin with; then its form."""
    scope = _company(page, company)
    taken = {one.id for one in service.list_programmes(page.held, scope)}
    title = name.strip() or page.gettext("Customer card")
    draft = Draft({"id": slug_of(title, taken, otherwise="programme"), "name": title, "currency": company_info(page.held, scope).currency})
    for one in ready:
        draft.add(rules_of(one, page.gettext))
    programme, errors = draft.read()
    if programme is None:
        return _form(page, company, "", ValidationError("; ".join(one.message for one in errors), code="programme", errors=errors))
    saved = drafts.save(page.held, scope, programme, actor=page.actor)
    return RedirectResponse(f"/programmes/{company}/{saved.id}/{saved.version}/edit", 303)


@router.post("/programmes/{company}/{programme}/{version}/draft")
def draft_of(page: Publishing, company: str, programme: str, version: str) -> Response:
    """A draft that begins as this version is: the one that there is already, or the next number."""
    scope = _company(page, company)
    found = drafts.get(page.held, scope, programme, number(version))
    rows = [one for one in service.list_programmes(page.held, scope) if one.id == programme]
    newest = max(rows, key=lambda one: one.version)
    if newest.state != "draft":
        made = found.programme.model_copy(update={"version": newest.version + 1})
        newest = drafts.save(page.held, scope, made, actor=page.actor)
    return RedirectResponse(f"/programmes/{company}/{programme}/{newest.version}/edit", 303)


@router.get("/programmes/{company}/{programme}/{version}/json")
def export(page: Viewing, company: str, programme: str, version: str) -> Response:
    """One version as a file."""
    found = drafts.get(page.held, _company(page, company), programme, number(version))
    text = json.dumps(found.programme.model_dump(mode="json"), ensure_ascii=False, indent=2)
    name = f"{found.id}-{found.version}.json"
    return Response(text, media_type="application/json", headers={"Content-Disposition": f'attachment; filename="{name}"'})


@router.post("/programmes/new")
def save(
    page: Publishing,
    company: Annotated[str, Form(max_length=80)],
    text: Annotated[str, Form(max_length=_LONGEST)] = "",
    file: Annotated[UploadFile | None, File()] = None,
) -> Response:
    """Reads what was pasted or uploaded and saves it as a draft; nothing counts yet."""
    scope = _company(page, company)
    raw = file.file.read(_LONGEST + 1) if file is not None and file.filename else text.encode()
    try:
        saved = drafts.save(page.held, scope, drafts.read_programme(raw[:_LONGEST]), actor=page.actor)
    except (ValidationError, ConflictError) as error:
        return _form(page, company, raw.decode(errors="replace"), error)
    return RedirectResponse(f"/programmes/{company}/{saved.id}/{saved.version}", 303)


@router.get("/programmes/{company}/{programme}/{version}")
def version(page: Viewing, company: str, programme: str, version: str) -> Response:
    """One version in words; a draft with what stands in its way, and the step that publishes it."""
    return _version(page, company, programme, number(version))


def _version(page: Page, company: str, programme: str, number: int, refused: V5Error | None = None) -> Response:
    desk = Desk.open(page, company, programme, number)
    found = desk.found
    against, changed = desk.changes() if found.state == "draft" else (0, [])
    return page.render(
        "programmes/version.html",
        status=refused.status if refused else 200,
        section="programmes",
        found=found,
        company=company,
        parts=_parts(page, found.programme),
        against=against,
        changed=changed,
        names=desk.names,
        said=desk.said,
        refused=refused,
    )


@router.post("/programmes/{company}/{programme}/{version}/publish")
def publish(page: Publishing, company: str, programme: str, version: str) -> Response:
    """Publishes a draft."""
    try:
        scope = _company(page, company)
        drafts.publish_draft(page.held, scope, programme, number(version), actor=page.actor, language=page.language.code)
    except (ValidationError, ConflictError) as error:
        return _version(page, company, programme, number(version), error)
    return RedirectResponse("/programmes", 303)


@router.post("/programmes/{company}/{programme}/{version}/discard")
def discard(page: Publishing, company: str, programme: str, version: str) -> Response:
    """Throws a draft away."""
    drafts.discard(page.held, _company(page, company), programme, number(version), actor=page.actor)
    return RedirectResponse("/programmes", 303)
