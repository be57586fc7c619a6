"""Numbers that identify people and cards: tax and identity numbers, phones, EAN-13 card numbers.

Everything is normalised to one spelling first, so that the same person typed twice is found once.
"""

from __future__ import annotations

import re
from typing import Any, Final

import phonenumbers
from stdnum import ean
from stdnum.br import cnpj, cpf
from stdnum.es import dni, nie
from stdnum.es import nif as es_nif
from stdnum.exceptions import ValidationError as StdnumError
from stdnum.fr import siren, tva
from stdnum.il import idnr
from stdnum.pt import cc
from stdnum.pt import nif as pt_nif

from v5_core.errors import FieldError, ValidationError

__all__ = [
    "COUNTRIES",
    "check_card_number",
    "identifies_somebody",
    "is_card_number",
    "make_card_number",
    "normalise_identity",
    "normalise_passport",
    "normalise_phone",
    "normalise_tax_number",
    "tax_number_or_none",
]

# Per country, the formats a person or company may give, tried in this order.
_FORMATS: Final[dict[str, tuple[Any, ...]]] = {
    "PT": (pt_nif,),
    "ES": (es_nif,),
    "FR": (tva, siren),
    "BR": (cpf, cnpj),
    "IL": (idnr,),
}
COUNTRIES: Final = tuple(sorted(_FORMATS))
# Numbers that the law gives to "anybody": they identify nobody.
_NOBODY: Final[dict[str, frozenset[str]]] = {
    "PT": frozenset({"999999990"}),
    "BR": frozenset({str(digit) * 11 for digit in range(10)}),
    "IL": frozenset({"000000000"}),
}
# What identifies a person, and not a company.
_IDENTITIES: Final[dict[str, tuple[Any, ...]]] = {"PT": (cc,), "ES": (dni, nie), "BR": (cpf,), "IL": (idnr,)}
_PASSPORT: Final = re.compile(r"[A-Z0-9]{6,9}")
_MRZ: Final = re.compile(r"[A-Z0-9<]{9}[0-9][A-Z<]{3}[0-9]{6}[0-9][MF<X][0-9]{6}[0-9][A-Z0-9<]{14}[0-9<][0-9]")
_PREFIX: Final = re.compile(r"\d{2,9}")


def _refuse(field: str, code: str, message: str) -> ValidationError:
    return ValidationError(message, code=code, errors=(FieldError(field, code, message),))


def normalise_tax_number(number: str, country: str) -> str:
    """A tax or identity number in its one spelling (PT: nine digits; ES with letters; FR VAT or SIREN; BR CPF or CNPJ; IL nine digits).

    Of another country, letters and digits are kept in upper case, unchecked.

    Raises:
        ValidationError: Wrong length, characters or check digit.
    """
    country = country.upper()
    formats = _FORMATS.get(country)
    if formats is None:
        bare = "".join(char for char in number.upper() if char.isalnum())
        if not bare:
            raise _refuse("tax_number", "tax_number", "the tax number is empty")
        return bare
    for one in formats:
        try:
            return str(one.validate(number))
        except StdnumError:
            continue
    raise _refuse("tax_number", "tax_number", f"not a valid tax or identity number of {country}: check the digits")


def tax_number_or_none(number: str | None, country: str) -> str | None:
    """The normalised number when it is valid and identifies somebody; None otherwise (what documents from anywhere need)."""
    if not number or not number.strip():
        return None
    try:
        normal = normalise_tax_number(number, country)
    except ValidationError:
        return None
    return normal if identifies_somebody(normal, country) else None


def identifies_somebody(number: str, country: str) -> bool:
    """False for the numbers of the final consumer, such as Portugal's 999999990."""
    bare = "".join(char for char in number.upper() if char.isalnum())
    return bool(bare) and bare not in _NOBODY.get(country.upper(), frozenset())


def normalise_identity(number: str, country: str) -> str:
    """The number of an identity card in its one spelling (PT: Cartão de Cidadão; ES: DNI or NIE; BR: CPF; IL: nine digits).

    Of another country, letters and digits are kept in upper case, unchecked.

    Raises:
        ValidationError: Wrong length, characters or check digits.
    """
    country = country.upper()
    formats = _IDENTITIES.get(country)
    if formats is None:
        bare = "".join(char for char in number.upper() if char.isalnum())
        if len(bare) < 4:
            raise _refuse("identity", "identity", "not the number of an identity card")
        return bare
    for one in formats:
        try:
            return str(one.validate(number))
        except StdnumError:
            continue
    raise _refuse("identity", "identity", f"not a valid number of an identity card of {country}: check the digits")


def normalise_passport(text: str) -> str:
    """A passport's number, as printed, with its check digit, or out of the second line of the machine-readable zone (ICAO 9303).

    A printed number alone has nothing to be checked by but its form: six to nine letters and digits.

    Raises:
        ValidationError: No passport number, or one of the check digits is wrong.
    """
    bare = "".join(text.upper().split()).replace("-", "")
    if len(bare) == 44:
        checked = ((bare[:9], bare[9]), (bare[13:19], bare[19]), (bare[21:27], bare[27]), (bare[28:42], bare[42]))
        whole = bare[:10] + bare[13:20] + bare[21:43]
        right = all(_mrz_digit(part) == digit or (digit == "<" and not part.strip("<")) for part, digit in checked)
        if not _MRZ.fullmatch(bare) or not right or _mrz_digit(whole) != bare[43]:
            raise _refuse("identity", "passport", "the machine-readable line is not right: scan it again, or type the number")
        return bare[:9].rstrip("<")
    if len(bare) == 10:
        if not re.fullmatch(r"[A-Z0-9]{5,9}<*[0-9]", bare) or _mrz_digit(bare[:9]) != bare[9]:
            raise _refuse("identity", "passport", "the check digit of the passport's number is wrong")
        return bare[:9].rstrip("<")
    if not _PASSPORT.fullmatch(bare):
        raise _refuse("identity", "passport", "not a passport's number: six to nine letters and digits")
    return bare


def _mrz_digit(part: str) -> str:
    # Weights 7, 3, 1; A is 10; a filler is nothing.
    values = (int(char, 36) if char != "<" else 0 for char in part)
    return str(sum(value * (7, 3, 1)[at % 3] for at, value in enumerate(values)) % 10)


def normalise_phone(phone: str, country: str) -> str:
    """A phone number in E.164 ("+351912345678"); without a country code it is read as one of `country`.

    Raises:
        ValidationError: No such number.
    """
    try:
        parsed = phonenumbers.parse(phone, country.upper())
    except phonenumbers.NumberParseException:
        raise _refuse("phone", "phone", "not a phone number") from None
    if not phonenumbers.is_valid_number(parsed):
        raise _refuse("phone", "phone", "no such phone number: check the digits and the country code")
    return str(phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164))


def make_card_number(prefix: str, sequence: int) -> str:
    """An EAN-13 card number: the company's prefix, a running number, the check digit.

    Args:
        prefix: 2 to 9 digits; 20 to 29 are kept by GS1 for use inside a company.
        sequence: From 0; it must fit in the digits that the prefix leaves.

    Raises:
        ValidationError: A prefix that is none, or a range that is used up.
    """
    if not _PREFIX.fullmatch(prefix) or not prefix.isascii():
        raise _refuse("prefix", "card_prefix", "the prefix of card numbers has 2 to 9 digits")
    width = 12 - len(prefix)
    if sequence < 0 or sequence >= 10**width:
        raise _refuse("sequence", "card_range", f"the card numbers of prefix {prefix} are used up: choose another prefix")
    body = f"{prefix}{sequence:0{width}d}"
    return body + str(ean.calc_check_digit(body))


def is_card_number(number: str) -> bool:
    """Whether it is an EAN-13 with the right check digit."""
    return len(number) == 13 and number.isascii() and number.isdigit() and bool(ean.is_valid(number))


def check_card_number(number: str) -> str:
    """An EAN-13 card number as scanned or typed, spaces and hyphens taken out.

    Raises:
        ValidationError: Not thirteen digits, or a wrong check digit.
    """
    bare = number.replace(" ", "").replace("-", "")
    if not is_card_number(bare):
        raise _refuse("card", "card_number", "not a card number: thirteen digits whose last one checks the others")
    return bare
