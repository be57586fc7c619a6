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
    "currency": (
        "'{currency}' is not supported",
        "a moeda '{currency}' não é suportada",
        "la moneda '{currency}' no se admite",
        "la monnaie '{currency}' n'est pas prise en charge",
        "המטבע '{currency}' אינו נתמך",
    ),
    "ends_before": (
        "rule '{one}' ends before it starts",
        "a regra '{one}' acaba antes de começar",
        "la regla '{one}' acaba antes de empezar",
        "la règle '{one}' finit avant de commencer",
        "הכלל '{one}' מסתיים לפני שהוא מתחיל",
    ),
    "programme_ends_before": (
        "the programme ends before it starts",
        "o programa acaba antes de começar",
        "el programa acaba antes de empezar",
        "le programme finit avant de commencer",
        "התוכנית מסתיימת לפני שהיא מתחילה",
    ),
    "spend_lowers": (
        ("points may be used in the sale that earns them (same_sale_points), and base 'after_discounts' lowers what it earns by what it "
        "spends: choose base 'before_rewards' or 'before_discounts'"),
        ("os pontos podem usar-se na venda que os ganha (same_sale_points), e a base 'after_discounts' baixa o que ela ganha pelo que "
        "gasta: escolha a base 'before_rewards' ou 'before_discounts'"),
        ("los puntos pueden usarse en la venta que los gana (same_sale_points), y la base 'after_discounts' baja lo que gana por lo que "
        "gasta: elija la base 'before_rewards' o 'before_discounts'"),
        ("les points peuvent servir dans la vente qui les gagne (same_sale_points), et la base 'after_discounts' baisse ce qu'elle gagne "
        "de ce qu'elle dépense : choisissez la base 'before_rewards' ou 'before_discounts'"),
        ("אפשר להשתמש בנקודות במכירה שצוברת אותן (same_sale_points), והבסיס 'after_discounts' מקטין את מה שהיא צוברת במה שהיא מנצלת: "
        "בחרו בבסיס 'before_rewards' או 'before_discounts'"),
    ),
    "earn_on_points": (
        ("points may be used in the sale that earns them (same_sale_points), and what they pay earns none (earn_on_points: false): points "
        "that pay would take back what they were earned by; allow both or neither"),
        ("os pontos podem usar-se na venda que os ganha (same_sale_points), e o que eles pagam não ganha (earn_on_points: false): os "
        "pontos que pagam tirariam aquilo com que foram ganhos; permita ambas as coisas ou nenhuma"),
        ("los puntos pueden usarse en la venta que los gana (same_sale_points), y lo que pagan no gana (earn_on_points: false): los puntos "
        "que pagan quitarían aquello con lo que se ganaron; permita ambas cosas o ninguna"),
        ("les points peuvent servir dans la vente qui les gagne (same_sale_points), et ce qu'ils paient ne gagne rien (earn_on_points: "
        "false) : les points qui paient retireraient ce qui les a fait gagner ; permettez les deux ou aucun"),
        ("אפשר להשתמש בנקודות במכירה שצוברת אותן (same_sale_points), ומה שהן משלמות לא צובר (earn_on_points: false): נקודות שמשלמות היו "
        "מבטלות את מה שצבר אותן; אפשרו את שניהם או אף אחד"),
    ),
    "never_a_point": (
        "rule '{one}' may never give a point: its cap is below the programme's smallest step",
        "a regra '{one}' nunca pode dar um ponto: o seu limite é menor do que o passo mais pequeno do programa",
        "la regla '{one}' nunca puede dar un punto: su límite es menor que el paso mínimo del programa",
        "la règle '{one}' ne peut jamais donner de point : sa limite est sous le plus petit pas du programme",
        "הכלל '{one}' לא יוכל לתת נקודה לעולם: המגבלה שלו קטנה מהצעד הקטן ביותר של התוכנית",
    ),
    "open_entitlement": (
        "offer '{one}' needs entitlement '{other}' of a member, and is open to anybody",
        "a oferta '{one}' gasta '{other}', que é dos membros, e está aberta a todos",
        "la oferta '{one}' gasta '{other}', que es de los miembros, y está abierta a todos",
        "l'offre '{one}' consomme '{other}', qu'ont les membres, et est ouverte à tous",
        "ההצעה '{one}' מנצלת את '{other}', שיש רק לחברים, ופתוחה לכולם",
    ),
    "coupon_and_code": (
        "offer '{one}' asks for a coupon and for one of its codes at once: keep one of the two",
        "a oferta '{one}' pede um cupão e um código ao mesmo tempo: fique só com um",
        "la oferta '{one}' pide un cupón y un código a la vez: quédese con uno",
        "l'offre '{one}' demande à la fois un coupon et un code : gardez l'un des deux",
        "ההצעה '{one}' דורשת קופון וקוד בבת אחת: השאירו אחד מהם",
    ),
    "priced_gift": (
        "offer '{one}' adds units to the basket, which are free: what it reduces must be in the basket (leave out add)",
        "a oferta '{one}' junta unidades ao cesto, que são grátis: o que ela desconta tem de estar no cesto (retire add)",
        "la oferta '{one}' añade unidades a la cesta, que son gratis: lo que rebaja debe estar en la cesta (quite add)",
        "l'offre '{one}' ajoute au panier des unités gratuites : ce qu'elle réduit doit être dans le panier (enlevez add)",
        "ההצעה '{one}' מוסיפה לסל יחידות חינם: מה שהיא מוזילה צריך להיות בסל (הסירו את add)",
    ),
    "open_reward": (
        "reward '{one}' costs points, which only members have",
        "o prémio '{one}' custa pontos, que só os membros têm",
        "el premio '{one}' cuesta puntos, que solo tienen los miembros",
        "la récompense '{one}' coûte des points, que seuls les membres ont",
        "הפרס '{one}' עולה נקודות, שיש רק לחברים",
    ),
    "no_fact": (
        "alert '{one}' names {names}, which is no fact: {known} can be named",
        "o aviso '{one}' refere {names}, que não é um dado: podem referir-se {known}",
        "el aviso '{one}' nombra {names}, que no es un dato: pueden nombrarse {known}",
        "l'avis '{one}' nomme {names}, qui n'est pas une donnée : on peut nommer {known}",
        "ההודעה '{one}' מזכירה את {names}, שאינו נתון: אפשר להזכיר את {known}",
    ),
    "no_plain_name": (
        "alert '{one}' has something in braces that is not a plain name: {known} can be named",
        "o aviso '{one}' tem entre chavetas algo que não é um nome simples: podem referir-se {known}",
        "el aviso '{one}' tiene entre llaves algo que no es un nombre simple: pueden nombrarse {known}",
        "l'avis '{one}' a entre accolades quelque chose qui n'est pas un simple nom : on peut nommer {known}",
        "בהודעה '{one}' יש בסוגריים מסולסלים משהו שאינו שם פשוט: אפשר להזכיר את {known}",
    ),
    "no_message": (
        "'{one}' is no message of V5: one of {known} is expected",
        "'{one}' não é uma mensagem do V5: espera-se uma de {known}",
        "'{one}' no es un mensaje de V5: se espera uno de {known}",
        "'{one}' n'est pas un message de V5 : un de {known} est attendu",
        "'{one}' אינה הודעה של V5: נדרשת אחת מאלה: {known}",
    ),
    "two_templates": (
        "'{one}' has two templates: put all languages into one",
        "'{one}' tem dois modelos: ponha todas as línguas num só",
        "'{one}' tiene dos plantillas: ponga todos los idiomas en una",
        "'{one}' a deux modèles : mettez toutes les langues dans un seul",
        "ל-'{one}' יש שתי תבניות: הכניסו את כל השפות לאחת",
    ),
    "unspoken": (
        "V5 does not speak '{one}': one of {known} is expected",
        "o V5 não fala '{one}': espera-se uma de {known}",
        "V5 no habla '{one}': se espera uno de {known}",
        "V5 ne parle pas '{one}' : une de {known} est attendue",
        "V5 אינו דובר '{one}': נדרשת אחת מאלה: {known}",
    ),
    "template": (
        "the words for '{one}' must have {known}, once or more",
        "as palavras de '{one}' têm de ter {known}, uma vez ou mais",
        "las palabras de '{one}' deben tener {known}, una vez o más",
        "les mots de '{one}' doivent contenir {known}, une fois ou plus",
        "המילים של '{one}' חייבות לכלול את {known}, פעם אחת או יותר",
    ),
    "plain_template": (
        "the words for '{one}' must have no braces at all",
        "as palavras de '{one}' não podem ter chavetas",
        "las palabras de '{one}' no pueden tener llaves",
        "les mots de '{one}' ne doivent pas avoir d'accolades",
        "במילים של '{one}' אסור שיהיו סוגריים מסולסלים",
    ),
    "unknown_fields": (
        "rule '{one}' asks for {names}: a record has {known}",
        "a regra '{one}' pede {names}: uma ficha tem {known}",
        "la regla '{one}' pide {names}: una ficha tiene {known}",
        "la règle '{one}' demande {names} : une fiche a {known}",
        "הכלל '{one}' מבקש את {names}: בכרטיס יש {known}",
    ),
}  # fmt: skip
REFUSALS: Final = {language: {key: texts[at] for key, texts in _TABLE.items()} for at, language in enumerate(_LANGUAGES)}
"""By language, then by what is wrong."""


def refusal(language: str, kind: str, **values: object) -> str:
    """What is said of a contradiction; in English where the language is not spoken."""
    return REFUSALS.get(language, REFUSALS["en"])[kind].format_map(values)
