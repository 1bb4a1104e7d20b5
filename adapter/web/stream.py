"""The live streams: who is connected, since when, and how they end."""

from adapter.core.changes import Changes
from adapter.monitoring.boards import Boards
from adapter.web.audience import Audience, Member
from adapter.web.audiences import Audiences
from adapter.web.client import Stream
from adapter.web.delivery import Delivery, still_here
from adapter.web.embedstream import EmbedStreams
from adapter.web.wall import Walls

QUEUE = 1000
"""Frames that may wait for one client; who falls further behind is dropped and gets a new snapshot later."""


class Streams:
    """All connected clients."""

    def __init__(self, boards: Boards) -> None:
        self._streams: dict[Stream, None] = {}
        self._delivery = Delivery()
        self._audiences = Audiences(boards, self._told, self._back, self._ended)
        self._news: dict[Audience, None] = {}
        """Whoever is told something by the change that is being heard."""
        self.dropped = 0
        """Streams that were ended because they could not keep up."""
        boards.subscribe(self._heard)
        self.walls = Walls(boards)
        """Screens on the wall: they are told apart from people."""
        self.embeds = EmbedStreams(boards)
        """Frames in a CRM's page, likewise."""

    def join(self, user_id: str, session_id: str, token_id: str | None = None) -> Stream:
        """Begin a stream with its snapshot; nothing can happen between the two. `token_id`: where it is a token's.

        It is closed at once where this person may see nothing.
        """
        stream = Stream(user_id, session_id, token_id)
        snapshot = self._audiences.join(stream)
        if snapshot is None:
            stream.close()
            return stream
        stream.last_id = 1
        stream.joined(snapshot.numbered(1), self._delivery.catch_up)
        self._streams[stream] = None
        return stream

    @property
    def count(self) -> int:
        """How many clients are connected."""
        return len(self._streams)

    def of(self, user_id: str) -> int:
        """How many streams this person has."""
        return len(self._audiences.of(user_id))

    def is_connected(self, user_id: str) -> bool:
        """Whether this person has a stream: a page that tells them."""
        return self.of(user_id) > 0

    def leave(self, stream: Stream) -> None:
        """The client is gone."""
        stream.close()
        if stream in self._streams:
            del self._streams[stream]
            self._audiences.leave(stream)
            self.dropped += stream.late

    def session_ids(self) -> frozenset[str]:
        """The sessions and tokens that have a stream."""
        return self.walls.session_ids() | {stream.session_id for stream in self._streams}

    def end_sessions(self, ended: frozenset[str]) -> None:
        """Close the streams of sessions and tokens that ended."""
        self.walls.end_sessions(ended)
        for stream in list(self._streams):
            if stream.session_id in ended:
                self.leave(stream)

    def close(self) -> None:
        """End all streams."""
        self.walls.close()
        self.embeds.close()
        for stream in list(self._streams):
            self.leave(stream)
        self._delivery.close()

    def _heard(self, changes: Changes) -> None:
        self._audiences.hear(changes)
        news, self._news = self._news, {}
        for audience in news:
            for member in list(audience.lagging):
                if member.behind > QUEUE and isinstance(member, Stream):
                    member.drop()
                    self.leave(member)
            self._delivery.news(audience)

    def _told(self, audience: Audience) -> None:
        self._news[audience] = None

    def _back(self, member: Member) -> None:
        if isinstance(member, Stream):
            still_here(member)  # nobody knows how long it was silent: its new audience has another rhythm

    def _ended(self, member: Member) -> None:
        if isinstance(member, Stream):
            self.leave(member)
