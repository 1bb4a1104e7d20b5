"""Pages as phones: one ephemeral endpoint at Asterisk for each session that asks, known to nobody else.

It is made through ARI's push configuration in Asterisk's memory, can dial nothing, and goes with its session. The
adapter that serves the page looks after it, whichever adapter looks after the PBX.
"""

import asyncio
import secrets
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple, Protocol

import structlog

from adapter.core.changes import Changes
from adapter.core.pbx import LinkState, PbxState
from adapter.core.people import Directory
from adapter.core.permissions import may_monitor
from adapter.errors import AdapterError
from adapter.tasks import BackgroundTasks, KeyedLocks

log = structlog.get_logger(__name__)

LAST = 2.0
"""Seconds for taking all of them away from Asterisk at a stop."""
PREFIX = "cm-web-"
"""How these endpoints are named, with the installation's tag and their adapter's after it; never agents' phones."""


@dataclass(slots=True)
class Softphone:
    """One page's phone."""

    session_id: str
    user_id: str
    endpoint: str
    password: str = field(repr=False)
    expires_at: datetime
    """As it is told; what counts is the time that passed, which no clock that is set makes more."""
    made_at: float
    connected: int = 0
    """Its place among the pages in the order in which they connected; 0 while its socket is not open."""
    hang_up: Callable[[], None] | None = None
    """Closes its connection to Asterisk, and its socket."""

    @property
    def device(self) -> str:
        """What Asterisk dials."""
        return f"PJSIP/{self.endpoint}"


class Endpoints(Protocol):
    """Where ephemeral endpoints are made (`adapter.asterisk.endpoints`)."""

    async def put(self, endpoint: str, password: str) -> None:
        """Make it, or make it anew. Raises PbxUnavailable, PbxTimeout, PbxRefused."""

    async def remove(self, endpoint: str) -> None:
        """Take it away; one that is gone is fine."""

    async def listed(self) -> list[str]:
        """Names of all endpoints that Asterisk knows."""

    async def close(self) -> None:
        """Give the connections up."""


class PicturedPbx(Protocol):
    """What is known of a PBX, whoever looks after it (`boards.OneOfBoards`)."""

    @property
    def directory(self) -> Directory:
        """All accounts."""

    @property
    def pbx_state(self) -> PbxState:
        """The connection."""

    def subscribe(self, listener: Callable[[Changes], None]) -> Callable[[], None]:
        """Be told of every change, synchronously. Returns what ends it."""


class Names(NamedTuple):
    """How the endpoints of pages are called."""

    tag: str
    """The installation's."""
    own: str = "0"
    """This adapter's, without a dash."""
    others: Callable[[], Collection[str]] = tuple
    """Those of the other adapters that live."""

    def new(self) -> str:
        """One that nobody has."""
        return f"{PREFIX}{self.tag}-{self.own}-{secrets.token_hex(8)}"

    def is_page(self, endpoint: str) -> bool:
        """Whether it is of this installation."""
        return endpoint.startswith(f"{PREFIX}{self.tag}-")

    def is_left(self, endpoint: str) -> bool:
        """Whether it is of this installation, and of no other adapter that lives."""
        part = endpoint.removeprefix(f"{PREFIX}{self.tag}-").partition("-")[0]
        return self.is_page(endpoint) and part not in self.others()


class BrowserPhones:
    """All of one PBX. `end_device` ends what a device serves: its page is gone; `left`: the adapter of its page is.

    `rung`: devices that monitors rang, where we look after the PBX. Another adapter may have removed a dead one's
    endpoints by the time that we look for them.
    """

    def __init__(
        self,
        picture: PicturedPbx,
        endpoints: Endpoints,
        clock: Callable[[], datetime],
        lifetime: timedelta,
        end_device: Callable[[str], None],
        names: Names,
        left: Callable[[str], None] = lambda device: None,
        rung: Callable[[], Collection[str]] = tuple,
        passing: Callable[[], float] = time.monotonic,
    ) -> None:
        self._names, self._alive = names, frozenset[str]()
        self._picture, self._endpoints, self._clock, self._lifetime = picture, endpoints, clock, lifetime
        self._end_device, self._left, self._rung, self._passing = end_device, left, rung, passing
        self._phones: dict[str, Softphone] = {}
        self._count = 0
        self._locks = KeyedLocks()
        self._tasks = BackgroundTasks("softphones")
        picture.subscribe(self._heard)

    def of_session(self, session_id: str) -> Softphone | None:
        """The session's phone."""
        return self._phones.get(session_id)

    def device_of(self, user_id: str) -> str | None:
        """What to ring for a person's browser: the page that connected last."""
        mine = [phone for phone in self._phones.values() if phone.user_id == user_id and phone.connected]
        return max(mine, key=lambda phone: phone.connected).device if mine else None

    def lives(self, device: str) -> bool:
        """Whether a page may be behind this device: one of ours that is connected, or may come back in a moment; or of
        another adapter that lives."""
        endpoint = device.partition("/")[2]
        ours = any(phone.endpoint == endpoint and phone.hang_up is not None for phone in self._phones.values())
        return ours or (self._names.is_page(endpoint) and not self._names.is_left(endpoint))

    async def open(self, session_id: str, user_id: str) -> Softphone:
        """A phone for this session; an older one of it goes. Raises PbxUnavailable, PbxTimeout, PbxRefused."""
        async with self._locks.of(session_id):  # two at once would leave an endpoint that nobody knows
            await self.close_one(session_id)
            phone = Softphone(
                session_id,
                user_id,
                self._names.new(),
                secrets.token_urlsafe(24),
                self._clock() + self._lifetime,
                self._passing(),
            )
            await self._endpoints.put(phone.endpoint, phone.password)
            self._phones[session_id] = phone
            return phone

    async def renew(self, phone: Softphone) -> None:
        """Asterisk may have been restarted and have forgotten it: make it anew before its page registers."""
        await self._endpoints.put(phone.endpoint, phone.password)

    def connected(self, phone: Softphone, hang_up: Callable[[], None]) -> None:
        """Its page opened its socket; `hang_up` ends its connection to Asterisk, of which it has one."""
        self._count += 1
        phone.hang_up, phone.connected = hang_up, self._count

    def away(self, phone: Softphone, hang_up: Callable[[], None]) -> None:
        """Its socket broke: it can't be rung. It may come back, so what it serves goes on for now."""
        if phone.hang_up == hang_up:
            phone.connected = 0

    def disconnected(self, phone: Softphone, hang_up: Callable[[], None]) -> None:
        """Its page is gone: what it served ends."""
        if phone.hang_up == hang_up:
            phone.connected, phone.hang_up = 0, None
            self._end_device(phone.device)

    async def close_one(self, session_id: str) -> None:
        """The session is over, or its page wants no phone any more."""
        phone = self._phones.pop(session_id, None)
        if phone is None:
            return
        if phone.hang_up is not None:
            phone.hang_up()
        self._end_device(phone.device)
        try:
            await self._endpoints.remove(phone.endpoint)
        except AdapterError as problem:
            log.warning("a softphone's endpoint was not removed; its password is forgotten", why=str(problem))

    def session_ids(self) -> frozenset[str]:
        """The sessions that have a phone."""
        return frozenset(self._phones)

    def end_sessions(self, ended: frozenset[str]) -> None:
        """Sessions ended: so do their phones."""
        for session_id in ended & self.session_ids():
            self._tasks.start(self.close_one(session_id), f"close {session_id}")

    def end_expired(self) -> None:
        """Credentials whose time is up go, with them whoever's rights are gone, and what a dead adapter left."""
        before, self._alive = self._alive, frozenset(self._names.others())
        if before - self._alive:
            self._tasks.start(self._sweep(), "sweep")
        oldest, users = self._passing() - self._lifetime.total_seconds(), self._picture.directory.users
        for session_id, phone in list(self._phones.items()):
            user = users.get(phone.user_id)
            if user is None or not may_monitor(user) or phone.made_at <= oldest:
                self._tasks.start(self.close_one(session_id), f"close {session_id}")

    def _heard(self, changes: Changes) -> None:
        if changes.people or changes.link or changes.resynced:
            self.end_expired()
        if changes.resynced:
            self._tasks.start(self._sweep(), "sweep")
        if changes.link and self._picture.pbx_state.state is LinkState.DOWN:
            for phone in self._phones.values():
                if phone.hang_up is not None:
                    phone.hang_up()  # its page comes back, and is made known to Asterisk again

    async def _sweep(self) -> None:
        """Remove what a former run, or a dead adapter, left at Asterisk: its pages come back with others."""
        known = {phone.endpoint for phone in self._phones.values()}
        for device in self._rung():
            if (name := device.partition("/")[2]) not in known and self._names.is_left(name):
                self._left(device)
        try:
            left = [name for name in await self._endpoints.listed() if self._names.is_left(name)]
            for name in left:
                if name not in known:
                    self._left(f"PJSIP/{name}")
                    await self._endpoints.remove(name)
        except AdapterError as problem:
            log.warning("softphones of an earlier run could not be removed", why=str(problem))

    async def close(self) -> None:
        """Take all of them away from Asterisk: all at once; after `LAST` it is left to the next start."""
        away = [self._tasks.start(self.close_one(known), f"close {known}") for known in list(self._phones)]
        if away:
            _, late = await asyncio.wait(away, timeout=LAST)
            if late:
                log.warning("pages' phones were left at Asterisk; the next start removes them", count=len(late))
        await self._tasks.close()
        await self._endpoints.close()
