"""How adapters of one installation reach each other: subjects, what a bus must do, and the bus of a single process."""

import re
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from adapter.tasks import Listeners, guarded

Heard = Callable[[str, bytes], None]
"""Who is told of messages: the subject and the data. It must not block; it can't wait."""

TOKEN = re.compile(r"[A-Za-z0-9_-]{1,64}")
"""A part of a subject: nothing that NATS gives a meaning to."""


class NotSent(Exception):
    """The message surely went nowhere."""


@dataclass(frozen=True, slots=True)
class Subjects:
    """The subjects of one PBX: `cm.<installation>.<pbx>.owner.<kind>` by its owner, `….ask.<kind>` to its owner."""

    installation: str
    """Its tag (`core.legs.LegNames`)."""
    pbx: str

    def __post_init__(self) -> None:
        """Raises ValueError for what can't be part of a subject."""
        if not TOKEN.fullmatch(self.installation) or not TOKEN.fullmatch(self.pbx):
            raise ValueError(f"not a part of a subject: {self.installation!r}, {self.pbx!r}")

    def by_owner(self, kind: str) -> str:
        """Where the owner tells this kind of thing."""
        return f"cm.{self.installation}.{self.pbx}.owner.{kind}"

    def to_owner(self, kind: str) -> str:
        """Where the owner is asked for this kind of thing."""
        return f"cm.{self.installation}.{self.pbx}.ask.{kind}"

    @property
    def all_by_owner(self) -> str:
        """All that comes from the owner. One subscription, or an answer could overtake the change that it is about."""
        return self.by_owner("*")


class Bus(Protocol):
    """Carries messages to everybody who listens: at most once, in their order from each sender, or not at all."""

    @property
    def connected(self) -> bool:
        """Whether it can be reached, as far as is known."""

    @property
    def problem(self) -> str | None:
        """Why it can't be reached, in words; None while it can."""

    @property
    def changed(self) -> Listeners[[bool]]:
        """Who is told when it is reached, or no longer."""

    def publish(self, subject: str, data: bytes) -> None:
        """Send it now. Raises NotSent at once where that is not possible: nothing is kept for later."""

    def subscribe(self, subject: str, heard: Heard) -> Callable[[], None]:
        """Hear all that comes under a subject (`*`: any part), also after the bus was away. Returns what ends it."""

    def start(self) -> None:
        """Reach it, and again after every loss."""

    async def close(self) -> None:
        """Give it up."""


def matches(pattern: str, subject: str) -> bool:
    """Whether a subject is meant by a pattern."""
    wanted, given = pattern.split("."), subject.split(".")
    return len(wanted) == len(given) and all(want in ("*", part) for want, part in zip(wanted, given, strict=True))


class LocalBus:
    """The bus where there is one process: it needs nothing, and is always there."""

    connected = True
    problem: str | None = None

    def __init__(self) -> None:
        self.changed: Listeners[[bool]] = Listeners()
        self._heard: list[tuple[str, Heard]] = []
        self._waiting: deque[tuple[str, bytes]] = deque()
        self._telling = False

    def publish(self, subject: str, data: bytes) -> None:
        """Tell it before this returns; what is published meanwhile is told after it, so that the order stays."""
        self._waiting.append((subject, data))
        if self._telling:
            return
        self._telling = True
        try:
            while self._waiting:
                subject, data = self._waiting.popleft()
                for pattern, heard in list(self._heard):
                    if matches(pattern, subject):
                        guarded(heard, subject, data)
        finally:
            self._telling = False

    def subscribe(self, subject: str, heard: Heard) -> Callable[[], None]:
        """Hear all that comes under a subject. Returns what ends it."""
        entry = (subject, heard)
        self._heard.append(entry)

        def end() -> None:
            if entry in self._heard:
                self._heard.remove(entry)

        return end

    def start(self) -> None:
        """Nothing is needed."""

    async def close(self) -> None:
        """Nothing is held."""
