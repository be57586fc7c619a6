"""English."""

from __future__ import annotations

from typing import Final

__all__ = ["MESSAGES"]


MESSAGES: Final = {
    # Figures with their noun.
    "point": "{points} point",
    "points": "{points} points",
    # Explanations.
    "offer": "{title}: {rate} of ",
    "line_by_line": "{text} (rounded line by line)",
    "capped": "{text} (maximum {limit})",
    "earned_amount": "{title}: {each} per {per}, on {base} = {points}",
    "earned_quantity": "{title}: {each} per {per} units, for {quantity} = {points}",
    "boosted": "{text} (with {boosts})",
    "on_net": "{base} without VAT",
    "redeemed": "{points} used as {amount}",
    "taken": "Return: {points} of {rule} taken back in proportion",
    "given": "Return: {points} that had been used are given back",
    "not_matched": "Return: {amount} match nothing of the original sale and change no points",
    # Messages to the cashier and to the customer.
    "will_earn": "This sale earns {points}",
    "would_earn": "With a card this sale would have earned {points}",
    "would_save": "With a card you would have saved {amount}",
    "add_more": "{missing} more gives: {title}",
    "within_reach": "Within reach: {title} ({points})",
    "fewer_points": "{asked} asked for, {granted} can be used",
    "blocked": "This customer is blocked: no points and no members' offers",
    "card_blocked": "The card is blocked; the purchase earns no points.",
    "expiring": "{points} expire on {day}",
    "expiring_one": "{points} expires on {day}",
    # Offers of further kinds, and codes.
    "for_points": "{text}, for {points}",
    "offer_per_unit": "{title}: {each} a unit, {count} of {base} = {result}",
    "offer_amount": "{title}: {each} on {base} = {result}",
    "offer_price": "{title}: final price {each} instead of {base} = {result}",
    "offer_price_list": "{title}: list prices instead of {base} = {result}",
    "offer_bundle": "{title}: {times} × set of {base} = {result}",
    "offer_units": "{title}: {count} units at {rate} off {base} = {result}",
    "offer_cheapest": "{title}: {rate} off the {count} cheapest, {base} = {result}",
    "offer_gift": "{title}: {quantity} × {product} as a gift",
    "earned_sale": "{title}: {points} for this sale",
    "add_units": "{missing} units more for: {title}",
    "manager_told": "{title}: the manager is told of this use",
    "code_unknown": "There is no code {code}",
    "code_stored_value": "{code} is a means of payment, not a discount code",
    "code_not_yours": "{code} belongs to another customer",
    "code_not_yet": "{code} is not valid yet",
    "code_expired": "{code} has expired",
    "code_not_here": "{code} is not accepted at this store",
    "code_minimum": "The purchase is below the minimum of {code}",
    "code_used_up": "{code} is used up",
    "code_not_combined": "{code} does not combine with the better offer",
    "code_condition": "{code} does not apply to this purchase",
    "code_blocked": "{code} is blocked",
    "code_pending": "{code} counts once the sale that gave it is final",
    "code_points": "There are not enough points for {code}",
    "code_one_reward": "One reward per purchase only",
    "code_product": "{code}: that product is not among the gifts",
    "stored_short": "{code} holds only {amount}",
    # Lines of a receipt.
    "receipt_title": "CUSTOMER CARD",
    "receipt_earned": "Points earned",
    "receipt_spent": "Points used",
    "receipt_taken": "Points taken back",
    "receipt_given": "Points given back",
    "receipt_balance": "Balance",
    "receipt_pending": "To be confirmed",
    "receipt_expiring": "Expire on {day}",
    "receipt_missing": "{points} more for:",
    "receipt_reached": "You can have:",
    "receipt_scan": "See your balance",
    "receipt_saved": "A card would save you {amount}",
    "receipt_join": "Ask for your card",
}
