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
    # Offers of further kinds, and codes.
    "for_points": "{text}, por {points}",
    "offer_per_unit": "{title}: {each} por unidad, {count} de {base} = {result}",
    "offer_amount": "{title}: {each} sobre {base} = {result}",
    "offer_price": "{title}: precio final {each} en vez de {base} = {result}",
    "offer_price_list": "{title}: precios de la tarifa en vez de {base} = {result}",
    "offer_bundle": "{title}: {times} × conjunto de {base} = {result}",
    "offer_units": "{title}: {count} unidades al {rate} de {base} = {result}",
    "offer_cheapest": "{title}: {rate} en las {count} más baratas, {base} = {result}",
    "offer_gift": "{title}: {quantity} × {product} de regalo",
    "earned_sale": "{title}: {points} por esta venta",
    "add_units": "Faltan {missing} unidades para: {title}",
    "manager_told": "{title}: se avisa al encargado de este uso",
    "code_unknown": "El código {code} no existe",
    "code_stored_value": "{code} es un medio de pago, no un código de descuento",
    "code_not_yours": "{code} es de otro cliente",
    "code_not_yet": "{code} todavía no es válido",
    "code_expired": "{code} ha caducado",
    "code_not_here": "{code} no se acepta en esta tienda",
    "code_minimum": "La compra no llega al mínimo de {code}",
    "code_used_up": "{code} ya se ha usado",
    "code_not_combined": "{code} no se acumula con la oferta mejor",
    "code_condition": "{code} no se aplica a esta compra",
    "code_blocked": "{code} está bloqueado",
    "code_pending": "{code} vale cuando se cierre la venta que lo dio",
    "code_points": "No hay puntos para {code}",
    "code_one_reward": "Solo un premio por compra",
    "code_product": "{code}: ese artículo no está entre los regalos",
    "stored_short": "{code} solo tiene {amount}",
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
