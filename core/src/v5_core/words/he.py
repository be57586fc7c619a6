"""Hebrew."""

from __future__ import annotations

from typing import Final

__all__ = ["MESSAGES"]


MESSAGES: Final = {
    # Figures with their noun.
    "point": "נקודה אחת",
    "points": "{points} נקודות",
    # Explanations.
    "offer": "\u2068{title}\u2069: {rate} מתוך ",
    "line_by_line": "{text} (עיגול שורה אחר שורה)",
    "capped": "{text} (עד {limit})",
    "earned_amount": "\u2068{title}\u2069: {each} על כל {per}, מתוך {base} = {points}",
    "earned_quantity": "\u2068{title}\u2069: {each} על כל {per} יחידות, עבור {quantity} = {points}",
    "boosted": "{text} (עם \u2068{boosts}\u2069)",
    "on_net": "{base} ללא מע״מ",
    "redeemed": "{points} שימשו כתשלום של {amount}",
    "taken": "החזרה: {points} מתוך \u2068{rule}\u2069 נלקחו בחזרה באופן יחסי",
    "given": "החזרה: {points} שנוצלו מוחזרות",
    "not_matched": "החזרה: {amount} אינם תואמים את המכירה המקורית ואינם משנים נקודות",
    # Messages to the cashier and to the customer.
    "will_earn": "מכירה זו צוברת {points}",
    "would_earn": "עם כרטיס, מכירה זו הייתה צוברת {points}",
    "would_save": "עם כרטיס היית חוסך {amount}",
    "add_more": "חסרים {missing} כדי לקבל: \u2068{title}\u2069",
    "within_reach": "בהישג יד: \u2068{title}\u2069 ({points})",
    "fewer_points": "התבקשו {asked}, אפשר לנצל {granted}",
    "blocked": "הלקוח חסום: ללא נקודות וללא הטבות מועדון",
    "card_blocked": "הכרטיס חסום; הקנייה אינה צוברת נקודות.",
    "expiring": "{points} יפוגו ב־{day}",
    "expiring_one": "{points} תפוג ב־{day}",
    # Offers of further kinds, and codes.
    "for_points": "{text}, תמורת {points}",
    "offer_per_unit": "\u2068{title}\u2069: {each} ליחידה, {count} מתוך {base} = {result}",
    "offer_amount": "\u2068{title}\u2069: {each} על {base} = {result}",
    "offer_price": "\u2068{title}\u2069: מחיר סופי {each} במקום {base} = {result}",
    "offer_price_list": "\u2068{title}\u2069: מחירי מחירון במקום {base} = {result}",
    "offer_bundle": "\u2068{title}\u2069: {times} × מארז של {base} = {result}",
    "offer_units": "\u2068{title}\u2069: {count} יחידות ב-{rate} הנחה על {base} = {result}",
    "offer_cheapest": "\u2068{title}\u2069: {rate} על {count} הזולות, {base} = {result}",
    "offer_gift": "\u2068{title}\u2069: {quantity} × {product} במתנה",
    "earned_sale": "\u2068{title}\u2069: {points} עבור מכירה זו",
    "add_units": "חסרות {missing} יחידות עבור: \u2068{title}\u2069",
    "manager_told": "\u2068{title}\u2069: המנהל מקבל הודעה על השימוש",
    "code_unknown": "אין קוד {code}",
    "code_stored_value": "{code} הוא אמצעי תשלום ולא קוד הנחה",
    "code_not_yours": "{code} שייך ללקוח אחר",
    "code_not_yet": "{code} עדיין לא בתוקף",
    "code_expired": "{code} פג תוקף",
    "code_not_here": "{code} לא מתקבל בחנות זו",
    "code_minimum": "הקנייה מתחת למינימום של {code}",
    "code_used_up": "{code} כבר נוצל",
    "code_not_combined": "{code} לא מצטרף להטבה הטובה יותר",
    "code_condition": "{code} לא חל על קנייה זו",
    "code_blocked": "{code} חסום",
    "code_pending": "{code} יהיה תקף כשהמכירה שנתנה אותו תיסגר",
    "code_points": "אין די נקודות עבור {code}",
    "code_one_reward": "הטבה אחת בלבד לקנייה",
    "code_product": "{code}: המוצר אינו בין המתנות",
    "stored_short": "ב-{code} יש רק {amount}",
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
