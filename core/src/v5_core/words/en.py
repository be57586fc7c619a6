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
