"""The loyalty footer: points won, balance, next reward, what expires, and a QR code; in five languages, for 32, 42 and 48 columns."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Final

from v5_core.codes import fold_code
from v5_core.hooks import ReceiptLine, Reward, StoredUse, TierView, VoucherView
from v5_core.model import Balance
from v5_core.words import Words, words_of

__all__ = ["QR_PREFIX", "after", "footer", "qr_content", "voucher_lines", "withdrawn_lines"]

# A Portuguese fiscal QR code begins with "A:"; ours can be told from it, and from any other, by its first three characters.
QR_PREFIX: Final = "V5:"


def qr_content(url: str) -> str:
    """The content of our QR code: never taken for a fiscal one, by its prefix.

    Raises:
        ValueError: Longer than a receipt's code may be.
    """
    content = url if url.startswith(QR_PREFIX) else QR_PREFIX + url
    if len(content) > 300:
        raise ValueError("the content of a receipt's QR code has at most 300 characters")
    return content


def footer(
    *,
    language: str = "pt",
    columns: int = 42,
    name: str = "",
    earned: int = 0,
    spent: int = 0,
    taken: int = 0,
    given: int = 0,
    balance: Balance | None = None,
    next_reward: Reward | None = None,
    savings: int = 0,
    provisional: bool = False,
    qr: str = "",
    words: Words | None = None,
) -> tuple[ReceiptLine, ...]:
    """The lines of the footer; what is zero is not mentioned, and nothing to say gives no footer.

    Args:
        language: "pt", "en", "fr", "es" or "he" (or "pt-PT"); others are said in English.
        columns: Characters per line of the printer: 32, 42 or 48 are usual, at least 24.
        name: Of the company or its club, as the heading.
        earned: Points won with this sale, in thousandths like all that follow.
        spent: Points used as money.
        taken: Points that a return took back.
        given: Points that a return gave back.
        balance: After the sale.
        next_reward: From `engine.next_reward`.
        savings: What a member would have saved, in minor units: for a sale without a customer.
        provisional: Computed in the store while the line was down: the balance is marked as to be confirmed.
        qr: Where the customer sees the balance; printed as a code with the prefix "V5:".
        words: In place of V5's own of the language: those of the programmes (`Compiled.voice.words`).
    """
    words = words or words_of(language)
    width = max(24, columns)
    rows: list[ReceiptLine] = []
    for label, points in (("receipt_earned", earned), ("receipt_spent", spent), ("receipt_taken", taken), ("receipt_given", given)):
        if points:
            rows.append(ReceiptLine(text=_pair(words.say(label), words.figure(points), width), bold=label == "receipt_earned"))
    if balance is not None:
        rows.append(ReceiptLine(text=_pair(words.say("receipt_balance"), words.figure(balance.available), width), bold=True))
        if provisional:
            rows.append(ReceiptLine(text=f"({words.say('receipt_pending')})"[:width], align="right"))
        if balance.expiring and balance.expiring_on is not None:
            label = words.say("receipt_expiring", day=words.day(balance.expiring_on))
            rows.append(ReceiptLine(text=_pair(label, words.figure(balance.expiring), width)))
    if next_reward is not None:
        missing = next_reward.missing
        heading = words.say("receipt_missing", points=words.figure(missing)) if missing else words.say("receipt_reached")
        rows += [ReceiptLine(text=part) for part in _wrap(f"{heading} {next_reward.title}", width)]
    if savings:
        rows += [ReceiptLine(text=part, align="center") for part in _wrap(words.say("receipt_saved", amount=words.money(savings)), width)]
        rows.append(ReceiptLine(text=words.say("receipt_join")[:width], align="center", bold=True))
    if not rows:
        return ()
    if qr:
        rows += [ReceiptLine(text=words.say("receipt_scan")[:width], align="center"), ReceiptLine(align="center", qr=qr_content(qr))]
    return (ReceiptLine(text=(name.strip() or words.say("receipt_title"))[:width], align="center", bold=True), *rows)


def after(words: Words, stored: Sequence[StoredUse] = (), tiers: Sequence[TierView] = ()) -> tuple[ReceiptLine, ...]:
    """What follows the points: what is left on each gift card or voucher that paid, and the customer's new level."""
    left = [ReceiptLine(text=f"{words.say('receipt_left', code=one.code)}: {_plain(words.money(one.left))}"[:200]) for one in stored]
    levels = [ReceiptLine(text=words.say("receipt_tier", title=one.title or one.tier)[:200], bold=True) for one in tiers]
    return (*left, *levels)


def voucher_lines(words: Words, voucher: VoucherView, *, minimum: int = 0) -> tuple[ReceiptLine, ...]:
    """A voucher as it is printed: what it is worth, when and from which amount on, and its code to read and to scan."""
    value = words.rate(voucher.percent) if voucher.percent else words.money(voucher.amount) if voucher.amount else ""
    title = voucher.title or (voucher.rule if voucher.kind == "coupon" else "")
    text = words.say("receipt_card", title=title, value=value) if title else words.say("receipt_voucher", value=value)
    found = [ReceiptLine(text=_plain(text)[:200], align="center", bold=True, large=True)]
    if voucher.valid_until is not None:
        last, first = words.day(voucher.valid_until), voucher.valid_from
        said = words.say("receipt_valid", first=words.day(first), last=last) if first else words.say("receipt_valid_until", last=last)
        found.append(ReceiptLine(text=said[:200], align="center"))
    if minimum:
        found.append(ReceiptLine(text=_plain(words.say("receipt_minimum", amount=words.money(minimum)))[:200], align="center"))
    found.append(ReceiptLine(text=words.say("receipt_code", code=voucher.code)[:200], align="center"))
    return (*found, ReceiptLine(align="center", qr=qr_content(fold_code(voucher.code))))


def withdrawn_lines(words: Words, vouchers: Sequence[VoucherView]) -> tuple[ReceiptLine, ...]:
    """What a return says of the vouchers that its sale had made."""
    return tuple(
        ReceiptLine(
            text=_plain(
                words.say("receipt_worth", code=one.code, amount=words.money(one.amount))
                if one.amount
                else words.say("receipt_withdrawn", code=one.code)
            )[:200]
        )
        for one in vouchers
    )


def _pair(label: str, value: str, width: int) -> str:
    """Label at the left, value at the right; a label that is too long gives way, a value never."""
    room = width - len(value) - 1
    return _plain(f"{label[:room]:<{room}} {value}")


def _wrap(text: str, width: int) -> list[str]:
    return [_plain(part) for part in textwrap.wrap(text, width, max_lines=2, placeholder="…")] or [_plain(text[:width])]


def _plain(text: str) -> str:
    """With ordinary spaces: what keeps a number together in a browser is a question mark on some printers."""
    return text.replace("\N{NO-BREAK SPACE}", " ")
