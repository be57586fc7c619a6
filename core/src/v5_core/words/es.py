"""Spanish."""

from __future__ import annotations

from typing import Final

__all__ = ["MESSAGES"]


MESSAGES: Final = {
    # Figures with their noun.
    "point": "{points} punto",
    "points": "{points} puntos",
    # Explanations.
    "offer": "{title}: {rate} de ",
    "line_by_line": "{text} (redondeado línea a línea)",
    "capped": "{text} (máximo {limit})",
    "earned_amount": "{title}: {each} por cada {per}, sobre {base} = {points}",
    "earned_quantity": "{title}: {each} por cada {per} unidades, en {quantity} = {points}",
    "boosted": "{text} (con {boosts})",
    "on_net": "{base} sin IVA",
    "redeemed": "{points} usados como {amount}",
    "taken": "Devolución: {points} de {rule} retirados en proporción",
    "given": "Devolución: se devuelven {points} que se habían usado",
    "not_matched": "Devolución: {amount} no corresponden a la venta original y no cambian puntos",
    # Messages to the cashier and to the customer.
    "will_earn": "Esta venta suma {points}",
    "would_earn": "Con tarjeta, esta venta habría sumado {points}",
    "would_save": "Con tarjeta habría ahorrado {amount}",
    "add_more": "Faltan {missing} para: {title}",
    "within_reach": "Al alcance: {title} ({points})",
    "fewer_points": "Pedidos {asked}, se pueden usar {granted}",
    "blocked": "Cliente bloqueado: sin puntos ni ofertas de socio",
    "card_blocked": "La tarjeta está bloqueada; la compra no da puntos.",
    "expiring": "{points} caducan el {day}",
    "expiring_one": "{points} caduca el {day}",
    # Lines of a receipt.
    "receipt_title": "TARJETA CLIENTE",
    "receipt_earned": "Puntos ganados",
    "receipt_spent": "Puntos usados",
    "receipt_taken": "Puntos retirados",
    "receipt_given": "Puntos devueltos",
    "receipt_balance": "Saldo",
    "receipt_pending": "Por confirmar",
    "receipt_expiring": "Caducan el {day}",
    "receipt_missing": "Faltan {points} para:",
    "receipt_reached": "Ya puede tener:",
    "receipt_scan": "Consulte su saldo",
    "receipt_saved": "Con tarjeta ahorraría {amount}",
    "receipt_join": "Pida su tarjeta",
}
