"""A proof by histories: agents and queues look the same, to everybody, whether anybody monitors or not.

Each history is played twice: in one world Ana and Lee listen at the phones at which they take calls, with all that
Asterisk then says of these phones, their queues and channels; in the other nobody does.
"""

import json

from hypothesis import given
from hypothesis import strategies as st

from adapter.core import events as ev
from adapter.core import queueevents as qe
from adapter.core.bars import Who
from adapter.core.floorviews import agent_view, agent_visible, queue_view, queue_visible
from adapter.core.lifecycle import ended
from adapter.core.modes import Mode
from adapter.core.monitor import EndReason, Monitor, MonitorState, Supervisor
from adapter.web.frames import encode
from tests.fake.floor import WITH_RIGHTS, FloorScene
from tests.fake.pbx import WORDS, alone
from tests.fake.scene import ANA, LEE, START
from tests.support.viewers import Together

SPIES = {"102": ANA, "103": LEE}


class History:
    """Sam talks with a customer; Ana and Lee may listen. Everybody has the page open."""

    def __init__(self, *, monitored: bool) -> None:
        self.monitored = monitored
        self.floor = FloorScene(WITH_RIGHTS)
        self.scene, self.board = self.floor.scene, self.floor.board
        self.boards = alone(self.board)
        self.together = Together(self.boards)
        self.customer, self.target = self.scene.answered_call("201", "101", "b1")
        self.floor.device("101", "INUSE")
        self.streams = {user.username: self.together.join(Who(user.id)) for user in WITH_RIGHTS}
        self.looked = b""
        self.legs: dict[str, str] = {}
        self.calls: dict[str, tuple[str, str]] = {}
        self.waits: list[str] = []
        self.steps = 0

    def play(self, step: str) -> None:
        """One step, and then everybody looks."""
        self.steps += 1
        verb, _, who = step.partition(" ")
        getattr(self, verb)(who)
        for user in WITH_RIGHTS:
            shown = [agent_view(one) for one in self.boards.agents() if agent_visible(user, one)]
            shown.sort(key=lambda view: str(view["id"]))
            self.looked += encode({"who": user.username, "agents": shown})
            self.looked += encode([queue_view(one) for one in self.boards.queues() if queue_visible(user, one)])
        for stream in self.streams.values():
            stream.read()

    # --- what supervisors do, in one of the worlds

    def listen(self, number: str) -> None:
        """Somebody's phone is rung for a leg, answers, and listens to Sam's call silently."""
        if not self.monitored or number in self.legs:
            return
        leg = WORDS.legs.leg_id(f"{self.steps:032x}")
        self.legs[number] = leg
        user, call = SPIES[number], next(iter(self.board.calls()), None)
        if call is not None and call.uniqueid == self.target:
            fresh = Monitor(
                id=f"{self.steps:032x}",
                pbx="lab",
                call_id=call.id,
                conversation_id=call.conversation_id,
                target=self.target,
                leg=leg,
                supervisor=Supervisor(user.id, user.name, user.username),
                device=f"PJSIP/{number}",
                keypad=True,
                mode=Mode.SILENT,
                state=MonitorState.CONNECTING,
                started_at=START,
            )
            self.board.put(fresh, START)
        self.scene.channel(number, uniqueid=leg)
        self.phone(number, "RINGING", 6)
        self.scene.up(leg)
        self.floor.tell(ev.SpyStarted(self.floor.now, leg, self.target, "call-monitor", "silent-keypad"))
        self.phone(number, "INUSE", 2)

    def phone(self, number: str, state: str, status: int) -> None:
        """What Asterisk says of the phone meanwhile: of the device, and of each queue's member, in calls or not."""
        del status  # the member's Status, which is no field of ours
        self.floor.device(number, state)
        self.floor.tell(qe.MemberChanged(self.floor.now, self.floor.members[number]))

    def stop(self, number: str) -> None:
        """They hang up."""
        leg = self.legs.pop(number, None)
        if leg is None:
            return
        self.scene.gone(leg, extension="silent-keypad")
        self.floor.tell()
        for monitor in [one for one in self.board.monitors() if one.leg == leg]:
            self.board.step(ended(monitor, EndReason.STOPPED, START), START)
        self.phone(number, self.plain(number), 1)

    def plain(self, number: str) -> str:
        """The device's state without the leg."""
        return "INUSE" if number in self.calls else "NOT_INUSE"

    # --- what happens in both

    def call(self, number: str) -> None:
        """A queue's customer comes in and is talked with; where a leg occupies the phone, on its second line."""
        if number in self.calls:
            return
        customer = self.floor.join("202")
        called = self.floor.ring(customer, number)
        if number not in self.legs:
            self.floor.device(number, "RINGING")
        self.floor.answer(customer, called, f"b-{number}")
        self.calls[number] = customer, called
        self.floor.device(number, "INUSE")

    def hang(self, number: str) -> None:
        """And it is over."""
        if number not in self.calls:
            return
        self.scene.gone(*self.calls.pop(number))
        self.floor.tell()
        self.floor.counted = (self.floor.counted[0] + 1, 0, 50.0)
        self.floor.tell(qe.QueuesListed(self.floor.now, self.floor.listed()))
        if number not in self.legs:
            self.floor.device(number, "NOT_INUSE")

    def hold(self, number: str) -> None:
        """The customer is put on hold."""
        if number in self.calls:
            self.scene.hold(self.calls[number][1])
            self.floor.tell()

    def pause(self, number: str) -> None:
        """Somebody pauses."""
        self.floor.pause(number, reason="lunch")

    def back(self, number: str) -> None:
        """And goes on."""
        self.floor.pause(number, paused=False)

    def wait(self, number: str) -> None:
        """Somebody waits."""
        self.waits.append(self.floor.join(number))

    def leave(self, _: str) -> None:
        """Whoever waits longest gives up."""
        if self.waits:
            gone = self.waits.pop(0)
            self.floor.left(gone)
            self.scene.gone(gone)
            self.floor.tell()

    def ask(self, _: str) -> None:
        """Asterisk is asked for its queues and devices."""
        self.floor.tell(
            qe.QueuesListed(self.floor.now, self.floor.listed()),
            qe.DevicesListed(self.floor.now, dict(self.floor.devices)),
        )

    def lost(self, _: str) -> None:
        """The connection is lost, and back."""
        self.floor.connect()

    def told(self) -> tuple[dict[str, list[bytes]], bytes]:
        """What streams said of agents and queues, in order; and what was seen by asking."""
        said = {}
        for name, stream in self.streams.items():
            frames = stream.bytes.split(b"\n\n")
            said[name] = [
                frame.partition(b"\ndata: ")[2]
                for frame in frames
                if frame.startswith((b"event: agent.", b"event: queue."))
            ]
        return said, self.looked


BOTH = [f"{verb} {number}" for verb in ("call", "hang", "hold", "pause", "back") for number in ("102", "103", "104")]
MOVES = (*BOTH, "listen 102", "listen 103", "stop 102", "stop 103", "wait 203", "leave", "ask", "lost")


def played(steps: list[str], *, monitored: bool) -> History:
    """A world after these."""
    history = History(monitored=monitored)
    for step in steps:
        history.play(step)
    return history


@given(st.lists(st.sampled_from(MOVES), max_size=24))
def test_agents_and_queues_tell_nothing_of_monitors(steps: list[str]) -> None:
    assert played(steps, monitored=True).told() == played(steps, monitored=False).told()


def test_the_history_can_fail() -> None:
    """The two worlds are not the same, and what agents do is told."""
    steps = ["listen 103", "call 104", "pause 102", "ask", "lost"]
    one, other = played(steps, monitored=True), played(steps, monitored=False)
    assert one.floor.devices != other.floor.devices
    assert one.board.monitors()
    assert not other.board.monitors()
    assert [one.floor.state(number) for number in ("101", "102", "103", "104")] == [
        *("on_call", "paused", "available", "on_call"),
    ]
    said = one.told()[0]
    assert b'"state":"ringing"' in b"".join(said["mona"])
    sam = next(agent.id for agent in one.board.agents() if agent.extension == "101")
    assert said["sam"]
    assert all(json.loads(data)["id"] == sam for data in said["sam"]), "agents see themselves alone"
    assert b'"state":"paused"' in b"".join(said["ana"])
