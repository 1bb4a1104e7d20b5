"""Who is at either end of a call, and which way it went: read from how each channel came to be. Pure.

A channel that was called says of itself what the dialplan guesses (`s`, an extension on the way, the number of whoever
made it ring). What was dialled to reach it is the truth.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from adapter.core.call import Agent, Call, Direction, Party
from adapter.core.lines import NOBODY, Lines, TrackedChannel
from adapter.core.people import Directory

LEAST_LEFT = 3
"""Digits that must be left behind a prefix: 911 is not 11 behind a 9."""
SUBSCRIBER = 7
"""From so many digits on, a dialled number is known again at the end of what the trunk was given."""
WORDS = frozenset("s h i t T o a e".split())
"""Extensions to which Asterisk itself gives a meaning (main/pbx.c)."""
_NUMBER = re.compile(r"\+?[0-9*#]+")
_SIGNS = str.maketrans("", "", "-.() ")
_SCHEME = re.compile(r"(?:sips?|tel):", re.IGNORECASE)


def without_prefix(number: str, prefixes: Sequence[str]) -> str:
    """A number as it would be dialled from outside; the longest of the prefixes counts."""
    for prefix in sorted(prefixes, key=len, reverse=True):
        if number.startswith(prefix) and len(number) - len(prefix) >= LEAST_LEFT:
            return number[len(prefix) :]
    return number


def number_in(dial_string: str) -> str:
    """The number in what was dialled, e.g. of `2025550101@trunk` or `trunk/sip:2025550101@sbc`; empty if none."""
    for part in reversed(dial_string.split("/")):
        user = _SCHEME.sub("", part, count=1).partition("@")[0].partition(";")[0].translate(_SIGNS)
        if _NUMBER.fullmatch(user):
            return user
    return ""


@dataclass(slots=True)
class Parties:
    """Reads both ends of a line."""

    lines: Lines
    directory: Directory
    is_internal: Callable[[str], bool]
    """Whether an endpoint that is no agent's and nobody's is the organisation's all the same."""
    prefixes: Sequence[str]
    """What is dialled before an outside number."""
    country_of: Callable[[str], str]
    """By which country's rules numbers behind an endpoint are written."""
    is_trunk: Callable[[str], bool] | None = None
    """Whether an endpoint leads to another PBX of the installation; None where there is none."""

    def agent(self, line: TrackedChannel) -> Agent:
        """Whose line it is: the account's, else as the endpoint's callerid says."""
        user = self.directory.owner_by(line.key)
        plain = line.endpoint.partition("/")[2] or line.endpoint
        if user is not None:
            return Agent(user.id, user.name, user.extension or plain, line.endpoint)
        own = line.own
        number = own.number if _NUMBER.fullmatch(own.number) and own.number not in self.directory.extensions else plain
        return Agent(None, own.name or plain, number, line.endpoint)

    def is_ours(self, line: TrackedChannel) -> bool:
        """Whether it is a phone of the organisation; behind a trunk to another of its PBXes, by its number."""
        if self.is_trunk is not None and self.is_trunk(line.endpoint):
            return (number_in(line.dial_string) if line.called else line.channel.number) in self.directory.extensions
        return line.is_agent or self.directory.owner_by(line.key) is not None or self.is_internal(line.endpoint)

    def main(self, far: Sequence[TrackedChannel]) -> TrackedChannel | None:
        """Of all at the other end the one whom the call is with: somebody from outside before a colleague."""
        if len(far) < 2:  # nearly always
            return far[0] if far else None
        return next((line for line in far if not self.is_ours(line)), far[0])

    def customer(self, line: TrackedChannel, other: TrackedChannel | None, known: Call | None) -> Party:
        """Who is at the far end now; empty between two."""
        if other is None:
            return known.customer if known is not None and self._is_same(line, known) else NOBODY
        line.last_far = other.channel.uniqueid
        channel = other.channel
        if (user := self.directory.owner_by(other.key)) is not None:
            return Party(user.extension or channel.number, user.name)
        if not other.called:
            return Party(channel.number, channel.caller_name, self.country_of(other.endpoint))
        other.reached = other.reached or self._reached(line, other)
        name = channel.caller_name if _NUMBER.fullmatch(channel.number) else ""
        return Party(other.reached, name, self.country_of(other.endpoint))

    def numbers(self, line: TrackedChannel, far: Sequence[TrackedChannel]) -> Iterator[tuple[str, str]]:
        """Of everybody from outside at the other end: the number, and the country by whose rules it is written."""
        for other in far:
            if self.directory.owner_by(other.key) is None:
                number = (other.reached or self._reached(line, other)) if other.called else other.channel.number
                yield number, self.country_of(other.endpoint)

    def _is_same(self, line: TrackedChannel, known: Call) -> bool:
        """Whether nobody took their place: it was not answered, or they are alone in the bridge for a moment."""
        if known.answered_at is None:
            return True
        last = self.lines.get(line.last_far)
        return last is not None and not last.dials and self.lines.is_left_alone(last)

    def _reached(self, line: TrackedChannel, other: TrackedChannel) -> str:
        """The number at which a channel was called: as the agent dialled it, where it is the same."""
        given = number_in(other.dial_string)
        dialled = line.dialled if self.lines.has_dialled(line, other) else ""
        plain = "" if dialled in WORDS else without_prefix(dialled, self.prefixes)
        if plain and (given in ("", dialled, plain) or (len(plain) >= SUBSCRIBER and given.endswith(plain))):
            return plain
        guessed = other.channel.number if _NUMBER.fullmatch(other.channel.number) else ""
        return given or without_prefix(guessed, self.prefixes)

    def direction(self, line: TrackedChannel, other: TrackedChannel | None, known: Call | None) -> Direction:
        """Where the far side came from: it called in, or was called."""
        if other is None:
            if known is not None:
                return known.direction
            return Direction.INBOUND if line.called else Direction.OUTBOUND
        if self.is_ours(other):
            return Direction.INTERNAL
        return Direction.OUTBOUND if other.called else Direction.INBOUND
