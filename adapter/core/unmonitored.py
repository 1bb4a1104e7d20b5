"""Do not monitor: numbers and people whose calls nobody may listen to, and calls that a program exempts. Pure.

What is exempt is the whole conversation: whoever hears one call of it hears everybody in it.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime

from adapter.core.bars import Bars

PREFIX_END = "*"


@dataclass(frozen=True, slots=True)
class Exempt:
    """What administrators wrote down, in their order: numbers as they are kept, and ids of users."""

    numbers: tuple[str, ...] = ()
    """`+12025550101`, or a beginning of numbers, `+1202555*`."""
    people: tuple[str, ...] = ()
    users: frozenset[str] = field(init=False, compare=False, default=frozenset())
    whole: frozenset[str] = field(init=False, compare=False, default=frozenset())
    beginnings: tuple[str, ...] = field(init=False, compare=False, default=())

    def __post_init__(self) -> None:
        found = tuple(one[:-1] for one in self.numbers if one.endswith(PREFIX_END))
        object.__setattr__(self, "users", frozenset(self.people))
        object.__setattr__(self, "whole", frozenset(self.numbers))
        object.__setattr__(self, "beginnings", found)

    def has_number(self, forms: Iterable[str]) -> bool:
        """Whether a number, in any of the forms in which it can be written, is one of these."""
        return any(one in self.whole or one.startswith(self.beginnings) for one in forms)


@dataclass(frozen=True, slots=True)
class ExemptCall:
    """One conversation that a program exempted, by the call that it named."""

    conversation_id: str
    call_id: str
    pbx: str
    at: datetime


class Unmonitored:
    """Which conversations nobody may monitor, as of now. Asked for each call whenever anything of it changes.

    `forms`: how a number (with the country by whose rules it is written, or empty) is compared.
    """

    def __init__(self, bars: Bars, forms: Callable[[str, str], frozenset[str]]) -> None:
        self._bars, self._forms = bars, forms
        self.exempt = Exempt()
        self.calls: dict[str, ExemptCall] = {}
        """By conversation."""

    def forbids(self, conversation: str, present: frozenset[str], numbers: Iterable[tuple[str, str]]) -> bool:
        """Whether nobody may monitor this conversation.

        `present`: ids of the users in it now; `numbers`: of everybody in it, each with its country. What goes on at
        several PBXes has all who were ever in it: who is at the other one now is not known here.
        """
        exempt = self.exempt
        if not self.calls and not exempt.numbers and not exempt.people:  # as nearly everywhere
            return False
        if not exempt.users.isdisjoint(present):
            return True
        if exempt.numbers and any(exempt.has_number(self._forms(*one)) for one in numbers if one[0]):
            return True
        ids, elsewhere = self._bars.known_as(conversation)
        return not self.calls.keys().isdisjoint(ids) or not exempt.users.isdisjoint(elsewhere)
