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
    # Offers of further kinds, and codes.
    "for_points": "{text}, pour {points}",
    "offer_per_unit": "{title} : {each} par unité, {count} de {base} = {result}",
    "offer_amount": "{title} : {each} sur {base} = {result}",
    "offer_price": "{title} : prix final {each} au lieu de {base} = {result}",
    "offer_price_list": "{title} : prix du tarif au lieu de {base} = {result}",
    "offer_bundle": "{title} : {times} × lot de {base} = {result}",
    "offer_units": "{title} : {count} unités à {rate} sur {base} = {result}",
    "offer_cheapest": "{title} : {rate} sur les {count} moins chères, {base} = {result}",
    "offer_gift": "{title} : {quantity} × {product} en cadeau",
    "earned_sale": "{title} : {points} pour cette vente",
    "add_units": "Encore {missing} unités pour : {title}",
    "manager_told": "{title} : le responsable est averti de cette utilisation",
    "code_unknown": "Le code {code} n’existe pas",
    "code_stored_value": "{code} est un moyen de paiement, pas un code de remise",
    "code_not_yours": "{code} appartient à un autre client",
    "code_not_yet": "{code} n’est pas encore valable",
    "code_expired": "{code} a expiré",
    "code_not_here": "{code} n’est pas accepté dans ce magasin",
    "code_minimum": "L’achat n’atteint pas le minimum de {code}",
    "code_used_up": "{code} est déjà utilisé",
    "code_not_combined": "{code} ne se cumule pas avec la meilleure offre",
    "code_condition": "{code} ne s’applique pas à cet achat",
    "code_blocked": "{code} est bloqué",
    "code_pending": "{code} compte dès que la vente qui l’a donné est close",
    "code_points": "Pas assez de points pour {code}",
    "code_one_reward": "Une seule récompense par achat",
    "code_product": "{code} : cet article n’est pas parmi les cadeaux",
    "stored_short": "{code} n’a que {amount}",
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
