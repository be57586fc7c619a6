"""What is read from receipts that carry the fiscal code as an image, and the proof that a printer gives."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest
from typer.testing import CliRunner

from v5_core.errors import ConfigError
from v5_core.hooks import ReceiptLine
from v5_core.plugins import LoadedPlugin
from v5_core.testing import hostile
from v5_spooler.cli import app
from v5_spooler.escpos.modes import Modes
from v5_spooler.escpos.profiles import load_profile
from v5_spooler.escpos.tokens import tokenize
from v5_spooler.fake_agent import FakeAgent
from v5_spooler.printing.virtual import VirtualPrinter
from v5_spooler.receipt.capture import Shop, read_sale
from v5_spooler.receipt.fiscal import parse_fiscal
from v5_spooler.receipt.footer import compose_footer
from v5_spooler.receipt.layout import load_layout
from v5_spooler.receipt.paper import Barcode
from v5_spooler.receipt.raster import barcode_modules, barcode_text, read_codes
from v5_spooler.testing import fiscal_code, receipt

if TYPE_CHECKING:
    from tests.spooler.conftest import MakeSale, OpenBench


SHOP = Shop("LIS", ZoneInfo("Europe/Lisbon"))


@pytest.mark.feature("NX-01")
def test_fiscal_code_sent_as_an_image_is_read(sale: MakeSale) -> None:
    one_way = load_profile("epson-t88iii")
    image = compose_footer([ReceiptLine(qr=fiscal_code(sale()))], Modes(), one_way)
    tokens = tokenize(receipt(sale(), cut=False, qr=False) + image)
    codes = read_codes(tokens, one_way)
    assert codes == [fiscal_code(sale())]
    found = read_sale(tokens, one_way, load_layout("portugal"), SHOP, datetime.now(UTC), raster=codes)
    assert found
    assert found.document.gross == 1268


def test_items_that_do_not_sum_are_left_out_and_said(sale: MakeSale) -> None:
    job = receipt(sale()).replace(b"8,99", b"8,00")
    found = read_sale(tokenize(job), load_profile("epson"), load_layout("portugal"), SHOP, datetime.now(UTC))
    assert found
    assert found.document.lines == ()
    assert found.document.gross == 1268
    assert "items sum" in found.findings[0]


def test_official_sample_of_the_code() -> None:
    code = parse_fiscal(
        "A:123456789*B:999999990*C:PT*D:FS*E:N*F:20190812*G:FS CDVF/12345*H:CDF7T5HD-12345*I1:PT*I7:0.65*I8:0.15"
        "*N:0.15*O:0.80*Q:YhGV*R:9999*S:NU;0.80"
    )
    assert (code.key.key, code.gross, code.vat, code.buyer) == ("123456789:FS CDVF/12345", 80, 15, None)


@pytest.mark.parametrize("broken", ["A:12*B:1", "A:123456789*B:1*D:FS*E:N*F:20261322*G:FS A/1*N:0*O:1", ""])
def test_broken_code_is_refused(broken: str) -> None:
    with pytest.raises(ValueError):
        parse_fiscal(broken)


def test_printer_that_gives_proof_is_believed_and_its_answer_kept_from_the_till(
    bench: OpenBench, agent: FakeAgent, sale: MakeSale, tmp_path: Path
) -> None:
    profile = tmp_path / "proof.toml"
    profile.write_text('process_id = true\nprefer = [16]\n[pages]\n0 = "cp437"\n16 = "cp1252"\n')

    async def journey() -> None:
        paper = VirtualPrinter(tmp_path / "gallery", load_profile("epson"))
        await paper.start()
        async with bench(agent.url, target=f"127.0.0.1:{paper.port}", profile=str(profile)) as b:
            reader, writer = await b.till()
            writer.write(receipt(sale()) + b"\x1dr\x01")
            async with asyncio.timeout(5):
                assert await reader.readexactly(1) == b"\x00", "the till gets its own answer only"
            await b.until(lambda: any(row.evidence == "printer" for row in b.service.store.journal.jobs()))
            writer.close()
            await writer.wait_closed()
        await paper.stop()

    asyncio.run(journey())
    assert len(list((tmp_path / "gallery").glob("*.png"))) == 1


@pytest.mark.parametrize(
    ("system", "sent", "printed"),
    [
        (2, b"590123412345", "5901234123457"),
        (2, b"5901234123457", "5901234123457"),
        (3, b"1234567", "12345670"),
        (0, b"03600029145", "036000291452"),
    ],
)
def test_the_check_digit_stands_under_the_bars_and_in_them(system: int, sent: bytes, printed: str) -> None:
    bars = Barcode(system, sent, bar_height=80, module=2, hri=2)
    assert barcode_text(bars) == printed
    assert barcode_modules(bars) == barcode_modules(Barcode(system, printed.encode(), bar_height=80, module=2, hri=2))


class Vendor(hostile.HostilePlugin):
    """A plugin that brings one layout."""

    def receipt_layouts(self) -> tuple[str, ...]:
        return (
            """
            name = "vendor"
            item = ['^(?P<quantity>[0-9]+) x (?P<description>.+?) +(?P<total>[0-9]+,[0-9]{2})$']
            total = ['^TOTAL +(?P<amount>[0-9]+,[0-9]{2})$']
            fields = { issuer = 'NIF (?P<value>[0-9]{9})', number = 'Fatura (?P<value>FS [A-Z0-9]+/[0-9]+)' }
            """,
        )


def test_a_plugin_s_own_layout_reads_its_receipts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("v5_core.plugins.load_plugins", lambda: {"vendor": LoadedPlugin("vendor", Vendor())})
    layout = load_layout("plugin:vendor")
    job = "Loja da Esquina\nNIF 500000000\nFatura FS A1/7\n2 x Caneca azul   9,00\n1 x Prato   4,50\nTOTAL   13,50\n".encode("cp860")
    found = read_sale(tokenize(job), load_profile("epson"), layout, SHOP, datetime.now(UTC))
    assert found is not None
    assert (found.document.gross, [line.description for line in found.document.lines]) == (1350, ["Caneca azul", "Prato"])
    assert found.key == "500000000:FS A1/7"


def test_a_plugin_without_a_layout_is_said_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("v5_core.plugins.load_plugins", lambda: {"hostile": LoadedPlugin("hostile", hostile.plugin)})
    with pytest.raises(ConfigError, match="'hostile' brings no receipt layout"):
        load_layout("plugin:hostile")
    with pytest.raises(ConfigError, match="'nobody' is not usable here: it is not installed"):
        load_layout("plugin:nobody")


def test_a_receipt_of_the_doubled_autumn_hour_is_dated_by_its_arrival(sale: MakeSale) -> None:
    job = receipt(sale(at=datetime(2026, 10, 25, 1, 30, tzinfo=UTC)))
    found = read_sale(tokenize(job), load_profile("epson"), load_layout("portugal"), SHOP, datetime(2026, 10, 25, 1, 31, tzinfo=UTC))
    assert found is not None
    assert found.document.doubtful_time
    assert found.document.issued_at == datetime(2026, 10, 25, 1, 30, tzinfo=UTC), "equal to the instant in UTC, in this hour too"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["run", "--config", "none.toml"], "`v5-spooler example"),
        (["replay", "--zone", "Mars/Base", "job.bin"], "no time zone"),
        (["virtual", "--port", "70000"], "cannot listen on"),
    ],
)
def test_what_is_wrong_at_the_command_line_is_said_in_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "job.bin").write_bytes(b"Ola\n")
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 1
    assert said in result.output
    assert "Traceback" not in result.output
