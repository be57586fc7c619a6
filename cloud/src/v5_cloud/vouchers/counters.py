"""Counted uses in memory while a transaction works on them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from v5_cloud.kit.bulk import WriteSet
from v5_cloud.models import UseCounter
from v5_cloud.programmes.asks import CounterKey
from v5_cloud.vouchers.repository import VoucherRepository
from v5_core.codes import fold_code
from v5_core.days import period
from v5_core.programme import Per

__all__ = ["SEEN", "Counters", "periods_of", "scopes_of"]

SEEN: Final = ":seen"
"""Ends the name of the mark that a customer is one of the first n."""
_PERIODS: Final[tuple[Per, ...]] = ("ever", "year", "month", "week", "day")


def scopes_of(customer: str | None, store: str, codes: Iterable[str] = ()) -> set[str]:
    """Scopes in which something may be counted for a sale."""
    found = {"all", f"store:{store}", *(f"code:{fold_code(code)}" for code in codes)}
    return found | ({f"customer:{customer}"} if customer else set())


def periods_of(day: date) -> set[str]:
    """Names of the periods in which a day lies."""
    return {period(per, day)[0] for per in _PERIODS}


@dataclass(slots=True)
class Counters:
    """What is known of counters, and what changes in them: [used, held] each."""

    repository: VoucherRepository
    known: dict[CounterKey, tuple[int, int]] = field(default_factory=dict)
    moved: dict[CounterKey, list[int]] = field(default_factory=dict)
    _read: set[tuple[str, str]] = field(default_factory=set)
    _locked: set[CounterKey] = field(default_factory=set)

    def read(self, scopes: Collection[str], periods: Collection[str]) -> None:
        """Takes in everything that is counted in these scopes and periods."""
        new = {(scope, period) for scope in scopes for period in periods} - self._read
        if new:
            self._read |= new
            for key, value in self.repository.counters({scope for scope, _ in new}, {period for _, period in new}).items():
                self.known.setdefault(key, value)

    def lock(self, keys: Iterable[CounterKey]) -> bool:
        """Locks counters; says whether any of them is not what was read before."""
        new = set(keys) - self._locked
        if not new:
            return False
        self._locked |= new
        found = self.repository.lock_counters(new)
        changed = any(self.known.get(key, (0, 0)) != value for key, value in found.items())
        self.known |= found
        return changed

    def value(self, key: CounterKey) -> int:
        """Used and held, with what changed here."""
        used, held = self.known.get(key, (0, 0))
        moved = self.moved.get(key, (0, 0))
        return used + held + moved[0] + moved[1]

    def used(self, scopes: Collection[str], periods: Collection[str], own: Mapping[CounterKey, int] | None = None) -> dict[str, int]:
        """`SaleState.used` for a sale in these scopes and periods; `own` is what that sale counted before."""
        found: dict[str, int] = {}
        for key in self.known.keys() | self.moved.keys():
            scope, span, name = key
            if scope in scopes and span in periods:
                # Of several codes that open one offer, the one that was used most decides.
                found[name] = max(found.get(name, 0), self.value(key) - (own or {}).get(key, 0))
        # Who is one of the first n customers already is not stopped by their number.
        return found | dict.fromkeys((one.removesuffix(SEEN) for one, times in found.items() if times and one.endswith(SEEN)), 0)

    def add(self, key: CounterKey, used: int = 0, held: int = 0) -> None:
        """Counts."""
        if used or held:
            row = self.moved.setdefault(key, [0, 0])
            row[0] += used
            row[1] += held

    def collect(self, writes: WriteSet) -> None:
        """Puts the changes into the write set."""
        moved = {key: change for key, change in self.moved.items() if any(change)}
        # What is held no longer is no row that could be added: a row's own check comes before the sum. These are locked and set.
        less = {key for key, (_, held) in moved.items() if held < 0}
        self.lock(less)
        writes.put(UseCounter, [self._row(key, *change) for key, change in moved.items() if key not in less], "add")
        settled = {key: (self.known.get(key, (0, 0)), moved[key]) for key in less}
        writes.put(UseCounter, [self._row(key, was[0] + by[0], max(0, was[1] + by[1])) for key, (was, by) in settled.items()], "replace")

    def _row(self, key: CounterKey, used: int, held: int) -> dict[str, object]:
        scope, period, name = key
        return {
            "company_id": self.repository.scope.company, "scope": scope, "period": period, "key": name, "used": used, "held": held,
        }  # fmt: skip
