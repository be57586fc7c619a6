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
    # Offers of further kinds, and codes.
    "for_points": "{text}, por {points}",
    "offer_per_unit": "{title}: {each} por unidade, {count} de {base} = {result}",
    "offer_amount": "{title}: {each} sobre {base} = {result}",
    "offer_price": "{title}: preço final {each} em vez de {base} = {result}",
    "offer_price_list": "{title}: preços da tabela em vez de {base} = {result}",
    "offer_bundle": "{title}: {times} × conjunto de {base} = {result}",
    "offer_units": "{title}: {count} unidades a {rate} de {base} = {result}",
    "offer_cheapest": "{title}: {rate} nas {count} mais baratas, {base} = {result}",
    "offer_gift": "{title}: {quantity} × {product} de oferta",
    "earned_sale": "{title}: {points} por esta venda",
    "add_units": "Faltam {missing} unidades para: {title}",
    "manager_told": "{title}: o gerente é avisado deste uso",
    "code_unknown": "O código {code} não existe",
    "code_stored_value": "{code} é um meio de pagamento, não um código de desconto",
    "code_not_yours": "{code} pertence a outro cliente",
    "code_not_yet": "{code} ainda não é válido",
    "code_expired": "{code} já expirou",
    "code_not_here": "{code} não é aceite nesta loja",
    "code_minimum": "A compra não chega ao mínimo de {code}",
    "code_used_up": "{code} já foi utilizado",
    "code_not_combined": "{code} não se junta à oferta que dá mais",
    "code_condition": "{code} não se aplica a esta compra",
    "code_blocked": "{code} está bloqueado",
    "code_pending": "{code} só vale quando a compra que o deu estiver fechada",
    "code_points": "Não há pontos para {code}",
    "code_one_reward": "Só um prémio por compra",
    "code_product": "{code}: esse artigo não está entre os presentes",
    "stored_short": "{code} só tem {amount}",
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
