"""Queues as a real Asterisk told of them, recorded at the lab: who rings, who waits, by which queue the call came."""

import pytest

from adapter.core.changes import Changes
from tests.support.replay import Replay, load


@pytest.mark.parametrize("name", ["queue", "local_queue"])
def test_a_recorded_call_through_a_queue(name: str) -> None:
    recording = load(name)
    replay = Replay(recording, script=[])
    board = replay.board
    states: dict[str, list[str]] = {}
    waiting: list[int] = []
    queues: set[tuple[str | None, bool]] = set()

    def look(changes: Changes) -> None:
        for one in changes.agents:
            if (agent := board.agent(one)) is not None:
                seen = states.setdefault(agent.extension, [])
                if seen[-1:] != [agent.state.value]:
                    seen.append(agent.state.value)
        for one in changes.queues:
            if (queue := board.queue(one)) is not None and waiting[-1:] != [len(queue.callers)]:
                waiting.append(len(queue.callers))
        queues.update((call.queue, call.waited_seconds is not None) for call in board.calls())

    board.subscribe(look)
    for batch in recording.batches:
        board.apply(batch.events)
    talked = [seen for seen in states.values() if "on_call" in seen]
    assert [seen[-3:] for seen in talked] == [["ringing", "on_call", "available"]]
    assert any(seen[-2:] == ["ringing", "available"] for seen in states.values()), "the other rang in vain"
    assert 1 in waiting
    assert waiting[-1] == 0
    (queue,) = {queue for queue, _ in queues}
    assert queue is not None
    assert (queue, True) in queues
    assert queue in {one.name for one in board.queues()}
