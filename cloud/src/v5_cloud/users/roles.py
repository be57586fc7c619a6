"""Roles and what each may do."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

__all__ = ["Permission", "Role", "allowed"]


class Role(StrEnum):
    """What someone is in the company."""

    ADMIN = "admin"
    MANAGER = "manager"
    CASHIER = "cashier"
    VIEWER = "viewer"


class Permission(StrEnum):
    """What pages ask for."""

    HOME = "home"
    CUSTOMERS = "customers"
    SALES = "sales"
    PROGRAMMES = "programmes"
    FLEET = "fleet"
    ENROL = "enrol"
    COMPANY = "company"
    PUBLISH = "publish"
    VOUCHERS = "vouchers"
    VALUE = "value"
    CLUBS = "clubs"
    POINTS = "points"
    AUDIT = "audit"
    SEGMENTS = "segments"


_ALL: Final = frozenset(Permission)
_ALLOWED: Final = {
    Role.ADMIN: _ALL,
    # Who lets machines in and out, edits companies and stores, or decides what points are worth: the administrator alone.
    Role.MANAGER: _ALL - {Permission.ENROL, Permission.COMPANY, Permission.PUBLISH},
    # A cashier serves customers; turnover and machines are not the cashier's business.
    # Whoever only serves looks a code up that is shown to them, and lets members in: making money out of nothing (`value`), and points
    # (`points`), is for those who answer for it.
    Role.CASHIER: frozenset({Permission.CUSTOMERS, Permission.PROGRAMMES, Permission.VOUCHERS, Permission.CLUBS}),
    # Findings name codes: whoever may not see those does not read them.
    Role.VIEWER: frozenset({Permission.HOME, Permission.SALES, Permission.PROGRAMMES, Permission.FLEET, Permission.VOUCHERS}),
}


def allowed(role: str, permission: Permission) -> bool:
    """Whether that role may; an unknown role may nothing."""
    return permission in _ALLOWED.get(Role(role), frozenset()) if role in set(Role) else False
