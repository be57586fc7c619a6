"""What a sale's receipt and the reply to the till say."""

from __future__ import annotations

from typing import Any, Final

from v5_cloud.settlement.document import Doc
from v5_cloud.settlement.world import World
from v5_core.engine import next_reward
from v5_core.hooks import CommitResponse, Explanation, Message, ReceiptLine, ReturnResponse
from v5_core.model import Balance
from v5_core.money import format_scaled

__all__ = ["answer_of", "receipt_lines"]

_WORDS: Final[dict[str, dict[str, str]]] = {
    "pt": {
        "earned": "Pontos ganhos: {0}",
        "spent": "Pontos usados: {0}",
        "balance": "Saldo: {0} pontos",
        "expiring": "{0} pontos expiram em {1}",
        "next": "Faltam {0} pontos para: {1}",
        "blocked": "O cartão está bloqueado; a compra não dá pontos.",
    },
    "en": {
        "earned": "Points earned: {0}",
        "spent": "Points used: {0}",
        "balance": "Balance: {0} points",
        "expiring": "{0} points expire on {1}",
        "next": "{0} points to go for: {1}",
        "blocked": "The card is blocked; the purchase earns no points.",
    },
    "es": {
        "earned": "Puntos ganados: {0}",
        "spent": "Puntos usados: {0}",
        "balance": "Saldo: {0} puntos",
        "expiring": "{0} puntos caducan el {1}",
        "next": "Faltan {0} puntos para: {1}",
        "blocked": "La tarjeta está bloqueada; la compra no da puntos.",
    },
    "fr": {
        "earned": "Points gagnés : {0}",
        "spent": "Points utilisés : {0}",
        "balance": "Solde : {0} points",
        "expiring": "{0} points expirent le {1}",
        "next": "Encore {0} points pour : {1}",
        "blocked": "La carte est bloquée ; l'achat ne donne pas de points.",
    },
    "he": {
        "earned": "נקודות שנצברו: {0}",
        "spent": "נקודות שמומשו: {0}",
        "balance": "יתרה: {0} נקודות",
        "expiring": "{0} נקודות יפוגו בתאריך {1}",
        "next": "עוד {0} נקודות עד: {1}",
        "blocked": "הכרטיס חסום; הקנייה אינה צוברת נקודות.",
    },
}


def _points(value: int) -> str:
    return format_scaled(value, 3, trim=True)


def receipt_lines(world: World, doc: Doc, balance: Balance) -> tuple[ReceiptLine, ...]:
    """The loyalty footer: what this sale did, the balance, what expires, the next reward, and a code to the customer's page."""
    store = world.company.stores[doc.body.store]
    words = _WORDS.get(store.language, _WORDS["en"])
    lines = [ReceiptLine(text=world.company.name, align="center", bold=True)]
    if doc.points_earned:
        lines.append(ReceiptLine(text=words["earned"].format(_points(doc.points_earned)), bold=True))
    if doc.points_spent:
        lines.append(ReceiptLine(text=words["spent"].format(_points(doc.points_spent))))
    lines.append(ReceiptLine(text=words["balance"].format(_points(balance.available))))
    if balance.expiring and balance.expiring_on:
        lines.append(ReceiptLine(text=words["expiring"].format(_points(balance.expiring), balance.expiring_on.isoformat())))
    customer = world.customers.get(doc.customer or "")
    if customer is not None and world.catalogue is not None:
        compiled = world.catalogue.at(world.now)
        reward = next_reward(compiled, balance.available, frozenset(customer.card_types), world.now, doc.body.currency)
        if reward is not None:
            lines.append(ReceiptLine(text=words["next"].format(_points(reward.missing), reward.title)[:200]))
    if world.company.receipt_url:
        lines.append(ReceiptLine(align="center", qr=world.company.receipt_url))
    return tuple(lines)


def answer_of(world: World, doc: Doc) -> dict[str, Any]:
    """The stored reply, as JSON data."""
    balance: Balance | None = None
    receipt: tuple[ReceiptLine, ...] = ()
    messages: tuple[Message, ...] = ()
    if doc.account:
        balance = world.working.balance(doc.account, world.now, world.zone(doc))
        receipt = receipt_lines(world, doc, balance)
        customer = world.customers.get(doc.customer or "")
        if customer is not None and customer.blocked:
            words = _WORDS.get(world.company.stores[doc.body.store].language, _WORDS["en"])
            messages = (Message(audience="cashier", severity="warning", text=words["blocked"]),)
    if doc.is_return:
        found = [one for (owner, _), one in world.reversals.items() if owner == doc.id]
        explanations: tuple[Explanation, ...] = tuple(text for one in found for text in one.explanations) or doc.settlement.explanations
        reply = ReturnResponse(
            document=doc.id,
            points_taken=-doc.points_earned,
            points_given=-doc.points_spent,
            balance=balance,
            receipt=receipt,
            explanations=explanations,
        )
        return reply.model_dump(mode="json")
    sale = CommitResponse(
        document=doc.id,
        points_earned=doc.points_earned,
        points_spent=doc.points_spent,
        balance=balance,
        receipt=receipt,
        messages=messages,
        explanations=doc.settlement.explanations,
    )
    return sale.model_dump(mode="json")
