"""What a page is given: who looks at it, in which language, and the way to render."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final
from zoneinfo import ZoneInfo

from fastapi import Depends, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.orm import Session

from v5_cloud.auth.sessions import SignedIn, csrf_token
from v5_cloud.kit.container import Container, container
from v5_cloud.kit.tenant import Scope
from v5_cloud.pages.formats import Formats
from v5_cloud.pages.i18n import COOKIE, LANGUAGES, Language, choose
from v5_cloud.pages.templates import environment
from v5_cloud.pages.zones import zone_of
from v5_cloud.users.roles import Permission, Role, allowed
from v5_core.errors import AuthError, PermissionDeniedError

__all__ = ["Page", "page_for", "page_of"]

_WORTH_COMPRESSING: Final = 800


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who is signed in, as templates show it."""

    name: str
    email: str
    role: str
    tenant_name: str
    role_title: str

    @property
    def initials(self) -> str:
        """For the round picture."""
        return initials(self.name)

    def may(self, permission: str) -> bool:
        """Whether the menu shows it."""
        return allowed(self.role, Permission(permission))


def initials(name: str) -> str:
    """First letters of the first and the last word."""
    words = [word for word in name.replace("@", " ").split() if word[0].isalnum()]
    return "".join(word[0] for word in (words[:1] + words[1:][-1:])).upper() or "–"


@dataclass(frozen=True, slots=True)
class Page:
    """One request for a page."""

    request: Request
    held: Container
    who: SignedIn | None
    language: Language

    @property
    def partial(self) -> bool:
        """Htmx wants a fragment."""
        headers = self.request.headers
        return headers.get("hx-request") == "true" and headers.get("hx-request-type") == "partial"

    @property
    def scope(self) -> Scope:
        """Whose rows this page may read."""
        if self.who is None:
            raise AuthError("Sign in first.", code="sign_in")
        return Scope(self.who.tenant)

    @property
    def actor(self) -> str:
        """Who does what this page does, for the audit."""
        return self.who.user if self.who else ""

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A transaction of the viewer's tenant."""
        with self.held.database.read(self.scope) as session:
            yield session

    @property
    def zone(self) -> ZoneInfo:
        """Where the viewer's shops are."""
        return zone_of(self.held, self.who.tenant) if self.who else ZoneInfo("Europe/Lisbon")

    @property
    def formats(self) -> Formats:
        """Numbers and dates for this viewer."""
        return Formats(self.language.locale, self.zone, self.held.clock())

    def gettext(self, message: str, **values: object) -> str:
        """A message in the page's language."""
        text = self.language.catalogue.gettext(message)
        return text % values if values else text

    def _role_title(self, role: str) -> str:
        _ = self.gettext
        titles = {Role.ADMIN: _("Administrator"), Role.MANAGER: _("Manager"), Role.CASHIER: _("Cashier"), Role.VIEWER: _("Viewer")}
        return titles.get(Role(role), role) if role in set(Role) else role

    def render(self, template: str, *, status: int = 200, **context: Any) -> Response:
        """The page, compressed when that pays."""
        who = self.who
        viewer = Viewer(who.name, who.email, who.role, who.tenant_name, self._role_title(who.role)) if who else None
        text = (
            environment(self.language.code)
            .get_template(template)
            .render(
                viewer=viewer,
                language=self.language,
                languages=list(LANGUAGES.values()),
                fmt=self.formats,
                csrf=csrf_token(self.who.csrf) if self.who else "",
                here=self.request.url.path + (f"?{self.request.url.query}" if self.request.url.query else ""),
                partial=self.partial,
                **context,
            )
        )
        body = text.encode()
        headers = {"Vary": "Accept-Encoding, Accept-Language, Cookie, HX-Request"}
        if len(body) >= _WORTH_COMPRESSING and "gzip" in self.request.headers.get("accept-encoding", ""):
            body = gzip.compress(body, 5)
            headers["Content-Encoding"] = "gzip"
        return HTMLResponse(body, status, headers)


def page_of(request: Request) -> Page:
    """Dependency: a page for anybody, signed in or not."""
    who: SignedIn | None = getattr(request.state, "signed_in", None)
    language = choose(request.cookies.get(COOKIE), who.language if who else None, request.headers.get("accept-language", ""))
    return Page(request, container(request), who, language)


def page_for(permission: Permission) -> Any:
    """Dependency: a page for those whose role has that permission."""

    def guarded(request: Request) -> Page:
        page = page_of(request)
        if page.who is None:
            raise AuthError("Sign in first.", code="sign_in")
        if not allowed(page.who.role, permission):
            raise PermissionDeniedError("Your role does not include this page.")
        return page

    return Depends(guarded)
