# ruff: noqa: DTZ001 - the wall clock of a till has no zone
"""What a shop on PHC cares about: every sale arrives, once, with the right kind, number, amounts and customer."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import pytest
from sqlalchemy import Column, Table, delete, update

from v5_core.model import Customer, DocumentKind, DocumentStatus, FiscalKey, PaymentMethod, Product, Reference, SalesDocument
from v5_core.plugins import Cursor, Rejected, Stream
from v5_core.testing import NOON
from v5_plugin_phc import PhcPlugin, sample
from v5_plugin_phc.config import PhcConfig
from v5_plugin_phc.sample import SampleLine
from v5_plugin_phc.tables import fi, ft, ft2, serieat, td

if TYPE_CHECKING:
    from tests.plugins.phc.conftest import MakePhc, PhcHarness


R = TypeVar("R", SalesDocument, Customer, Product)
COFFEE = SampleLine("CAF250", 2, "4.50")
CAKE = SampleLine("PAODELO", 1, "8.90", 6)
pytestmark = pytest.mark.feature("V5-04")


class Poller(Generic[R]):
    """Polls one stream as the agent does; records are of one kind in each."""

    def __init__(self, harness: PhcHarness, of: type[R], stream: Stream, **settings: Any) -> None:
        self.plugin, self.stream, self.config = PhcPlugin(), stream, harness.config(**settings)
        self.of: type[R] = of
        self.cursor: Cursor | None = None
        self.findings: list[str] = []
        self.rejected: list[Rejected] = []

    def __call__(self, now: datetime = NOON, limit: int = 10) -> list[R]:
        got: list[R] = []
        for _ in range(100):
            batch = self.plugin.read(self.stream, self.cursor, limit, config=self.config, now=now)
            for record in batch.records:
                assert isinstance(record, self.of)
                got.append(record)
            self.findings += batch.findings
            self.rejected += batch.rejected
            self.cursor = batch.cursor
            if batch.complete:
                return got
        raise AssertionError("never complete")


def documents(harness: PhcHarness, stream: Stream = Stream.DOCUMENTS, **settings: Any) -> Poller[SalesDocument]:
    return Poller(harness, SalesDocument, stream, **settings)


def change(harness: PhcHarness, table: Table, stamp_column: Column[Any], stamp: str, **values: Any) -> None:
    with harness.engine.begin() as connection:
        connection.execute(update(table).where(stamp_column == stamp).values(**values))


def one(harness: PhcHarness, **settings: Any) -> SalesDocument:
    (document,) = documents(harness, **settings)()
    return document


def key(document: SalesDocument) -> FiscalKey:
    assert document.fiscal is not None
    return document.fiscal


# What is found, and when ------------------------------------------------------------------------------------------------------


def test_document_hours_late_is_found_at_once_by_ftid(phc: PhcHarness) -> None:
    poll = documents(phc)
    sample.insert_sale(phc.engine, at=NOON, lines=[COFFEE])
    assert len(poll()) == 1
    late = sample.insert_late(phc.engine, at=NOON - timedelta(days=12), lines=[CAKE])
    assert [document.source_id for document in poll()] == [late]
    assert poll() == []


def test_document_days_late_is_found_by_counting_without_ftid(sqlite_phc: MakePhc) -> None:
    """Beyond the overlap, and without ftid: the count of that day differs at the next comparison."""
    phc = sqlite_phc("ft.ftid")
    poll = documents(phc)
    known = [sample.insert_sale(phc.engine, at=NOON - timedelta(days=days), lines=[COFFEE]) for days in (5, 2, 0)]
    assert sorted(document.source_id for document in poll()) == sorted(known)
    late = sample.insert_late(phc.engine, at=NOON - timedelta(days=5, hours=2), lines=[CAKE])
    assert poll(NOON + timedelta(minutes=5)) == [], "days were compared a moment ago"
    found = [document.source_id for document in poll(NOON + timedelta(minutes=61))]
    assert late in found
    assert any("the day is read again" in finding for finding in poll.findings)
    assert poll(NOON + timedelta(minutes=62)) == []
    assert poll(NOON + timedelta(hours=5)) == [], "once found, the counts agree"


def test_till_whose_clock_runs_ahead(sqlite_phc: MakePhc) -> None:
    """A sale stamped next year is not lost, and does not hide the sales that come after it."""
    phc = sqlite_phc("ft.ftid")
    poll = documents(phc)
    future = sample.insert_sale(phc.engine, at=NOON + timedelta(days=300), lines=[COFFEE])
    assert [document.source_id for document in poll()] == [future]
    normal = sample.insert_sale(phc.engine, at=NOON + timedelta(minutes=1), lines=[CAKE])
    assert normal in [document.source_id for document in poll(NOON + timedelta(minutes=2))]


def test_rows_that_become_visible_out_of_order(phc: PhcHarness) -> None:
    """A transaction that began first and ended last: its ftid is lower than one that was read already."""
    poll = documents(phc)
    first = sample.insert_sale(phc.engine, at=NOON, lines=[COFFEE])
    second = sample.insert_sale(phc.engine, at=NOON, lines=[CAKE])
    change(phc, ft, ft.c.ftstamp, first, fno=-1)  # not there yet for a reader
    assert [document.source_id for document in poll()] == [second]
    change(phc, ft, ft.c.ftstamp, first, fno=1)
    assert [document.source_id for document in poll()] == [first]


def test_header_without_lines_waits_for_them(phc: PhcHarness) -> None:
    poll = documents(phc)
    stamp = sample.insert_sale(phc.engine, at=NOON, lines=[COFFEE])
    change(phc, fi, fi.c.ftstamp, stamp, ftstamp="ELSEWHERE")
    assert poll() == []
    change(phc, fi, fi.c.ftstamp, "ELSEWHERE", ftstamp=stamp)
    assert [document.source_id for document in poll()] == [stamp]


def test_cancellation_that_leaves_usrdata_alone(phc: PhcHarness) -> None:
    """Some versions write the cancellation to ft3 only, weeks after the sale."""
    poll = documents(phc, Stream.DOCUMENT_CHANGES)
    stamp = sample.insert_sale(phc.engine, at=NOON - timedelta(days=40), lines=[COFFEE])
    assert poll() == []
    sample.cancel(phc.engine, stamp, at=NOON + timedelta(minutes=5), reason="Troca", bump=False)
    (document,) = poll(NOON + timedelta(minutes=10))
    assert (document.status, document.cancel_reason) == (DocumentStatus.CANCELLED, "Troca")
    assert document.cancelled_at == NOON + timedelta(minutes=5)
    assert poll(NOON + timedelta(minutes=20)) == []


def test_cancellation_without_any_date(phc: PhcHarness) -> None:
    """Neither ft.usrdata nor ft3 tells when: the count of cancellations without a date finds it."""
    poll = documents(phc, Stream.DOCUMENT_CHANGES)
    stamp = sample.insert_sale(phc.engine, at=NOON - timedelta(days=3), lines=[COFFEE])
    other = sample.insert_sale(phc.engine, at=NOON - timedelta(days=3), lines=[COFFEE])
    sample.cancel(phc.engine, other, at=NOON - timedelta(days=1), bump=False)
    assert len(poll()) == 1
    change(phc, ft, ft.c.ftstamp, stamp, anulado=True)
    assert [document.source_id for document in poll(NOON + timedelta(hours=2))] == [stamp]


def test_documents_taken_away_are_reported(phc: PhcHarness) -> None:
    poll = documents(phc)
    kept, gone = (sample.insert_sale(phc.engine, at=NOON - timedelta(hours=hours), lines=[COFFEE]) for hours in (2, 1))
    poll()
    with phc.engine.begin() as connection:
        connection.execute(delete(ft).where(ft.c.ftstamp == gone))
    assert [document.source_id for document in poll(NOON + timedelta(hours=2))] == [kept]
    assert "2 documents were read, 1 are there" in poll.findings[-1]


def test_backfill_of_a_long_history_in_small_pages(sqlite_phc: MakePhc) -> None:
    for without in ((), ("ft.ftid",)):
        phc = sqlite_phc(*without)
        sample.insert_many(phc.engine, 450, at=datetime(2026, 3, 10, 9, 0))
        poll = documents(phc)
        assert len({document.source_id for document in poll(limit=37)}) == 450


def test_drafts_and_other_documents_are_left_out(phc: PhcHarness) -> None:
    draft, order = (sample.insert_sale(phc.engine, at=NOON, lines=[COFFEE]) for _ in range(2))
    change(phc, ft, ft.c.ftstamp, draft, fno=0)
    with phc.engine.begin() as connection:
        connection.execute(td.insert().values(ndoc=9, nmdoc="Outro", tipodoc=4, tiposaft="", manternumero=False, docsimport=False))
    change(phc, ft, ft.c.ftstamp, order, ndoc=9, tipodoc=4)
    assert documents(phc)() == []


def test_every_notation_of_hours(sqlite_phc: MakePhc) -> None:
    phc = sqlite_phc("ft.ftid")
    clocks = ("%H:%M:%S", "%H:%M", "%H.%M.%S", "%H.%M", "%-H:%M")
    for minute, clock in enumerate(clocks):
        sample.insert_sale(phc.engine, at=datetime(2026, 3, 10, 9, minute), lines=[COFFEE], clock=clock)
    sample.insert_sale(phc.engine, at=datetime(2026, 3, 10, 10, 0), lines=[CAKE])
    issued = [document.issued_at for document in documents(phc)(limit=2)]
    assert issued == [datetime(2026, 3, 10, 9, minute, tzinfo=UTC) for minute in range(5)] + [datetime(2026, 3, 10, 10, tzinfo=UTC)]


# What a document says ---------------------------------------------------------------------------------------------------------


def test_fiscal_identity_of_a_communicated_series(phc: PhcHarness) -> None:
    sample.insert_sale(phc.engine, at=NOON, lines=[COFFEE])
    fiscal = key(one(phc))
    assert (fiscal.issuer, fiscal.number, fiscal.atcud) == (sample.TAX_NUMBER, "FR 2026A1/1", "V5SAMPLE-1")
    with phc.engine.connect() as connection:
        signature = connection.execute(ft2.select()).mappings().one()["assinatura"]
    assert fiscal.hash4 == signature[0] + signature[10] + signature[20] + signature[30]


@pytest.mark.parametrize(
    ("series", "number"),
    [
        ({"manternumero": False}, "FR 2026A1/1"),
        ({"manternumero": True}, "FR 1/1"),
        ({"docsimport": True}, "FT OLD/77"),
    ],
)
def test_fiscal_number_of_older_series(sqlite_phc: MakePhc, series: dict[str, Any], number: str) -> None:
    phc = sqlite_phc("serieat")
    sample.insert_sale(phc.engine, at=NOON, lines=[COFFEE], header={"invoicenoori": "FT OLD/77"})
    with phc.engine.begin() as connection:
        connection.execute(update(td).values(**series))
    assert key(one(phc)).number == number


def test_series_named_without_its_type(phc: PhcHarness) -> None:
    sample.insert_sale(phc.engine, at=NOON, lines=[COFFEE])
    with phc.engine.begin() as connection:
        connection.execute(update(serieat).values(idseriephc="A2026"))
    assert key(one(phc)).number == "FR A2026/1"


def test_return_names_document_and_line(phc: PhcHarness) -> None:
    sale = sample.insert_sale(phc.engine, at=NOON - timedelta(days=2), lines=[COFFEE, CAKE])
    sample.insert_credit_note(phc.engine, of=sale, at=NOON, lines=[1])
    sold, returned = documents(phc)()
    assert (returned.kind, returned.gross) == (DocumentKind.RETURN, 890)
    assert key(sold).number == "FR 2026A1/1"
    assert returned.lines[0].reference == Reference(document="FR 2026A1/1", line=sold.lines[1].line_id)


@pytest.mark.parametrize("sign", [1, -1])
def test_credit_note_by_type_whatever_the_sign(phc: PhcHarness, sign: int) -> None:
    sale = sample.insert_sale(phc.engine, at=NOON, lines=[COFFEE])
    note = sample.insert_credit_note(phc.engine, of=sale, at=NOON)
    change(phc, ft, ft.c.ftstamp, note, etotal=9 * sign, ettiva=Decimal("1.68") * sign, ettiliq=Decimal("7.32") * sign)
    change(phc, fi, fi.c.ftstamp, note, etiliquido=9 * sign, qtt=2 * sign)
    returned = documents(phc)()[1]
    assert (returned.kind, returned.gross, returned.net, returned.lines[0].quantity) == (DocumentKind.RETURN, 900, 732, 2000)


def test_types_that_disagree_are_set_aside(phc: PhcHarness) -> None:
    stamp = sample.insert_sale(phc.engine, at=NOON, lines=[COFFEE])
    change(phc, ft2, ft2.c.ft2stamp, stamp, tiposaft="NC")
    poll = documents(phc)
    assert poll() == []
    (rejected,) = poll.rejected
    assert (rejected.ref, rejected.code) == (f"ft 1/1/2026 ({stamp})", "phc.td.tipodoc.kind")
    assert "Ana" not in rejected.raw


def test_header_discount_is_shared_to_the_cent(phc: PhcHarness) -> None:
    """Three lines of 3.33 less 10 %: 8.99 in all, and the lines sum to it."""
    lines = [SampleLine("CAF250", 1, "3.33"), SampleLine("PAODELO", 1, "3.33", 6), SampleLine("VINHO1", 1, "3.33", 13)]
    header = {"etotal": Decimal("8.99"), "ettiva": Decimal("1.05"), "ettiliq": Decimal("7.94"), "efinv": Decimal("1.00")}
    sample.insert_sale(phc.engine, at=NOON, lines=lines, header=header)
    poll = documents(phc)
    (document,) = poll()
    assert (document.gross, document.net) == (899, 794)
    assert [line.gross for line in document.lines] == [300, 300, 299]
    assert [line.discount for line in document.lines] == [33, 33, 34]
    assert poll.findings == []


def test_discount_written_as_a_line(phc: PhcHarness) -> None:
    lines = [SampleLine("CAF250", 1, "10.00"), SampleLine("", 1, "2.00", design="Desconto", total="-2.00")]
    sample.insert_sale(phc.engine, at=NOON, lines=lines)
    document = one(phc)
    assert [(line.product, line.gross, line.discount) for line in document.lines] == [("CAF250", 800, 200)]


def test_header_that_disagrees_with_its_lines_is_reported(phc: PhcHarness) -> None:
    sample.insert_sale(phc.engine, at=NOON, lines=[COFFEE, CAKE], header={"etotal": Decimal("5.00"), "ettiva": Decimal("0.90")})
    poll = documents(phc)
    (document,) = poll()
    assert sum(line.gross for line in document.lines) == document.gross == 500
    assert "the header was taken" in poll.findings[0]


def test_prices_without_vat(phc: PhcHarness) -> None:
    header = {"etotal": Decimal("12.30"), "ettiva": Decimal("2.30")}
    stamp = sample.insert_sale(phc.engine, at=NOON, lines=[SampleLine("CAF250", 2, "5.00", 23)], header=header)
    change(phc, fi, fi.c.ftstamp, stamp, ivaincl=False)
    line = one(phc).lines[0]
    assert (line.gross, line.net, line.vat_rate, line.discount) == (1230, 1000, 2300, 0)


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ({"evdinheiro": Decimal("20.00"), "etroco": Decimal("11.00")}, [(PaymentMethod.CASH, 900)]),
        ({"evdinheiro": 0, "epaga1": Decimal("9.00")}, [(PaymentMethod.CARD, 900)]),
        ({"evdinheiro": 4, "epaga2": 5}, [(PaymentMethod.CASH, 400), (PaymentMethod.TRANSFER, 500)]),
    ],
)
def test_payments(phc: PhcHarness, columns: dict[str, Any], expected: list[tuple[PaymentMethod, int]]) -> None:
    sample.insert_sale(phc.engine, at=NOON, lines=[COFFEE], header=columns)
    paid = one(phc, payments={1: "card", 2: "transfer"}).payments
    assert [(payment.method, payment.amount) for payment in paid] == expected


def test_customer_card_and_final_consumer(phc: PhcHarness) -> None:
    sample.insert_customer(phc.engine, 77, "Rui Antão", tax_number="123456789", mobile="912345678")
    sample.insert_sale(phc.engine, at=NOON, lines=[COFFEE], customer=77, card="2900000000018")
    sample.insert_sale(phc.engine, at=NOON, lines=[COFFEE], customer=0)
    known, anonymous = documents(phc)()
    assert (known.customer.erp, known.customer.tax_number, known.customer.card) == ("77", "123456789", "2900000000018")
    assert anonymous.customer.is_anonymous
    customers = {customer.source_id: customer for customer in Poller(phc, Customer, Stream.CUSTOMERS)()}
    assert customers["77"].phone == "912345678"
    assert customers["77"].birth_date is None
    assert "0" not in customers, "the final consumer is nobody"


def test_articles_with_family(phc: PhcHarness) -> None:
    products = {product.code: product for product in Poller(phc, Product, Stream.PRODUCTS)()}
    coffee = products["CAF250"]
    assert (coffee.family, coffee.family_name, coffee.price, coffee.ean) == ("MERC", "Mercearia", 450, "5600000000014")
    sample.insert_sale(phc.engine, at=NOON, lines=[COFFEE])
    assert one(phc).lines[0].family == "MERC"


def test_changed_article_comes_again_once(phc: PhcHarness) -> None:
    poll = Poller(phc, Product, Stream.PRODUCTS)
    assert len(poll()) == len(sample.ARTICLES)
    sample.insert_article(phc.engine, "NOVO", "Novo artigo")
    assert [product.code for product in poll()] == ["NOVO"]
    assert poll() == []


def test_stores_of_one_database(phc: PhcHarness) -> None:
    for site in ("Loja Porto", "Loja Braga", ""):
        sample.insert_sale(phc.engine, at=NOON, lines=[COFFEE], site=site)
    stores = [document.store for document in documents(phc, sites={"Loja Porto": "P1", "Loja Braga": "B1"})()]
    assert stores == ["P1", "B1", "LOJA1"]


@pytest.mark.parametrize(
    ("table", "column", "key", "values", "code"),
    [
        (fi, "iva", fi.c.ftstamp, {"iva": Decimal(230)}, "phc.fi.iva.range"),
        (ft, "ousrhora", ft.c.ftstamp, {"ousrhora": "25:99"}, "phc.ft.ousrhora.clock"),
        (ft, "fdata", ft.c.ftstamp, {"fdata": datetime(1900, 1, 1)}, "phc.ft.fdata.missing"),
        (ft, "ettiva", ft.c.ftstamp, {"ettiva": Decimal("99.00")}, "phc.ft.ettiva.total"),
    ],
)
def test_bad_rows_name_table_and_column(
    phc: PhcHarness, table: Table, column: str, key: Column[Any], values: dict[str, Any], code: str
) -> None:
    stamp = sample.insert_sale(phc.engine, at=NOON, lines=[COFFEE])
    good = sample.insert_sale(phc.engine, at=NOON, lines=[CAKE])
    change(phc, table, key, stamp, **values)
    poll = documents(phc)
    assert [document.source_id for document in poll()] == [good]
    (rejected,) = poll.rejected
    assert rejected.code == code
    assert stamp in rejected.ref
    assert f"column {column}" in rejected.message


def test_another_database_is_refused_with_words(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    path.touch()
    result = PhcPlugin().check(PhcConfig(driver="sqlite", database=str(path), store="1"), now=NOON)
    assert not result.ok
    assert "table ft is missing" in result.problem


def test_unknown_zone_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="zone"):
        PhcConfig(database="phc", store="1", zone="Portugal/Porto")
