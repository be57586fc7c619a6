"""What publishing says when it refuses: each message names the rules, in five languages."""

from __future__ import annotations

from typing import Final

__all__ = ["REFUSALS", "refusal"]

_LANGUAGES: Final = ("en", "pt", "es", "fr", "he")
_TABLE: Final[dict[str, tuple[str, str, str, str, str]]] = {
    "tie": (
        ("offers '{one}' and '{other}' are exclusive in group '{group}' and give the same at the same priority: "
        "give one a higher priority, or make one combinable"),
        ("as ofertas '{one}' e '{other}' são exclusivas no grupo '{group}' e dão o mesmo com a mesma prioridade: "
        "dê mais prioridade a uma, ou torne uma acumulável"),
        ("las ofertas '{one}' y '{other}' son exclusivas en el grupo '{group}' y dan lo mismo con la misma prioridad: "
        "dé más prioridad a una, o haga una acumulable"),
        ("les offres '{one}' et '{other}' sont exclusives dans le groupe '{group}' et donnent la même chose à la même priorité : "
        "donnez une priorité plus haute à l'une, ou rendez-en une cumulable"),
        ("ההצעות '{one}' ו-'{other}' בלעדיות בקבוצה '{group}' ונותנות אותו הדבר באותה עדיפות: "
        "תנו לאחת עדיפות גבוהה יותר, או אפשרו לשלב אחת מהן"),
    ),
    "one_code": (
        "code '{code}' opens offers '{one}' and '{other}', of which group '{group}' lets only one apply",
        "o código '{code}' abre as ofertas '{one}' e '{other}', das quais o grupo '{group}' só deixa aplicar uma",
        "el código '{code}' abre las ofertas '{one}' y '{other}', de las que el grupo '{group}' solo deja aplicar una",
        "le code '{code}' ouvre les offres '{one}' et '{other}', dont le groupe '{group}' ne laisse s'appliquer qu'une",
        "הקוד '{code}' פותח את ההצעות '{one}' ו-'{other}', והקבוצה '{group}' מאפשרת רק אחת מהן",
    ),
    "price_lists": (
        "price lists '{one}' and '{other}' both set a price for '{product}' under the same conditions at the same priority",
        "as tabelas de preços '{one}' e '{other}' dão ambas um preço a '{product}' nas mesmas condições e com a mesma prioridade",
        "las tarifas '{one}' y '{other}' ponen ambas un precio a '{product}' en las mismas condiciones y con la misma prioridad",
        "les listes de prix '{one}' et '{other}' fixent toutes deux un prix pour '{product}' aux mêmes conditions, à la même priorité",
        "המחירונים '{one}' ו-'{other}' קובעים שניהם מחיר ל-'{product}' באותם תנאים ובאותה עדיפות",
    ),
    "voucher_offer": (
        "voucher '{one}' makes coupons for offer '{other}', which is not in force on any day of theirs",
        "o vale '{one}' faz cupões para a oferta '{other}', que não vigora em nenhum dos dias deles",
        "el vale '{one}' hace cupones para la oferta '{other}', que no está en vigor en ninguno de sus días",
        "le bon '{one}' crée des coupons pour l'offre '{other}', qui n'est en vigueur aucun de leurs jours",
        "השובר '{one}' יוצר קופונים להצעה '{other}', שאינה בתוקף באף אחד מימיהם",
    ),
    "outside": (
        "rule '{one}' is never in force while programme '{other}' is",
        "a regra '{one}' nunca vigora enquanto o programa '{other}' vigora",
        "la regla '{one}' nunca está en vigor mientras lo está el programa '{other}'",
        "la règle '{one}' n'est jamais en vigueur tant que le programme '{other}' l'est",
        "הכלל '{one}' אינו בתוקף באף זמן שבו התוכנית '{other}' בתוקף",
    ),
    "never": (
        "the condition of rule '{one}' can never hold: '{field}' would have to be two things at once",
        "a condição da regra '{one}' nunca se verifica: '{field}' teria de ser duas coisas ao mesmo tempo",
        "la condición de la regla '{one}' nunca se cumple: '{field}' tendría que ser dos cosas a la vez",
        "la condition de la règle '{one}' n'est jamais remplie : '{field}' devrait être deux choses à la fois",
        "התנאי של הכלל '{one}' לעולם אינו מתקיים: '{field}' היה צריך להיות שני דברים בבת אחת",
    ),
    "redeem_limit": (
        "redemption asks for at least {one} points and allows {other} a day: nobody could ever use any",
        "o desconto pede pelo menos {one} pontos e permite {other} por dia: ninguém os poderia usar",
        "el canje pide al menos {one} puntos y permite {other} al día: nadie podría usarlos",
        "l'utilisation demande au moins {one} points et en permet {other} par jour : personne ne pourrait en utiliser",
        "המימוש דורש לפחות {one} נקודות ומתיר {other} ביום: איש לא יוכל לממש",
    ),
}  # fmt: skip
REFUSALS: Final = {language: {key: texts[at] for key, texts in _TABLE.items()} for at, language in enumerate(_LANGUAGES)}
"""By language, then by kind of contradiction."""


def refusal(language: str, kind: str, **values: object) -> str:
    """What is said of a contradiction."""
    return REFUSALS[language][kind].format_map(values)
