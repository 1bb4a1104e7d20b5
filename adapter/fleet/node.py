"""Everything of one PBX: its connection, its live picture, the use case, and the ways in which phones reach it."""

import asyncio
from collections.abc import Callable, Collection, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any, Protocol

import structlog

from adapter.core import lifecycle
from adapter.core.calls import Numbering
from adapter.core.changes import Changes
from adapter.core.events import Event, Snapshot
from adapter.core.legs import HandedCall, SpyDialplan
from adapter.core.monitor import EndReason
from adapter.core.origins import Origins
from adapter.core.pbx import PbxState
from adapter.core.userevents import HelpAsked, ShieldAsked
from adapter.errors import AdapterError
from adapter.fleet.beside import Beside
from adapter.fleet.figures import Figures
from adapter.health.watchdog import Watchdog
from adapter.monitoring.board import Board
from adapter.monitoring.coachmessages import CoachMessages
from adapter.monitoring.consentports import Sounds, ToneActions
from adapter.monitoring.consentrules import ConsentRules
from adapter.monitoring.dialogs import Dialogs
from adapter.monitoring.floornews import FloorNews, QueueLimit
from adapter.monitoring.limits import Limits
from adapter.monitoring.ports import MonitorLog, Pbx
from adapter.monitoring.queuewatch import Lists, QueueWatch
from adapter.monitoring.reach import Reach
from adapter.monitoring.recordports import MessageLog
from adapter.monitoring.reservations import Reservations
from adapter.monitoring.shielding import Shielding
from adapter.monitoring.shields import ShieldKeeper
from adapter.monitoring.supervise import Supervision
from adapter.monitoring.talkdetect import TalkActions
from adapter.phones.dtmf import DtmfModes
from adapter.phones.messages import PhoneMessages
from adapter.phones.starcodes import StarCodes
from adapter.phones.tickets import Tickets
from adapter.tasks import Listeners

log = structlog.get_logger(__name__)

SOON = 0.05
"""Seconds between looks whether all legs are gone."""
TAKEN_UP = "pbx"
"""The part of readiness that says whether a PBX was listed once."""


class Connected(Protocol):
    """One Asterisk, kept connected (`adapter.asterisk.pbx.Asterisk`)."""

    @property
    def link(self) -> Pbx:
        """The actions on supervisors' legs."""

    @property
    def lists(self) -> Lists | None:
        """Where queues and devices are asked for again; None where they aren't."""

    @property
    def talk(self) -> TalkActions:
        """Who is asked to tell who talks."""

    @property
    def tones(self) -> ToneActions:
        """Who plays the sounds of consent."""

    def start(self) -> None:
        """Connect, and again after every loss."""

    def problems(self) -> list[str]:
        """What is not usable now, as `part: text`; empty when all is. Asks nobody."""

    async def message(self, device: str, text: str) -> None:
        """Send a SIP MESSAGE to an endpoint. Raises PbxUnavailable, PbxTimeout, PbxRefused."""

    def give_up(self) -> None:
        """Another adapter acts there now: at once, and without a word to anybody."""

    async def close(self) -> None:
        """Give the connections up for good."""


OnEvents = Callable[[Sequence[Event]], None]
OnState = Callable[[PbxState], None]
OnCall = Callable[[HandedCall], Coroutine[Any, Any, None]]
Connect = Callable[[OnEvents, OnState, OnCall], Connected]
"""Makes the connection to one PBX, given who is told of events, of the state, and of calls handed over by dialplan."""


@dataclass(frozen=True, slots=True)
class NodeSettings:
    """How one PBX is read and treated."""

    numbering: Numbering
    dialplan: SpyDialplan
    limits: Limits
    watch_interval: float
    """Seconds between comparisons of the model with Asterisk."""
    reach: Mapping[str, str] = field(default_factory=dict)
    """By the id of another PBX: what is dialled here for a phone there."""
    queue_limits: Mapping[str, QueueLimit] = field(default_factory=dict)
    """By the queue's name: when hooks are told that it is over its limit."""
    detect_talk: bool = False
    """Whether Asterisk is to tell who talks in each call."""
    sounds: Sounds = field(default_factory=Sounds)
    """What is played for consent."""


@dataclass(frozen=True, slots=True)
class Shared:
    """What all nodes have in common."""

    record: MonitorLog
    reservations: Reservations
    figures: Figures
    clock: Callable[[], datetime]
    is_at_page: Callable[[str], bool]
    """Whether this user (by id) has a page open, which tells them who talks."""
    need_owner: Callable[[str], None] = lambda pbx: None
    """Raises PbxUnavailable unless this process may start or raise anything at this PBX now (`Ownership.need`)."""
    link_of: Callable[[str], Pbx | None] = lambda pbx: None
    """The actions at a PBX, by its id."""
    page_of: Callable[[str, str], str | None] = lambda pbx, user: None
    """What to ring at this PBX for this user's (by id) page as a phone (`PagePhones.device_of`)."""
    tickets: Tickets | None = None
    """Star codes on their way; None where there is one PBX."""
    help_asked: Listeners[[str, str]] = field(default_factory=Listeners)
    """Who is told that a phone asks for help: the PBX's id, and the phone's channel."""
    shields: ShieldKeeper = field(kw_only=True)
    """Of all PBXes."""
    consent: ConsentRules = field(default_factory=ConsentRules)
    message_log: MessageLog | None = None
    """Where messages during a talk are kept; None: nowhere."""
    shield_asked: Listeners[[str, str, str, str]] = field(default_factory=Listeners)
    """Who is told that a phone or the dialplan wishes monitoring paused: the PBX's id, the channel, what, how long."""


class Node:
    """One PBX."""

    def __init__(self, settings: NodeSettings, board: Board, connect: Connect, shared: Shared) -> None:
        record, clock = shared.record, shared.clock
        self.board = board
        self._figures, self._clock = shared.figures, clock
        self._leaves_on_stop, self._confirm = settings.limits.leave_on_stop, settings.limits.confirm
        self._origins = Origins()
        self.pbx = connect(self._events, self._state, self._handed)
        link = self.pbx.link
        self.supervision = Supervision(
            board,
            link,
            record,
            clock,
            settings.limits,
            partial(shared.page_of, board.id),
            shared.reservations,
            partial(shared.need_owner, board.id),
            Reach(board.id, settings.reach, shared.link_of),
        )
        self.watchdog = Watchdog(
            board,
            link,
            self.supervision.ending,
            settings.dialplan,
            settings.numbering.is_spy,
            clock,
            settings.watch_interval,
            settings.limits.confirm,
            shared.figures.polled,
        )
        self.dialogs = Dialogs(board, link, clock)
        self.floor_news = FloorNews(board, record.note, clock, settings.queue_limits)
        self.queue_watch = QueueWatch(board, self.pbx.lists) if self.pbx.lists is not None else None
        talk = self.pbx.talk if settings.detect_talk else None
        sounds = self.pbx.tones, shared.consent, settings.sounds
        self.beside = Beside(board, talk, *sounds, record.note, shared.figures, clock, self._confirm)
        self.dtmf = DtmfModes(board, self.supervision, record, clock)
        board.digits.subscribe(self.dtmf.pressed)
        self.star_codes = StarCodes(
            *(board, self.supervision, link, record, clock, self._origins),
            tickets=shared.tickets,
            is_trunk=settings.numbering.is_trunk,
        )
        self._help_asked, self._shared = shared.help_asked, shared
        self._opaque = settings.numbering.opaque
        self.shielding = Shielding(
            board, link, shared.shields, settings.limits.answer, recordings=settings.limits.recordings
        )
        self.coach_messages = CoachMessages(board, clock, shared.message_log)
        self._taken_up = False
        board.subscribe(self._heard)
        self.messages = PhoneMessages(board, self.pbx.message, shared.is_at_page)

    @property
    def id(self) -> str:
        """The PBX's id in the configuration."""
        return self.board.id

    def _events(self, events: Sequence[Event]) -> None:
        self.watchdog.apply(events)
        self._origins.apply(events)
        for event in events:
            if type(event) is Snapshot:
                self._marked(event)
        self.board.apply(events)
        self.supervision.follows.apply(events)
        if self.queue_watch is not None:
            self.queue_watch.heard(events)
        self.beside.heard(events)
        for event in events:
            if type(event) is HelpAsked:
                self._help_asked.tell(self.id, event.uniqueid)
            elif type(event) is ShieldAsked:
                self._shared.shield_asked.tell(self.id, event.uniqueid, event.wish, event.seconds)
        self._figures.applied(events, (self._clock() - events[-1].at).total_seconds() if events else 0.0)

    def _marked(self, snapshot: Snapshot) -> None:
        """Before it is known who listens where: of which conversations monitoring is paused, by Asterisk's word."""
        for known in snapshot.channels:
            if (mark := snapshot.marks.get(known.channel.uniqueid)) is not None:
                self._shared.shields.found(self.id, self._opaque(known.channel.linkedid), mark)

    def _state(self, state: PbxState) -> None:
        self._figures.link_changed(state.state)
        self.board.set_pbx(state)
        self.supervision.ending.pbx_changed()

    async def _handed(self, call: HandedCall) -> None:
        await self.star_codes.handle(call)

    def device_gone(self, device: str) -> None:
        """A page that was a phone is gone: what it serves ends."""
        self.supervision.ending.device_gone(device)

    def page_left(self, device: str) -> None:
        """The adapter that served a page is gone: what the page listened to ends."""
        self.supervision.ending.page_left(device)

    def _heard(self, changes: Changes) -> None:
        self._taken_up |= changes.resynced

    def problems(self) -> list[str]:
        """What is not usable now, as `part: text`; empty when all is. Asks nobody."""
        found = self.pbx.problems()
        if not self._taken_up:
            found.append(f"{TAKEN_UP}: its calls were never listed")
        if self.watchdog.blind:
            found.append("ami: Asterisk keeps events from us; compare read= and eventfilter in manager.conf")
        if self.board.takes_up:
            found.append("monitors: those of a former run are being taken up")
        return found

    def remarks(self) -> Collection[str]:
        """What an administrator should know of though all is usable; it stays once it was seen."""
        queues = self.queue_watch.remarks() if self.queue_watch is not None else []
        return [*self.board.place.remarks, *queues, *self.beside.remarks()]

    def start(self) -> None:
        """Connect, and compare the model with Asterisk from then on."""
        self.pbx.start()
        self.watchdog.start()
        self.floor_news.start()
        if self.queue_watch is not None:
            self.queue_watch.start()
        self.beside.start()

    def give_up(self) -> None:
        """Another adapter looks after this PBX: nothing here is ended or asked for any more."""
        self.pbx.give_up()

    async def end_monitors(self) -> None:
        """End what runs (or leave it, where the configuration says so), while the connection stands."""
        await self.watchdog.close()
        await self.supervision.close()

    async def leave(self) -> None:
        """Do nothing more, and end nothing: another adapter takes over."""
        await self.watchdog.close()
        await self.supervision.abandon()

    async def end_left(self) -> None:
        """After `leave`: nobody took over, so what runs is ended after all, as the configuration says."""
        if self._leaves_on_stop:
            return
        for follow in list(self.board.follows()):
            self.supervision.follows.end(follow, EndReason.ADAPTER_STOPPED)
        for monitor in list(self.board.monitors()):
            self.board.step(lifecycle.end_wanted(monitor, EndReason.ADAPTER_STOPPED), self._clock())
            try:
                await self.pbx.link.end_leg(monitor.leg)
            except AdapterError as problem:
                log.error("a monitor could not be ended at the stop", monitor_id=monitor.id, why=problem.detail)
        for _ in range(round(self._confirm / SOON)):
            if not self.board.monitors():
                break
            await asyncio.sleep(SOON)

    async def close(self) -> None:
        """Give everything up; monitors were ended before, where they were still ours."""
        await self.watchdog.close()
        await self.floor_news.close()
        if self.queue_watch is not None:
            await self.queue_watch.close()
        await self.shielding.close()
        await self.coach_messages.close()
        await self.beside.close()
        await self.supervision.abandon()
        await self.dtmf.close()
        await self.dialogs.close()
        await self.messages.close()
        await self.pbx.close()
