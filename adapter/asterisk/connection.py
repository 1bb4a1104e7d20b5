"""The connection to one PBX: connect, snapshot, live, and again after every loss.

Everything that the model learns passes through here in the order in which Asterisk said it.
"""

import asyncio
import random
import ssl
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime

import structlog

from adapter.asterisk import howcalled, marks, queuelist, versions, wire
from adapter.asterisk.ami import AmiAddress, AmiConnection, AuthenticationFailed
from adapter.asterisk.ari import Ari
from adapter.asterisk.fence import UNFENCED, Fence
from adapter.asterisk.splitter import Message
from adapter.core.events import Event, KnownChannel
from adapter.core.pbx import LinkState, PbxState
from adapter.errors import AdapterError, PbxRefused, PbxTimeout, PbxUnavailable
from adapter.tasks import BackgroundTasks, guarded

log = structlog.get_logger(__name__)

MAX_BACKLOG = 100_000
"""Events that may arrive while a snapshot is taken; more means that something else is wrong."""
ACTIONS = ("Originate", "PlayDTMF", "Redirect", "Hangup", "Bridge")
"""The AMI actions without which no monitor can be started, switched, ended or handed the call."""
ASK_ARI = 1.0
"""Seconds between looks whether ARI answers."""
REMEDY = "write = call,originate,reporting in manager.conf lets it"


def allowed() -> None:
    """Where nothing forbids an action in the last moment."""


@dataclass(frozen=True, slots=True)
class LinkSettings:
    """One PBX: where it is and how patient we are. All times in seconds."""

    id: str
    ami: AmiAddress
    ari_url: str
    ari_username: str
    ari_password: str = field(repr=False)
    ari_tls: ssl.SSLContext | None = None
    context: str = "call-monitor"
    answer_style: str = "generic"
    answer_styles: Mapping[str, str] = field(default_factory=dict)
    """Styles of `autoanswer.STYLES` by pattern of devices."""
    is_trunk: Callable[[str], bool] = lambda endpoint: False
    """Whether an endpoint leads to another PBX of the installation."""
    connect_deadline: float = 3.0
    action_deadline: float = 2.0
    snapshot_deadline: float = 10.0
    ping_interval: float = 2.0
    ping_deadline: float = 2.0
    first_pause: float = 0.1
    longest_pause: float = 10.0
    refused_pause: float = 30.0


class Connection:
    """One PBX, kept connected."""

    def __init__(
        self,
        settings: LinkSettings,
        on_events: Callable[[Sequence[Event]], None],
        on_state: Callable[[PbxState], None],
        clock: Callable[[], datetime],
        fence: Fence = UNFENCED,
    ) -> None:
        self._settings, self._on_events, self._on_state, self._clock = settings, on_events, on_state, clock
        self.fence = fence
        self._given_up = False
        self.ari = Ari(
            *(settings.ari_url, settings.ari_username, settings.ari_password, settings.action_deadline),
            tls=settings.ari_tls,
        )
        self._ami: AmiConnection | None = None
        self._state = PbxState(LinkState.CONNECTING, clock())
        self._backlog: list[Event] | None = None
        self._lost: asyncio.Event = asyncio.Event()
        self._started_at: str | None = None
        self._checked_version: str | None = None
        self._lacking: list[str] = []
        self._ari_problem: str | None = "it was not asked yet"
        self._chance = random.SystemRandom()
        self._tasks = BackgroundTasks(f"link {settings.id}")

    @property
    def id(self) -> str:
        """The node's id in the configuration."""
        return self._settings.id

    @property
    def state(self) -> PbxState:
        """The connection as it is now."""
        return self._state

    def start(self, first: Awaitable[object] | None = None) -> None:
        """Connect, and again after every loss; for the first time once `first` is done, or takes too long."""
        self._tasks.start(self._begin(first), "start")

    async def _begin(self, first: Awaitable[object] | None) -> None:
        if first is not None:
            with suppress(TimeoutError):
                await asyncio.wait_for(first, self._settings.connect_deadline)
        self._tasks.keep(self._keep_connected, "connection")
        self._tasks.keep(self._ask_ari, "ari")

    def give_up(self) -> None:
        """Another adapter acts here now: at once and without a word, and nothing is asked from here any more."""
        self._given_up = True
        self.ari.give_up()
        self._drop()

    async def close(self) -> None:
        """End the connection for good."""
        await self._tasks.close()
        self._drop()
        await self.ari.close()

    def problems(self) -> list[str]:
        """What is not usable now, as `part: text`; empty when all is. Asks nobody."""
        found = [] if self._state.state is LinkState.CONNECTED else ["ami: not connected, or no snapshot yet"]
        if self._lacking:
            found.append(f"ami: the user may not do {', '.join(self._lacking)}; {REMEDY}")
        if self._ari_problem is not None:
            found.append(f"ari: {self._ari_problem}")
        return found

    async def _ask_ari(self) -> None:
        """Whether ARI is usable, at a steady pace: not when somebody wants to know, nor when somebody acts."""
        while True:
            try:
                await self.ari.version()
                self._ari_problem = None
            except AdapterError as problem:
                self._ari_problem = str(problem)
            await asyncio.sleep(ASK_ARI)

    def reconnect(self, why: str) -> None:
        """Give the connection up, and begin anew with a snapshot."""
        if self._ami is not None:
            log.warning("reconnecting", pbx=self.id, why=why)
            self._ami.close()

    # --- staying connected

    async def _keep_connected(self) -> None:
        failures = 0
        while True:
            self._set(LinkState.CONNECTING)
            pause: float | None = None
            try:
                await self._session()
            except AuthenticationFailed as problem:
                log.error("the PBX refused the login", pbx=self.id, why=str(problem))
                pause = self._settings.refused_pause
            except AdapterError as problem:
                log.warning("no connection to the PBX", pbx=self.id, why=str(problem))
            except Exception:
                log.exception("the link failed", pbx=self.id)
            finally:
                if self._state.state is LinkState.CONNECTED:  # it worked until now, whatever ended it
                    failures = 0
                self._drop()
            failures += 1
            self._set(LinkState.DOWN)
            await asyncio.sleep(pause if pause is not None else self._pause(failures))

    def _pause(self, failures: int) -> float:
        """Growing, with jitter, so that many adapters don't come back in step."""
        longest = min(self._settings.longest_pause, self._settings.first_pause * 2 ** min(failures, 12))
        return self._chance.uniform(longest / 2, longest)

    async def _session(self) -> None:
        """One connection from its beginning to its loss. Raises what hindered it."""
        settings = self._settings
        if self._given_up:
            raise PbxUnavailable("Another adapter looks after this PBX.")
        self._lost, self._backlog = asyncio.Event(), []
        self._ami = await AmiConnection.open(settings.ami, self._heard, self._gone, settings.connect_deadline)
        await self._take_snapshot(self._ami)
        await self._check_rights(self._ami)
        await self._check_version()
        await self._watch(self._ami)

    async def _take_snapshot(self, ami: AmiConnection) -> None:
        """List everything over the same stream as the events: what happens meanwhile waits, and is told after."""
        deadline = self._settings.snapshot_deadline
        status = await ami.action("CoreStatus", deadline=deadline)
        started_at = f"{status.get('CoreStartupDate')} {status.get('CoreStartupTime')}"
        channels = await ami.listing("CoreShowChannels", deadline=deadline)
        bridges = await ami.listing("BridgeList", deadline=deadline)
        devices = await ami.listing("DeviceStateList", deadline=deadline)
        statuses = await self._statuses(ami)
        queues = await queuelist.queues(ami, deadline)
        restarted = self._started_at not in (None, started_at)
        self._started_at = started_at
        snapshot = wire.snapshot(self._clock(), channels, bridges, devices, statuses, queues, restarted=restarted)
        snapshot = snapshot._replace(marks=await marks.listed(ami, deadline))
        if self._lost.is_set():
            raise PbxUnavailable("The connection was lost while the snapshot was taken.")
        backlog, self._backlog = self._backlog or [], None
        self._set(LinkState.CONNECTED)
        guarded(self._on_events, [snapshot, *backlog])

    async def _statuses(self, ami: AmiConnection) -> Sequence[Message]:
        """How each channel came to be. Where that is refused, what CoreShowChannels tells has to do."""
        try:
            return await howcalled.statuses(ami, self._settings.snapshot_deadline, self._settings.is_trunk)
        except PbxRefused as refusal:
            log.warning("how calls came to be can't be asked", pbx=self.id, why=str(refusal), remedy=REMEDY)
            return []

    async def _check_rights(self, ami: AmiConnection) -> None:
        """Asterisk lists the actions that this user may do (main/manager.c, action_listcommands)."""
        try:
            may = await ami.action("ListCommands", deadline=self._settings.action_deadline)
        except PbxRefused:
            return
        self._lacking = [action for action in ACTIONS if action not in may]
        if self._lacking:
            log.error("the AMI user lacks rights", pbx=self.id, actions=self._lacking, remedy=REMEDY)

    async def _check_version(self) -> None:
        """Tell of a version that is known to be bad; a running PBX is not refused, its operator is warned."""
        try:
            version = await self.ari.version()
        except AdapterError as problem:
            log.warning("ARI is not usable", pbx=self.id, why=str(problem))
            return
        if version != self._checked_version:
            self._checked_version = version
            log.info("connected", pbx=self.id, asterisk=version)
            if reason := versions.check(version):
                log.warning("this Asterisk version can't be used", pbx=self.id, why=reason)

    async def _watch(self, ami: AmiConnection) -> None:
        """Ask now and then whether anybody is there: a half-open connection looks alive for ever."""
        while not self._lost.is_set():
            try:
                await asyncio.wait_for(self._lost.wait(), self._settings.ping_interval)
            except TimeoutError:
                await ami.action("Ping", deadline=self._settings.ping_deadline)

    def _heard(self, messages: list[Message]) -> None:
        at = self._clock()
        events = [event for message in messages if (event := wire.translate(message, at)) is not None]
        if self._backlog is None:
            self._on_events(events)
            return
        self._backlog += events
        if len(self._backlog) > MAX_BACKLOG and self._ami is not None:
            log.error("too many events during the snapshot; reconnecting", pbx=self.id)
            self._ami.close()

    def _gone(self, why: str) -> None:
        log.info("the AMI connection ended", pbx=self.id, why=why)
        self._lost.set()

    def _drop(self) -> None:
        ami, self._ami = self._ami, None
        self._backlog = []
        if ami is not None:
            ami.close()

    def _set(self, state: LinkState) -> None:
        if state is not self._state.state:
            self._state = PbxState(state, self._clock())
            guarded(self._on_state, self._state)

    # --- asking

    def _connected(self) -> AmiConnection:
        if self._ami is None or self._state.state is not LinkState.CONNECTED:
            raise PbxUnavailable("The connection to the PBX is down; it is being restored. Try again soon.")
        return self._ami

    async def act(self, name: str, *fields: tuple[str, str]) -> Message:
        """One AMI action. Raises PbxUnavailable, PbxRefused, PbxTimeout (`adapter.monitoring.ports.Pbx`)."""
        return await self._connected().action(name, fields, deadline=self._settings.action_deadline)

    async def ask_list(self, name: str, *fields: tuple[str, str]) -> Message:
        """Ask for a list, of which only what closes it is wanted. Raises as `act`."""
        return await self._connected().closing(name, fields, deadline=self._settings.action_deadline)

    async def act_now(self, name: str, *fields: tuple[str, str], need: Callable[[], None] = allowed) -> Message:
        """Act only where Asterisk answers at this moment.

        What waits in the socket of an Asterisk that is frozen (a paused VM, a debugger, SIGSTOP) is done when it
        thaws, also after we gave the connection up: a microphone would open, or an agent be cut off, minutes late.
        `need` is asked last, and raises where it may not be done any more.
        """
        ami = self._connected()
        try:
            await ami.action("Ping", deadline=self._settings.action_deadline)
        except PbxTimeout:
            ami.close()
            raise PbxUnavailable("Asterisk does not answer, so nothing was done. Try again soon.") from None
        self.fence.need()  # from here to the write nobody else runs
        need()
        return await ami.action(name, fields, deadline=self._settings.action_deadline, at_once=True)

    async def listing(self, name: str, *fields: tuple[str, str]) -> Sequence[Message]:
        """The items of a list. What they say and what events say may overtake each other. Raises as `act`."""
        return await self._connected().listing(name, fields, deadline=self._settings.snapshot_deadline)

    async def list_channels(self) -> Sequence[KnownChannel]:
        """All channels now. Raises as `act`."""
        return wire.known_channels(self._clock(), await self.listing("CoreShowChannels"))
