"""Pages: what is done to many customers at once. Previewed, confirmed, followed while it works, taken back."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any, Final

from fastapi import Form, Query
from fastapi.responses import RedirectResponse, Response

from v5_cloud.kit.background import begin
from v5_cloud.kit.tenant import Scope
from v5_cloud.membership import runs
from v5_cloud.membership.schemas import MassRequest, ResetRequest, ReverseRequest, RunItem, TurnoverRequest
from v5_cloud.pages.companies import Chosen, chosen
from v5_cloud.pages.page import Page, page_for
from v5_cloud.pages.people import who_did
from v5_cloud.pages.refused import refilled
from v5_cloud.pages.route import page_router
from v5_cloud.pages.typed import day, number, read
from v5_cloud.programmes.service import current
from v5_cloud.users.roles import Permission
from v5_cloud.vouchers.looking import names
from v5_core.criteria import RECORD_FIELDS
from v5_core.errors import ConflictError, NotFoundError, V5Error, ValidationError

__all__ = ["router"]

router = page_router()
Here = Annotated[Page, page_for(Permission.POINTS)]
After = Annotated[str | None, Query(max_length=400)]
Company = Annotated[str, Query(max_length=80)]
Short = Annotated[str, Form(max_length=120)]
Long = Annotated[str, Form(max_length=1000)]
_ROWS: Final = 25
_SAMPLE: Final = 50
_KINDS: Final = ("points", "vouchers", "reset")


@router.get("/runs")
def listed(page: Here, company: Company = "", after: After = None) -> Response:
    """Runs, newest first: what, how many, who and when."""
    shop = chosen(page, company)
    found = runs.listed(page.held, shop.scope, cursor=after, limit=_ROWS)
    return page.render(
        "runs/rows.html" if page.partial and after else "runs/list.html",
        section="runs",
        shop=shop,
        found=found.items,
        next=found.next_cursor or "",
        who=who_did(page),
    )


@router.get("/runs/new/{kind}")
def ask(page: Here, kind: str, company: Company = "") -> Response:
    """The form of a run."""
    return _form(page, chosen(page, company), kind, {}, ())


def _rules(page: Page, scope: Scope) -> list[tuple[str, str]]:
    programmes = current(page.held, scope).programmes(page.held.clock())
    return [(f"{one.id}/{rule.id}", rule.title or rule.id) for one in programmes for rule in one.vouchers if rule.kind == "turnover"]


def _form(page: Page, shop: Chosen, kind: str, typed: dict[str, str], stores: tuple[str, ...], refused: V5Error | None = None) -> Response:
    if kind not in _KINDS:
        raise NotFoundError("There is no such run.")
    return page.render(
        "runs/new.html",
        section="runs",
        shop=shop,
        kind=kind,
        chosen=stores,
        rules=_rules(page, shop.scope) if kind == "vouchers" else [],
        fields=sorted([*RECORD_FIELDS, "balance"] if kind == "points" else RECORD_FIELDS),
        **refilled(page, refused, typed, ("points", "reason", "expires_on", "where", "keep", "on", "rule", "first", "last")),
    )


@router.post("/runs/new/{kind}")
def preview(
    page: Here,
    kind: str,
    request_id: Short,
    company: Short = "",
    points: Short = "",
    reason: Annotated[str, Form(max_length=500)] = "",
    expires_on: Short = "",
    where: Long = "",
    keep: Short = "",
    on: Short = "",
    rule: Short = "",
    first: Short = "",
    last: Short = "",
    store: Annotated[tuple[str, ...], Form(max_length=1000)] = (),
) -> Response:
    """Works out whom it means and what it gives them; nothing happens yet."""
    shop = chosen(page, company)
    typed = {
        "request_id": request_id, "points": points, "reason": reason, "expires_on": expires_on, "where": where, "keep": keep, "on": on,
        "rule": rule, "first": first, "last": last,
    }  # fmt: skip
    try:
        made = _preview(page, shop.scope, kind, typed, store)
    except (ValidationError, ConflictError) as error:
        return _form(page, shop, kind, typed, store, error)
    return RedirectResponse(f"/runs/{shop.id}/{made.id}", 303)


def _preview(page: Page, scope: Scope, kind: str, typed: dict[str, str], stores: tuple[str, ...]) -> RunItem:
    body: dict[str, Any] = {"request_id": typed["request_id"]}
    held, actor = page.held, page.actor
    if kind == "points":
        body |= {"points": number(typed["points"]) or "?", "reason": typed["reason"], "where": typed["where"]}
        body |= {"expires_on": day(typed["expires_on"]) or "?"} if typed["expires_on"] else {}
        return runs.points(held, scope, read(MassRequest, body), actor=actor)
    if kind == "reset":
        body |= {"keep": number(typed["keep"] or "0") or "?", "reason": typed["reason"]}
        body |= {"on": day(typed["on"]) or "?"} if typed["on"] else {}
        return runs.reset(held, scope, read(ResetRequest, body), actor=actor)
    if kind == "vouchers":
        programme, _, rule = typed["rule"].partition("/")
        body |= {"programme": programme, "rule": rule, "first": day(typed["first"]) or "?", "last": day(typed["last"]) or "?"}
        body |= {"stores": stores, "where": typed["where"]}
        return runs.turnover(held, scope, read(TurnoverRequest, body, {"programme": "rule"}), actor=actor)
    raise NotFoundError("There is no such run.")


@router.get("/runs/{company}/{run}")
def one(page: Here, company: str, run: str) -> Response:
    """A run: what it does and to whom, how far it is, who did it; looks again by itself while it works."""
    return _run(page, chosen(page, company), run)


def _run(page: Page, shop: Chosen, run: str, refused: V5Error | None = None) -> Response:
    found = runs.get(page.held, shop.scope, run)
    sample = found.lines[:_SAMPLE]
    return page.render(
        "runs/state.html" if page.partial else "runs/run.html",
        section="runs",
        shop=shop,
        found=found,
        sample=sample,
        names=names(page.held, shop.scope, [line.customer for line in sample]),
        who=who_did(page),
        **refilled(page, refused),
    )


@router.post("/runs/{company}/{run}/confirm")
def confirm(page: Here, company: str, run: str) -> Response:
    """Begins what was previewed; the page follows it."""
    shop = chosen(page, company)
    try:
        if runs.begin(page.held, shop.scope, run, actor=page.actor):
            begin(f"run {run}", partial(runs.go_on, page.held, shop.scope, run))
    except ConflictError as error:
        return _run(page, shop, run, error)
    return RedirectResponse(f"/runs/{shop.id}/{run}", 303)


@router.post("/runs/{company}/{run}/reverse")
def reverse(page: Here, company: str, run: str, request_id: Short, reason: Annotated[str, Form(max_length=500)] = "") -> Response:
    """Begins to take a run back, or drops one that was not confirmed; the page follows it."""
    shop = chosen(page, company)
    try:
        asked = read(ReverseRequest, {"request_id": request_id, "reason": reason})
        if runs.begin_reverse(page.held, shop.scope, run, asked, actor=page.actor):
            begin(f"run {run}", partial(runs.go_on, page.held, shop.scope, run))
    except (ConflictError, ValidationError) as error:
        return _run(page, shop, run, error)
    return RedirectResponse(f"/runs/{shop.id}/{run}", 303)
