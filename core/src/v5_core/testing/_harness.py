"""What a vendor gives the kit: one ERP made for tests, and ways to make things happen in it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import ClassVar, Final

from v5_core.plugins import Cursor, PluginConfig, Stream

# The kit's clock: noon of a working day, far from any change of clocks. Tests place their sales before it.
NOON: Final = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)


class Facility(StrEnum):
    """What a kind of source may not have at all. A suite declares what its source lacks, each with the reason that is printed."""

    PASSWORD = "password"  # noqa: S105 - the name of a facility
    NETWORK = "network"
    READ_ONLY_USER = "read-only user"
    CANCELLATION = "cancellation"
    CORRECTION = "correction"
    LATE_ROWS = "late rows"
    BULK = "bulk"


@dataclass(frozen=True, slots=True)
class SaleLine:
    """One line as the kit wants it in the ERP. Units as in `v5_core.money`: cents, thousandths, hundredths of a percent."""

    product: str = "A1"
    description: str = "Café moído 250 g"
    gross: int = 500
    quantity: int = 1000
    vat_rate: int = 2300


@dataclass(frozen=True, slots=True)
class Sale:
    """One sale as the kit wants it in the ERP.

    Attributes:
        at: When it was issued; the harness writes it as the ERP would, usually as local wall-clock time.
        customer: ERP customer number as a string of digits; empty is the anonymous final consumer.
    """

    at: datetime = NOON - timedelta(hours=2)
    lines: tuple[SaleLine, ...] = (SaleLine(),)
    customer: str = ""

    @property
    def gross(self) -> int:
        """What the customer pays, in cents."""
        return sum(line.gross for line in self.lines)


class Harness(ABC):
    """One source made for tests: a database, a folder, a fake server. A fixture called `source` yields it.

    Every method that changes the source returns the `source_id` that the plugin must give the document. What a source cannot do
    is declared in `plugin_suite(plugin, lacks={Facility.X: "reason"})`; the methods behind it are then never called.

    Attributes:
        zone: IANA zone in which the ERP writes local times ("UTC" when it writes aware times).
        overlap: How late a row may appear with an old timestamp and still be found by ordinary polling.
        encodings: Encodings that the source may use; the kit sets `encoding` to each in turn before a sale.
        max_lines: Lines of the kit's huge receipt.
    """

    zone: ClassVar[str] = "Europe/Lisbon"
    overlap: ClassVar[timedelta] = timedelta(minutes=10)
    encodings: ClassVar[tuple[str, ...]] = ("utf-8",)
    max_lines: ClassVar[int] = 1000
    encoding: str = "utf-8"

    @abstractmethod
    def config(self) -> PluginConfig:
        """Settings with which the source can be reached and read."""

    @property
    def secrets(self) -> tuple[str, ...]:
        """The secret texts that `config()` holds; none of them may be seen in a repr, a message or a log."""
        return ()

    def sell(self, sale: Sale) -> str:
        """Puts an issued sale into the source."""
        raise NotImplementedError

    def sell_many(self, count: int) -> None:
        """Puts `count` small sales into the source, fast (100 000 of them in a few seconds)."""
        raise NotImplementedError

    def credit(self, sale_id: str, line: int, at: datetime) -> str:
        """Puts a credit note for the whole of one line (by position) of an earlier sale."""
        raise NotImplementedError

    def cancel(self, sale_id: str, at: datetime) -> None:
        """Cancels a document as the ERP does it."""
        raise NotImplementedError

    def correct(self, sale_id: str, description: str, at: datetime) -> None:
        """Changes the description of the first line of a document that was already issued."""
        raise NotImplementedError

    def break_record(self, at: datetime) -> str:
        """Puts a document that cannot be used; returns a text that `Rejected.ref` must hold."""
        raise NotImplementedError

    def publish(self) -> None:  # noqa: B027 - most sources have nothing to do here
        """Makes what was put visible to the plugin; a file adapter writes its file here. Called before every read."""

    def wrong_password(self) -> PluginConfig:
        """Settings whose credentials the source refuses."""
        raise NotImplementedError

    def unreachable(self) -> PluginConfig:
        """Settings that point where nothing answers."""
        raise NotImplementedError

    def stalled(self) -> PluginConfig:
        """Settings that point at something that accepts and never answers, with the plugin's own time-out at its smallest."""
        raise NotImplementedError

    def read_only(self) -> PluginConfig:
        """Settings of a user that can read what the README asks for, and nothing else."""
        raise NotImplementedError

    def fingerprint(self) -> str:
        """A hash of everything in the source, to see that nothing was written."""
        raise NotImplementedError

    def former_cursors(self) -> tuple[tuple[Stream, Cursor], ...]:
        """Cursors that earlier versions of the plugin wrote; each must still be understood."""
        return ()
