"""Pages: a draft edited rule by rule in forms made from the model, tried on a basket, undone step by step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from fastapi import Depends, Query, Request
from fastapi.responses import RedirectResponse, Response

from v5_cloud.pages.page import Page, page_for
from v5_cloud.pages.route import page_router
from v5_cloud.programmes import drafts
from v5_cloud.programmes.desk import Desk
from v5_cloud.programmes.editing import Draft, model
from v5_cloud.programmes.form import Shape, change, fields_of, read
from v5_cloud.programmes.form.problems import at_fields
from v5_cloud.programmes.readymade import READY, rules_of
from v5_cloud.users.roles import Permission
from v5_core.errors import ConflictError, FieldError, NotFoundError, V5Error

__all__ = ["number", "router"]

router = page_router()
Editing = Annotated[Page, page_for(Permission.PUBLISH)]
Posted = Mapping[str, Sequence[str]]
_PART = "/programmes/{company}/{programme}/{version}/edit/{part}"


async def _posted(request: Request) -> Posted:
    form = await request.form(max_fields=5000)
    return {name: [str(one) for one in form.getlist(name)] for name in form}


Fields = Annotated[Posted, Depends(_posted)]


def number(version: str) -> int:
    """A version out of an address.

    Raises:
        NotFoundError: It is no number.
    """
    if version.isascii() and version.isdigit() and len(version) < 10:
        return int(version)
    raise NotFoundError("There is no such version.")


def _open(page: Page, company: str, programme: str, version: str) -> Desk:
    desk = Desk.open(page, company, programme, number(version))
    if desk.found.state != "draft":
        raise NotFoundError("There is no such draft.")
    return desk


def _one(posted: Posted, name: str) -> str:
    return posted[name][-1] if posted.get(name) else ""


@router.get("/programmes/{company}/{programme}/{version}/edit")
def overview(page: Editing, company: str, programme: str, version: str) -> Response:
    """The draft: each part with its rules in words, what stands in the way, what changes, a basket to try."""
    return _overview(_open(page, company, programme, version), {})


def _overview(desk: Desk, posted: Posted, refused: V5Error | None = None) -> Response:
    against, changed = desk.changes()
    basket = desk.basket(posted)
    return desk.page.render(
        "programmes/edit.html",
        status=refused.status if refused else 200,
        section="programmes",
        desk=desk,
        found=desk.found,
        parts=desk.parts(),
        names=desk.names,
        findings=desk.findings(),
        against=against,
        changed=changed,
        steps=drafts.changes(desk.page.held, desk.scope, desk.found.id, desk.found.version),
        ready=[(key, *(desk.page.gettext(text) for text in one[:2]), one[2]) for key, one in READY.items()],
        basket=basket,
        result=desk.tried(desk.found.programme, basket),
        lists=desk.suggestions(),
        refused=refused,
        currency=desk.found.programme.currency,
    )


@router.post("/programmes/{company}/{programme}/{version}/try")
def try_basket(page: Editing, company: str, programme: str, version: str, posted: Fields) -> Response:
    """The draft tried on what was typed; nothing is stored."""
    desk = _open(page, company, programme, version)
    if not page.partial:
        return _overview(desk, posted)
    basket = desk.basket(posted)
    result = desk.tried(desk.found.programme, basket)
    # Rows that were asked for come with the answer.
    grown = basket if _one(posted, "do") == "more" else None
    return page.render("programmes/tried.html", section="programmes", result=result, basket=grown, currency=desk.found.programme.currency)


@router.post("/programmes/{company}/{programme}/{version}/undo")
def undo(page: Editing, company: str, programme: str, version: str) -> Response:
    """Steps back to what the draft was before its last change."""
    desk = _open(page, company, programme, version)
    try:
        drafts.undo(page.held, desk.scope, programme, number(version), actor=page.actor)
    except ConflictError as error:
        return _overview(desk, {}, error)
    return RedirectResponse(f"{desk.home}/edit", 303)


@router.post("/programmes/{company}/{programme}/{version}/ready")
def add_ready(page: Editing, company: str, programme: str, version: str, posted: Fields) -> Response:
    """Adds ready-made rules to the draft."""
    desk = _open(page, company, programme, version)
    draft = Draft.of(desk.found.programme)
    draft.add(rules_of(_one(posted, "ready"), page.gettext))
    return _save(desk, draft, _one(posted, "stamp"), "") or _overview(desk, {})


def _save(desk: Desk, draft: Draft, stamp: str, anchor: str) -> Response | None:
    """Saves what is a programme, and goes back to the overview; None: it is none."""
    programme, errors = draft.read()
    if programme is None:
        desk.errors = {one.field: desk.said(one) for one in errors}
        return None
    try:
        drafts.save(desk.page.held, desk.scope, programme, actor=desk.page.actor, expected=stamp)
    except ConflictError as error:
        return _overview(desk, {}, error)
    return RedirectResponse(f"{desk.home}/edit{anchor}", 303)


@router.get(_PART)
def rule(
    page: Editing,
    company: str,
    programme: str,
    version: str,
    part: str,
    at: Annotated[int, Query(ge=-1, le=100_000)] = -1,
    kind: Annotated[str, Query(max_length=60)] = "",
) -> Response:
    """The form of one rule; of a new one, first what it shall be."""
    desk = _open(page, company, programme, version)
    draft = Draft.of(desk.found.programme)
    shape = draft.part(part)
    if at < 0 and shape.kinds and kind not in shape.kinds:
        kinds = [(one, *desk.names.kind(part, one)) for one in shape.kinds]
        return page.render("programmes/kinds.html", section="programmes", desk=desk, part=part, names=desk.names, kinds=kinds)
    if at < 0 and not shape.many and draft.rules(part):
        at = 0
    value: dict[str, Any] = draft.rule(part, at) if at >= 0 else ({"kind": kind} if shape.kinds else {})
    return _form(desk, part, at, value, {}, stamp=desk.stamp)


def _shape(part: str, value: Mapping[str, Any]) -> Shape:
    return model().rule(part, str(value.get("kind", "")) if model().parts[part].kinds else "")


def _form(
    desk: Desk,
    part: str,
    at: int,
    value: dict[str, Any],
    posted: Posted,
    *,
    stamp: str,
    errors: Sequence[FieldError] = (),
    status: int = 200,
) -> Response:
    """The whole page of a form, or the form alone for htmx."""
    draft = Draft.of(desk.found.programme)
    place = draft.place(part, at if at >= 0 else len(draft.rules(part)))
    fields, whole = at_fields(errors, place, desk.page.gettext)
    others = [desk.said(one) for one in errors if place and not f"{one.field}.".startswith(f"{place}.")]
    return desk.page.render(
        "programmes/form.html" if desk.page.partial else "programmes/rule.html",
        status=200 if desk.page.partial else status,
        section="programmes",
        desk=desk,
        part=part,
        about=desk.names.part(part),
        names=desk.names,
        at=at,
        stamp=stamp,
        root=fields_of(_shape(part, value), value, desk.sight(fields)),
        kind=str(value.get("kind", "")),
        days=desk.sight().days,
        whole=[*whole, *others],
        lists=desk.suggestions(),
        currency=desk.found.programme.currency,
        **_live(desk, draft, part, at, value, posted),
    )


def _live(desk: Desk, draft: Draft, part: str, at: int, value: dict[str, Any], posted: Posted) -> dict[str, Any]:
    """What the rule says and does as it is typed: its sentence, what it contradicts, the basket."""
    where = draft.put(part, at if at >= 0 else None, dict(value))
    programme, errors = draft.read()
    basket = desk.basket(posted, value)
    if programme is None:
        fields, whole = at_fields(errors, draft.place(part, where), desk.page.gettext)
        return {"sentences": (), "problems": [], "basket": basket, "result": None, "unready": len(fields) + len(whole)}
    rules = draft.rules(part)
    return {
        "sentences": desk.sentences(programme, part, where),
        "problems": desk.problems(programme),
        "basket": basket,
        "result": desk.tried(programme, basket, str(rules[where].get("id", "")) if part != "basics" else None),
        "unready": 0,
    }


def _typed(desk: Desk, part: str, posted: Posted) -> tuple[Draft, int, dict[str, Any]]:
    """The draft, where the rule belongs (-1: it is new), and the rule as it was typed.

    Raises:
        NotFoundError: No such part, kind or rule.
    """
    draft = Draft.of(desk.found.programme)
    shape = draft.part(part)
    said = _one(posted, "at")
    at = int(said) if said.isdigit() and len(said) < 7 else -1
    old = draft.rule(part, at) if at >= 0 else None
    kind = _one(posted, "f.kind") or _one(posted, "kind")
    if shape.kinds and kind not in shape.kinds:
        raise NotFoundError("There is no such kind of rule.")
    value = read(model().rule(part, kind if shape.kinds else ""), posted, old, desk.figures)
    return draft, at, value


@router.post(_PART)
def save_rule(page: Editing, company: str, programme: str, version: str, part: str, posted: Fields) -> Response:
    """Saves a rule into the draft; or only adds and removes rows of its form (`do`)."""
    desk = _open(page, company, programme, version)
    draft, at, value = _typed(desk, part, posted)
    stamp, action = _one(posted, "stamp"), _one(posted, "do")
    if action:
        if action not in ("try", "more"):
            _change(model().rule(part, str(value.get("kind", ""))), value, action)
        return _form(desk, part, at, value, posted, stamp=stamp)
    draft.put(part, at if at >= 0 else None, dict(value))
    errors = draft.read()[1]
    if errors:
        return _form(desk, part, at, value, posted, stamp=stamp, errors=errors, status=422)
    saved = _save(desk, draft, stamp, f"#part-{part}")
    return saved or _form(desk, part, at, value, posted, stamp=stamp, status=422)


def _change(shape: Shape, value: dict[str, Any], action: str) -> None:
    try:
        change(shape, value, action)
    except (KeyError, IndexError, ValueError, TypeError, AttributeError) as error:
        raise NotFoundError("There is no such row.") from error


@router.post(f"{_PART}/check")
def check_rule(page: Editing, company: str, programme: str, version: str, part: str, posted: Fields) -> Response:
    """What the rule says and does as it stands in the form; nothing is stored."""
    desk = _open(page, company, programme, version)
    draft, at, value = _typed(desk, part, posted)
    trial = Draft.of(desk.found.programme)
    where = trial.put(part, at if at >= 0 else None, dict(value))
    fields, whole = at_fields(trial.read()[1], trial.place(part, where), page.gettext)
    root = fields_of(_shape(part, value), value, desk.sight(fields))
    return page.render(
        "programmes/live.html",
        section="programmes",
        root=root,
        whole=whole,
        currency=desk.found.programme.currency,
        **_live(desk, draft, part, at, value, posted),
    )


@router.post(f"{_PART}/{{at}}/{{verb}}")
def act(page: Editing, company: str, programme: str, version: str, part: str, at: str, verb: str, posted: Fields) -> Response:
    """Removes, doubles or moves a rule."""
    desk = _open(page, company, programme, version)
    draft = Draft.of(desk.found.programme)
    draft.act(part, number(at), verb)
    return _save(desk, draft, _one(posted, "stamp"), f"#part-{part}") or _broken(desk)


def _broken(desk: Desk) -> Response:
    """A rule that others need cannot go: said at the top of the draft."""
    return _overview(desk, {}, ConflictError("; ".join(desk.errors.values()) or "That cannot be done.", code="needed"))
