"""What a screen on the wall reads: agents and queues, with a token of its own that can do nothing else.

Its stream is looked after apart from people's (`adapter.web.stream`): once a second is enough for it. All walls that
show everything share what was made for one.
"""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import NamedTuple

from aiohttp import web

from adapter.core import views
from adapter.core.agent import AgentStatus, QueueStatus
from adapter.core.changes import Changes
from adapter.core.floorviews import agent_visible, queue_visible
from adapter.core.people import User
from adapter.core.permissions import may_monitor
from adapter.core.scopes import is_scoped
from adapter.core.views import Json
from adapter.core.wallviews import agent_on_wall, queue_on_wall
from adapter.errors import Forbidden
from adapter.monitoring.boards import Boards
from adapter.store.tokens import Scope
from adapter.web.access import Access, anybody
from adapter.web.frame import Frame, encode
from adapter.web.principal import Principal

STEP = 1.0
"""Seconds between two looks at what has changed."""
BEAT = 5
"""Looks after which something is sent in any case, so that the page notices when nobody is there."""
STILL_HERE = b": here\n\n"
KINDS = ("agent", "queue", "pbx")


def is_wall(principal: Principal) -> bool:
    """Whether it is a wall's token: then it is nothing else, whatever else it was given."""
    return principal.token is not None and principal.has(Scope.WALL)


class Sight(NamedTuple):
    """What a wall's token shows."""

    everything: bool = False
    people: tuple[User, ...] = ()
    """Otherwise what these may see."""

    @property
    def good(self) -> bool:
        """Whether there is anything to be shown."""
        return self.everything or bool(self.people)

    @property
    def viewers(self) -> tuple[User, ...]:
        """Whose rights cut what is shown of an agent; nobody's where everything is shown."""
        return () if self.everything else self.people

    def agent(self, agent: AgentStatus | None) -> bool:
        """Whether it shows an agent."""
        return agent is not None and (self.everything or any(agent_visible(user, agent) for user in self.people))

    def queue(self, queue: QueueStatus | None) -> bool:
        """Whether it shows a queue."""
        return queue is not None and (self.everything or any(queue_visible(user, queue) for user in self.people))


def sight_of(principal: Principal, boards: Boards) -> Sight:
    """What those see who stand behind a wall's token and may monitor; everything, where it is for nobody's rights."""
    users, token = boards.directory.users, principal.token
    if token is None:
        return Sight()
    ids = token.may_act_for if token.service else {token.user_id}
    found = [user for user_id in ids if user_id is not None and (user := users.get(user_id)) is not None]
    people = tuple(user for user in found if user.active and may_monitor(user))
    return Sight((token.service and not ids) or any(not is_scoped(user) for user in people), people)


def reads_floor(principal: Principal, access: Access) -> None:
    """Whoever may look at anything, and walls. Raises Forbidden."""
    if not is_wall(principal):
        anybody(principal, access)
    elif not sight_of(principal, access.boards).good:
        raise Forbidden("Nobody who may monitor stands behind this token.")


def agents(principal: Principal, boards: Boards) -> list[Json]:
    """As `GET /agents` tells a wall."""
    sight = sight_of(principal, boards)
    seen = sorted(filter(sight.agent, boards.agents()), key=lambda one: (one.pbx, one.extension, one.id))
    return [agent_on_wall(one, *sight.viewers) for one in seen]


def queues(principal: Principal, boards: Boards) -> list[Json]:
    """As `GET /queues` tells a wall."""
    seen = filter(sight_of(principal, boards).queue, boards.queues())
    return [queue_on_wall(one) for one in sorted(seen, key=lambda one: (one.pbx, one.name))]


@dataclass(slots=True, eq=False)
class Wall:
    """One screen."""

    token_id: str
    over: asyncio.Event = field(default_factory=asyncio.Event)


class Walls:
    """All screens that are connected."""

    def __init__(self, boards: Boards) -> None:
        self._boards = boards
        self._walls: dict[Wall, None] = {}
        self._now: dict[str, dict[str, bytes]] = {kind: {} for kind in KINDS}
        """What those show that show everything, by kind and id."""
        self._changed: set[str] | None = None
        """Ids of what may be different by now; None: everything."""
        boards.subscribe(self._heard)

    def of(self, token_id: str) -> int:
        """How many screens this token has."""
        return sum(wall.token_id == token_id for wall in self._walls)

    def session_ids(self) -> frozenset[str]:
        """The tokens that have a screen."""
        return frozenset(wall.token_id for wall in self._walls)

    def end_sessions(self, ended: frozenset[str]) -> None:
        """Close the screens of tokens that ended."""
        for wall in self._walls:
            if wall.token_id in ended:
                wall.over.set()

    def close(self) -> None:
        """End all of them."""
        for wall in self._walls:
            wall.over.set()

    async def serve(
        self, response: web.StreamResponse, token_id: str, sight: Callable[[], Sight], within: float
    ) -> None:
        """The snapshot, then what changes, until it is over. `sight`: what the token shows now.

        `within`: seconds in which the screen must take what it is given; else it is dropped.
        """
        wall = Wall(token_id)
        self._walls[wall] = None
        try:
            with suppress(ConnectionError, TimeoutError):
                await self._serve(wall, response, sight, within)
        finally:
            del self._walls[wall]

    async def _serve(self, wall: Wall, response: web.StreamResponse, sight: Callable[[], Sight], within: float) -> None:
        shown, last, still = self._seen(sight()), 1, 0
        data = self._snapshot(shown).numbered(last)
        while True:
            if data:
                await asyncio.wait_for(response.write(data), within)
            with suppress(TimeoutError):
                await asyncio.wait_for(wall.over.wait(), STEP)
            if wall.over.is_set() or not sight().good:
                return
            now = self._seen(sight())
            frames = list(_frames(shown, now))
            data = b"".join(frame.numbered(last + place) for place, frame in enumerate(frames, 1))
            shown, last, still = now, last + len(frames), 0 if frames else still + 1
            if still >= BEAT:
                data, still = STILL_HERE, 0

    def _snapshot(self, shown: dict[str, dict[str, bytes]]) -> Frame:
        pbx = encode(views.pbx_view(self._boards.pbx_state))
        parts = (b",".join(shown[kind].values()) for kind in KINDS)
        return Frame.of("snapshot", b'{"agents":[%b],"queues":[%b],"pbxs":[%b],"pbx":%b}' % (*parts, pbx))

    def _heard(self, changes: Changes) -> None:
        if not self._walls or changes.link or changes.resynced:
            self._changed = None
        elif self._changed is not None:
            self._changed |= {*changes.agents, *changes.queues}

    def _seen(self, sight: Sight) -> dict[str, dict[str, bytes]]:
        now, boards = self._copy(), self._boards
        if not sight.everything:
            agents = filter(sight.agent, boards.agents())
            now["agent"] = {one.id: encode(agent_on_wall(one, *sight.viewers)) for one in agents}
            now["queue"] = {one: data for one, data in now["queue"].items() if sight.queue(boards.queue(one))}
        return now

    def _copy(self) -> dict[str, dict[str, bytes]]:
        """Everything as it is now; only what has changed is made anew."""
        boards, now, changed = self._boards, self._now, self._changed
        if changed is None:
            now["agent"] = {one.id: encode(agent_on_wall(one)) for one in boards.agents()}
            now["queue"] = {one.id: encode(queue_on_wall(one)) for one in boards.queues()}
        for each in changed or ():
            agent, queue = boards.agent(each), boards.queue(each)
            _put(now["agent"], each, encode(agent_on_wall(agent)) if agent is not None else None)
            _put(now["queue"], each, encode(queue_on_wall(queue)) if queue is not None else None)
        self._changed = set()
        now["pbx"] = {b.id: encode(views.named_pbx_view(b.id, b.name, b.pbx_state)) for b in boards}
        return {kind: dict(of_it) for kind, of_it in now.items()}


def _put(all_: dict[str, bytes], thing: str, data: bytes | None) -> None:
    if data is None:
        all_.pop(thing, None)
    else:
        all_[thing] = data


def _frames(before: dict[str, dict[str, bytes]], now: dict[str, dict[str, bytes]]) -> Iterator[Frame]:
    for kind in KINDS:
        old, new = before[kind], now[kind]
        name = "pbx.state" if kind == "pbx" else f"{kind}.updated"
        yield from (Frame.of(name, data) for thing, data in new.items() if old.get(thing) != data)
        if kind != "pbx":
            yield from (Frame.of(f"{kind}.removed", encode({"id": thing})) for thing in old.keys() - new.keys())
