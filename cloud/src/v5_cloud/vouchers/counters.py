"""Counted uses in memory while a transaction works on them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from v5_cloud.kit.bulk import WriteSet
from v5_cloud.models import UseCounter
from v5_cloud.programmes.asks import CounterKey
from v5_cloud.vouchers.repository import VoucherRepository

__all__ = ["Counters"]


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

    def add(self, key: CounterKey, used: int = 0, held: int = 0) -> None:
        """Counts."""
        if used or held:
            row = self.moved.setdefault(key, [0, 0])
            row[0] += used
            row[1] += held

    def bring(self, before: Mapping[CounterKey, int], wanted: Mapping[CounterKey, int]) -> None:
        """Brings a document's uses from what it counted before to what it counts now."""
        for key in before.keys() | wanted.keys():
            self.add(key, wanted.get(key, 0) - before.get(key, 0))

    def collect(self, writes: WriteSet) -> None:
        """Puts the changes into the write set."""
        company = self.repository.scope.company
        rows = [
            {"company_id": company, "scope": scope, "period": period, "key": key, "used": used, "held": held}
            for (scope, period, key), (used, held) in self.moved.items()
            if used or held
        ]
        writes.put(UseCounter, rows, "add")
