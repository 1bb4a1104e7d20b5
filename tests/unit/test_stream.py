"""How frames reach clients: the first at once, what follows closely together, in small portions, and within bounds."""

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from itertools import pairwise

import pytest
from structlog.testing import capture_logs

from adapter.core.record import RecordState
from adapter.monitoring.board import Board
from adapter.web.delivery import GATHER, HEARTBEAT, MANY, PORTION
from adapter.web.parcels import STILL_HERE
from adapter.web.stream import QUEUE, Streams
from tests.fake.pbx import FakePbx, alone
from tests.fake.scene import ADMIN, MONA, SAM, START
from tests.support.connections import Wire
from tests.support.virtual_time import virtual_time
from tests.unit.test_silence import History
from tests.unit.test_views import with_numbers


@pytest.fixture(autouse=True)
async def exact_time() -> AsyncIterator[None]:
    """Only waiting takes time."""
    with virtual_time(asyncio.get_running_loop(), exact=True):
        yield


class House:
    """Boards with an event at hand that everybody who may monitor is told of, and streams."""

    def __init__(self) -> None:
        self.boards = alone(FakePbx().board)
        self.streams = Streams(self.boards)
        self._writable = True

    async def crowd(self, count: int) -> list[Wire]:
        """Clients to whom nothing is to be written."""
        clients = [self.join() for _ in range(count)]
        await soon()
        return clients

    def join(self, user_id: str = MONA.id, *, chunked: bool = True, take_within: float = 15.0) -> Wire:
        """A client that has its snapshot."""
        return Wire(self.streams, user_id, chunked=chunked, take_within=take_within).begin()

    def happen(self, times: int = 1) -> None:
        """A frame for each."""
        for _ in range(times):
            self._writable = not self._writable
            self.boards.set_record(RecordState(self._writable, START))


@pytest.fixture
def house() -> Iterator[House]:
    """Its streams are closed afterwards."""
    house = House()
    yield house
    house.streams.close()


async def soon() -> None:
    """What goes at once has gone."""
    for _ in range(5):
        await asyncio.sleep(0)


async def test_a_frame_after_a_rest_goes_at_once_and_those_that_follow_go_together(house: House) -> None:
    client, *_ = await house.crowd(200)
    house.happen()
    await soon()
    assert client.ids == [1, 2]
    house.happen()
    await soon()
    house.happen(2)
    await soon()
    assert len(client.written) == 1
    await asyncio.sleep(GATHER)
    assert client.ids == [1, 2, 3, 4, 5]
    assert len(client.written) == 2
    await asyncio.sleep(1.0)  # nothing happens for a while: then nothing is to be waited for
    house.happen()
    await soon()
    assert client.ids[-1] == 6


async def test_many_frames_are_not_kept_waiting(house: House) -> None:
    clients = await house.crowd(200)
    house.happen()
    await soon()
    house.happen(MANY - 1)
    await soon()
    assert clients[0].ids == [1, 2]
    house.happen()
    await soon()
    assert clients[-1].ids == list(range(1, MANY + 3))


async def test_silence_is_a_comment_for_everybody(house: House) -> None:
    clients = [house.join(), house.join(SAM.id), house.join(ADMIN.id, chunked=False)]
    await asyncio.sleep(10 * HEARTBEAT + 1)
    for client in clients:
        assert set(client.body.split(b"\n\n")) == {b": still here", b""}
        times = [time for time, _ in client.written]
        assert 10 <= len(times) <= 13
        assert max(later - earlier for earlier, later in pairwise(times)) <= HEARTBEAT + 0.1
    count = len(clients[0].written)
    for _ in range(20):
        house.happen()
        await asyncio.sleep(1)
    assert clients[0].body.count(STILL_HERE) == count, "who is told something needs no comment"
    assert clients[1].body.count(STILL_HERE) > count, "who is told nothing does"


@pytest.mark.parametrize("chunked", [True, False])
@pytest.mark.parametrize("together", [1, 3])
async def test_each_stream_has_ids_of_its_own(house: House, chunked: bool, together: int) -> None:
    """And lengths of chunks: from 9 to 10, from 99 to 100 a frame has another length for each stream."""
    clients = []
    for _ in range(15):
        clients.append(house.join(chunked=chunked))
        await soon()
        house.happen(together)
        await asyncio.sleep(0.2)
    for _ in range(50):
        house.happen(together)
        await asyncio.sleep(0.2)
    for number, client in enumerate(clients):
        assert client.ids == list(range(1, 2 + together * (65 - number)))
        frames = client.body.split(b"\n\n")[:-1]
        assert all(re.fullmatch(rb'event: record\.state\nid: \d+\ndata: \{"state":[^\n]+\}', one) for one in frames)
        assert len(frames) == len(client.ids) - 1
    ends = [re.sub(rb"\nid: \d+", b"", client.body)[-3000:] for client in clients]
    assert set(ends) == {ends[0]}


async def test_a_thousand_writes_let_others_have_their_turn(house: House) -> None:
    clients = await house.crowd(10 * PORTION)
    turns: list[int] = []

    async def others() -> None:
        while len(turns) < 30:
            turns.append(sum(bool(client.written) for client in clients))
            await asyncio.sleep(0)

    house.happen()
    await others()
    assert turns[-1] == len(clients)
    steps = [after - before for before, after in pairwise(turns)]
    assert max(steps) == PORTION


async def test_who_is_alone_goes_first(house: House) -> None:
    """Sam is told of his call while many others are still being told of something else."""
    clients = await house.crowd(5 * PORTION)
    sam = house.join(SAM.id)
    house.happen()
    await asyncio.sleep(0)
    pbx = FakePbx()
    board = next(iter(house.boards))
    assert isinstance(board, Board)
    pbx.board = board
    pbx.scene.answered_call()
    pbx.board.apply(pbx.scene.take())
    for _ in range(3):
        await asyncio.sleep(0)
    assert b"call.updated" in sam.body
    assert not clients[-1].written


async def test_who_does_not_read_delays_nobody_and_gets_the_rest_later(house: House) -> None:
    slow, client = house.join(), house.join()
    slow.room = 1
    for _ in range(5):
        house.happen(MANY)
        await asyncio.sleep(1)
    assert len(slow.written) == 1
    assert client.ids == list(range(1, 5 * MANY + 2))
    slow.drained(room=2)
    await soon()
    assert len(slow.written) == 3
    slow.drained()
    await soon()
    assert slow.ids == client.ids
    assert max(data.count(b"\nid: ") for _, data in slow.written) <= MANY
    assert not slow.aborted
    house.happen()
    await asyncio.sleep(1)
    assert slow.ids == client.ids
    assert next(iter(slow.stream.audience.members)).behind == 0  # type: ignore[union-attr]


async def test_who_falls_too_far_behind_is_dropped(house: House) -> None:
    slow, never, client = house.join(), Wire(house.streams, MONA.id), house.join()
    slow.room = 1
    house.happen()
    await soon()
    house.happen(QUEUE - 1)
    assert house.streams.count == 3
    with capture_logs() as logs:
        house.happen(2)
    assert [line["event"] for line in logs] == ["a client that can't keep up is dropped"] * 2
    assert slow.stream.closed
    assert never.stream.closed
    assert house.streams.dropped == 2
    await asyncio.sleep(1)
    assert not client.stream.closed
    assert len(client.ids) == QUEUE + 3
    assert house.streams.count == 1


async def test_who_takes_nothing_for_too_long_is_dropped(house: House) -> None:
    slow, other = house.join(take_within=3.0), house.join(take_within=3.0)
    for client in (slow, other):
        client.room = 1
    house.happen()
    await asyncio.sleep(2.0)
    other.drained()
    await asyncio.sleep(2.0)
    assert slow.stream.late
    assert slow.stream.closed
    assert not other.stream.closed


async def test_the_end_is_at_once(house: House) -> None:
    clients = await house.crowd(3 * PORTION)
    house.happen()
    await asyncio.sleep(0)
    house.streams.end_sessions(frozenset({clients[0].stream.session_id}))
    written = [len(client.written) for client in clients]
    house.happen()
    await asyncio.sleep(2 * HEARTBEAT)
    assert [len(client.written) for client in clients] == written
    assert all(client.stream.closed for client in clients)
    assert house.streams.count == house.streams.of(MONA.id) == 0


async def test_a_connection_that_fails_hurts_nobody_else(house: House) -> None:
    clients = await house.crowd(3)
    clients[1].error = RuntimeError("closed")
    with capture_logs() as logs:
        house.happen()
        await soon()
    assert [line["event"] for line in logs] == ["a stream could not be written to"]
    assert [len(client.written) for client in clients] == [1, 0, 1]
    assert clients[1].stream.closed


async def test_who_comes_while_others_are_being_told_gets_nothing_twice(house: House) -> None:
    clients = await house.crowd(3 * PORTION)
    house.happen()
    await asyncio.sleep(0)
    late = house.join()
    house.happen()
    await asyncio.sleep(1)
    assert late.ids == [1, 2]
    assert clients[-1].ids == [1, 2, 3]


STORY = (
    *("mona", "root", "hold", "whisper", "hold", "silent", "native", "hold", "stop"),
    *("mona", "hold", "transfer", "silent"),
)


async def schedule(*, hide_silent: bool, pause: float) -> tuple[dict[str, list[tuple[float, bytes]]], int]:
    """When and what those in the conversation are sent, and how much those are sent who see everything."""
    history = History(hide_silent=hide_silent)
    streams = Streams(history.boards)
    clients = {user.username: Wire(streams, user.id).begin() for user in (SAM, ADMIN)}
    crowd = [Wire(streams, "u-root").begin() for _ in range(3 * PORTION)]
    await soon()
    began = asyncio.get_running_loop().time()
    held = False
    for step in STORY:
        if step == "hold":
            held = not held
            history.scene.hold(history.target, held)
            history.run()
        else:
            history.act(step)
        await asyncio.sleep(pause)
    await asyncio.sleep(0.3)
    streams.close()
    found = {
        name: [(round(at - began, 2), data) for at, data in client.written if STILL_HERE not in data]
        for name, client in clients.items()
    }
    return found, crowd[-1].body.count(b"event: monitor")


@pytest.mark.parametrize("pause", [0.0, 0.01, 0.03, 0.25])
async def test_when_something_is_written_says_nothing_of_silent_monitors(pause: float) -> None:
    """Neither the times of the writes nor what goes together: frames of others are no reason to wait."""
    one, seen = await schedule(hide_silent=False, pause=pause)
    other, seen_without = await schedule(hide_silent=True, pause=pause)
    assert seen > seen_without > 0
    for name, mine in one.items():
        theirs = other[name]
        assert [at for at, _ in mine] == [at for at, _ in theirs], name
        assert with_numbers(b"".join(data for _, data in mine)) == with_numbers(b"".join(data for _, data in theirs))
        assert [data.count(b"\nid: ") for _, data in mine] == [data.count(b"\nid: ") for _, data in theirs]
    assert one["sam"]
