"""What a sale costs the database."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.cloud.conftest import Service, Till


@pytest.mark.parametrize("who", [0, None])
def test_a_sale_that_needs_nothing_of_this_costs_no_statement_more(service: Service, till: Till, who: int | None) -> None:
    """The sample's programme knows neither limits nor levels; a sale takes at most five statements, its request included."""
    customer = {} if who is None else {"card": till.customer(who)["card"]}
    till.commit(till.document("warm", [("PAO-FORMA", "", "10.00")], customer=customer))
    before = service.held.database.statements
    till.commit(till.document("s1", [("PAO-FORMA", "", "10.00")], customer=customer))
    spent = service.held.database.statements - before
    # SQLite writes table by table; what is read is the same on both.
    assert spent <= (5 if not service.held.database.is_sqlite else 20), spent
