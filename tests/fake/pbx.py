"""A PBX behind the real ports (monitoring.ports.Pbx, fleet.node.Connected) that can be slow, deaf or gone.

Only for what the real one can't be made to do on demand; it answers with the events that Asterisk would send.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Self

from adapter.asterisk import chanspy
from adapter.core import events as ev
from adapter.core.consent import Announcement
from adapter.core.legs import LegNames, LegRequest, Refusal, SpyDialplan
from adapter.core.modes import Mode
from adapter.core.pbx import DeviceState, LinkState, PbxState
from adapter.core.people import Directory
from adapter.core.userevents import LegShielded, LegWaits, ToneNews, ToneTold
from adapter.errors import PbxUnavailable
from adapter.fleet.node import OnCall, OnEvents, OnState
from adapter.monitoring.board import Board
from adapter.monitoring.boards import Boards
from adapter.monitoring.ports import allowed
from adapter.monitoring.queuewatch import Lists
from adapter.phones.browser import Endpoints
from tests.fake.scene import PEOPLE, START, Scene, numbering

WORDS = SpyDialplan(
    mode_at=lambda context, extension: chanspy.mode_of(extension) if context == "call-monitor" else None,
    shielded_at=lambda context, extension: (context, extension) == ("call-monitor", chanspy.SHIELDED),
    keypad_at=chanspy.has_keypad,
    mode_of_digit=chanspy.mode_of_digit,
    leave_digit=chanspy.LEAVE_DIGIT,
    over=chanspy.OVER,
    legs=LegNames.of(b"test"),
    waits_at=lambda context, extension: (context, extension) == ("call-monitor", chanspy.WAIT),
    skip_digit=chanspy.SKIP_DIGIT,
)


def alone(board: Board) -> Boards:
    """The live picture of this PBX alone."""
    return Boards([board], board.directory, START)


class NoEndpoints:
    """A PBX at which no page's phone was ever made."""

    async def put(self, endpoint: str, password: str) -> None:
        raise PbxUnavailable("pages are no phones here")

    async def remove(self, endpoint: str) -> None:
        return

    async def listed(self) -> list[str]:
        return []

    async def close(self) -> None:
        return


class FakeTalk:
    """TALK_DETECT on a scene's channels."""

    def __init__(self) -> None:
        self.on: set[str] = set()
        self.did: list[tuple[str, str]] = []
        """What was done, and where."""
        self.error: Exception | None = None

    async def begin(self, channel: str) -> bool:
        return self._do("begin", channel)

    async def end(self, channel: str) -> bool:
        return self._do("end", channel)

    async def was_begun(self, channel: str) -> bool:
        if self.error is not None:
            raise self.error
        return channel in self.on

    def _do(self, what: str, channel: str) -> bool:
        if self.error is not None:
            raise self.error
        self.did.append((what, channel))
        (self.on.add if what == "begin" else self.on.discard)(channel)
        return True


class FakeTones:
    """Sounds of consent on a scene's channels."""

    def __init__(self, pbx: "FakePbx") -> None:
        self._pbx = pbx
        self.played: list[tuple[str, str, str]] = []
        """Which channel was to play what to which."""
        self.stopped: list[str] = []
        self.marks: dict[str, Announcement] = {}
        self.plays = True
        """Whether Asterisk plays at once all that it is asked to; else a test says when."""
        self.error: Exception | None = None

    async def play(self, tone: str, channel: str, sound: str, *, keepers: Sequence[str] = ()) -> None:
        if self.error is not None:
            raise self.error
        self.played.append((tone, channel, sound))
        self.marks |= dict.fromkeys(keepers, Announcement.PLAYS)
        self.tell(tone, ToneNews.ATTACHED)
        if self.plays:
            self.tell(tone, ToneNews.PLAYED)

    def tell(self, tone: str, news: ToneNews) -> None:
        """Asterisk tells of one."""
        self._pbx._soon(ToneTold(START, tone, news))

    async def stop(self, tone: str) -> bool:
        self.stopped.append(tone)
        return True

    async def announcement(self, channel: str) -> Announcement:
        if self.error is not None:
            raise self.error
        return self.marks.get(channel, Announcement.NOT_HEARD)

    async def announced(self, channel: str) -> bool:
        self.marks[channel] = Announcement.HEARD
        return True


class FakePbx:
    """Asterisk over a scene. Alone it feeds a board of its own; a node that connects to it is fed instead."""

    def __init__(self, name: str = "lab", endpoints: Endpoints | None = None) -> None:
        self.id = name
        self.scene = Scene()
        self.endpoints: Endpoints = endpoints or NoEndpoints()
        self.lists: Lists | None = None
        """Where a test has its queues listed again and again."""
        self.talk, self.tones = FakeTalk(), FakeTones(self)
        self.troubles: list[str] = []
        """What is not usable, as the node is told."""
        self.told: list[tuple[str, Refusal | str]] = []
        """What was spoken or written to phones."""
        self.board = Board(numbering(name), Directory.of(PEOPLE), PbxState(LinkState.CONNECTED, START), WORDS)
        self.device = DeviceState.AVAILABLE
        self.legs: dict[str, LegRequest] = {}
        self.targets: dict[str, str] = {}
        """Whom follows' legs listen to."""
        self.modes: dict[str, Mode] = {}
        """Where legs are that are not where the model believes them."""
        self.did: list[str] = []
        self.answers = True
        self.confirms = True
        self.error: Exception | None = None
        self.before_originate: Callable[[], None] | None = None
        self.hand_over: OnCall | None = None
        self.technologies: dict[str, str] = {}
        """What bridges are by now, where no event told of it."""
        self.dialogs: dict[str, tuple[str, str]] = {}
        """Call-ID and our header of trunk channels."""
        self.marks: dict[str, str] = {}
        """Channels that carry the mark of a shielded conversation."""
        self.outcomes: list[tuple[str, str]] = []
        """What the dialplan of channels was told of a shield."""
        self.muted: set[str] = set()
        """Channels whose recordings are silent."""
        self.moves = True  # whether a leg that is to hear nothing comes there
        self.recorded: set[str] = set()
        """Channels on which a MixMonitor was begun."""
        self.says: dict[str, str] = {}
        """What variables of a channel in Stasis say that isn't as in a plain call."""
        self._hear: OnEvents = self.board.apply
        self._tell_state: OnState = self.board.set_pbx

    @property
    def state(self) -> PbxState:
        return self.board.pbx_state

    @property
    def link(self) -> Self:
        return self

    def connect(self, on_events: OnEvents, on_state: OnState, on_call: OnCall) -> Self:
        """A node connects (`adapter.fleet.node.Connect`); it names its board afterwards."""
        self._hear, self._tell_state, self.hand_over = on_events, on_state, on_call
        return self

    def start(self) -> None:
        """What is there is listed."""
        self.up_again()

    def problems(self) -> list[str]:
        return self.troubles

    async def message(self, device: str, text: str) -> None:
        self.told.append((device, text))

    async def say(self, leg: str, why: Refusal) -> None:
        self._check()
        self.told.append((leg, why))

    def give_up(self) -> None:
        self.did.append("give up")

    async def close(self) -> None:
        self.did.append("close")

    def run(self) -> None:
        """Tell what the scene has made."""
        self._hear(self.scene.take())

    def down(self) -> None:
        """The connection is lost."""
        self._tell_state(PbxState(LinkState.DOWN, self.scene.now))

    def up_again(self) -> None:
        """The connection is back, and what was there is listed."""
        scene = self.scene
        known = tuple(ev.KnownChannel(c, scene.bridges.get(c.uniqueid), START, False) for c in scene.channels.values())
        self._tell_state(PbxState(LinkState.CONNECTED, scene.now))
        listed = ev.Snapshot(scene.now, False, known, {"b1": "simple_bridge"}, frozenset())
        self._hear([listed._replace(marks={one: text for one, text in self.marks.items() if text})])

    def _soon(self, *events: ev.Event) -> None:
        asyncio.get_running_loop().call_soon(self._hear, list(events))

    def _check(self) -> None:
        if self.error is not None:
            raise self.error
        if self.state.state is not LinkState.CONNECTED:
            raise PbxUnavailable("down")

    async def device_state(self, device: str) -> DeviceState:
        await asyncio.sleep(0)
        return self.device

    async def start_leg(self, request: LegRequest) -> None:
        self._check()
        if self.before_originate:
            self.before_originate()
        self.did.append(f"originate {request.mode or 'wait'}{' keypad' if request.keypad else ''}")
        self.legs[request.leg] = request
        self.scene.channel(request.device.partition("/")[2], uniqueid=request.leg)
        self._soon(*self.scene.take())
        if self.answers:
            self.answer(request.leg)

    def answer(self, leg: str) -> None:
        """The supervisor's device answers and ChanSpy starts."""
        request, at = self.legs[leg], self.scene.now
        if request.mode is None:
            self.stands(leg, chanspy.WAIT)
            self._soon(ev.OriginateAnswered(at, leg), LegWaits(at, leg))
            return
        name = chanspy.extension(request.mode, keypad=request.keypad)
        self.stands(leg, name)
        self._soon(ev.OriginateAnswered(at, leg), ev.SpyStarted(at, leg, request.target, "call-monitor", name))

    def stands(self, leg: str, extension: str) -> None:
        """Where this leg listens, as a list of channels shows it."""
        if leg in self.scene.channels:
            there = self.scene.channels[leg]
            self.scene.channels[leg] = there._replace(context="call-monitor", extension=extension)

    async def shield_leg(self, leg: str) -> bool:
        self._check()
        if leg not in self.scene.channels:
            return False
        self.did.append("shield")
        if self.confirms and self.moves:
            self.stands(leg, chanspy.SHIELDED)
            self._soon(ev.SpyStopped(self.scene.now, leg), LegShielded(self.scene.now, leg))
        return True

    async def mark(self, channel: str, text: str) -> bool:
        self._check()
        if channel not in self.scene.channels:
            return False
        self.marks[channel] = text
        return True

    async def tell_dialplan(self, channel: str, outcome: str) -> bool:
        self._check()
        self.outcomes.append((channel, outcome))
        return True

    async def mute_recordings(self, channel: str, *, muted: bool) -> bool:
        self._check()
        if channel not in self.recorded:
            return False
        (self.muted.add if muted else self.muted.discard)(channel)
        return True

    async def switch_leg(
        self, leg: str, mode: Mode, *, keypad: bool, reattach: bool, need: Callable[[], None] = allowed
    ) -> bool:
        self._check()
        if mode.talks:
            need()
        if leg not in self.scene.channels:
            return False
        moved = reattach or not keypad
        self.did.append(f"{'move' if moved else 'digit'} {mode}")
        if not self.confirms:
            return True
        at = self.scene.now
        if moved:
            name = chanspy.extension(mode, keypad=keypad)
            self.stands(leg, name)
            target = self.targets.get(leg) or self.legs[leg].target
            started = ev.SpyStarted(at, leg, target, "call-monitor", name)
            self._soon(ev.SpyStopped(at, leg), started)
        else:
            self._soon(ev.DigitReceived(at, leg, chanspy.DIGITS[mode]))
        return True

    async def listen(self, leg: str, target: str, *, keypad: bool, need: Callable[[], None]) -> bool:
        self._check()
        need()
        if leg not in self.scene.channels:
            return False
        self.did.append(f"listen{' keypad' if keypad else ''}")
        if self.confirms:
            name = chanspy.extension(Mode.SILENT, keypad=keypad)
            self.stands(leg, name)
            self.targets[leg] = target
            self._soon(ev.SpyStarted(self.scene.now, leg, target, "call-monitor", name))
        return True

    async def release_leg(self, leg: str) -> bool:
        self._check()
        if leg not in self.scene.channels:
            return False
        self.did.append("release")
        if self.confirms:
            self.waits(leg)
        return True

    def waits(self, leg: str) -> None:
        """A follow's leg comes where it waits."""
        self.stands(leg, chanspy.WAIT)
        self._soon(ev.SpyStopped(self.scene.now, leg), LegWaits(self.scene.now, leg))

    async def send_waiting(self, leg: str, tone: int) -> None:
        self._check()
        self.did.append("send wait")
        if self.confirms:
            self.waits(leg)

    async def send_leg(self, leg: str, target: str, mode: Mode, *, keypad: bool) -> None:
        self._check()
        self.did.append(f"send {mode}{' keypad' if keypad else ''}")
        if self.confirms:
            name = chanspy.extension(mode, keypad=keypad)
            self.stands(leg, name)
            self._soon(ev.SpyStarted(self.scene.now, leg, target, "call-monitor", name))

    async def send_on(self, leg: str, dial: str) -> None:
        self._check()
        self.did.append(f"dial {dial}")

    async def variables(self, channel: str, names: Sequence[str]) -> Mapping[str, str]:
        """As Asterisk tells of a phone's own call, unless the test has put something else there."""
        self._check()
        plain = {"CHANNEL(state)": "Ring", "CHANNEL(linkedid)": channel}
        return {name: {**plain, **self.says}.get(name, "") for name in names}

    async def dialog(self, channel: str, *, header: bool) -> tuple[str, str]:
        """As the test has put it there; a phone's channel has a Call-ID of its own."""
        self._check()
        await asyncio.sleep(0)
        call_id, leg = self.dialogs.get(channel, (f"{channel}@{self.id}", ""))
        return call_id, leg if header else ""

    async def bridge_technology(self, bridge: str) -> str:
        self._check()
        return self.technologies.get(bridge, "simple_bridge")

    async def is_recorded(self, channel: str) -> bool:
        self._check()
        return channel in self.recorded

    async def join(self, leg: str, customer: str, need: Callable[[], None] = allowed) -> None:
        self._check()
        need()
        self.did.append("join")
        if self.confirms:
            at = self.scene.now
            found = self.scene.channels[leg]._replace(linkedid=customer)
            self._soon(
                ev.BridgeLeft(at, "b1", self.scene.channels[customer]),
                ev.BridgeEntered(at, "b2", "simple_bridge", self.scene.channels[customer]),
                ev.BridgeEntered(at, "b2", "simple_bridge", found),
            )

    async def list_channels(self) -> Sequence[ev.KnownChannel]:
        self._check()
        scene, spying = self.scene, self.board.monitors()
        at = {m.leg: chanspy.extension(self.modes.get(m.leg, m.mode), keypad=m.keypad) for m in spying}
        return [
            ev.KnownChannel(
                c._replace(context="call-monitor", extension=at[c.uniqueid]) if c.uniqueid in at else c,
                scene.bridges.get(c.uniqueid),
                START,
                False,
            )
            for c in scene.channels.values()
        ]

    def reconnect(self, why: str) -> None:
        self.did.append("reconnect")
        self.down()
        self.up_again()

    async def end_leg(self, leg: str) -> bool:
        self._check()
        self.did.append("hangup")
        if leg not in self.scene.channels:
            return False
        if self.confirms:
            self.gone(leg)
        return True

    def gone(self, leg: str, *, over: bool = False) -> None:
        """The leg is hung up."""
        self.scene.channels.pop(leg, None)
        self._soon(ev.ChannelGone(self.scene.now, leg, 16, "call-monitor", "over" if over else "silent"))


async def settle() -> None:
    """Let everything that is due happen."""
    for _ in range(12):
        await asyncio.sleep(0)
