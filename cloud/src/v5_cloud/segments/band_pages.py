"""Pages: how customers are banded by recency, frequency and value, tried before it is saved, and the segments made of bands."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import partial
from typing import Annotated, Any, Final

from fastapi import Depends, Query, Request
from fastapi.responses import RedirectResponse, Response

from v5_cloud.kit.background import begin
from v5_cloud.kit.gettext import N_
from v5_cloud.kit.tenant import Scope
from v5_cloud.pages.companies import Chosen, chosen
from v5_cloud.pages.page import Page, page_for
from v5_cloud.pages.refused import refilled
from v5_cloud.pages.route import page_router
from v5_cloud.pages.typed import number, read
from v5_cloud.programmes.form.figures import Figures
from v5_cloud.segments import bands, refreshing, rounds, service
from v5_cloud.segments.bands import MEASURES
from v5_cloud.segments.readymade import READY
from v5_cloud.segments.schemas import RfmPreview, SegmentBody
from v5_cloud.users.roles import Permission
from v5_core.errors import ConflictError, FieldError, V5Error, ValidationError
from v5_core.money import format_scaled
from v5_core.segments import CLASSIC, AmountBands, Bands, Rfm

__all__ = ["router"]

router = page_router()
Viewing = Annotated[Page, page_for(Permission.SEGMENTS)]
Defining = Annotated[Page, page_for(Permission.PUBLISH)]
Typed = Mapping[str, str]
_MOST: Final = 10
# "7; 30; 90", "7, 30, 90" or one in a line: a comma alone is a decimal one.
_APART: Final = re.compile(r"[;\n]|,\s+")
_ENDS: Final = ("low", "high")
_TITLES: Final = {
    "champions": N_("Champions"), "loyal": N_("Loyal"), "promising": N_("Promising"), "at-risk": N_("At risk"),
    "hibernating": N_("Hibernating"), "newcomers": N_("Newcomers"), "lapsed": N_("Lost customers"),
}  # fmt: skip


async def _posted(request: Request) -> Typed:
    form = await request.form(max_fields=3000)
    return {name: str(form.getlist(name)[-1])[:200] for name in form}


Fields = Annotated[Typed, Depends(_posted)]


@router.get("/bands")
def shown(page: Viewing, company: Annotated[str, Query(max_length=80)] = "") -> Response:
    """The bands as they are, how many customers are in each, and the segments made of them."""
    shop = chosen(page, company)
    return _form(page, shop, _standing(page, shop.scope))


def _standing(page: Page, scope: Scope) -> dict[str, str]:
    """The bands as a form."""
    rfm = bands.item(page.held, scope).rfm
    figures = Figures(page.language.locale, page.zone)
    values = {"days": str(rfm.days), "stamp": bands.stamp(page.held, scope)}
    for name in MEASURES:
        one: Bands | AmountBands = getattr(rfm, name)
        values[f"{name}.how"] = "parts" if one.quantiles else "limits"
        values[f"{name}.parts"] = str(one.quantiles or 5)
        limits = [figures.shown(format_scaled(limit, 2, trim=True)) if name == "value" else str(limit) for limit in one.limits]
        values[f"{name}.limits"] = "; ".join(limits)
    for row in bands.by_bands(page.held, scope):
        spans = bands.spans_of(row.criteria) or {}
        values |= {
            f"s.{row.id}.{letter}.{end}": str(limit) if (limit := spans.get(letter, (None, None))[index]) is not None else ""
            for letter in MEASURES.values()
            for index, end in enumerate(_ENDS)
        }
    return values


def _rfm(typed: Typed) -> Rfm:
    """The bands that were typed.

    Raises:
        ValidationError: Names the fields that are no bands.
    """
    body: dict[str, Any] = {"days": number(typed.get("days", "")) or "?"}
    wrong: list[FieldError] = []
    for name in MEASURES:
        how = "limits" if typed.get(f"{name}.how") == "limits" else "parts"
        text = typed.get(f"{name}.{how}", "")
        given = {"quantiles": text} if how == "parts" else {"limits": [number(one) or "?" for one in _APART.split(text) if one.strip()]}
        try:
            body[name] = read(AmountBands if name == "value" else Bands, given)
        except ValidationError:
            wrong.append(FieldError(f"{name}.{how}", "typed", "look at it again"))
    try:
        rfm = read(Rfm, body)
    except ValidationError as error:
        wrong += error.errors
    if wrong:
        raise ValidationError("Something in the form is not as expected.", code="typed", errors=tuple(wrong))
    return rfm


def _criteria(page: Page, scope: Scope, typed: Typed) -> dict[str, str]:
    """What the segments that are nothing but bands would ask for.

    Raises:
        ValidationError: Names the segments that would ask for nothing, or for what cannot be.
    """
    found: dict[str, str] = {}
    wrong: list[FieldError] = []
    for row in bands.by_bands(page.held, scope):
        spans = bands.spans_of(row.criteria)
        if spans is None:
            continue
        given = {f"{one}_{end}": [typed.get(f"s.{row.id}.{one}.{end}", "")] for one in MEASURES.values() for end in _ENDS}
        text = READY["bands"].write(given)
        wanted = bands.spans_of(text) if text else None
        if not wanted or any(low is not None and high is not None and low > high for low, high in wanted.values()):
            wrong.append(FieldError(f"s.{row.id}", "typed", "look at it again"))
        elif wanted != spans:
            found[row.id] = text
    if wrong:
        raise ValidationError("Something in the form is not as expected.", code="typed", errors=tuple(wrong))
    return found


def _live(page: Page, scope: Scope, typed: Typed) -> dict[str, Any]:
    tried: RfmPreview | None = None
    try:
        tried = bands.preview(page.held, scope, _rfm(typed), _criteria(page, scope, typed))
    except ValidationError as error:
        return {"tried": None, "unready": {one.field for one in error.errors}}
    return {"tried": tried, "unready": set()}


def _form(page: Page, shop: Chosen, typed: Typed, refused: V5Error | None = None) -> Response:
    rows = bands.by_bands(page.held, shop.scope)
    plain = [row for row in rows if bands.spans_of(row.criteria) is not None]
    known = {one.id for one in service.list_segments(page.held, shop.scope)}
    return page.render(
        "segments/bands.html",
        section="segments",
        shop=shop,
        plain=plain,
        mixed=[row for row in rows if row not in plain],
        usual=[page.gettext(title) for name, title in _TITLES.items() if name not in known],
        options=[str(band) for band in range(_MOST + 1)],
        steps=bands.earlier(page.held, shop.scope),
        **refilled(page, refused, typed),
        **_live(page, shop.scope, typed),
    )


@router.post("/bands/{company}/check")
def check(page: Viewing, company: str, typed: Fields) -> Response:
    """How many customers would fall into each band as the form stands; nothing is stored."""
    shop = chosen(page, company)
    return page.render("segments/bands_live.html", section="segments", shop=shop, **_live(page, shop.scope, typed))


@router.post("/bands/{company}")
def save(page: Defining, company: str, typed: Fields) -> Response:
    """Saves the bands and the segments made of them; who is in the segments is worked out in the background."""
    shop = chosen(page, company)
    try:
        criteria = _criteria(page, shop.scope, typed)
        bands.save(page.held, shop.scope, _rfm(typed), criteria, actor=page.actor, expected=typed.get("stamp", ""))
    except (ValidationError, ConflictError) as error:
        return _form(page, shop, typed, error)
    return _followed(page, shop)


def _followed(page: Page, shop: Chosen) -> Response:
    if rounds.claim(page.held, shop.scope, anew=True):
        begin(f"segments of {shop.id}", partial(refreshing.work, page.held, shop.scope))
    return RedirectResponse(f"/segments?company={shop.id}", 303)


@router.post("/bands/{company}/undo")
def undo(page: Defining, company: str) -> Response:
    """Steps back to what the bands were before their last change."""
    shop = chosen(page, company)
    try:
        bands.undo(page.held, shop.scope, actor=page.actor)
    except ConflictError as error:
        return _form(page, shop, _standing(page, shop.scope), error)
    return _followed(page, shop)


@router.post("/bands/{company}/usual")
def usual(page: Defining, company: str) -> Response:
    """Adds the segments that most shops make of bands, those that are not there yet."""
    shop = chosen(page, company)
    known = {one.id for one in service.list_segments(page.held, shop.scope)}
    for name, title in _TITLES.items():
        if name not in known:
            body = SegmentBody(title=page.gettext(title), where=CLASSIC[name][1])
            service.define(page.held, shop.scope, name, body, actor=page.actor)
    return _followed(page, shop)
