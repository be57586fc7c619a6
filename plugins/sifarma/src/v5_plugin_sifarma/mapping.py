"""Columns of the Infoprex export, for the reader to come.

The file is a table separated by tabs, UTF-16 with a byte order mark, dates as dd/mm/yyyy. It holds stock and the units sold each
month, not sales: good for the catalogue, useless for a customer's points.
"""

from __future__ import annotations

from typing import Final

__all__ = ["COLUMNS"]

COLUMNS: Final = {
    "CPR": "product code, seven digits (CNP)",
    "NOM": "name",
    "LOCALIZACAO": "pharmacy, when one file holds several",
    "SAC": "stock",
    "PVP": "price with VAT",
    "PCU": "cost",
    "IVA": "rate of VAT",
    "DUV": "date of the last sale",
}
