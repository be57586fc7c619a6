"""Sage's document types and states, for the reader to come. Kind and state come from these, never from the sign of an amount.

Sage 50c, from its published object model. A document is known by serial, type and number (`TransSerial`, `TransDocument`,
`TransDocNumber`); a returned line points at its original by the `Origin*` fields.
"""

from __future__ import annotations

from typing import Final

from v5_core.model import DocumentKind, DocumentStatus

__all__ = ["NATURES_50C", "STATES_50C"]

# TransactionNatureEnum: invoice, invoice-receipt, cash sale, credit note, simplified invoice, sale receipt, refund receipt.
NATURES_50C: Final = {
    1001: DocumentKind.SALE,
    1002: DocumentKind.SALE,
    1003: DocumentKind.SALE,
    1005: DocumentKind.RETURN,
    1006: DocumentKind.SALE,
    1010: DocumentKind.SALE,
    1011: DocumentKind.RETURN,
}
# TransStatusEnum: normal, void.
STATES_50C: Final = {0: DocumentStatus.ISSUED, 1: DocumentStatus.CANCELLED}
