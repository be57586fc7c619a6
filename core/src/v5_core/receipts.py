"""The loyalty footer: points won, balance, next reward, what expires, and a QR code; in five languages, for 32, 42 and 48 columns."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from datetime import date
from typing import Final

from v5_core.hooks import ReceiptLine, Reward
from v5_core.model import Balance
from v5_core.money import format_scaled

__all__ = ["LANGUAGES", "QR_PREFIX", "footer", "qr_content"]

# A Portuguese fiscal QR code begins with "A:"; ours can be told from it, and from any other, by its first three characters.
QR_PREFIX: Final = "V5:"


@dataclass(frozen=True, slots=True)
class _Phrases:
    title: str
    earned: str
    spent: str
    taken: str
    given: str
    balance: str
    pending: str
    expiring: str
    missing: str
    reached: str
    scan: str
    saved: str
    join: str
    decimal_point: str = ","
    date_format: str = "%d/%m/%Y"


_PHRASES: Final[dict[str, _Phrases]] = {
    "pt": _Phrases(
        title="CARTÃO CLIENTE", earned="Pontos ganhos", spent="Pontos usados", taken="Pontos retirados", given="Pontos devolvidos",
        balance="Saldo", pending="Por confirmar", expiring="Expiram em {date}", missing="Faltam {points} para:", reached="Já pode ter:",
        scan="Consulte o seu saldo", saved="Com cartão poupava {amount}", join="Peça o seu cartão",
    ),
    "en": _Phrases(
        title="CUSTOMER CARD", earned="Points earned", spent="Points used", taken="Points taken back", given="Points given back",
        balance="Balance", pending="To be confirmed", expiring="Expire on {date}", missing="{points} more for:", reached="You can have:",
        scan="See your balance", saved="A card would save you {amount}", join="Ask for your card", decimal_point=".",
    ),
    "fr": _Phrases(
        title="CARTE CLIENT", earned="Points gagnés", spent="Points utilisés", taken="Points repris", given="Points rendus",
        balance="Solde", pending="À confirmer", expiring="Expirent le {date}", missing="Encore {points} pour :", reached="À votre portée :",
        scan="Consultez votre solde", saved="Avec la carte : {amount} de moins", join="Demandez votre carte",
    ),
    "es": _Phrases(
        title="TARJETA CLIENTE", earned="Puntos ganados", spent="Puntos usados", taken="Puntos retirados", given="Puntos devueltos",
        balance="Saldo", pending="Por confirmar", expiring="Caducan el {date}", missing="Faltan {points} para:", reached="Ya puede tener:",
        scan="Consulte su saldo", saved="Con tarjeta ahorraría {amount}", join="Pida su tarjeta",
    ),
    "he": _Phrases(
        title="כרטיס לקוח", earned="נקודות שנצברו", spent="נקודות שנוצלו", taken="נקודות שנלקחו", given="נקודות שהוחזרו",
        balance="יתרה", pending="ממתין לאישור", expiring="יפוגו ב-{date}", missing="עוד {points} נקודות עבור:", reached="מגיע לך:",
        scan="לבירור היתרה", saved="עם כרטיס היית חוסך {amount}", join="בקשו כרטיס", decimal_point=".",
    ),
}  # fmt: skip
LANGUAGES: Final = tuple(_PHRASES)


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
    """
    words = _PHRASES.get(language[:2].lower(), _PHRASES["en"])
    width = max(24, columns)
    rows: list[ReceiptLine] = []
    for label, points in ((words.earned, earned), (words.spent, spent), (words.taken, taken), (words.given, given)):
        if points:
            rows.append(ReceiptLine(text=_pair(label, _number(points, words), width), bold=label == words.earned))
    if balance is not None:
        rows.append(ReceiptLine(text=_pair(words.balance, _number(balance.available, words), width), bold=True))
        if provisional:
            rows.append(ReceiptLine(text=f"({words.pending})"[:width], align="right"))
        if balance.expiring and balance.expiring_on is not None:
            label = words.expiring.format(date=_date(balance.expiring_on, words))
            rows.append(ReceiptLine(text=_pair(label, _number(balance.expiring, words), width)))
    if next_reward is not None:
        heading = words.missing.format(points=_number(next_reward.missing, words)) if next_reward.missing else words.reached
        rows += [ReceiptLine(text=part) for part in _wrap(f"{heading} {next_reward.title}", width)]
    if savings:
        rows += [ReceiptLine(text=part, align="center") for part in _wrap(words.saved.format(amount=_money(savings, words)), width)]
        rows.append(ReceiptLine(text=words.join[:width], align="center", bold=True))
    if not rows:
        return ()
    if qr:
        rows += [ReceiptLine(text=words.scan[:width], align="center"), ReceiptLine(align="center", qr=qr_content(qr))]
    return (ReceiptLine(text=(name.strip() or words.title)[:width], align="center", bold=True), *rows)


def _number(points: int, words: _Phrases) -> str:
    return format_scaled(points, 3, trim=True).replace(".", words.decimal_point)


def _money(amount: int, words: _Phrases) -> str:
    return format_scaled(amount, 2).replace(".", words.decimal_point)


def _date(day: date, words: _Phrases) -> str:
    return day.strftime(words.date_format)


def _pair(label: str, value: str, width: int) -> str:
    """Label at the left, value at the right; a label that is too long gives way, a value never."""
    room = width - len(value) - 1
    return f"{label[:room]:<{room}} {value}"


def _wrap(text: str, width: int) -> list[str]:
    return textwrap.wrap(text, width, max_lines=2, placeholder="…") or [text[:width]]
