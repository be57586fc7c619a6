"""What till, printer and agent see of the spooler, over real sockets."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from v5_spooler.escpos.tokens import tokenize
from v5_spooler.fake_agent import FakeAgent
from v5_spooler.testing import kitchen_order, receipt

if TYPE_CHECKING:
    from tests.spooler.conftest import Bench, MakeSale, OpenBench


FOOTER = "Ganhou 12 pontos".encode("cp1252")
CUT = b"\x1dV\x01"


def without_footer(bench: Bench, printed: bytes) -> bytes:
    row = next(row for row in bench.service.store.journal.jobs() if row.footer)
    at = printed.index(row.footer)
    return printed[:at] + printed[at + len(row.footer) :]


def settled(bench: Bench, state: str, count: int = 1) -> Callable[[], bool]:
    return lambda: len([row for row in bench.service.store.journal.jobs() if row.state == state]) >= count


@pytest.mark.feature("NX-01")
@pytest.mark.feature("FM-32")
def test_footer_stands_before_the_cut_and_all_other_bytes_are_the_tills(bench: OpenBench, agent: FakeAgent, sale: MakeSale) -> None:
    async def journey() -> None:
        async with bench(agent.url) as b:
            job = receipt(sale(), pulse=True)
            await b.send(job)
            printed = await b.paper.has(b"\x1bp\x00\x19\xfa")
            await b.until(settled(b, "printed"))
            assert printed.index(FOOTER) < printed.index(CUT) < printed.index(b"\x1bp\x00\x19\xfa")
            assert printed.index(FOOTER) < printed.index(b"\x1bd\x04" + CUT), "the footer stands before the till's own feed"
            assert b"https://v5.example/c/2900000012345" in printed
            assert without_footer(b, printed) == job
            (row,) = b.service.store.journal.jobs()
            assert (row.kind, row.fiscal, row.state) == ("receipt", "500100144:FS V5A/1", "printed")
            assert b.service.store.journal.history(row.id)[0][1] == "received"

    asyncio.run(journey())
    ((operation, body),) = agent.calls
    document = body["document"]
    assert operation == "commit"
    assert document["customer"]["card"] == "2900000012345"
    assert document["gross"] == "12.68"
    assert [line["gross"] for line in document["lines"]] == ["1.50", "2.19", "8.99"]
    assert document["fiscal"]["number"] == "FS V5A/1"


@pytest.mark.feature("NX-01")
def test_till_that_asks_for_status_first_is_answered_at_once(bench: OpenBench, sale: MakeSale) -> None:
    async def journey() -> None:
        async with bench() as b:
            reader, writer = await b.till()
            writer.write(b"\x1b@\x1b=\x01\x10\x04\x01")
            async with asyncio.timeout(2):
                assert await reader.readexactly(1) == b"\x16"
            writer.write(receipt(sale(), init=False) + b"\x1dr\x01")
            async with asyncio.timeout(5):
                assert await reader.readexactly(1) == b"\x00"
            writer.close()
            await writer.wait_closed()
            assert bytes(b.paper.received) == b"\x1b@\x1b=\x01\x10\x04\x01" + receipt(sale(), init=False) + b"\x1dr\x01"

    asyncio.run(journey())


def test_status_question_during_the_wait_for_the_agent_is_not_held_up(bench: OpenBench, agent: FakeAgent, sale: MakeSale) -> None:
    agent.delay = 1.5

    async def journey() -> None:
        async with bench(agent.url, deadline_ms=3000) as b:
            reader, writer = await b.till()
            writer.write(receipt(sale()))
            await b.until(lambda: b"Obrigado" in b.paper.received)
            start = asyncio.get_running_loop().time()
            writer.write(b"\x10\x04\x01")
            async with asyncio.timeout(5):
                assert await reader.readexactly(1) == b"\x16"
            assert asyncio.get_running_loop().time() - start < 1.0
            assert CUT not in b.paper.received
            await b.paper.has(CUT)
            writer.close()
            await writer.wait_closed()

    asyncio.run(journey())


@pytest.mark.feature("V5-06")
def test_slow_agent_the_receipt_prints_unchanged_and_the_sale_is_sent_once(bench: OpenBench, agent: FakeAgent, sale: MakeSale) -> None:
    agent.delay = 1.0

    async def journey() -> None:
        async with bench(agent.url, deadline_ms=100) as b:
            job = receipt(sale())
            await b.send(job)
            assert bytes(b.paper.received) == job
            await b.until(lambda: b.service.store.journal.pending()[0] == 0)

    asyncio.run(journey())
    assert len(agent.effects) == 1


@pytest.mark.feature("V5-06")
def test_dead_agent_the_sale_waits_in_the_journal_and_arrives_later(bench: OpenBench, sale: MakeSale) -> None:
    with FakeAgent() as first:
        port = first.port

    async def journey() -> None:
        async with bench(f"http://127.0.0.1:{port}") as b:
            job = receipt(sale())
            await b.send(job)
            assert bytes(b.paper.received) == job
            assert b.service.store.journal.pending()[0] == 1
            with FakeAgent(port) as revived:
                await b.until(lambda: b.service.store.journal.pending()[0] == 0, 20)
                assert len(revived.effects) == 1

    asyncio.run(journey())


def test_copy_is_printed_and_counted_but_awarded_once(bench: OpenBench, agent: FakeAgent, sale: MakeSale) -> None:
    async def journey() -> None:
        async with bench(agent.url) as b:
            job = receipt(sale())
            await b.send(job)
            await b.until(settled(b, "printed"))
            await b.send(job)
            await b.until(settled(b, "printed", 2))
            newest, oldest = b.service.store.journal.jobs()
            assert (oldest.copy, newest.copy) == (0, 1)
            assert oldest.footer
            assert newest.footer == b""

    asyncio.run(journey())
    assert len(agent.calls) == 1


@pytest.mark.parametrize(("cut", "feed"), [(True, 0), (False, 4), (True, 4)])
def test_footer_with_and_without_feed_and_cut(bench: OpenBench, agent: FakeAgent, sale: MakeSale, cut: bool, feed: int) -> None:
    async def journey() -> None:
        async with bench(agent.url) as b:
            job = receipt(sale(), cut=cut, feed=feed)
            await b.send(job)
            printed = await b.paper.has(FOOTER)
            await b.until(settled(b, "printed"))
            assert without_footer(b, bytes(b.paper.received)) == job
            assert printed.index(b"Obrigado") < printed.index(FOOTER)

    asyncio.run(journey())


def test_two_receipts_in_one_job_get_a_footer_each(bench: OpenBench, agent: FakeAgent, sale: MakeSale) -> None:
    async def journey() -> None:
        async with bench(agent.url) as b:
            await b.send(receipt(sale(1)) + receipt(sale(2), pulse=True))
            await b.until(settled(b, "printed", 2))
            parts = bytes(b.paper.received).split(CUT)
            assert [FOOTER in part for part in parts] == [True, True, False]

    asyncio.run(journey())
    assert {body["document"]["fiscal"]["number"] for _, body in agent.calls} == {"FS V5A/1", "FS V5A/2"}


def test_receipt_without_a_cut_ends_by_silence_while_the_till_stays_connected(bench: OpenBench, agent: FakeAgent, sale: MakeSale) -> None:
    async def journey() -> None:
        async with bench(agent.url, idle_ms=300) as b:
            _, writer = await b.till()
            writer.write(receipt(sale(), cut=False))
            await b.paper.has(FOOTER)
            writer.write(kitchen_order(4, ["Sopa"]))
            await b.paper.has(b"Sopa")
            writer.close()
            await writer.wait_closed()

    asyncio.run(journey())
    assert len(agent.calls) == 1


@pytest.mark.parametrize(
    "job",
    [kitchen_order(7, ["Bacalhau à Brás", "Sopa"]), b"\x1b@Relatorio Z\nTotal 120,00\n\x1dV\x00", b"plain text without anything\n"],
)
def test_what_is_no_receipt_passes_untouched(bench: OpenBench, agent: FakeAgent, job: bytes) -> None:
    async def journey() -> None:
        async with bench(agent.url) as b:
            await b.send(job)
            assert bytes(b.paper.received) == job

    asyncio.run(journey())
    assert agent.calls == []


@pytest.mark.parametrize("strange", [b"\x1b\x1da\x01", b"\x1b\x7f", b"\x1bL"])
def test_job_that_is_not_understood_is_not_edited_but_the_sale_is_read(
    bench: OpenBench, agent: FakeAgent, sale: MakeSale, strange: bytes
) -> None:
    async def journey() -> None:
        async with bench(agent.url) as b:
            job = b"\x1b@" + strange + receipt(sale(), init=False)
            await b.send(job)
            assert bytes(b.paper.received) == job
            await b.until(lambda: len(agent.effects) == 1)

    asyncio.run(journey())


def test_credit_note_goes_to_return_with_its_reference(bench: OpenBench, agent: FakeAgent, sale: MakeSale) -> None:
    async def journey() -> None:
        async with bench(agent.url) as b:
            await b.send(receipt(sale(9, document_type="NC", reference="FS V5A/1")))
            await b.until(lambda: len(agent.calls) == 1)

    asyncio.run(journey())
    ((operation, body),) = agent.calls
    assert (operation, body["document"]["kind"]) == ("return", "return")
    assert body["document"]["refs"][0]["document"] == "FS V5A/1"


def test_journal_that_cannot_write_never_stops_the_till(
    bench: OpenBench, agent: FakeAgent, sale: MakeSale, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    async def journey() -> None:
        async with bench(agent.url) as b:
            monkeypatch.setattr(b.service.store.journal, "write", full)
            job = receipt(sale())
            await b.send(job)
            await b.until(lambda: len(agent.effects) == 1)
            assert FOOTER in b.paper.received
            assert b.service.store.problem

    asyncio.run(journey())


def test_error_of_ours_passes_every_byte(bench: OpenBench, agent: FakeAgent, sale: MakeSale, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("v5_spooler.printing.proxy.read_sale", lambda *_, **__: 1 / 0)
    monkeypatch.setattr("v5_spooler.printing.stream.advance", lambda *_: 1 / 0)

    async def journey() -> None:
        async with bench(agent.url) as b:
            job = receipt(sale(), pulse=True)
            await b.send(job)
            assert bytes(b.paper.received) == job

    asyncio.run(journey())


def test_dead_printer_the_till_sees_it_and_nothing_is_kept_to_print_later(bench: OpenBench, sale: MakeSale) -> None:
    async def journey() -> None:
        async with bench(target="127.0.0.1:9") as b:
            reader, writer = await b.till()
            writer.write(receipt(sale()))
            answer = b""
            with contextlib.suppress(ConnectionError):
                answer = await reader.read()
            assert answer == b""
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()
            assert b.service.store.journal.jobs() == []
            assert b.service.printers["till-1"].problem

    asyncio.run(journey())


def test_slow_printer_gets_everything(bench: OpenBench, agent: FakeAgent, sale: MakeSale) -> None:
    async def journey() -> None:
        async with bench(agent.url) as b:
            b.paper.pause = 0.02
            job = receipt(sale())
            await b.send(job)
            await b.paper.has(CUT)
            await b.until(settled(b, "printed"))
            assert without_footer(b, bytes(b.paper.received)) == job

    asyncio.run(journey())


def test_job_sent_byte_by_byte_is_the_same_job(bench: OpenBench, agent: FakeAgent, sale: MakeSale) -> None:
    async def journey() -> None:
        async with bench(agent.url) as b:
            job = receipt(sale())
            _, writer = await b.till()
            for at in range(len(job)):
                writer.write(job[at : at + 1])
                await writer.drain()
            await b.paper.has(CUT)
            await b.until(settled(b, "printed"))
            writer.close()
            await writer.wait_closed()
            assert without_footer(b, bytes(b.paper.received)) == job

    asyncio.run(journey())


def test_footer_leaves_the_printers_modes_as_they_were(bench: OpenBench, agent: FakeAgent, sale: MakeSale) -> None:
    from v5_spooler.escpos.modes import Modes, advance, vars_of

    def after(data: bytes) -> dict[str, object]:
        modes = Modes()
        for token in tokenize(data):
            advance(modes, token)
        return vars_of(modes)

    async def journey() -> None:
        async with bench(agent.url) as b:
            settings = b"\x1bt\x13\x1ba\x02\x1bE\x01\x1d!\x11\x1dL\x10\x00\x1dW\x00\x01\x1b3\x20\x1d(k\x03\x001C\x07"
            job = receipt(sale(), cut=False, feed=0) + settings + b"fim\n" + CUT
            await b.send(job)
            await b.until(settled(b, "printed"))
            assert after(bytes(b.paper.received)) == after(job)

    asyncio.run(journey())
