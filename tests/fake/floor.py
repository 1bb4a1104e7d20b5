"""Queues and devices of a scripted PBX: what Asterisk would tell of them, for tests of the pure model."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType

from adapter.core import queueevents as qe
from adapter.core.events import Event, Snapshot
from adapter.core.pbx import LinkState, PbxState
from adapter.core.people import Directory, User
from adapter.monitoring.board import Board
from tests.fake.pbx import WORDS
from tests.fake.scene import ANA, LEE, PEOPLE, START, Scene, numbering

NUMBERS = ("101", "102", "103", "104")


def member(number: str, queue: str = "agents", **fields: object) -> qe.QueueMember:
    """A member of a queue by its phone's number."""
    plain = qe.QueueMember(queue, f"PJSIP/{number}", f"PJSIP/{number}", f"PJSIP/{number}", False, "", None, 0, None)
    return plain._replace(**fields)  # type: ignore[arg-type]


class FloorScene:
    """A board, the scene that feeds it, and a queue of all four agents.

    `people`: the accounts; `devices`: states at the start that are others than NOT_INUSE, by the phone's number.
    """

    def __init__(self, people: tuple[User, ...] = PEOPLE, devices: Mapping[str, str] = MappingProxyType({})) -> None:
        self.scene = Scene()
        self.board = Board(numbering(), Directory.of(people), PbxState(LinkState.CONNECTED, START), WORDS)
        self.members = {number: member(number) for number in NUMBERS}
        self.waiting: list[qe.QueueCaller] = []
        self.counted = (0, 0, 0.0)
        self.devices = {f"PJSIP/{number}": devices.get(number, "NOT_INUSE") for number in NUMBERS}
        self.channels: dict[str, str] = {}
        self.connect()

    @property
    def now(self) -> datetime:
        """The scene's time."""
        return self.scene.now

    def listed(self) -> tuple[qe.QueueListed, ...]:
        """QueueStatus."""
        return (qe.QueueListed("agents", *self.counted, tuple(self.members.values()), tuple(self.waiting)),)

    def connect(self, told: Snapshot | None = None, *, restarted: bool = False) -> None:
        """The connection is lost, and back with a list of all there is."""
        self.board.set_pbx(PbxState(LinkState.DOWN, self.now))
        self.board.set_pbx(PbxState(LinkState.CONNECTED, self.now))
        listed = told or self.scene.listed({})
        self.board.apply([listed._replace(queues=self.listed(), devices=dict(self.devices), restarted=restarted)])

    def tell(self, *events: Event) -> None:
        """What the scene has made, and then these."""
        self.board.apply([*self.scene.take(), *events])

    def device(self, number: str, state: str) -> None:
        """A phone's state."""
        if self.devices.get(f"PJSIP/{number}") != state:
            self.devices[f"PJSIP/{number}"] = state
            self.tell(qe.DeviceChanged(self.now, f"PJSIP/{number}", state))

    def pause(self, number: str, *, paused: bool = True, reason: str = "") -> None:
        """Somebody pauses, or goes on."""
        at = self.now if paused else self.members[number].paused_at
        self.members[number] = self.members[number]._replace(paused=paused, reason=reason, paused_at=at)
        self.tell(qe.MemberChanged(self.now, self.members[number]))

    def join(self, number: str) -> str:
        """Somebody calls in and waits. Returns their uniqueid."""
        uniqueid = self.scene.channel(number, dials="500")
        self.scene.up(uniqueid)
        self.waiting.append(qe.QueueCaller(uniqueid, number, "", self.now))
        at = len(self.waiting)
        self.tell(qe.CallerJoined(self.now, "agents", at, uniqueid, uniqueid, number, ""))
        return uniqueid

    def left(self, uniqueid: str) -> None:
        """They wait no longer."""
        self.waiting = [one for one in self.waiting if one.uniqueid != uniqueid]
        self.tell(qe.CallerLeft(self.now, "agents", uniqueid, uniqueid))

    def ring(self, uniqueid: str, number: str) -> str:
        """The queue rings an agent for them."""
        called = self.scene.channel(number, linked=uniqueid)
        self.scene.dial(uniqueid, called)
        self.tell()
        return called

    def answer(self, uniqueid: str, called: str, bridge: str = "bq") -> None:
        """The agent takes them."""
        self.scene.up(called)
        self.left(uniqueid)
        self.scene.dialled(uniqueid, called)
        self.scene.enter(bridge, uniqueid, called)
        self.tell()

    def state(self, number: str) -> str:
        """What an agent does."""
        return next(one.state.value for one in self.board.agents() if one.extension == number)


WITH_RIGHTS = tuple(replace(user, can_monitor=True) if user in (ANA, LEE) else user for user in PEOPLE)
"""Ana and Lee monitor at the phones at which they take calls."""
