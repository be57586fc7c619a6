"""Page: programmes, their rules in words."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Annotated

from fastapi.responses import Response

from v5_cloud.models import ProgrammeRow
from v5_cloud.pages.page import Page, page_for
from v5_cloud.pages.route import page_router
from v5_cloud.programmes.repository import ProgrammeRepository
from v5_cloud.programmes.words import Sentence, Words
from v5_cloud.tenants.service import overview
from v5_cloud.users.roles import Permission
from v5_core.programme import Programme

__all__ = ["router"]

router = page_router()


@dataclass(frozen=True, slots=True)
class Shown:
    """One programme: the version shown in full, and the others."""

    row: ProgrammeRow
    programme: Programme
    company: str
    in_force: bool
    parts: tuple[tuple[str, list[Sentence]], ...]
    others: tuple[ProgrammeRow, ...]


@router.get("/programmes")
def programmes(page: Annotated[Page, page_for(Permission.PROGRAMMES)]) -> Response:
    """Every programme: what it gives and on which terms."""
    with page.read() as session:
        reads = ProgrammeRepository(session, page.scope)
        companies = {one.id: one.name for one in overview(page.held, page.scope).companies}
        versions: dict[tuple[str, str], list[ProgrammeRow]] = {}
        for row in reads.all():
            versions.setdefault((row.company_id, row.slug), []).append(row)
        shown = [_shown(page, rows, companies) for rows in versions.values()]
        return page.render("programmes/list.html", section="programmes", shown=shown, several=len(companies) > 1)


def _shown(page: Page, rows: list[ProgrammeRow], companies: dict[str, str]) -> Shown:
    # The newest published version is what counts; a programme that has none shows its newest draft.
    row = next((one for one in rows if one.state == "published"), rows[0])
    programme = Programme.model_validate_json(json.dumps(row.body))
    words, _ = Words(programme, page.formats, page.gettext), page.gettext
    parts = (
        (_("How points are earned"), words.earning()),
        (_("Offers"), words.offers()),
        (_("What points are good for"), words.spending()),
        (_("Terms"), words.terms()),
    )
    in_force = row.state == "published" and programme.validity.covers(page.held.clock())
    others = tuple(one for one in rows if one is not row)
    return Shown(row, programme, companies.get(row.company_id, ""), in_force, tuple(part for part in parts if part[1]), others)
