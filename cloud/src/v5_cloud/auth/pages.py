"""Pages: sign in, sign out, change the language."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Depends, Form, Query
from fastapi.responses import RedirectResponse, Response

from v5_cloud.auth.sessions import cookie_name, sign_in, sign_out
from v5_cloud.kit.limits import TooManyError
from v5_cloud.pages.i18n import COOKIE, language
from v5_cloud.pages.page import Page, page_of
from v5_cloud.pages.route import page_router
from v5_cloud.users.repository import UserRepository
from v5_cloud.users.roles import Permission, allowed
from v5_core.errors import AuthError

__all__ = ["router"]

router = page_router()
AnyPage = Annotated[Page, Depends(page_of)]


def _own(path: str) -> str:
    """Only a path of ours: never a way to another site."""
    parts = urlsplit(path)
    ours = path.startswith("/") and not path.startswith(("//", "/\\")) and not parts.netloc and not parts.scheme
    return path if ours and not any(ord(one) < 33 for one in path) else "/"


@router.get("/login")
def login_form(page: AnyPage, next: Annotated[str, Query(max_length=500)] = "/") -> Response:
    """The form, or home for who is signed in already."""
    if page.who:
        return RedirectResponse("/", 303)
    return page.render("auth/login.html", section="", problem="", email="", next=_own(next))


@router.post("/login")
def login(
    page: AnyPage,
    email: Annotated[str, Form(max_length=254)],
    password: Annotated[str, Form(max_length=200)],
    next: Annotated[str, Form(max_length=500)] = "/",
) -> Response:
    """Checks and opens a session. A fresh cookie each time, so that no older one can be fixed upon somebody."""
    _ = page.gettext
    address = page.request.client.host if page.request.client else ""
    try:
        secret = sign_in(page.held, email, password, address=address, user_agent=page.request.headers.get("user-agent", ""))
    except AuthError:
        problem, status = _("E-mail or password is not right."), 401
    except TooManyError:
        problem, status = _("Too many attempts. Wait a quarter of an hour and try again."), 429
    else:
        response = RedirectResponse(_own(next), 303)
        secure = page.held.settings.secure_cookies
        response.set_cookie(cookie_name(secure=secure), secret, secure=secure, httponly=True, samesite="lax", path="/")
        return response
    return page.render("auth/login.html", status=status, section="", problem=problem, email=email, next=_own(next))


@router.post("/logout")
def logout(page: AnyPage) -> Response:
    """Ends the session here and in the table."""
    if page.who:
        sign_out(page.held, page.who)
    response = RedirectResponse("/login", 303)
    secure = page.held.settings.secure_cookies
    response.delete_cookie(cookie_name(secure=secure), path="/", secure=secure, httponly=True, samesite="lax")
    return response


@router.post("/language")
def switch(
    page: AnyPage, language_code: Annotated[str, Form(alias="language", max_length=5)], next: Annotated[str, Form(max_length=500)] = "/"
) -> Response:
    """Remembers the language in this browser, and in the user's record."""
    response = RedirectResponse(_own(next), 303)
    if chosen := language(language_code):
        response.set_cookie(
            COOKIE, chosen.code, max_age=31_536_000, secure=page.held.settings.secure_cookies, httponly=True, samesite="lax", path="/"
        )
        if page.who:
            with page.held.database.write(page.scope) as session:
                UserRepository(session, page.scope).set(page.who.user, language=chosen.code)
    return response


def first_page(role: str) -> str:
    """Where that role starts."""
    return "/" if allowed(role, Permission.HOME) else "/customers"
