"""The two pages for people, rendered with Jinja; no script or style of theirs is inline."""

from __future__ import annotations

import functools
import json
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

import jinja2
from fastapi import FastAPI, Request, Response

from v5_agent import __version__
from v5_agent.i18n import RIGHT_TO_LEFT, catalogue, choose, languages, text

__all__ = ["add_health", "companion"]

_NAMES: Final = {"pt": "Português", "en": "English", "es": "Español", "fr": "Français", "he": "עברית"}
_SCRIPT_TEXTS: Final = "ui."


@functools.cache
def _environment() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.PackageLoader("v5_agent", "templates"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )


def _page(name: str, agent: Any, request: Request, **values: object) -> Response:
    language = choose(request.query_params.get("lang"), request.headers.get("accept-language"), agent.local.language)
    body = (
        _environment()
        .get_template(name)
        .render(
            lang=language,
            direction="rtl" if language in RIGHT_TO_LEFT else "ltr",
            languages=[(one, _NAMES.get(one, one)) for one in languages()],
            t=functools.partial(text, language),
            version=__version__,
            **values,
        )
    )
    return Response(body, media_type="text/html; charset=utf-8", headers={"content-language": language})


def companion(agent: Any, request: Request) -> Response:
    """The page beside the till."""
    facts = agent.local.replica.facts
    language = choose(request.query_params.get("lang"), request.headers.get("accept-language"), agent.local.language)
    texts: dict[str, Any] = {
        key[len(_SCRIPT_TEXTS) :]: value for key, value in catalogue(language).items() if key.startswith(_SCRIPT_TEXTS)
    }
    clubs = {club.id: club.title for club in facts.asked.clubs.values()}
    texts["club_titles"] = clubs
    texts["currency"] = next((one.currency for one in facts.programmes), "EUR")
    texts["tier_titles"] = {
        f"{programme}/{tier.id}": {"title": tier.title or tier.id, "measure": scheme.measure}
        for programme, scheme in facts.asked.schemes.items()
        for tier in scheme.tiers
    }
    said = json.dumps(texts, ensure_ascii=False)
    return _page("companion.html", agent, request, facts=facts, store=agent.store, clubs=clubs, texts=said)


def add_health(app: FastAPI, agent: Any) -> None:
    """GET /health and /health.json. Nothing personal is in them."""

    @app.get("/health.json")
    def as_json() -> dict[str, Any]:
        return dict(agent.health().as_json())

    @app.get("/health")
    def page(request: Request) -> Response:
        language = choose(request.query_params.get("lang"), request.headers.get("accept-language"), agent.local.language)
        seen, zone, now = agent.health(), agent.local.replica.facts.zone, agent.now()
        return _page(
            "health.html",
            agent,
            request,
            health=seen,
            ago=lambda value: _ago(value, now, language),
            age=lambda seconds: _age(seconds, language),
            local=lambda value: _local(value, zone),
            number=lambda value: _number(value, language),
            warnings=[text(language, f"warn.{one['code']}", **{k: v for k, v in one.items() if k != "code"}) for one in seen.warnings],
        )


def _age(seconds: float, language: str) -> str:
    for unit, size, below in (("seconds", 1, 120), ("minutes", 60, 7200), ("hours", 3600, 172_800)):
        if seconds < below:
            return text(language, f"health.{unit}", n=int(seconds // size))
    return text(language, "health.days", n=int(seconds // 86_400))


def _ago(value: str | None, now: datetime, language: str) -> str:
    if not value:
        return text(language, "health.never")
    return text(language, "health.ago", time=_age(max(0.0, (now - datetime.fromisoformat(value)).total_seconds()), language))


def _number(value: str, language: str) -> str:
    return value if language in {"en", "he"} else value.replace(".", ",")


def _local(value: str | None, zone: ZoneInfo) -> str:
    return f"{datetime.fromisoformat(value).astimezone(zone):%d/%m %H:%M}" if value else ""
