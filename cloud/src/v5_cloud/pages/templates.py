"""The Jinja environment: autoescape everywhere, undefined names are errors, one environment a language."""

from __future__ import annotations

from functools import cache
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined, pass_context
from jinja2.runtime import Context

from v5_cloud.frontend.assets import asset
from v5_cloud.pages.formats import NAMES
from v5_cloud.pages.i18n import LANGUAGES

__all__ = ["environment"]


def _format(name: str) -> Any:
    # The formats depend on the request (language, zone, now); they are in the context as `fmt`.
    @pass_context
    def filtered(context: Context, value: Any, *args: Any, **options: Any) -> str:
        text: str = getattr(context["fmt"], name)(value, *args, **options)
        return text

    return filtered


_FILTERS: Final = {name: _format(name) for name in NAMES}


@cache
def environment(code: str) -> Environment:
    """The environment of a language."""
    made = Environment(
        loader=PackageLoader("v5_cloud"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
        auto_reload=False,
    )
    catalogue = LANGUAGES[code].catalogue
    made.install_gettext_translations(catalogue, newstyle=True)  # type: ignore[attr-defined]  # added by the extension
    made.filters.update(_FILTERS)
    made.globals["asset"] = asset
    return made
