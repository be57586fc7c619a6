"""The keys by which a customer is found, normalised the same way wherever they come from."""

from __future__ import annotations

import unicodedata

from v5_core.errors import ValidationError
from v5_core.ids import normalise_identity, normalise_passport, normalise_phone, tax_number_or_none
from v5_core.model import CustomerRef

__all__ = ["card_key", "customer_keys", "fold", "identity_key", "phone_e164", "ref_keys", "tax_key"]


def fold(name: str) -> str:
    """Lower case without accents, single spaces: how names are searched."""
    plain = "".join(one for one in unicodedata.normalize("NFKD", name) if not unicodedata.combining(one))
    return " ".join(plain.casefold().split())


def phone_e164(phone: str | None, country: str = "PT") -> str | None:
    """The number in E.164; None when it cannot be one."""
    if not phone:
        return None
    try:
        return normalise_phone(phone, country)
    except ValidationError:
        return None


def card_key(number: str) -> str:
    """Key of a card."""
    return f"card:{number.strip()}"


def tax_key(number: str | None, country: str = "PT") -> str | None:
    """Key of a tax number; None when it identifies nobody."""
    clean = tax_number_or_none(number, country)
    return f"tax:{country}:{clean}" if clean else None


def identity_key(number: str, kind: str, country: str = "PT") -> str:
    """Key of an identity card or a passport.

    Raises:
        ValidationError: The number cannot be right.
    """
    if kind == "passport":
        return f"passport:{country}:{normalise_passport(number)}"
    return f"identity:{country}:{normalise_identity(number, country)}"


def ref_keys(ref: CustomerRef, source: str, country: str = "PT") -> tuple[str, ...]:
    """Keys of what a document says of its customer, best first."""
    found = []
    if ref.customer:
        found.append(f"id:{ref.customer}")
    if ref.card:
        found.append(card_key(ref.card))
    if ref.erp:
        found.append(f"erp:{source}:{ref.erp}")
    phone = phone_e164(ref.phone, country)
    if phone:
        found.append(f"phone:{phone}")
    tax = tax_key(ref.tax_number, country)
    if tax:
        found.append(tax)
    return tuple(found)


def customer_keys(
    customer_id: str,
    *,
    cards: tuple[str, ...] = (),
    erp: tuple[str, str] | None = None,
    phone: str | None = None,
    tax: str | None = None,
    country: str = "PT",
    identity: str | None = None,
) -> tuple[str, ...]:
    """All keys of a customer record; `phone` is already E.164, `identity` a key."""
    found = [f"id:{customer_id}", *(card_key(card) for card in cards)]
    if erp:
        found.append(f"erp:{erp[0]}:{erp[1]}")
    if phone:
        found.append(f"phone:{phone}")
    key = tax_key(tax, country)
    if key:
        found.append(key)
    if identity:
        found.append(identity)
    return tuple(found)
