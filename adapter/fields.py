"""The rules for what people may enter, once for the web and the command line."""

import re
from typing import Annotated

from pydantic import AfterValidator, Field

MIN_PASSWORD = 6
"""Characters. NIST SP 800-63B-4 asks for 8 at least where a password stands alone; the lab's own have 7."""


def _printable(value: str) -> str:
    if not value.isprintable():
        raise ValueError("control characters can't be used here")
    return value


def _matching(pattern: str, hint: str) -> AfterValidator:
    expression = re.compile(pattern)

    def check(value: str) -> str:
        if not expression.fullmatch(value):
            raise ValueError(hint)
        return value

    return AfterValidator(check)


Username = Annotated[str, _matching(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}", "letters, digits and . _ @ - only")]
Name = Annotated[str, Field(min_length=1, max_length=100), AfterValidator(_printable)]
Password = Annotated[str, Field(min_length=MIN_PASSWORD, max_length=200)]
Extension = Annotated[str, _matching(r"[A-Za-z0-9*#+_.-]{1,32}", "digits, letters and * # + _ . - only, 32 at most")]
Device = Annotated[
    str,
    _matching(
        r"[A-Za-z0-9]{1,16}/[A-Za-z0-9_.+-]{1,80}", "an Asterisk endpoint with its technology, such as PJSIP/101"
    ),
]
PhoneNumber = Annotated[str, Field(min_length=1, max_length=64), AfterValidator(_printable)]
Identifier = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_printable)]
