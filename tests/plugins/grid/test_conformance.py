"""The standard tests of every plugin, on a drop folder made for them."""

from __future__ import annotations

import hashlib
import io
import os
from datetime import datetime, timedelta
from pathlib import Path
from typing import ClassVar
from zoneinfo import ZoneInfo

import pytest

from v5_core.model import CustomerRef, DocumentKind, DocumentStatus, Line, Origin, Reference, SalesDocument
from v5_core.testing import NOON, Facility, Harness, Sale, plugin_suite
from v5_core.testing import saft as files
from v5_plugin_grid import plugin
from v5_plugin_grid.config import GridConfig

TestConformance = plugin_suite(
    plugin,
    lacks={
        Facility.PASSWORD: "a folder asks for no password",
        Facility.NETWORK: "a folder is on the machine, or mounted by it",
        Facility.READ_ONLY_USER: "a file is claimed by renaming it, which takes the right to write",
    },
)


class DropFolderHarness(Harness):
    """Writes the whole month anew whenever something happened, as ERPs export it."""

    encodings: ClassVar[tuple[str, ...]] = ("windows-1252", "utf-8")
    max_lines: ClassVar[int] = 5000

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "drop"
        self.folder.mkdir()
        self.encoding = "windows-1252"
        self._documents: dict[str, SalesDocument] = {}
        self._broken: list[str] = []
        self._dirty = False
        self._bulk = 0
        self._files = 0

    def config(self) -> GridConfig:
        return GridConfig(folder=self.folder, store="L1", state=self.folder.parent / "state.sqlite3")

    def sell(self, sale: Sale) -> str:
        lines = tuple(
            Line(
                line_id=str(number),
                product=line.product,
                description=line.description,
                quantity=line.quantity,
                gross=line.gross,
                net=round(line.gross * 10_000 / (10_000 + line.vat_rate)),
                vat_rate=line.vat_rate,
            )
            for number, line in enumerate(sale.lines, start=1)
        )
        return self._add("FS A", "FS", DocumentKind.SALE, sale.at, lines, CustomerRef(erp=sale.customer or None))

    def _add(
        self, series: str, kind: str, sense: DocumentKind, at: datetime, lines: tuple[Line, ...], customer: CustomerRef | None = None
    ) -> str:
        number = f"{series}/{sum(name.startswith(series) for name in self._documents) + 1}"
        self._documents[number] = SalesDocument(
            source="erp",
            source_id=number,
            origin=Origin.ERP,
            kind=sense,
            document_type=kind,
            store="L1",
            issued_at=at,
            customer=customer or CustomerRef(),
            lines=lines,
            gross=sum(line.gross for line in lines),
            net=sum(line.net for line in lines),
        )
        self._dirty = True
        return number

    def sell_many(self, count: int) -> None:
        self._bulk = count
        self._dirty = True

    def credit(self, sale_id: str, line: int, at: datetime) -> str:
        sold = self._documents[sale_id].lines[line]
        back = sold.model_copy(update={"line_id": "1", "reference": Reference(document=sale_id)})
        return self._add("NC A", "NC", DocumentKind.RETURN, at, (back,))

    def cancel(self, sale_id: str, at: datetime) -> None:
        self._change(sale_id, status=DocumentStatus.CANCELLED, cancelled_at=at, cancel_reason="Anulado")

    def correct(self, sale_id: str, description: str, at: datetime) -> None:
        first, *rest = self._documents[sale_id].lines
        self._change(sale_id, lines=(first.model_copy(update={"description": description}), *rest))

    def _change(self, sale_id: str, **update: object) -> None:
        self._documents[sale_id] = self._documents[sale_id].model_copy(update=update)
        self._dirty = True

    def break_record(self, at: datetime) -> str:
        number = self.sell(Sale(at=at))
        self._broken.append(number)
        return number

    def publish(self) -> None:
        if not self._dirty:
            return
        self._dirty = False
        self._files += 1
        path = self.folder / f"month{self._files}.xml"
        buffer = io.BytesIO()
        files.write(buffer, self._documents.values(), created=NOON.date(), encoding=self.encoding, zone=ZoneInfo(self.zone))
        body = buffer.getvalue()
        for number in self._broken:
            start = body.index(f"<InvoiceNo>{number}<".encode())
            body = body[:start] + body[start:].replace(b"<InvoiceType>FS<", b"<InvoiceType>ZZ<", 1)
        path.write_bytes(body)
        if self._bulk:
            self._write_bulk(path)
        old = (NOON - timedelta(hours=1)).timestamp()
        os.utime(path, (old, old))

    def _write_bulk(self, path: Path) -> None:
        self.sell(Sale())
        buffer = io.BytesIO()
        files.write(buffer, list(self._documents.values())[-1:], created=NOON.date(), encoding=self.encoding)
        head, _, rest = buffer.getvalue().partition(b"<Invoice>")
        one, _, tail = rest.rpartition(b"</Invoice>")
        before, number, after = one.partition(b"<InvoiceNo>FS A/1<")
        assert number
        with path.open("wb") as opened:
            opened.write(head)
            opened.writelines(
                b"<Invoice>" + before + b"<InvoiceNo>FS B/%d<" % row + after + b"</Invoice>\n" for row in range(1, self._bulk + 1)
            )
            opened.write(tail)

    def fingerprint(self) -> str:
        """Bytes of every file by its own name: where it lies is the adapter's bookkeeping."""
        found = sorted((path.name.rpartition("-")[2], path) for path in self.folder.rglob("*.xml"))
        return hashlib.sha256(b"".join(name.encode() + path.read_bytes() for name, path in found)).hexdigest()


@pytest.fixture
def source(tmp_path: Path) -> DropFolderHarness:
    return DropFolderHarness(tmp_path)
