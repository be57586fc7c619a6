"""Priority's forms of sales documents, for the reader to come.

An invoice is known by IVNUM, IVTYPE and DEBIT. The retail sale is the over-the-counter invoice (EINVOICES); receipts (TINVOICES) have
no lines. Card numbers of payments (CCUID, PAYACCOUNT) are never to be selected.
"""

from __future__ import annotations

from typing import Final

__all__ = ["FORMS"]

# Form: (IVTYPE, subform of the lines).
FORMS: Final = {
    "EINVOICES": ("E", "EINVOICEITEMS_SUBFORM"),
    "AINVOICES": ("A", "AINVOICEITEMS_SUBFORM"),
    "CINVOICES": ("C", "CINVOICEITEMS_SUBFORM"),
}
