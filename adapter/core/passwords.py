"""Which passwords are too easy to guess, by what is known without asking anybody. Pure."""

import re
from collections.abc import Container
from enum import StrEnum

MIN_LENGTH = 10
"""Characters. NIST SP 800-63B-4 (section 3.1.1.2) asks for 15 where a password stands alone and 8 beside another
factor; guesses are slowed down here, and the commonest refused."""
ROWS = ("abcdefghijklmnopqrstuvwxyz", "0123456789", "qwertyuiop", "qwertzuiop", "asdfghjkl", "zxcvbnm", "yxcvbnm")
"""What stands side by side, on keyboards and in the alphabet."""


class Weak(StrEnum):
    """Why a password is refused: the `type` of an error of the API (docs/errors.md)."""

    SHORT = "password_short"
    COMMON = "password_common"
    REPEATS = "password_repeats"
    SEQUENCE = "password_sequence"
    USERNAME = "password_username"

    @property
    def told(self) -> str:
        """What is wrong and what to do."""
        return TOLD[self]


WORDS = "choose several words that don't belong together"
TOLD = {
    Weak.SHORT: f"it needs at least {MIN_LENGTH} characters: several words are easy to remember",
    Weak.COMMON: f"it is one of the commonest, which are guessed first: {WORDS}",
    Weak.REPEATS: f"it repeats itself: {WORDS}",
    Weak.SEQUENCE: f"it is a plain sequence: {WORDS}",
    Weak.USERNAME: f"it is the username, which others know: {WORDS}",
}
ADDED = re.compile(r"^[\d\W_]+|[\d\W_]+$")


def weakness(password: str, common: Container[str]) -> Weak | None:
    """What is wrong with it; None when nothing is. `common`: in lower case."""
    folded = password.casefold()
    if len(password) < MIN_LENGTH:
        return Weak.SHORT
    if folded in common or ADDED.sub("", folded) in common:
        return Weak.COMMON
    if re.fullmatch(r"(.{1,6})\1+.{0,5}", folded, re.S) or len(set(folded)) < 4:
        return Weak.REPEATS
    if any(folded in _around(row) or folded in _around(row[::-1]) for row in ROWS):
        return Weak.SEQUENCE
    return None


def is_name(password: str, username: str) -> bool:
    """Whether it is the username, perhaps with digits or signs around it."""
    folded, name = password.casefold(), username.casefold()
    return name in (folded, ADDED.sub("", folded)) or folded == ADDED.sub("", name)


def _around(row: str) -> str:
    return row * 20
