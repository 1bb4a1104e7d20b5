"""An audience: streams with one view, what they were shown, and the frames that some of them have not had yet.

No sockets, no clock, no waiting.
"""

from collections.abc import Iterable

from adapter.core.bars import Who
from adapter.web.frames import Frame, Shown


class Member:
    """One stream: who looks, and how far they were told."""

    __slots__ = ("audience", "last_id", "position", "who")

    def __init__(self, user_id: str, token_id: str | None = None) -> None:
        self.who = Who(user_id, token_id)
        self.audience: Audience | None = None
        """None before it begins and after its end."""
        self.position = 0
        """How many of its audience's frames it has had."""
        self.last_id = 0
        """The id of its last frame: ids count up by one within a stream (the contract's Events)."""

    @property
    def user_id(self) -> str:
        """The account that looks."""
        assert self.who.user is not None  # noqa: S101 - __init__ takes no other
        return self.who.user

    @property
    def behind(self) -> int:
        """How many frames wait for it."""
        return self.audience.end - self.position if self.audience is not None else 0


class Audience:
    """What a person, or all who see the same, are told."""

    def __init__(self, shown: Shown, *, own: bool = True, first: int = 0, frames: Iterable[Frame] = ()) -> None:
        self.shown = shown
        self.own = own
        """Whether it is one person's, and not all others'."""
        self.members: dict[Member, None] = {}
        self.lagging: dict[Member, None] = {}
        """Those to whom nothing can be written now: frames may wait for them, within bounds."""
        self.rests_until = 0.0
        """Before this time of the loop's clock nothing is written: frames are gathered. It hangs on its own frames."""
        self.wrote_at = 0.0
        """When something was last written to all."""
        self._first = first
        self._frames = list(frames)

    @property
    def end(self) -> int:
        """How many frames it was told since its beginning."""
        return self._first + len(self._frames)

    def told(self, frames: list[Frame]) -> None:
        """One view's news, for all."""
        self._frames += frames

    def after(self, position: int, most: int | None = None) -> list[Frame]:
        """The frames after a member's position, all or at most so many."""
        start = position - self._first
        return self._frames[start : None if most is None else start + most]

    @property
    def kept(self) -> int:
        """How many frames are kept."""
        return len(self._frames)

    def trim(self) -> None:
        """Forget the frames that everybody has had."""
        oldest = min((member.position for member in self.members), default=self.end)
        if oldest > self._first:
            del self._frames[: oldest - self._first]
            self._first = oldest

    def part(self, members: list[Member]) -> "Audience":
        """These members go on by themselves, with what still waits for them."""
        first = min(member.position for member in members)
        new = Audience(self.shown.copy(), first=first, frames=self.after(first))
        new.rests_until, new.wrote_at = self.rests_until, self.wrote_at
        for member in members:
            del self.members[member]
            new.members[member] = None
            if member in self.lagging:
                del self.lagging[member]
                new.lagging[member] = None
            member.audience = new
        return new
