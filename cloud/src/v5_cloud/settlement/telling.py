"""What the reply and the receipt say of codes, stored value, vouchers and levels."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain
from zoneinfo import ZoneInfo

from v5_cloud.models import VoucherRow
from v5_cloud.settlement.document import Doc
from v5_cloud.settlement.extras import Extras
from v5_cloud.vouchers.purse import view_of
from v5_core import receipts
from v5_core.codes import spell
from v5_core.hooks import Message, ReceiptLine, StoredUse, TierView, VoucherView
from v5_core.words import Words

__all__ = ["findings_of", "lines_of", "moves_of", "stored_of", "voucher_lines", "vouchers_of", "withdrawn_of"]


def _words(extras: Extras, doc: Doc, language: str) -> Words:
    return extras.catalogue.at(doc.body.issued_at).voice.words(language, doc.body.currency, doc.body.issued_at, extras.day(doc))


def _made(extras: Extras, doc: Doc) -> list[VoucherRow]:
    codes = list(doc.extras.get("issued", {}).values()) if doc.counts else []
    for sale in doc.links.values():  # where a return takes less than before, what its sales bring is good again
        codes += extras.restored.get(sale or "", ())
    rows = (extras.purse.row(code) for code in dict.fromkeys(codes))
    return [row for row in rows if row is not None and row.state == "active"]


def vouchers_of(extras: Extras, doc: Doc) -> tuple[VoucherView, ...]:
    """Vouchers and cards that the document made; of a return also those of its sales that are good, or worth more, again."""
    return tuple(extras.purse.view(row, extras.zone(doc)) for row in _made(extras, doc))


def withdrawn_of(extras: Extras, doc: Doc) -> tuple[VoucherView, ...]:
    """Vouchers of the sale, or of those that a return points at, that were taken back or made smaller, as they are now."""
    sales = doc.links.values() if doc.is_return else (doc.id,)
    codes = dict.fromkeys(code for sale in sales for code in extras.withdrawn.get(sale or "", ()))
    rows = (extras.purse.row(code) for code in codes)
    return tuple(extras.purse.view(row, extras.zone(doc)) for row in rows if row is not None)


def stored_of(extras: Extras, doc: Doc) -> tuple[StoredUse, ...]:
    """What stored value paid, and what is left on it."""
    found = []
    for code, (paid, _) in doc.extras.get("stored", {}).items():
        row = extras.purse.row(code)
        if row is not None and paid:
            found.append(StoredUse(code=spell(code), kind=row.kind, amount=paid, left=max(0, extras.purse.balance(row))))
    return tuple(found)


def moves_of(extras: Extras, doc: Doc) -> tuple[TierView, ...]:
    """Levels that changed with the document."""
    if extras.measures is None or not doc.customer or not extras.measures.knows(doc.customer):
        return ()
    return extras.measures.moved(doc.customer)


def findings_of(extras: Extras, doc: Doc, language: str) -> tuple[Message, ...]:
    """What a person should know: codes used beyond what there was, unknown ones, ceilings passed, money gone that a return takes back."""
    words = _words(extras, doc, language)
    found = list(extras.findings.get(doc.id, ()))
    for sale in doc.links.values():  # what the return found of its sales
        found += [one for one in extras.findings.get(sale or "", ()) if one[0] == "spent"]
    return tuple(
        Message(
            audience="cashier",
            severity="warning",
            text=words.say(f"code_{problem}", code=spell(code), amount=words.money(amount))[:500],
        )
        for problem, code, amount in dict.fromkeys(found)
    )


def lines_of(extras: Extras, doc: Doc, language: str) -> tuple[ReceiptLine, ...]:
    """Lines of the receipt: what is left on cards, the new level, vouchers that went, and each that came with its code."""
    words = _words(extras, doc, language)
    rows = receipts.after(words, stored_of(extras, doc), moves_of(extras, doc))
    gone = receipts.withdrawn_lines(words, withdrawn_of(extras, doc))
    return (*rows, *gone, *voucher_lines(_made(extras, doc), words, extras.zone(doc)))


def voucher_lines(rows: Iterable[VoucherRow], words: Words, zone: ZoneInfo) -> tuple[ReceiptLine, ...]:
    """A voucher as it is printed: what it is worth, when and where, and its code to read and to scan."""
    return tuple(chain.from_iterable(receipts.voucher_lines(words, view_of(row, row.face, zone), minimum=row.minimum) for row in rows))
