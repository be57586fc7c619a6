"""Hebrew."""

from __future__ import annotations

from typing import Final

__all__ = ["MESSAGES"]


MESSAGES: Final = {
    # Figures with their noun.
    "point": "נקודה אחת",
    "points": "{points} נקודות",
    # Explanations.
    "offer": "{title}: {rate} מתוך ",
    "line_by_line": "{text} (עיגול שורה אחר שורה)",
    "capped": "{text} (עד {limit})",
    "earned_amount": "{title}: {each} על כל {per}, מתוך {base} = {points}",
    "earned_quantity": "{title}: {each} על כל {per} יחידות, עבור {quantity} = {points}",
    "boosted": "{text} (עם {boosts})",
    "on_net": "{base} ללא מע״מ",
    "redeemed": "{points} שימשו כתשלום של {amount}",
    "taken": "החזרה: {points} מתוך {rule} נלקחו בחזרה באופן יחסי",
    "given": "החזרה: {points} שנוצלו מוחזרות",
    "not_matched": "החזרה: {amount} אינם תואמים את המכירה המקורית ואינם משנים נקודות",
    # Messages to the cashier and to the customer.
    "will_earn": "מכירה זו צוברת {points}",
    "would_earn": "עם כרטיס, מכירה זו הייתה צוברת {points}",
    "would_save": "עם כרטיס היית חוסך {amount}",
    "add_more": "חסרים {missing} כדי לקבל: {title}",
    "within_reach": "בהישג יד: {title} ({points})",
    "fewer_points": "התבקשו {asked}, אפשר לנצל {granted}",
    "blocked": "הלקוח חסום: ללא נקודות וללא הטבות מועדון",
    "card_blocked": "הכרטיס חסום; הקנייה אינה צוברת נקודות.",
    "expiring": "{points} יפוגו ב־{day}",
    "expiring_one": "{points} תפוג ב־{day}",
    # Lines of a receipt.
    "receipt_title": "כרטיס לקוח",
    "receipt_earned": "נקודות שנצברו",
    "receipt_spent": "נקודות שנוצלו",
    "receipt_taken": "נקודות שנלקחו",
    "receipt_given": "נקודות שהוחזרו",
    "receipt_balance": "יתרה",
    "receipt_pending": "ממתין לאישור",
    "receipt_expiring": "יפוגו ב-{day}",
    "receipt_missing": "עוד {points} נקודות עבור:",
    "receipt_reached": "מגיע לך:",
    "receipt_scan": "לבירור היתרה",
    "receipt_saved": "עם כרטיס היית חוסך {amount}",
    "receipt_join": "בקשו כרטיס",
}
