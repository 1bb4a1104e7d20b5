"""A scripted PBX scene: short words that become the events Asterisk would send, for tests of the pure model."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from typing import Any

from adapter.core import events as ev
from adapter.core.calls import CallChange, Calls, Numbering
from adapter.core.events import Channel, ChannelState
from adapter.core.legs import is_leg
from adapter.core.modes import Mode
from adapter.core.people import Directory, Role, User
from adapter.core.talk import TalkChanged

Told = tuple[str, str, str | None, str]
"""What Asterisk lists of how a channel came to be: see `Scene.listed`."""
START = datetime(2026, 1, 1, 12, tzinfo=UTC)


def user(name: str, extension: str, role: Role = Role.AGENT, **more: Any) -> User:
    """An account whose device is its extension."""
    return User(
        id=f"u-{name}",
        username=name,
        name=name.capitalize(),
        role=role,
        extension=extension,
        devices=(f"PJSIP/{extension}",),
        **more,
    )


ADMIN = user("admin", "301", Role.ADMINISTRATOR)
SAM = user("sam", "101")
ANA = user("ana", "102")
LEE = user("lee", "103")
MONA = user("mona", "302", can_monitor=True)
COACH = user("coach", "303", can_monitor=True, granted=frozenset({Mode.SILENT, Mode.WHISPER}))
PEOPLE = (ADMIN, SAM, ANA, LEE, MONA, COACH)


def numbering(pbx: str = "lab", prefixes: Sequence[str] = ("9",)) -> Numbering:
    """Agents are PJSIP/101 to 104, as in the lab."""
    return Numbering(
        pbx=pbx,
        is_agent=lambda endpoint: fnmatchcase(endpoint, "PJSIP/10[1-4]"),
        is_internal=lambda endpoint: False,
        is_spy=lambda channel: (
            is_leg(channel.uniqueid) or channel.context == "call-monitor" or channel.extension.startswith("*5")
        ),
        secret=b"test",
        prefixes=prefixes,
    )


class Scene:
    """Makes events in order; `events` holds those not taken yet."""

    def __init__(self) -> None:
        self.events: list[ev.Event] = []
        self.channels: dict[str, Channel] = {}
        self.bridges: dict[str, str] = {}
        self.kinds: dict[str, ev.BridgeKind] = {}
        self.over: set[str] = set()
        self._count = 0
        self.later = timedelta()
        """How far its clock was put forward."""

    @property
    def now(self) -> datetime:
        """A clock that ticks with every channel."""
        return START + timedelta(seconds=self._count) + self.later

    def take(self) -> list[ev.Event]:
        """The events since the last time."""
        taken, self.events = self.events, []
        return taken

    def channel(
        self,
        endpoint: str,
        *,
        dials: str = "",
        linked: str | None = None,
        number: str | None = None,
        name: str = "",
        uniqueid: str | None = None,
    ) -> str:
        """A new channel: one that calls in when it `dials`, otherwise one that is called."""
        self._count += uniqueid is None  # a supervisor's leg is no tick: it must move nobody's times
        uniqueid = uniqueid or f"17.{self._count}"
        self.channels[uniqueid] = Channel(
            uniqueid=uniqueid,
            linkedid=linked or uniqueid,
            name=endpoint if endpoint.startswith("Local/") else f"PJSIP/{endpoint}-{self._count:08x}",
            state=ChannelState.DIALLING if dials else ChannelState.DOWN,
            number=endpoint if number is None else number,
            caller_name=name,
            connected_number="",
            connected_name="",
            extension=dials,
            context="phones",
        )
        self.events.append(ev.ChannelCreated(self.now, self.channels[uniqueid]))
        return uniqueid

    def change(self, uniqueid: str, **fields: Any) -> None:
        """A channel changes."""
        self.channels[uniqueid] = self.channels[uniqueid]._replace(**fields)
        self.events.append(ev.ChannelChanged(self.now, self.channels[uniqueid]))

    def up(self, *uniqueids: str) -> None:
        """These channels are answered."""
        for uniqueid in uniqueids:
            self.change(uniqueid, state=ChannelState.UP)

    def dial(self, caller: str | None, called: str, dial_string: str = "") -> None:
        """One rings the other; without a caller a program does (Originate)."""
        source = self.channels[caller] if caller else None
        self.events.append(ev.DialBegan(self.now, source, self.channels[called], dial_string))
        self.change(called, state=ChannelState.RINGING)

    def dialled(self, caller: str, called: str) -> None:
        """The ringing is over."""
        self.events.append(ev.DialEnded(self.now, self.channels[caller], self.channels[called]))

    def enter(
        self,
        bridge: str,
        *uniqueids: str,
        technology: str = "simple_bridge",
        kind: ev.BridgeKind = ev.BridgeKind.CALL,
    ) -> None:
        """Channels enter a bridge."""
        for uniqueid in uniqueids:
            self.bridges[uniqueid] = bridge
            self.kinds[bridge] = kind
            self.events.append(ev.BridgeEntered(self.now, bridge, technology, self.channels[uniqueid], kind))

    def pick_up(self, rang: str, by: str) -> None:
        """One takes the call that rings at the other."""
        name = self.channels[by].name
        self.events.append(ev.HandedOn(self.now, (rang,), name, name, by, picked_up=True))

    def listed(self, told: Mapping[str, Told]) -> ev.Snapshot:
        """What Asterisk lists now, to whoever has just connected.

        `told`, by uniqueid: application, its arguments, what it dialled, what was dialled to reach it.
        """
        known = []
        for uniqueid, channel in self.channels.items():
            if uniqueid in self.over:
                continue
            application, data, dialled, dial_string = told.get(uniqueid, ("", "", None, ""))
            was_dialled = application in ("AppDial", "AppQueue")
            bridge = self.bridges.get(uniqueid)
            facts = (application, data, dialled, dial_string)
            known.append(ev.KnownChannel(channel, bridge, self.now, was_dialled, *facts))
        technologies = dict.fromkeys(self.kinds, "simple_bridge")
        return ev.Snapshot(self.now, False, tuple(known), technologies, frozenset(), self.kinds)

    def leave(self, bridge: str, *uniqueids: str) -> None:
        """Channels leave a bridge."""
        for uniqueid in uniqueids:
            self.bridges.pop(uniqueid, None)
            self.events.append(ev.BridgeLeft(self.now, bridge, self.channels[uniqueid]))

    def hold(self, uniqueid: str, held: bool = True) -> None:
        """The party behind a channel presses hold."""
        self.events.append(ev.HoldChanged(self.now, self.channels[uniqueid], held))

    def talk(self, uniqueid: str, talks: bool = True) -> None:
        """Somebody begins to talk there, or has ceased."""
        self.events.append(TalkChanged(self.now, uniqueid, talks))

    def gone(self, *uniqueids: str, extension: str = "", cause: int = 16) -> None:
        """Channels are hung up."""
        for uniqueid in uniqueids:
            self.bridges.pop(uniqueid, None)
            self.over.add(uniqueid)
            self.events.append(ev.ChannelGone(self.now, uniqueid, cause, "phones", extension))

    def answered_call(self, customer: str = "201", agent: str = "101", bridge: str = "b1") -> tuple[str, str]:
        """A customer calls an agent, who answers: (customer's channel, agent's channel)."""
        a = self.channel(customer, dials=agent)
        b = self.channel(agent, linked=a)
        self.dial(a, b)
        self.up(b, a)
        self.dialled(a, b)
        self.enter(bridge, b, a)
        return a, b


class Phone:
    """The model under test, fed from a scene."""

    def __init__(self, people: Iterable[User] = PEOPLE) -> None:
        self.scene = Scene()
        self.calls = Calls(numbering(), Directory.of(people))

    def run(self) -> list[CallChange]:
        """Apply what the scene has made, as one batch."""
        for event in self.scene.take():
            self.calls.apply(event)
        return self.calls.settle(self.scene.now)
