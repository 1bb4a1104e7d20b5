"""What a frame in a CRM's page is told: its call as it is now, whole, whenever that is another than before.

A frame has one call, so a snapshot is small, and nothing can be missed between two. It is looked after apart from
people's streams (`adapter.web.stream`), and looks itself again and again whether its session still is.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field

from aiohttp import web

from adapter.core import views
from adapter.core.changes import Changes
from adapter.core.embeds import Embed
from adapter.core.help_views import HelpSight, help_view
from adapter.core.monitor import Monitor
from adapter.core.views import Json, Visibility, monitor_view
from adapter.errors import NotAuthenticated, StoreUnavailable
from adapter.monitoring.boards import Boards
from adapter.store import budget
from adapter.web.calls import seen
from adapter.web.embedded import EmbedSessions
from adapter.web.frame import Frame, encode
from adapter.web.principal import Principal

STEP = 1.0
"""Seconds between two looks where nothing is heard: so soon after its end a session has no stream."""
GATHER = 0.02
"""Seconds in which what changes together is gathered."""
BEAT = 5
"""Looks after which something is sent in any case, so that the page notices when nobody is there."""
STILL_HERE = b": here\n\n"


@dataclass(slots=True, eq=False)
class Opened:
    """One frame's stream."""

    embed: Embed
    news: asyncio.Event = field(default_factory=asyncio.Event)
    ended: list[Monitor] = field(default_factory=list)
    """The supervisor's own monitors that ended, and were not told yet."""
    over: bool = False


class EmbedStreams:
    """All frames that are connected."""

    def __init__(self, boards: Boards) -> None:
        self._boards = boards
        self._opened: dict[Opened, None] = {}
        boards.subscribe(self._heard)

    def of(self, embed_id: str) -> int:
        """How many streams this embed has."""
        return sum(one.embed.id == embed_id for one in self._opened)

    def close(self) -> None:
        """End all of them."""
        for one in self._opened:
            one.over = True
            one.news.set()

    async def serve(
        self,
        response: web.StreamResponse,
        principal: Principal,
        look: Callable[[], Awaitable[Principal]],
        sessions: EmbedSessions,
        within: float,
    ) -> None:
        """A snapshot, and another whenever it is another, until the session ends.

        `look`: who is behind the session now, raising NotAuthenticated where nobody is; `within`: seconds in which the
        client must take what it is given, else it is dropped.
        """
        embed = principal.embed
        assert embed is not None  # noqa: S101 - the caller's promise
        opened = Opened(embed)
        self._opened[opened] = None
        try:
            with suppress(ConnectionError, TimeoutError, NotAuthenticated, StoreUnavailable):
                await self._serve(opened, response, principal, look, sessions, within)
        finally:
            del self._opened[opened]

    async def _serve(
        self,
        opened: Opened,
        response: web.StreamResponse,
        principal: Principal,
        look: Callable[[], Awaitable[Principal]],
        sessions: EmbedSessions,
        within: float,
    ) -> None:
        shown, last, still = b"", 0, 0
        while not opened.over:
            now = encode(snapshot(principal, opened.embed, sessions, self._boards))
            frames = [*self._ends(opened, principal), *([Frame.of("snapshot", now)] if now != shown else [])]
            data = b"".join(frame.numbered(last + place) for place, frame in enumerate(frames, 1))
            shown, last, still = now, last + len(frames), 0 if frames else still + 1
            if still >= BEAT:
                data, still = STILL_HERE, 0
            if data:
                await asyncio.wait_for(response.write(data), within)
            with suppress(TimeoutError):
                await asyncio.wait_for(opened.news.wait(), STEP)
                await asyncio.sleep(GATHER)
            opened.news.clear()
            with budget.limited(budget.REQUEST):
                principal = await look()

    def _ends(self, opened: Opened, principal: Principal) -> list[Frame]:
        """Of monitors that ended, why: a snapshot only has no such monitor any more."""
        ended, opened.ended = opened.ended, []
        user, who = principal.person, principal.who
        sights = [(one, self._boards.visibility(user, one, who)) for one in ended]
        told = [monitor_view(one, sight, user) for one, sight in sights if sight is not Visibility.NOTHING]
        return [Frame.of("monitor.ended", encode(one)) for one in told]

    def _heard(self, changes: Changes) -> None:
        if not self._opened:
            return
        calls = filter(None, map(self._boards.call, changes.calls))
        touched = {one.conversation_id for one in calls} | {one.after.conversation_id for one in changes.monitors}
        everybody = bool(changes.link or changes.record or changes.people or changes.resynced or changes.help)
        for one in self._opened:
            embed, names = one.embed, self._boards.bars.known_as(one.embed.conversation_id)[0]
            is_there = embed.call_id in changes.calls or not names.isdisjoint(touched)
            one.ended += [change.after for change in changes.monitors if _is_own_end(embed, names, change.after)]
            if everybody or is_there:
                one.news.set()


def _is_own_end(embed: Embed, names: frozenset[str], monitor: Monitor) -> bool:
    is_there = monitor.call_id == embed.call_id or monitor.conversation_id in names
    return monitor.ended and monitor.supervisor.user_id == embed.user_id and is_there


def snapshot(principal: Principal, embed: Embed, sessions: EmbedSessions, boards: Boards) -> Json:
    """As `GET /events` begins for people, of this call alone."""
    user, who = principal.person, principal.who
    call = sessions.call(embed)
    shown = seen(principal, boards, call) if call is not None else None
    ids = {embed.call_id} | ({call.id} if call is not None else set())
    own = [one for one in boards.monitors() if one.supervisor.user_id == user.id and one.call_id in ids]
    sights = [(one, boards.visibility(user, one, who)) for one in own]
    asked = [(one, boards.help_sight(user, one, who)) for one in boards.help.values() if one.call_id in ids]
    board = boards.board(call.pbx if call is not None else embed.pbx)
    state = board.pbx_state if board is not None else boards.pbx_state
    name = board.name if board is not None else embed.pbx
    return {
        "user": views.user_view(user),
        "calls": [shown] if shown is not None else [],
        "monitors": [monitor_view(one, sight, user) for one, sight in sights if sight is not Visibility.NOTHING],
        "help": [help_view(one, sight) for one, sight in asked if sight is not HelpSight.NOTHING and not one.closed],
        "follows": [],
        "agents": [],
        "queues": [],
        "pbx": views.pbx_view(state),
        "pbxs": [views.named_pbx_view(board.id if board is not None else embed.pbx, name, state)],
        "record": views.record_view(boards.record_state),
    }
