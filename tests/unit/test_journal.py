"""What changes mean for the record: every beginning has its end, whatever dies in between."""

from datetime import timedelta

from adapter.core import events as ev
from adapter.core.bars import Who
from adapter.core.journal import Journal
from adapter.core.modes import Mode
from adapter.core.pbx import LinkState, PbxState
from adapter.core.record import EventType, OpenCall, Record
from tests.fake.pbx import FakePbx, settle
from tests.fake.scene import ADMIN, SAM, START
from tests.fake.world import World


class Book:
    """A journal that keeps all it has read of a PBX."""

    def __init__(self, pbx: FakePbx) -> None:
        self.pbx, self.journal, self.record = pbx, Journal(pbx.board.call), Record()
        pbx.board.subscribe(lambda changes: self.record.add(self.journal.read(changes, connected=self.connected)))

    @property
    def connected(self) -> bool:
        return self.pbx.board.pbx_state.state is LinkState.CONNECTED

    def told(self) -> list[str]:
        return [event.type.value for event in self.record.events]

    def entries(self) -> list[tuple[str, str, str | None]]:
        return [(entry.action.value, entry.by.via, entry.reason) for entry in self.record.entries]


def nothing(pbx: FakePbx) -> ev.Snapshot:
    """What an idle PBX lists after a reconnect."""
    return ev.Snapshot(pbx.scene.now, False, (), {}, frozenset())


def test_a_call_begins_is_answered_and_ends() -> None:
    pbx = FakePbx()
    book = Book(pbx)
    customer = pbx.scene.channel("201", dials="101")
    pbx.run()
    agent = pbx.scene.channel("101", linked=customer)
    pbx.run()
    pbx.scene.dial(customer, agent)
    pbx.run()
    assert book.told() == ["call.started"]
    (started,) = book.record.events
    assert started.data["customer"] == {"number": "201", "name": ""}
    assert "monitors" not in started.data
    pbx.scene.up(agent, customer)
    pbx.scene.enter("b1", customer, agent)
    pbx.run()
    pbx.scene.gone(customer, agent)
    pbx.run()
    assert book.told() == ["call.started", "call.answered", "call.ended"]
    assert book.record.events[-1].data["ended_at"]
    assert book.journal.open == {}
    assert list(book.record.calls.values()) == [None]


def test_a_call_without_a_number_is_told_of_all_the_same() -> None:
    pbx = FakePbx()
    book = Book(pbx)
    customer = pbx.scene.channel("201", dials="101", number="")
    agent = pbx.scene.channel("101", linked=customer)
    pbx.scene.dial(customer, agent)
    pbx.run()
    assert book.told() == []
    pbx.scene.gone(customer, agent)
    pbx.run()
    assert book.told() == ["call.started", "call.ended"]


def test_a_lost_connection_ends_no_call() -> None:
    pbx = FakePbx()
    pbx.board.set_pbx(PbxState(LinkState.CONNECTED, START))
    book = Book(pbx)
    pbx.scene.answered_call()
    pbx.run()
    pbx.down()
    assert book.told() == ["call.started", "call.answered"]
    assert len(book.journal.open) == 1
    assert pbx.board.bars.hidden(Who(SAM.id)), "out of sight is not over"
    pbx.board.set_pbx(PbxState(LinkState.CONNECTED, START))
    pbx.board.apply([nothing(pbx)])
    assert book.told() == ["call.started", "call.answered", "call.ended"]


def test_a_call_that_ended_while_the_adapter_was_dead() -> None:
    before = FakePbx()
    book = Book(before)
    before.scene.answered_call()
    before.run()
    (left,) = book.record.calls.values()
    assert isinstance(left, OpenCall)
    after = FakePbx()
    again = Book(after)
    again.journal.open[left.call.id] = left
    after.board.apply([nothing(after)])
    assert again.told() == ["call.ended"]


async def test_a_monitor_from_wish_to_end() -> None:
    world = World()
    book = Book(world.pbx)
    monitor = await world.live(ADMIN, Mode.SILENT)
    (requested,) = world.record.entries
    assert (requested.action.value, requested.by.actor, requested.allowed_by) == (
        "monitor.requested",
        "admin",
        "role administrator",
    )
    assert requested.subject.agent == "sam"
    assert requested.supervisor == "admin"
    await world.monitoring.switch(ADMIN, monitor.id, Mode.WHISPER)
    world.board.apply([ev.DigitReceived(START, monitor.leg, "6")])
    await world.monitoring.stop(ADMIN, monitor.id)
    await settle()
    assert book.entries() == [
        ("monitor.started", "session", None),
        ("monitor.mode_changed", "session", "button"),
        ("monitor.mode_changed", "keypad", "keypad"),
        ("monitor.ended", "session", "stopped"),
    ]
    whispered = next(e for e in book.record.events if e.type is EventType.MONITOR_MODE_CHANGED)
    assert whispered.data["previous_mode"] == "silent"
    assert whispered.data["cause"] == "button"
    assert book.record.monitors[monitor.id].ended


async def test_a_talk_that_lost_its_listeners_was_ended_by_the_adapter() -> None:
    world = World()
    monitor = await world.live(ADMIN, Mode.WHISPER)
    book = Book(world.pbx)
    other = world.pbx.scene.channel("202")
    world.pbx.scene.leave(world.customer)
    world.pbx.scene.enter("b1", other)
    world.pbx.run()
    await settle()
    assert book.entries()[-1] == ("monitor.mode_changed", "adapter", "bridge_changed")
    assert world.board.monitor(monitor.id)
    assert book.record.entries[-1].by.actor == "system"


async def test_who_hangs_up_is_who_ended_it() -> None:
    world = World()
    book = Book(world.pbx)
    monitor = await world.live()
    world.pbx.gone(monitor.leg)
    await settle()
    assert book.entries()[-1] == ("monitor.ended", "phone", "supervisor_hung_up")
    assert book.record.entries[-1].at - START < timedelta(days=1)


def test_programs_are_told_whom_a_call_was_with_last_though_nobody_was_left_at_its_end() -> None:
    pbx = FakePbx()
    book = Book(pbx)
    customer, agent = pbx.scene.answered_call()
    pbx.run()
    pbx.scene.leave("b1", customer)
    pbx.scene.gone(customer)
    pbx.run()
    (call,) = pbx.board.calls()
    assert call.customer.number == ""
    pbx.scene.gone(agent)
    pbx.run()
    assert book.told() == ["call.started", "call.answered", "call.ended"]
    assert [event.data["customer"] for event in book.record.events] == [{"number": "201", "name": ""}] * 3


def test_programs_are_told_of_an_unparked_customer_not_of_a_parking_place() -> None:
    pbx = FakePbx()
    book = Book(pbx)
    customer = pbx.scene.channel("201", dials="101")
    pbx.scene.up(customer)
    agent = pbx.scene.channel("102", dials="701")
    pbx.run()
    pbx.scene.up(agent)
    pbx.run()
    pbx.scene.enter("b1", customer, agent)
    pbx.run()
    assert book.told() == ["call.started", "call.answered"]
    told = [(event.data["customer"], event.data["direction"]) for event in book.record.events]
    assert told == [({"number": "201", "name": ""}, "inbound")] * 2
