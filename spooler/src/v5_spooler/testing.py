"""Sample receipts made by our own writer: for tests, demo and an installer's first try."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from v5_core.money import format_scaled
from v5_spooler.escpos.profiles import Profile, load_profile
from v5_spooler.escpos.writer import Writer

__all__ = ["Sale", "fiscal_code", "kitchen_order", "receipt"]


@dataclass(frozen=True, slots=True)
class Sale:
    """A sale to print. Items are (description, quantity in units, unit price in cents, VAT in whole percent)."""

    number: str
    at: datetime
    items: Sequence[tuple[str, int, int, int]]
    issuer: str = "500100144"
    document_type: str = "FS"
    buyer: str = "999999990"
    card: str = ""
    status: str = "N"
    reference: str = ""
    shop: str = "Mercearia da Praça"

    @property
    def gross(self) -> int:
        """Cents."""
        return sum(quantity * price for _, quantity, price, _ in self.items)

    @property
    def vat(self) -> int:
        """Cents, VAT included in the prices."""
        return sum(quantity * price * rate // (100 + rate) for _, quantity, price, rate in self.items)


def _money(cents: int) -> str:
    return format_scaled(cents, 2)


def _comma(cents: int) -> str:
    return _money(cents).replace(".", ",")


def fiscal_code(sale: Sale) -> str:
    """The content of the fiscal QR code."""
    return "*".join(
        (
            f"A:{sale.issuer}",
            f"B:{sale.buyer}",
            "C:PT",
            f"D:{sale.document_type}",
            f"E:{sale.status}",
            f"F:{sale.at:%Y%m%d}",
            f"G:{sale.number}",
            f"H:JFX8TRW9-{sale.number.rpartition('/')[2]}",
            "I1:PT",
            f"I7:{_money(sale.gross - sale.vat)}",
            f"I8:{_money(sale.vat)}",
            f"N:{_money(sale.vat)}",
            f"O:{_money(sale.gross)}",
            "Q:kLp3",
            "R:9999",
        )
    )


def receipt(
    sale: Sale, profile: Profile | None = None, *, feed: int = 4, cut: bool = True, pulse: bool = False, init: bool = True, qr: bool = True
) -> bytes:
    """A Portuguese till's print job for the sale."""
    profile = profile or load_profile("epson")
    out = Writer(profile)
    if init:
        out.start()
    out.line(sale.shop, align="center", bold=True, size=0x11)
    out.line("Rua do Comércio 12, 1100-150 Lisboa", align="center")
    out.line(f"NIF: {sale.issuer}", align="center").line()
    title = "NOTA DE CRÉDITO" if sale.document_type == "NC" else "FATURA SIMPLIFICADA"
    out.line(title, bold=True).line(f"{sale.number}   {sale.at:%Y-%m-%d %H:%M:%S}")
    if sale.reference:
        out.line(f"Referente a: {sale.reference}")
    out.line("Contribuinte cliente: " + ("Consumidor final" if sale.buyer == "999999990" else sale.buyer))
    if sale.card:
        out.line(f"Cartão cliente: {sale.card}")
    out.rule()
    for description, quantity, price, rate in sale.items:
        out.columns(f"{quantity} x {description}", f"{rate}% {_comma(quantity * price):>9}")
    out.rule()
    out.raw(b"\x1d!\x01").columns("TOTAL", _comma(sale.gross)).raw(b"\x1d!\x00")
    out.columns("Multibanco", _comma(sale.gross)).line()
    out.line(f"ATCUD:JFX8TRW9-{sale.number.rpartition('/')[2]}", align="center")
    if qr:
        out.qr(fiscal_code(sale))
    out.line("kLp3-Processado por programa certificado 9999/AT", align="center")
    out.line("Obrigado pela sua visita!", align="center")
    out.feed(feed) if feed else None
    if cut:
        out.cut(partial=True)
    if pulse:
        out.pulse()
    return bytes(out)


def kitchen_order(table: int, dishes: Sequence[str]) -> bytes:
    """A job that is no receipt and must pass untouched."""
    out = Writer(load_profile("epson")).start().line(f"MESA {table}", size=0x11, align="center").rule()
    for dish in dishes:
        out.line(f"1 {dish}", bold=True)
    return bytes(out.feed(3).cut(feed=3))
