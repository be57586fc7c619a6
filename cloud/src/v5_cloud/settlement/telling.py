"""What the reply and the receipt say of codes, stored value, vouchers and levels."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from zoneinfo import ZoneInfo

from v5_cloud.models import VoucherRow
from v5_cloud.settlement.document import Doc
from v5_cloud.settlement.extras import Extras
from v5_core.codes import spell
from v5_core.hooks import Message, ReceiptLine, StoredUse, TierView, VoucherView
from v5_core.receipts import after, qr_content
from v5_core.words import Words

__all__ = ["findings_of", "lines_of", "moves_of", "stored_of", "voucher_lines", "vouchers_of"]


def _words(extras: Extras, doc: Doc, language: str) -> Words:
    return extras.catalogue.at(doc.body.issued_at).voice.words(language, doc.body.currency, doc.body.issued_at, extras.day(doc))


def _made(extras: Extras, doc: Doc) -> list[VoucherRow]:
    rows = (extras.purse.row(code) for code in doc.extras.get("issued", {}).values())
    return [row for row in rows if row is not None and row.state == "active"]


def vouchers_of(extras: Extras, doc: Doc) -> tuple[VoucherView, ...]:
    """Vouchers and cards that the document made."""
    return tuple(extras.purse.view(row, extras.zone(doc)) for row in _made(extras, doc))


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
    """What a person should know: codes used beyond what there was, unknown ones, ceilings passed."""
    words = _words(extras, doc, language)
    found = dict.fromkeys(extras.findings.get(doc.id, ()))
    return tuple(
        Message(audience="cashier", severity="warning", text=words.say(f"code_{problem}", code=spell(code))[:500])
        for problem, code in found
    )


def lines_of(extras: Extras, doc: Doc, language: str) -> tuple[ReceiptLine, ...]:
    """Lines of the receipt: what is left on cards, the new level, and each voucher with its code."""
    words = _words(extras, doc, language)
    rows = after(words, stored_of(extras, doc), moves_of(extras, doc))
    return (*rows, *voucher_lines(_made(extras, doc), words, extras.zone(doc)))


def voucher_lines(rows: Iterable[VoucherRow], words: Words, zone: ZoneInfo) -> tuple[ReceiptLine, ...]:
    """A voucher as it is printed: what it is worth, when and where, and its code to read and to scan."""
    found: list[ReceiptLine] = []
    for row in rows:
        value = words.rate(row.percent) if row.percent else words.money(row.face) if row.face else ""
        title = row.title or row.offer
        text = words.say("receipt_card", title=title, value=value) if title else words.say("receipt_voucher", value=value)
        found.append(ReceiptLine(text=_plain(text)[:200], align="center", bold=True, large=True))
        if row.valid_until is not None:
            last = words.day((row.valid_until - timedelta(microseconds=1)).astimezone(zone).date())
            first = row.valid_from.astimezone(zone).date() if row.valid_from is not None else None
            said = words.say("receipt_valid", first=words.day(first), last=last) if first else words.say("receipt_valid_until", last=last)
            found.append(ReceiptLine(text=said[:200], align="center"))
        if row.minimum:
            found.append(ReceiptLine(text=_plain(words.say("receipt_minimum", amount=words.money(row.minimum)))[:200], align="center"))
        found.append(ReceiptLine(text=words.say("receipt_code", code=spell(row.code))[:200], align="center"))
        found.append(ReceiptLine(align="center", qr=qr_content(row.code)))
    return tuple(found)


def _plain(text: str) -> str:
    """With ordinary spaces: what keeps a number together in a browser is a question mark on some printers."""
    return text.replace("\N{NO-BREAK SPACE}", " ")
