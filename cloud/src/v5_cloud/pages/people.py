"""Who did something, as people call them."""

from __future__ import annotations

from collections.abc import Callable

from v5_cloud.fleet.credentials import list_keys
from v5_cloud.pages.page import Page
from v5_cloud.tenants.setup import OPERATOR
from v5_cloud.users.service import names_of

__all__ = ["who_did"]


def who_did(page: Page) -> Callable[[str], str]:
    """Gives the name for what the audit and the rows keep of who did something; "" when nobody is named."""
    people, _ = names_of(page.held, page.scope), page.gettext
    keys = {one.id: one.name for one in list_keys(page.held, page.scope)}

    def name(actor: str) -> str:
        kind, _colon, rest = actor.partition(":")
        if kind == "key":
            return _("system “%(name)s”", name=page.formats.own(keys.get(rest, rest)))
        if kind == "agent":
            return _("a store's agent")
        return {OPERATOR: _("command line"), "rule": _("a rule of the programme")}.get(actor, people.get(actor, actor))

    return name
