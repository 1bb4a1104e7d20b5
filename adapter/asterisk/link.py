"""The link to one PBX: connect, snapshot, live, and again after every loss; and the actions on supervisors' legs.

Everything that the model learns passes through here in the order in which Asterisk said it.
"""

import asyncio
import random
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import structlog

from adapter.asterisk import autoanswer, chanspy, versions, wire
from adapter.asterisk.ami import AmiAddress, AmiConnection, AuthenticationFailed
from adapter.asterisk.ari import Ari
from adapter.asterisk.splitter import Message
from adapter.core.events import Event
from adapter.core.legs import DeviceState, LegRequest, LinkState, PbxState, Refusal
from adapter.core.modes import Mode
from adapter.errors import AdapterError, Invalid, PbxRefused, PbxUnavailable
from adapter.tasks import TaskGroupOwner

log = structlog.get_logger(__name__)

DIGIT_GAP = 0.045
"""Seconds between digits: AST_MIN_DTMF_GAP (main/channel.c); closer ones Asterisk itself holds back."""
MANY_DIGITS = 200
"""Legs whose last digit is remembered before those are forgotten that may have another at once."""
MAX_BACKLOG = 100_000
"""Events that may arrive while a snapshot is taken; more means that something else is wrong."""
NO_CHANNEL = ("no such channel", "channel not found", "channel does not exist")
"""How Hangup, PlayDTMF and Redirect say that a channel is no more (main/manager.c)."""
UNIQUEID = re.compile(r"[A-Za-z0-9._:-]{1,150}")
"""AST_MAX_PUBLIC_UNIQUEID is 150 (include/asterisk/channel.h)."""


@dataclass(frozen=True, slots=True)
class LinkSettings:
    """One PBX: where it is and how patient we are. All times in seconds."""

    id: str
    ami: AmiAddress
    ari_url: str
    ari_username: str
    ari_password: str
    context: str = "call-monitor"
    answer_style: str = "generic"
    answer_styles: Mapping[str, str] = field(default_factory=dict)
    """Styles of `autoanswer.STYLES` by pattern of devices."""
    connect_deadline: float = 3.0
    action_deadline: float = 2.0
    snapshot_deadline: float = 10.0
    ping_interval: float = 2.0
    ping_deadline: float = 2.0
    first_pause: float = 0.1
    longest_pause: float = 10.0
    refused_pause: float = 30.0


class Link:
    """One PBX, kept connected. Implements `adapter.ports.Pbx`."""

    def __init__(
        self,
        settings: LinkSettings,
        on_events: Callable[[Sequence[Event]], None],
        on_state: Callable[[PbxState], None],
        clock: Callable[[], datetime],
    ) -> None:
        self._settings, self._on_events, self._on_state, self._clock = settings, on_events, on_state, clock
        self.ari = Ari(settings.ari_url, settings.ari_username, settings.ari_password, settings.action_deadline)
        self._ami: AmiConnection | None = None
        self._state = PbxState(LinkState.CONNECTING, clock())
        self._backlog: list[Event] | None = None
        self._lost: asyncio.Event = asyncio.Event()
        self._started_at: str | None = None
        self._checked_version: str | None = None
        self._digits: dict[str, float] = {}
        self._chance = random.SystemRandom()
        self._tasks = TaskGroupOwner(f"link {settings.id}")

    @property
    def id(self) -> str:
        """The node's id in the configuration."""
        return self._settings.id

    @property
    def state(self) -> PbxState:
        """The connection as it is now."""
        return self._state

    def start(self) -> None:
        """Begin to connect, and stay at it."""
        self._tasks.start(self._keep_connected(), "connection")

    async def close(self) -> None:
        """End the connection for good."""
        await self._tasks.close()
        self._drop()
        await self.ari.close()

    async def problems(self) -> list[str]:
        """What is not usable now, in words; empty when all is."""
        found = [] if self._state.state is LinkState.CONNECTED else ["ami: not connected, or no snapshot yet"]
        try:
            await self.ari.version()
        except AdapterError as problem:
            found.append(f"ari: {problem}")
        return found

    # --- staying connected

    async def _keep_connected(self) -> None:
        failures = 0
        while True:
            self._set(LinkState.CONNECTING)
            pause: float | None = None
            try:
                await self._session()
                failures = 0
            except AuthenticationFailed as problem:
                log.error("the PBX refuses us", pbx=self.id, why=str(problem))
                pause = self._settings.refused_pause
            except AdapterError as problem:
                log.warning("no connection to the PBX", pbx=self.id, why=str(problem))
            except Exception:
                log.exception("the link failed", pbx=self.id)
            finally:
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
        self._lost, self._backlog = asyncio.Event(), []
        self._ami = await AmiConnection.open(settings.ami, self._heard, self._gone, settings.connect_deadline)
        await self._take_snapshot(self._ami)
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
        restarted = self._started_at not in (None, started_at)
        self._started_at = started_at
        snapshot = wire.snapshot(self._clock(), channels, bridges, devices, restarted=restarted)
        if self._lost.is_set():
            raise PbxUnavailable("The connection was lost while the snapshot was taken.")
        backlog, self._backlog = self._backlog or [], None
        self._set(LinkState.CONNECTED)
        self._on_events([snapshot, *backlog])

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
                log.warning("this Asterisk is not fit", pbx=self.id, why=reason)

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
            log.error("too many events during the snapshot; connecting anew", pbx=self.id)
            self._ami.close()

    def _gone(self, why: str) -> None:
        log.info("the AMI connection ended", pbx=self.id, why=why)
        self._lost.set()

    def _drop(self) -> None:
        ami, self._ami = self._ami, None
        self._backlog = []
        self._digits.clear()
        if ami is not None:
            ami.close()

    def _set(self, state: LinkState) -> None:
        if state is not self._state.state:
            self._state = PbxState(state, self._clock())
            self._on_state(self._state)

    # --- actions

    async def _act(self, name: str, *fields: tuple[str, str]) -> Message:
        if self._ami is None or self._state.state is not LinkState.CONNECTED:
            raise PbxUnavailable("The connection to the PBX is down; it is being restored. Try again soon.")
        return await self._ami.action(name, fields, deadline=self._settings.action_deadline)

    async def device_state(self, device: str) -> DeviceState:
        """Whether the endpoint is registered and free, asked now."""
        return await self.ari.device_state(device)

    async def start_leg(self, request: LegRequest) -> None:
        """Originate into the monitor dialplan; returns once it is queued."""
        if not UNIQUEID.fullmatch(request.target) or not UNIQUEID.fullmatch(request.leg):
            raise Invalid("That is no uniqueid of a channel.")
        asked = autoanswer.headers(request.device, self._settings.answer_styles, self._settings.answer_style)
        headers = [("Variable", f"PJSIP_HEADER(add,{name})={value}") for name, value in asked]
        await self._act(
            "Originate",
            ("Channel", request.device),
            ("Context", self._settings.context),
            ("Exten", chanspy.extension(request.mode, keypad=request.keypad)),
            ("Priority", "1"),
            ("ChannelId", request.leg),
            ("CallerID", f'"{_plain(request.shown_name)}" <{_plain(request.shown_number)}>'),
            ("Timeout", str(round(request.ring_timeout * 1000))),
            ("Async", "true"),
            ("Variable", f"CM_TARGET={request.target}"),
            *headers,
        )

    async def switch_leg(self, leg: str, mode: Mode, *, keypad: bool, reattach: bool) -> bool:
        """Ask for a mode by digit, or by moving the leg; returns once Asterisk has taken it. False: no such channel."""
        if keypad and not reattach:
            return await _is_there(self._press(leg, chanspy.DIGITS[mode]))
        extension = chanspy.extension(mode, keypad=keypad)
        fields = (("Context", self._settings.context), ("Exten", extension), ("Priority", "1"))
        return await _is_there(self._act("Redirect", ("Channel", leg), *fields))

    async def _press(self, leg: str, digit: str) -> None:
        clock = asyncio.get_running_loop().time
        now = clock()
        due = max(now, self._digits.get(leg, 0.0) + DIGIT_GAP)
        if len(self._digits) >= MANY_DIGITS:  # legs that end by themselves leave theirs behind
            self._digits = {known: at for known, at in self._digits.items() if at + DIGIT_GAP > now}
        self._digits[leg] = due
        if due > now:
            await asyncio.sleep(due - now)
        await self._act("PlayDTMF", ("Channel", leg), ("Digit", digit), ("Duration", "1"), ("Receive", "true"))

    async def join(self, leg: str, customer: str) -> None:
        """Bridge the leg with the customer, without a tone for anybody."""
        await self._act("Bridge", ("Channel1", customer), ("Channel2", leg), ("Tone", "no"))

    async def send_leg(self, leg: str, target: str, mode: Mode, *, keypad: bool) -> None:
        """Let a channel that waits in our Stasis application go on into the monitor dialplan."""
        if not UNIQUEID.fullmatch(target):
            raise Invalid("That is no uniqueid of a channel.")
        extension = chanspy.extension(mode, keypad=keypad)
        await self.ari.hand_back(leg, self._settings.context, extension, {"CM_TARGET": target})

    async def say(self, leg: str, why: Refusal) -> None:
        """Let such a channel hear why nothing comes of it, and end."""
        await self.ari.hand_back(leg, self._settings.context, chanspy.said(why), {})

    async def end_leg(self, leg: str) -> bool:
        """Hang the leg up; False when there is no such channel."""
        self._digits.pop(leg, None)
        return await _is_there(self._act("Hangup", ("Channel", leg), ("Cause", "16")))


async def _is_there(action: Awaitable[object]) -> bool:
    """Carry an action on a channel out; False when there is no such channel. Raises as `Link._act`."""
    try:
        await action
    except PbxRefused as refusal:
        if str(refusal).lower().startswith(NO_CHANNEL):
            return False
        raise
    return True


def _plain(text: str) -> str:
    """A caller id's name or number without what would end it (main/callerid.c, ast_callerid_parse)."""
    return "".join(c for c in text if c.isprintable() and c not in '"<>\\')[:80]
