"""French."""

from __future__ import annotations

from typing import Final

__all__ = ["MESSAGES"]


MESSAGES: Final = {
    # Figures with their noun.
    "point": "{points} point",
    "points": "{points} points",
    # Explanations.
    "offer": "{title} : {rate} de ",
    "line_by_line": "{text} (arrondi ligne par ligne)",
    "capped": "{text} (maximum {limit})",
    "earned_amount": "{title} : {each} par tranche de {per}, sur {base} = {points}",
    "earned_quantity": "{title} : {each} par lot de {per} unités, pour {quantity} = {points}",
    "boosted": "{text} (avec {boosts})",
    "on_net": "{base} hors TVA",
    "redeemed": "{points} utilisés pour {amount}",
    "taken": "Retour : {points} de {rule} repris en proportion",
    "given": "Retour : {points} déjà utilisés sont rendus",
    "not_matched": "Retour : {amount} ne correspondent pas à la vente d’origine et ne changent aucun point",
    # Messages to the cashier and to the customer.
    "will_earn": "Cette vente rapporte {points}",
    "would_earn": "Avec une carte, cette vente aurait rapporté {points}",
    "would_save": "Avec une carte, vous auriez économisé {amount}",
    "add_more": "Encore {missing} pour : {title}",
    "within_reach": "À portée : {title} ({points})",
    "fewer_points": "{asked} demandés, {granted} utilisables",
    "blocked": "Client bloqué : ni points ni offres membres",
    "card_blocked": "La carte est bloquée ; l’achat ne donne pas de points.",
    "expiring": "{points} expirent le {day}",
    "expiring_one": "{points} expire le {day}",
    # Lines of a receipt.
    "receipt_title": "CARTE CLIENT",
    "receipt_earned": "Points gagnés",
    "receipt_spent": "Points utilisés",
    "receipt_taken": "Points repris",
    "receipt_given": "Points rendus",
    "receipt_balance": "Solde",
    "receipt_pending": "À confirmer",
    "receipt_expiring": "Expirent le {day}",
    "receipt_missing": "Encore {points} pour :",
    "receipt_reached": "À votre portée :",
    "receipt_scan": "Consultez votre solde",
    "receipt_saved": "Avec la carte : {amount} de moins",
    "receipt_join": "Demandez votre carte",
}
