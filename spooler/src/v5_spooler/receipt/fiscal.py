"""The Portuguese fiscal QR code (Portaria 195/2020): fields by letter, in clear text."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from v5_core.model import DocumentKind, FiscalKey
from v5_core.money import parse_scaled
from v5_spooler.escpos.tokens import Token

__all__ = ["FINAL_CONSUMER", "FiscalCode", "find_fiscal", "parse_fiscal"]

FINAL_CONSUMER: Final = "999999990"
_SALES: Final = frozenset({"FT", "FS", "FR", "VD", "TV"})
_RETURNS: Final = frozenset({"NC", "TD"})


@dataclass(frozen=True, slots=True)
class FiscalCode:
    """What the code says. Amounts in cents.

    Attributes:
        buyer: Tax number, None for the final consumer.
        kind: None when the document is neither a sale nor a return (transport guides, quotes, debit notes).
    """

    key: FiscalKey
    buyer: str | None
    country: str
    document_type: str
    status: str
    day: date
    gross: int
    vat: int
    kind: DocumentKind | None

    @property
    def cancelled(self) -> bool:
        """Status A."""
        return self.status == "A"


def parse_fiscal(content: str) -> FiscalCode:
    """Reads the code.

    Raises:
        ValueError: Not a fiscal QR code, or a field that matters is missing or wrong.
    """
    fields: dict[str, str] = {}
    for part in content.strip().split("*"):
        letter, colon, value = part.partition(":")
        if colon and letter.strip() not in fields:
            fields[letter.strip()] = value.strip()
    missing = [letter for letter in "ABDEFGNO" if not fields.get(letter)]
    if missing:
        raise ValueError(f"field {missing[0]} is missing")
    issuer = re.sub(r"\D", "", fields["A"])
    if len(issuer) != 9:
        raise ValueError("field A is not a tax number")
    atcud = fields.get("H", "0")
    buyer = fields["B"].replace(" ", "")
    document_type = fields["D"].upper()
    return FiscalCode(
        key=FiscalKey(
            issuer=issuer,
            number=" ".join(fields["G"].split()),
            atcud=None if atcud in {"", "0"} else atcud,
            hash4=fields.get("Q", "")[:4] or None,
        ),
        buyer=None if buyer == FINAL_CONSUMER else buyer,
        country=fields.get("C", "PT").upper(),
        document_type=document_type,
        status=fields["E"].upper(),
        day=datetime.strptime(fields["F"].replace(" ", ""), "%Y%m%d").date(),  # noqa: DTZ007 - a day has no zone
        gross=_amount(fields["O"]),
        vat=_amount(fields["N"]),
        kind=DocumentKind.SALE if document_type in _SALES else DocumentKind.RETURN if document_type in _RETURNS else None,
    )


def _amount(text: str) -> int:
    # Some producers put spaces in, or a decimal comma; the sign never says what the document is.
    return abs(parse_scaled(text.replace(" ", "").replace(",", "."), 2, exact=False))


def find_fiscal(tokens: Iterable[Token]) -> str | None:
    """The content of the last fiscal QR code that the job prints by GS ( k, if any."""
    found = None
    for token in tokens:
        if token.name == "GS ( k" and token.data[5:7] == b"1P":
            content = token.data[8:].decode("utf-8", "replace")
            if content.startswith("A:") and "*G:" in content:
                found = content
    return found
