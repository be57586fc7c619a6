# ruff: noqa: S101 - assertions are what a conformance kit is made of
"""Conformance: what a document says. Times, amounts, letters, size, and records that are bad."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from v5_core.plugins import Capability, Stream
from v5_core.testing._base import Base, Followed
from v5_core.testing._harness import NOON, Facility, Harness, Sale, SaleLine

_HOSTILE = (
    "'; DROP TABLE ft; --",
    "<script>alert(1)</script>&amp;",
    "${jndi:ldap://x}{{7*7}}%s%n{0}",
    "=cmd|' /C calc'!A0",
    "שלום \u202eabc\u202c 👩‍👩‍👧 e\u0301",
    "../../etc/passwd\\..\\win.ini",
    "aspas \" e ' e ` e ;",
)
_LETTERS = "Pão de ló, maçã, coração: 5 €"


class Content(Base):
    """The content's rules."""

    def test_local_times_and_the_doubtful_hour(self, source: Harness) -> None:
        """Local times become the right instant in summer and winter; the hour that exists twice is flagged, and one of its two."""
        self.needs(Capability.READ_DOCUMENTS)
        zone = ZoneInfo(source.zone)
        winter, summer = datetime(2025, 12, 31, 23, 59, 59, tzinfo=UTC), datetime(2025, 7, 1, 10, 30, tzinfo=UTC)
        first = datetime(2025, 10, 26, 0, 30, tzinfo=UTC)  # Lisbon's clock shows 01:30, and shows it again an hour later
        sold = {at: source.sell(Sale(at=at)) for at in (first, winter, summer)}
        known = self.follow(source, Followed())
        for at in (winter, summer):
            assert known[sold[at]].issued_at == at
            assert not known[sold[at]].doubtful_time
        twice = first.astimezone(zone).replace(tzinfo=None) == (first + timedelta(hours=1)).astimezone(zone).replace(tzinfo=None)
        document = known[sold[first]]
        assert document.doubtful_time == twice
        assert document.issued_at in ({first, first + timedelta(hours=1)} if twice else {first})

    def test_amounts_and_vat_are_exact(self, source: Harness) -> None:
        """Odd cents, weights of three decimals, four rates of VAT and a line that costs nothing: to the cent, and the lines sum."""
        self.needs(Capability.READ_DOCUMENTS)
        lines = (
            SaleLine("A1", gross=1, vat_rate=2300),
            SaleLine("A2", gross=333, quantity=3000, vat_rate=1300),
            SaleLine("A3", gross=1999, quantity=755, vat_rate=600),
            SaleLine("A4", gross=123456789, vat_rate=2300),
            SaleLine("A5", gross=250, vat_rate=0),
            SaleLine("A6", gross=0, vat_rate=2300),
        )
        sale = Sale(lines=lines)
        document = self.document(source, source.sell(sale))
        assert document.gross == sale.gross
        got = [(line.product, line.gross, line.quantity, line.vat_rate) for line in document.lines]
        assert got == [(line.product, line.gross, line.quantity, line.vat_rate) for line in lines]
        assert sum(line.gross for line in document.lines) == document.gross
        assert sum(line.net for line in document.lines) == document.net
        for line in document.lines:
            exact = line.gross * 10_000 / (10_000 + line.vat_rate)
            assert abs(line.net - exact) <= 1, f"{line.product}: net {line.net} of gross {line.gross} at {line.vat_rate / 100} %"

    def test_letters_survive(self, source: Harness) -> None:
        """Portuguese letters and the euro sign, in every encoding that the source may use."""
        self.needs(Capability.READ_DOCUMENTS)
        for encoding in source.encodings:
            source.encoding = encoding
            document = self.document(source, source.sell(Sale(lines=(SaleLine(description=_LETTERS),))))
            assert document.lines[0].description == _LETTERS, encoding

    def test_huge_receipt(self, source: Harness) -> None:
        """A wholesale document of very many lines comes whole."""
        self.needs(Capability.READ_DOCUMENTS)
        lines = tuple(SaleLine(f"A{number}", gross=number % 97 + 1) for number in range(source.max_lines))
        sale = Sale(lines=lines)
        document = self.document(source, source.sell(sale))
        assert [line.product for line in document.lines] == [line.product for line in lines]
        assert document.gross == sale.gross

    def test_hostile_strings(self, source: Harness) -> None:
        """Texts made to break SQL, HTML, templates, spreadsheets and terminals are data, and come as they are."""
        self.needs(Capability.READ_DOCUMENTS)
        document = self.document(source, source.sell(Sale(lines=tuple(SaleLine(f"A{n}", text) for n, text in enumerate(_HOSTILE)))))
        assert [line.description for line in document.lines] == list(_HOSTILE)

    def test_bad_record_is_set_aside(self, source: Harness) -> None:
        """One record that cannot be used is rejected by name with a code and words; those before and after it arrive."""
        self.needs(Capability.READ_DOCUMENTS)
        before = source.sell(Sale(at=NOON - timedelta(minutes=30)))
        ref = source.break_record(NOON - timedelta(minutes=20))
        after = source.sell(Sale(at=NOON - timedelta(minutes=10)))
        state = self.drain(source, limit=1)
        assert sorted(state.ids) == sorted([before, after])
        assert len(state.rejected) == 1
        rejected = state.rejected[0]
        assert ref in rejected.ref
        assert rejected.code
        assert rejected.message
        again = self.page(source, Stream.DOCUMENTS, state.cursor, 10)
        assert not again.rejected, "a bad record must not come again at every poll"

    def test_cancelled_before_it_was_read(self, source: Harness) -> None:
        """A document cancelled before anybody read it is read as cancelled."""
        self.needs(Capability.READ_DOCUMENTS, Facility.CANCELLATION)
        sale = source.sell(Sale(at=NOON - timedelta(hours=3)))
        source.cancel(sale, NOON - timedelta(hours=1))
        assert self.follow(source, Followed())[sale].status == "cancelled"
