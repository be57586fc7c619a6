"""Clubs that do not take everybody, joined while the line is down: decided from the record where it is here, never guessed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from v5_agent.config import AgentConfig
from v5_agent.service import Agent
from v5_core.errors import V5Error
from v5_core.hooks import EnrolRequest
from v5_core.programme import Club, Programme
from v5_core.push import Replica, ReplicaCustomer

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
INES, RUI = "9512000144105", "9512000177233"
CLUBS = {
    "adults": "birth_date <= '2008-11-20'", "reachable": "email is not null and consent_email", "locals": "home_store = 'LX1'",
    "imported": "origin = 'erp'", "all": "",
}  # fmt: skip


@pytest.fixture
def agent(tmp_path: Path) -> Iterator[Agent]:
    """A store without a line; the copy has one customer of another store."""
    made = Agent(tmp_path, AgentConfig.model_validate({"store": {"code": "LX1"}}), None, {}, lambda: NOW)
    clubs = tuple(Club(id=name, title=name, join=condition) for name, condition in CLUBS.items())
    ines = ReplicaCustomer(customer="c1", name="Inês", cards=(INES,), birth_date=date(1990, 5, 1), home_store="PT2")
    blocked = ReplicaCustomer(customer="c2", name="Rui", cards=(RUI,), blocked=True)
    programmes = (Programme(id="p", name="P", state="published", clubs=clubs),)
    made.replica.apply(Replica(version=1, complete=True, customers=(ines, blocked), programmes=programmes), NOW)
    yield made
    made.close()


@pytest.mark.feature("PR-11", "PR-20", "NX-03")
@pytest.mark.parametrize(
    ("club", "more", "refused"),
    [
        ("adults", {"card": INES}, ""),
        ("locals", {"card": INES}, "may_not_join"),
        ("reachable", {"card": INES, "email": "ines@exemplo.pt"}, "offline"),  # whether she consented is not in the copy
        ("imported", {"card": INES}, "offline"),
        ("all", {"card": INES}, ""),
        ("all", {"card": RUI}, "blocked"),
        ("adults", {"card": RUI, "birth_date": date(1990, 1, 1)}, "blocked"),
        ("adults", {"name": "Eva", "birth_date": date(2008, 11, 20)}, ""),
        ("adults", {"name": "Eva", "birth_date": date(2008, 11, 21)}, "may_not_join"),
        ("adults", {"name": "Eva"}, "may_not_join"),
        ("locals", {"name": "Eva"}, ""),
        ("reachable", {"name": "Eva", "email": "eva@exemplo.pt", "consent": True}, ""),
        ("reachable", {"name": "Eva", "email": "eva@exemplo.pt", "consent": True, "consent_email": False}, "may_not_join"),
        ("imported", {"name": "Eva"}, "may_not_join"),
    ],
)
def test_who_may_join_is_said_where_it_can_be_known(agent: Agent, club: str, more: dict[str, Any], refused: str) -> None:
    request = EnrolRequest(request_id="e1", store="LX1", clubs=(club,), **more)
    if refused:
        with pytest.raises(V5Error) as caught:
            agent.till.enrol(request)
        assert caught.value.error_code == refused
        assert agent.outbox.stats().queued == 0, "nothing was noted of it"
    else:
        assert [one.club for one in agent.till.enrol(request).customer.memberships] == [club]
        assert agent.outbox.stats().queued == 1
