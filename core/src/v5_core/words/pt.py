"""Portuguese of Portugal."""

from __future__ import annotations

from typing import Final

__all__ = ["MESSAGES"]


MESSAGES: Final = {
    # Figures with their noun.
    "point": "{points} ponto",
    "points": "{points} pontos",
    # Explanations.
    "offer": "{title}: {rate} de ",
    "line_by_line": "{text} (arredondado linha a linha)",
    "capped": "{text} (máximo {limit})",
    "earned_amount": "{title}: {each} por {per}, sobre {base} = {points}",
    "earned_quantity": "{title}: {each} por cada {per} unidades, em {quantity} = {points}",
    "boosted": "{text} (com {boosts})",
    "on_net": "{base} sem IVA",
    "redeemed": "{points} usados como {amount}",
    "taken": "Devolução: {points} de {rule} retirados em proporção",
    "given": "Devolução: {points} que tinham sido usados são devolvidos",
    "not_matched": "Devolução: {amount} não correspondem à venda original e não alteram pontos",
    # Messages to the cashier and to the customer.
    "will_earn": "Esta venda ganha {points}",
    "would_earn": "Com cartão, esta venda teria ganho {points}",
    "would_save": "Com cartão teria poupado {amount}",
    "add_more": "Faltam {missing} para: {title}",
    "within_reach": "Ao alcance: {title} ({points})",
    "fewer_points": "Pedidos {asked}, podem ser usados {granted}",
    "blocked": "Cliente bloqueado: sem pontos e sem ofertas de membro",
    "card_blocked": "O cartão está bloqueado; a compra não dá pontos.",
    "expiring": "{points} expiram em {day}",
    "expiring_one": "{points} expira em {day}",
    # Lines of a receipt.
    "receipt_title": "CARTÃO CLIENTE",
    "receipt_earned": "Pontos ganhos",
    "receipt_spent": "Pontos usados",
    "receipt_taken": "Pontos retirados",
    "receipt_given": "Pontos devolvidos",
    "receipt_balance": "Saldo",
    "receipt_pending": "Por confirmar",
    "receipt_expiring": "Expiram em {day}",
    "receipt_missing": "Faltam {points} para:",
    "receipt_reached": "Já pode ter:",
    "receipt_scan": "Consulte o seu saldo",
    "receipt_saved": "Com cartão poupava {amount}",
    "receipt_join": "Peça o seu cartão",
}
