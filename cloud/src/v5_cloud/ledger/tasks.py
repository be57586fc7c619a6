"""What time does to the ledger: holds lapse, points expire, documents wait for customers who are known by now."""

from __future__ import annotations

import logging
import threading
from functools import partial
from typing import Final

from v5_cloud.customers.sounding import hear_all
from v5_cloud.events.tasks import celebrate
from v5_cloud.giftcards.service import settle_outside
from v5_cloud.hooks.holding import time_out
from v5_cloud.kit.bulk import WriteSet
from v5_cloud.kit.container import Container
from v5_cloud.kit.leader import Leader
from v5_cloud.kit.tenant import Scope
from v5_cloud.ledger.repository import LedgerRepository
from v5_cloud.ledger.working import Cause, Working
from v5_cloud.membership.tasks import keep_levels
from v5_cloud.messages.service import send_due
from v5_cloud.models import new_id
from v5_cloud.programmes.service import current
from v5_cloud.segments.refreshing import refresh_stale
from v5_cloud.settlement.pending import settle_known
from v5_cloud.settlement.service import again
from v5_cloud.simulation.jobs import resume
from v5_cloud.tenants.directory import scopes
from v5_cloud.tenants.service import company_info, epoch_base
from v5_cloud.vouchers.repository import VoucherRepository
from v5_cloud.vouchers.tasks import birthdays
from v5_core.ledger import expire, release_hold

__all__ = ["Housekeeper", "housekeeping"]

_log = logging.getLogger(__name__)
_CHUNK: Final = 200
_LOTS: Final = 500


def housekeeping(container: Container) -> int:
    """One round over all companies; gives how many accounts and documents it moved."""
    moved = 0
    for scope in scopes(container):
        moved += time_out(container, scope) + birthdays(container, scope) + keep_levels(container, scope)
        with container.database.read(scope) as session:
            ledger = LedgerRepository(session, scope)
            now = container.clock()
            accounts = {row.account_id for row in ledger.overdue_holds(now, _CHUNK)} | set(ledger.lapsed_accounts(now, _CHUNK))
        for account in sorted(accounts):
            while again(partial(_settle_time, container, scope, account)):
                pass
        moved += len(accounts) + settle_known(container, scope) + settle_outside(container, scope)
        moved += celebrate(container, scope) + hear_all(container, scope) + refresh_stale(container, scope)
    resume(container)
    moved += send_due(container)
    container.limiter.forget()
    container.database.look_around()
    return moved


def _settle_time(container: Container, scope: Scope, account: str) -> bool:
    """Releases the account's overdue holds and takes out what lapsed; whether that may go on, for no transaction takes out too many."""
    company, now = company_info(container, scope), container.clock()
    policies = current(container, scope).policies(now)
    with container.database.write(scope) as session:
        ledger = LedgerRepository(session, scope)
        pairs, _ = ledger.lock((), [account], ())
        working = Working(company.id, now)
        # An account that is no customer's is a gift card's, a wallet's or the like.
        working.load([row for row, _ in pairs] or VoucherRepository(session, scope).accounts([account]), (), ())
        more = ledger.lapsed(working, account, _LOTS)
        ledger.outline(working, [account])
        cause = Cause(zone=company.default_zone)
        for hold in working.state(account).holds:
            if hold.expires_at <= now:
                free = partial(release_hold, hold_id=hold.hold_id, at=now, timed_out=True, policies=policies)
                working.apply(working.ask(account, free), cause)
        working.apply(working.ask(account, partial(expire, entry=new_id("x", now), at=now)), cause)
        writes = WriteSet(scope)
        working.collect(writes, company.default_zone)
        writes.flush(session, epoch_base(container))
    return more


class Housekeeper:
    """A thread that does a round now and then, in one process of the service. Two at once did no harm: every step locks its account."""

    def __init__(self, container: Container, seconds: int) -> None:
        self._container = container
        self._seconds = seconds
        self._leader = Leader(container.database)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="housekeeping", daemon=True)

    def start(self) -> None:
        """Starts, unless the settings say never."""
        if self._seconds:
            self._thread.start()

    def stop(self) -> None:
        """Ends after the step under way."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(timeout=10)

    def _run(self) -> None:
        try:
            while not self._stop.wait(self._seconds):
                self._round()
        finally:
            self._leader.resign()

    def _round(self) -> None:
        try:
            if self._leader.leads():
                housekeeping(self._container)
        except Exception as error:  # noqa: BLE001 - the next round tries again; the cause is in the log
            _log.error("housekeeping failed: %s", type(error).__name__, exc_info=error)
