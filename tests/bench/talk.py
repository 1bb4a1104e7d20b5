"""What it costs to know who talks: 200 calls in which both take turns, and what shows of it. No PBX: bytes in.

Time is of the CPU, the median of several rounds.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import count

from adapter.asterisk import wire
from adapter.core.bars import Who
from adapter.core.pbx import LinkState, PbxState
from adapter.core.people import Directory
from adapter.core.talk import TalkChanged
from adapter.monitoring.board import Board
from adapter.monitoring.talkdetect import TalkDetect
from tests.bench.events import snapshot_fields
from tests.bench.floor import _split
from tests.bench.floor import _timed as timed_often
from tests.fake.pbx import WORDS, FakeTalk, alone
from tests.fake.scene import ADMIN, PEOPLE, START, Scene, numbering
from tests.support.viewers import Together

CALLS = 200
ROUNDS = 3
"""Collecting garbage between them takes longer than they do."""


def _timed(work: Callable[[], object]) -> float:
    return timed_often(work, ROUNDS)


def _events(channels: list[str]) -> bytes:
    fields = [snapshot_fields(number, bool(number % 2), "6") for number in range(len(channels))]
    return "".join(f"Event: ChannelTalkingStart\r\nPrivilege: call,all\r\n{one}\r\n" for one in fields).encode()


async def measure() -> dict[str, dict[str, float]]:
    """All of it. (The hooks' tasks need a loop, and never run here.)"""
    board = Board(numbering(), Directory.of(PEOPLE), PbxState(LinkState.CONNECTED, START), WORDS)
    now = [datetime.now(UTC)]
    talk = TalkDetect(board, FakeTalk(), lambda: now[0], 1e9, every=1e9, least=0.0)
    scene, channels = Scene(), []
    for number in range(CALLS):
        customer, agent = scene.answered_call(f"2{number:03}", f"10{number % 4 + 1}", f"b{number}")
        channels += [customer, agent]
    board.apply(scene.take())
    data = _events(channels)
    messages = _split(data)
    turn = count()

    def hear() -> None:
        talks = bool(next(turn) % 2)
        now[0] += timedelta(seconds=20)
        talk.heard([TalkChanged(now[0], one, talks) for one in channels])

    def through_the_board() -> None:
        board.apply([TalkChanged(now[0], one, True) for one in channels])

    def nothing_new() -> None:
        talk._talks.look(now[0])

    def look() -> None:
        hear()
        now[0] += timedelta(seconds=6)  # by now silence, or both at once, shows
        talk.look()
        assert all(call.talk for call in board.calls())

    events = len(channels)
    splitting, translating = _timed(lambda: _split(data)), _timed(lambda: [wire.translate(m, START) for m in messages])
    taken, passed = _timed(hear), _timed(through_the_board)
    looked, shown = _timed(nothing_new), _timed(look) - taken
    together = Together(alone(board))
    together.join(Who(ADMIN.id))
    with_page = _timed(look) - taken
    await talk.close()
    return {
        f"Who talks: {CALLS} calls": {
            "splitting an event [us]": splitting / events * 1e6,
            "translating it [us]": translating / events * 1e6,
            "taking it in [us]": taken / events * 1e6,
            "passing it through the board [us]": passed / events * 1e6,
            "a look at a call in which nothing shows, each second [us]": looked / CALLS * 1e6,
            "a change that shows, each 3 s at most, of a call [us]": shown / CALLS * 1e6,
            "the same with a page open [us]": with_page / CALLS * 1e6,
        }
    }
