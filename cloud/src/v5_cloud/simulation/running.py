"""A simulation over the documents of the database: cut into pieces, each worked on by whichever process is free.

A process reads its piece in one pass and hands back a `Tally`, whose size does not hang on how many documents there were. At most two
pieces a process wait at any time, so that memory stays flat whatever the period.
"""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import groupby, islice
from operator import itemgetter
from typing import Any, Final
from zoneinfo import ZoneInfo

from v5_cloud.kit.container import Container
from v5_cloud.kit.database import Database
from v5_cloud.kit.settings import Settings
from v5_cloud.kit.tenant import Scope
from v5_cloud.membership.records import Member, members_of
from v5_cloud.programmes.asks import Asks, asks_of
from v5_cloud.simulation.repository import Chunk, PastRepository
from v5_cloud.simulation.schemas import Asked
from v5_cloud.tenants.service import CompanyInfo
from v5_core.engine import CustomerFacts
from v5_core.model import SalesDocument
from v5_core.programme import Programme
from v5_core.simulation import Case, Report, Scenario, Shared, Simulator, Tally, report_of

__all__ = ["INLINE", "Past", "processors", "run", "simulator_of"]

_CHUNK: Final = 2_000
INLINE: Final = 2_000
"""So few documents are worked on at once: a process of its own takes longer to start."""


def processors() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@dataclass(frozen=True, slots=True)
class Past:
    """Everything a process needs to know; travels to it once."""

    scope: Scope
    currency: str
    zones: dict[str, str]
    default_zone: str
    base: tuple[Programme, ...]
    draft: tuple[Programme, ...]
    asked: Asked
    as_of: datetime
    shared: tuple[Shared, Shared] | None = None

    @classmethod
    def of(cls, company: CompanyInfo, scope: Scope, base: tuple[Programme, ...], draft: Programme, asked: Asked, now: datetime) -> Past:
        """Today's programmes beside the same with the draft in its place."""
        others = tuple(one for one in base if one.id != draft.id)
        zones = {code: store.zone.key for code, store in company.stores.items()}
        home = company.default_zone
        return cls(scope, company.currency, zones, home.key, base, (*others, draft), asked, now.astimezone(home))


def simulator_of(past: Past) -> Simulator:
    """The simulator of what was asked for.

    Raises:
        ValidationError: A rule that cannot be read.
    """
    as_of = None if past.asked.keep_dates else past.as_of
    return Simulator(
        Scenario(past.base, as_of=as_of),
        Scenario(past.draft, as_of=as_of),
        currency=past.currency,
        follow=past.asked.follow,
        language=past.asked.language,
        shared=past.shared,
    )


def run(container: Container, past: Past, *, workers: int = 0, progress: Callable[[int, int], None] = lambda _done, _total: None) -> Report:
    """Tries the draft.

    Args:
        container: The service.
        past: What was asked for.
        workers: Processes; 0 is one for each core, and none at all for a few documents.
        progress: Told how many documents were looked at, of how many; twice as many where limits are shared by all customers.
    """
    simulator = simulator_of(past)
    with container.database.read(past.scope) as session:
        chunks = list(PastRepository(session, past.scope).chunks(past.asked, _CHUNK))
    total, passes = sum(chunk.documents for chunk in chunks), 2 if simulator.counting else 1
    progress(0, passes * total)
    few = workers == 1 or (workers == 0 and total <= INLINE)
    workers = workers or processors()

    def over(simulator: Simulator, done: int) -> Tally:
        tally = Tally(most=simulator.most)
        here = replace(past, shared=simulator.shared)
        parts = _here(container.database, here, simulator, chunks) if few else _spread(container.settings, here, chunks, workers)
        for documents, part in parts:
            tally.absorb(part)
            done += documents
            progress(done, passes * total)
        return tally

    tally = over(simulator, 0)
    if simulator.counting and tally.shared is not None:
        simulator = simulator.knowing(tally.shared)
        tally = over(simulator, total)
    return report_of(tally, simulator)


def _here(database: Database, past: Past, simulator: Simulator, chunks: list[Chunk]) -> Iterator[tuple[int, Tally]]:
    worker = _Worker(database, past, simulator)
    for chunk in chunks:
        yield chunk.documents, worker.work(chunk)


def _spread(settings: Settings, past: Past, chunks: list[Chunk], workers: int) -> Iterator[tuple[int, Tally]]:
    # Spawned, not forked: a service has threads and open connections, which do not survive a fork.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(min(workers, len(chunks)), mp_context=context, initializer=_start, initargs=(settings, past)) as pool:
        waiting = iter(chunks)
        running: dict[Future[Tally], int] = {pool.submit(_work, chunk): chunk.documents for chunk in islice(waiting, 2 * workers)}
        while running:
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                yield running.pop(future), future.result()
                running |= {pool.submit(_work, chunk): chunk.documents for chunk in islice(waiting, 1)}


_worker: list[_Worker] = []


def _start(settings: Settings, past: Past) -> None:
    # Tills come first: a simulation takes what they leave.
    if hasattr(os, "nice"):
        os.nice(10)
    database = Database(settings.model_copy(update={"pool_size": 1}))
    _worker.append(_Worker(database, past, simulator_of(past)))


def _work(chunk: Chunk) -> Tally:
    return _worker[0].work(chunk)


class _Worker:
    """Works on pieces of the past."""

    def __init__(self, database: Database, past: Past, simulator: Simulator) -> None:
        self._database = database
        self._past = past
        self._simulator = simulator
        self._home = ZoneInfo(past.default_zone)
        self._zones = {store: ZoneInfo(name) for store, name in past.zones.items()}
        self._asks: Asks = asks_of(past.draft)
        self._levels = bool(self._asks.schemes) or any(one.tiers is not None for one in past.base)

    def work(self, chunk: Chunk) -> Tally:
        """What a piece came to."""
        tally, simulator = Tally(most=self._simulator.most), self._simulator
        with self._database.read(self._past.scope) as session:
            repository = PastRepository(session, self._past.scope)
            buyers = self._buyers(repository, chunk) if chunk.known else {}
            rows = repository.documents(self._past.asked, chunk)
            for customer, mine in groupby(rows, key=itemgetter(1)):
                facts, clubs = buyers.get(customer, (None, ()))
                for key, _, store, body in mine:
                    zone = self._zones.get(store, self._home)
                    document = SalesDocument.model_validate_json(body)
                    simulator.add(tally, Case(document, _joined(facts, clubs, document, zone) if clubs else facts, zone, key))
                if facts is not None:
                    simulator.close(tally, (facts.customer,))
        return tally

    def _buyers(self, repository: PastRepository, chunk: Chunk) -> dict[str, tuple[CustomerFacts | None, tuple[Member, ...]]]:
        levels: dict[str, frozenset[str]] = {}
        if self._levels:
            for customer, tiers in repository.standings(chunk):
                levels[customer] = frozenset(one[0] for one in tiers.values() if one and one[0])
        segments: dict[str, set[str]] = {}
        for customer, segment in repository.segments(chunk):
            segments.setdefault(customer, set()).add(segment)
        clubs = members_of(self._asks, repository.memberships(chunk)) if self._asks.clubs else {}
        today = self._past.as_of.date()
        found: dict[str, tuple[CustomerFacts | None, tuple[Member, ...]]] = {}
        for one in repository.buyers(chunk):
            facts = CustomerFacts(
                customer=one.id,
                card_types=frozenset(one.card_types),
                birth_date=one.birth_date,
                member_since=one.member_since,
                blocked=one.blocked,
                segments=frozenset(segments.get(one.id, ())),
                tiers=levels.get(one.id, frozenset()),
                card_rate=_rate(one.rates, today),
            )
            found[one.id] = (facts, tuple(clubs.get(one.id, ())))
        return found


def _joined(facts: CustomerFacts | None, clubs: tuple[Member, ...], document: SalesDocument, zone: ZoneInfo) -> CustomerFacts | None:
    # Memberships as they were on the day of the sale.
    day = document.issued_at.astimezone(zone).date()
    active = frozenset(one.club.id for one in clubs if one.active(day))
    return replace(facts, clubs=active) if facts is not None and active else facts


def _rate(rates: list[Any], today: date) -> int:
    return max((int(rate) for rate, last in rates if last is None or date.fromisoformat(last) >= today), default=0)
