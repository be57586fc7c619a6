"""A morning of sales, by every way in."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import requests
import zeep
import zeep.helpers
from zeep.transports import Transport

from v5_core.model import (
    Customer,
    CustomerRef,
    DocumentKind,
    DocumentStatus,
    FiscalKey,
    Line,
    Origin,
    Payment,
    PaymentMethod,
    Product,
    SalesDocument,
)
from v5_core.money import format_scaled
from v5_core.programme import Programme
from v5_core.testing import saft
from v5_plugin_phc import sample as phc
from v5_spooler import testing as paper
from v5_tools.demo.expect import Expected, Item, points_of
from v5_tools.demo.processes import DemoError
from v5_tools.demo.world import STORE, ZONE, World

PHC, GRID, TILL, PRINT, CUT = "PHC", "GRID (SAF-T)", "REST and SOAP", "print", "line cut"
WAYS: Final = (PHC, GRID, TILL, PRINT, CUT)
_ISSUER: Final = phc.TAX_NUMBER
_PATIENCE: Final = 30.0
# What the SAF-T producer and the tills sell; the prices are whole euros so that a person can follow the points.
_GOODS: Final = (("CAF250", "Café moído 250 g", "MERC"), ("PAODELO", "Pão de ló de Ovar", "PAD"), ("SABAO", "Sabão azul e branco", "LIMP"))


@dataclass(frozen=True)
class Shopper:
    """A customer of the sample company."""

    id: str
    name: str
    card: str
    tax_number: str
    start: int


class Morning:
    """Plays the sales and notes what should come of them.

    Args:
        world: Where it plays.
        shoppers: At least four customers with card and tax number.
        programme: The programme in force, for the reckoning.
        now: The morning's last minute; everything happens before it.
    """

    def __init__(self, world: World, shoppers: Sequence[Shopper], programme: Programme, *, now: datetime) -> None:
        self.world = world
        self.shoppers = shoppers
        self.programme = programme
        self.now = now
        self.expected = Expected()
        self.printed: list[str] = []
        self.soap: Any = self._soap_client()

    def play(self, step: Callable[[str], None]) -> None:
        """The whole morning."""
        for title, act in (
            ("PHC: sales, a cancellation, a credit note, a late one", self.phc),
            ("print: a receipt with its footer", self.print),
            ("GRID: a SAF-T file, then its correction", self.grid),
            ("till: identify, quote, hold, commit, return by REST and SOAP", self.till),
            ("the line is cut, and mended", self.cut),
        ):
            step(title)
            act()

    # PHC ----------------------------------------------------------------------------------------------------------------------
    def phc(self) -> None:
        """Sales in PHC's database; one cancelled, one credited in part, one that appears late with an old time."""
        engine = self.world.engine
        assert engine is not None
        for place, one in enumerate(self.shoppers):
            phc.insert_customer(engine, 101 + place, one.name, tax_number=one.tax_number, at=self.now - timedelta(hours=5))
        phc.insert_article(engine, "CREME50", "Creme de rosto 50 ml", "cosmetica", "Cosmética", "25.00", "23")
        phc.insert_article(engine, "TABACO", "Tabaco", "tabaco", "Tabaco", "6.00", "23")
        at = self.now - timedelta(hours=4)
        sales = [
            (0, [("CAF250", "MERC", 60, 10)]),
            (1, [("PAODELO", "PAD", 1, 9), ("SABAO", "LIMP", 2, 2)]),
            (2, [("AZEITE75", "MERC", 4, 12)]),
            (0, [("CREME50", "cosmetica", 1, 25), ("TABACO", "tabaco", 2, 6)]),  # double points, and none
            (3, [("CAF250", "MERC", 40, 5)]),
        ]
        stamps = []
        for minute, (who, lines) in enumerate(sales):
            stamps.append(self._phc_sale(who, lines, at + timedelta(minutes=minute)))
        self._phc_sale(None, [("SABAO", "LIMP", 1, 2)], at + timedelta(minutes=9))
        self.world.admin("poll")
        phc.cancel(engine, stamps[2], at=self.now - timedelta(hours=1))
        self.expected.move(PHC, self.shoppers[2].id, -self._points([Item("AZEITE75", 4800, "MERC")]))
        phc.insert_credit_note(engine, of=stamps[1], at=self.now - timedelta(minutes=50), lines=[0])
        self.expected.document(PHC, self.shoppers[1].id, -self._points([Item("PAODELO", 900, "PAD")]))
        self._phc_sale(1, [("CAF250", "MERC", 1, 5)], self.now - timedelta(days=2), late=True)
        self.world.admin("poll")

    def _phc_sale(self, who: int | None, lines: Sequence[tuple[str, str, int, int]], at: datetime, *, late: bool = False) -> str:
        engine = self.world.engine
        assert engine is not None
        insert = phc.insert_late if late else phc.insert_sale
        goods = [phc.SampleLine(ref, quantity, str(euros)) for ref, _, quantity, euros in lines]
        stamp = insert(engine, at=at, lines=goods, customer=0 if who is None else 101 + who)
        items = [Item(ref, quantity * euros * 100, family) for ref, family, quantity, euros in lines]
        self._note(PHC, who, items)
        return stamp

    # GRID ---------------------------------------------------------------------------------------------------------------------
    def grid(self) -> None:
        """A SAF-T file of the month; a week later the same month again, with one document cancelled and one more."""
        first = [self._saft_document(number, number % 3, 10 + number) for number in range(1, 7)]
        seen = [self._saft_document(1, 0, 24, series="P2026", note=False)]
        self._drop("saft-2026-11.xml", first + seen)
        cancelled = first[3].model_copy(
            update={"status": DocumentStatus.CANCELLED, "cancelled_at": self.now, "cancel_reason": "Devolvido na hora"}
        )
        self.expected.move(GRID, self.shoppers[4 % 3].id, -self._points([Item("CAF250", 1400, "MERC")]))
        self._drop("saft-2026-11-b.xml", [*first[:3], cancelled, *first[4:], self._saft_document(7, 2, 31), *seen])

    def _saft_document(self, number: int, who: int, euros: int, *, series: str = "G2026", note: bool = True) -> SalesDocument:
        code, text, family = _GOODS[0]
        if note:
            self._note(GRID, who, [Item(code, euros * 100, family)])
        return _document(
            Origin.SAFT,
            f"FS {series}/{number}",
            self.now - timedelta(hours=3, minutes=30 - number),
            [(code, text, family, euros * 100)],
            CustomerRef(erp=str(2001 + who), tax_number=self.shoppers[who].tax_number),
            source="saft",
        )

    def _drop(self, name: str, documents: Sequence[SalesDocument]) -> None:
        customers = [
            Customer(source="saft", source_id=str(2001 + place), name=one.name, tax_number=one.tax_number)
            for place, one in enumerate(self.shoppers)
        ]
        products = [Product(source="saft", source_id=code, code=code, description=text, family=family) for code, text, family in _GOODS]
        arriving = self.world.drop / f".{name}.part"
        company = saft.Company(tax_number=_ISSUER, name="Mercearia Exemplo, Lda")
        saft.write(arriving, documents, created=self.now.date(), customers=customers, products=products, company=company, zone=ZONE)
        arriving.rename(self.world.drop / name)
        self.world.admin("poll")

    # Till ---------------------------------------------------------------------------------------------------------------------
    def till(self) -> None:
        """One sale by REST and one by SOAP, each paying partly with points; then the first comes back."""
        self.world.admin("replica")
        first = self._till_sale(0, "FR T2026/1", 30, 500, self.world.hook)
        self._till_sale(3, "FR T2026/2", 42, 200, self._by_soap)
        note = self._till_document("NC T2026/1", 0, 30, kind="return")
        note["refs"] = [{"document": first["fiscal"]["number"]}]
        note["lines"][0]["reference"] = {"document": first["fiscal"]["number"], "line": "1"}
        self.world.hook("return", {"request_id": "return-1", "document": note})
        self.expected.document(TILL, self.shoppers[0].id, 500_000 - self._paid(30, 500))
        self.world.admin("send")

    def _till_sale(self, who: int, number: str, euros: int, points: int, call: Callable[[str, dict[str, Any]], Any]) -> dict[str, Any]:
        shopper, at = self.shoppers[who], self.now.isoformat()
        found = call("identify", {"store": STORE, "till": "CX2", "key": shopper.card})
        if found["customer"] is None or found["customer"]["customer"] != shopper.id:
            raise DemoError(f"the till identified somebody else than {shopper.name}")
        document = self._till_document(number, who, euros)
        basket = {"store": STORE, "till": "CX2", "at": at, "customer": {"card": shopper.card}, "lines": document["lines"]}
        call("quote", {**basket, "points_to_use": str(points)})
        hold = call(
            "hold",
            {
                "request_id": f"hold-{number}",
                "store": STORE,
                "till": "CX2",
                "at": at,
                "customer": {"card": shopper.card},
                "points": str(points),
            },
        )
        rest = format_scaled(euros * 100 - points, 2)
        document["payments"] = [
            {"method": "points", "amount": hold["amount"], "hold": hold["hold"]},
            {"method": "card", "amount": rest},
        ]
        call("commit", {"request_id": f"commit-{number}", "document": document})
        call("commit", {"request_id": f"commit-{number}", "document": document})  # a till that heard no answer asks again
        self.expected.document(TILL, shopper.id, self._paid(euros, points) - points * 1000)
        return document

    def _paid(self, euros: int, points: int) -> int:
        # 100 points are one euro, and what was paid with points earns none.
        return self._points([Item("CAF250", euros * 100 - points, "MERC")])

    def _till_document(self, number: str, who: int, euros: int, *, kind: str = "sale") -> dict[str, Any]:
        document = _document(
            Origin.HOOK,
            number,
            self.now,
            [("CAF250", "Café moído 250 g", "MERC", euros * 100)],
            CustomerRef(card=self.shoppers[who].card),
            source="till",
            kind=DocumentKind(kind),
        )
        return document.model_dump(mode="json", exclude_none=True, exclude_defaults=True)

    def _soap_client(self) -> Any:
        session = requests.Session()
        session.headers["authorization"] = f"Bearer {self.world.token}"
        return zeep.Client(f"{self.world.agent_url}/soap?wsdl", transport=Transport(session=session))

    def _by_soap(self, operation: str, body: dict[str, Any]) -> Any:
        return zeep.helpers.serialize_object(getattr(self.soap.service, operation)(**body), dict)

    # Print --------------------------------------------------------------------------------------------------------------------
    def print(self) -> None:
        """Two receipts on paper: one for a customer with a card, one without."""
        self.world.admin("replica")
        self._receipt(PRINT, "FS P2026/1", 0, 24)
        self._receipt(PRINT, "FS P2026/2", None, 7)

    def _receipt(self, way: str, number: str, who: int | None, euros: int) -> None:
        card = self.shoppers[who].card if who is not None else ""
        at = self.now.astimezone(ZONE)
        sale = paper.Sale(number, at, [("Café moído 250 g", 1, euros * 100, 23)], issuer=_ISSUER, card=card)
        before = len(self.pictures())
        with socket.create_connection(("127.0.0.1", self.world.printer_port), timeout=10) as till:
            till.sendall(paper.receipt(sale))
            till.shutdown(socket.SHUT_WR)
            self._wait(lambda: len(self.pictures()) > before, f"receipt {number} in the gallery")
        self.expected.receipts[way] += 1
        self.printed.append(number)
        self._note(way, who, [Item("", euros * 100)])

    def pictures(self) -> list[Path]:
        """Receipts printed so far."""
        return sorted(self.world.gallery.rglob("*.png"))

    # The line is cut ----------------------------------------------------------------------------------------------------------
    def cut(self) -> None:
        """No line: the till goes on, the outbox grows. The line is back: everything arrives, once."""
        line = self.world.line
        assert line is not None
        line.cut()
        for number in range(1, 4):
            document = self._till_document(f"FR C2026/{number}", 1, 10 * number)
            answer = self.world.hook("commit", {"request_id": f"cut-{number}", "document": document})
            if not answer["provisional"]:
                raise DemoError("the agent claims the cloud's answer while the line is cut")
            self._note(CUT, 1, [Item("CAF250", 1000 * number, "MERC")])
        self._receipt(CUT, "FS P2026/3", 2, 15)
        queued = self.world.admin("send")["queue_depth"]
        if queued < 4:
            raise DemoError(f"four sales were made without a line, and only {queued} wait in the outbox")
        line.mend()
        self._wait(lambda: self.world.admin("send")["queue_depth"] == 0, "an empty outbox after the line came back")

    # Help ---------------------------------------------------------------------------------------------------------------------
    def _points(self, items: Sequence[Item]) -> int:
        return points_of(self.programme, items)

    def _note(self, way: str, who: int | None, items: Sequence[Item]) -> None:
        if who is None:
            self.expected.document(way)
        else:
            self.expected.document(way, self.shoppers[who].id, self._points(items))

    def _wait(self, ready: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + _PATIENCE
        while not ready():
            self.world.processes.check()
            if time.monotonic() > deadline:
                raise DemoError(f"waited {_PATIENCE:.0f} s in vain for {what}; logs: {self.world.folder / 'logs'}")
            time.sleep(0.05)


def _document(
    origin: Origin,
    number: str,
    at: datetime,
    goods: Sequence[tuple[str, str, str, int]],
    customer: CustomerRef,
    *,
    source: str,
    kind: DocumentKind = DocumentKind.SALE,
) -> SalesDocument:
    lines = tuple(
        Line(line_id=str(place), product=code, description=text, family=family, gross=cents, net=cents * 100 // 123, vat_rate=2300)
        for place, (code, text, family, cents) in enumerate(goods, 1)
    )
    gross, net = sum(line.gross for line in lines), sum(line.net for line in lines)
    return SalesDocument(
        source=source,
        source_id=number,
        origin=origin,
        kind=kind,
        fiscal=FiscalKey(issuer=_ISSUER, number=number),
        document_type=number.split()[0],
        store=STORE,
        till="CX2",
        issued_at=at,
        customer=customer,
        lines=lines,
        payments=(Payment(method=PaymentMethod.CASH, amount=gross),),
        gross=gross,
        net=net,
    )
