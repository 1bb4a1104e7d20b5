"""Who is told what, without sockets: streams as the adapter serves them together, and the same views rendered alone."""

from adapter.core.bars import Who
from adapter.core.changes import Changes
from adapter.monitoring.boards import Boards
from adapter.web.audience import Audience, Member
from adapter.web.audiences import Audiences
from adapter.web.frames import Batch, Frame, Shown, snapshot


class Together:
    """The audiences of these boards."""

    def __init__(self, boards: Boards) -> None:
        self.news: list[Audience] = []
        self.back: list[Member] = []
        self.ended: list[Member] = []
        self.audiences = Audiences(boards, self.news.append, self.back.append, self.ended.append)
        boards.subscribe(self.audiences.hear)

    def join(self, who: Who) -> "Told":
        """A stream of theirs."""
        return Told(self.audiences, who)


class Told(Member):
    """One of them, and what it was sent."""

    def __init__(self, audiences: Audiences, who: Who) -> None:
        super().__init__(who.user or "", who.token)
        self._audiences, self._sent = audiences, b""
        self._take([first] if (first := audiences.join(self)) else [])

    def _take(self, frames: list[Frame]) -> None:
        for frame in frames:
            self.last_id += 1
            self._sent += frame.numbered(self.last_id)

    def read(self) -> None:
        """Take what waits."""
        if self.audience is not None:
            self._take(self.audience.after(self.position))
            self.position = self.audience.end
            self.audience.trim()

    @property
    def bytes(self) -> bytes:
        """Everything until now."""
        self.read()
        return self._sent

    def leave(self) -> None:
        """It is closed."""
        self.read()
        self._audiences.leave(self)


class Alone:
    """The same as if nobody else looked: everything is rendered for this one alone."""

    def __init__(self, boards: Boards, who: Who) -> None:
        self._boards, self._who = boards, who
        self._shown, self._last_id = Shown(), 0
        self.bytes = b""
        self.leave = boards.subscribe(self._heard)
        self._show_all()

    def _show_all(self) -> None:
        user = self._boards.directory.users.get(self._who.user or "")
        if user is None or not user.active:
            self.leave()
        else:
            self._shown = Batch(self._boards).shown(user, self._who)
            self._send([snapshot(self._boards, user, self._shown.things)])

    def _heard(self, changes: Changes) -> None:
        user = self._boards.directory.users.get(self._who.user or "")
        if user is None or not user.active:
            self.leave()
        elif user.id in changes.people:
            self._show_all()
        else:
            self._send(Batch(self._boards, changes).frames(self._shown, user, self._who))

    def _send(self, frames: list[Frame]) -> None:
        for frame in frames:
            self._last_id += 1
            self.bytes += frame.numbered(self._last_id)
