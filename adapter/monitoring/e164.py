"""Phone numbers compared as numbers: in E.164 with the configured country, never by suffix."""

from functools import lru_cache

import phonenumbers


@lru_cache(maxsize=4096)
def canonical(number: str, country: str) -> str:
    """The E.164 form, e.g. `+12025550101`; what is no phone number (an extension, a name) stays as it is.

    `country` is an ISO 3166 code, for numbers written without a country code.
    """
    plain = number.strip()
    try:
        parsed = phonenumbers.parse(plain, country)
    except phonenumbers.NumberParseException:
        return plain
    if not phonenumbers.is_possible_number(parsed):
        return plain
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


def same_number(one: str, other: str, country: str) -> bool:
    """Whether both are the same line. An empty number is nobody's."""
    return bool(one.strip()) and canonical(one, country) == canonical(other, country)
