"""Phone numbers compared as numbers: in E.164 with the configured country, never by suffix."""

import re
from functools import lru_cache

import phonenumbers

NUMBER = re.compile(r"(?:tel:)?\+?[\d\s().\-/\u2010-\u2015]+")
"""What is read as a phone number. Letters and extensions are not: `alice2025550101` is a name."""
MEXICO = 52
"""Its mobile numbers were written with a 1 before them until 2019, which its network no longer has (ITU OB 1197)."""


@lru_cache(maxsize=4096)
def canonical(number: str, country: str) -> str:
    """The E.164 form, e.g. `+12025550101`; what is no phone number (an extension, a name) stays as it is.

    `country` is an ISO 3166 code, for numbers written without a country code.
    """
    plain = number.strip()
    if not NUMBER.fullmatch(plain):
        return plain
    try:
        parsed = phonenumbers.parse(plain, country)
    except phonenumbers.NumberParseException:
        return plain
    national = str(parsed.national_number)
    if parsed.country_code == MEXICO and len(national) == 11 and national[0] == "1":
        parsed.national_number = int(national[1:])
    if not phonenumbers.is_possible_number(parsed):
        return plain
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


def same_number(one: str, other: str, country: str, others: str = "") -> bool:
    """Whether both are the same line; `others`: the country of the other, where it is not the same. An empty number is
    nobody's."""
    return bool(one.strip()) and canonical(one, country) == canonical(other, others or country)


SIGNS = re.compile(r"[^+0-9]")


def forms(number: str, country: str) -> frozenset[str]:
    """How a number can be written in a list: in E.164, and as it is, without what only separates its digits."""
    plain = number.strip()
    written = SIGNS.sub("", plain.removeprefix("tel:")) if NUMBER.fullmatch(plain) else plain
    return frozenset({canonical(plain, country), written})


def listed(entry: str, country: str) -> str:
    """A number of a list as it is kept: `+12025550101`, or the beginning of numbers, `+1202555*`.

    What is no number anywhere (an extension, a short code) stays as the PBX writes it. Raises ValueError.
    """
    plain, star = (entry.strip()[:-1], "*") if entry.strip().endswith("*") else (entry.strip(), "")
    digits = SIGNS.sub("", plain)
    if not NUMBER.fullmatch(plain) or not digits.strip("+") or "+" in digits[1:]:
        raise ValueError("a number such as +12025550101, or the beginning of numbers such as +1202555*")
    return f"{digits}*" if star else SIGNS.sub("", canonical(plain, country))
