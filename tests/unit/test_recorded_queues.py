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


@pytest.mark.parametrize("name", ["queue_by_keys", "queue_by_phone"])
def test_a_customer_who_is_handed_to_a_queue_by_whom_it_knows(name: str) -> None:
    """Another channel waits in it than the customer's, or than joined it; it is the customer's queue all the same."""
    recording = load(name)
    board = Replay(recording, script=[]).board
    seen: dict[str, list[tuple[str, str | None, int | None]]] = {}
    waiting: dict[str, list[int]] = {}

    def look(changes: Changes) -> None:
        for call in map(board.call, changes.calls):
            if call is not None:
                of_it, now = seen.setdefault(call.id, []), (call.state.value, call.queue, call.waited_seconds)
                if of_it[-1:] != [now]:
                    of_it.append(now)
        for queue in filter(None, map(board.queue, changes.queues)):
            if waiting.setdefault(queue.name, [])[-1:] != [len(queue.callers)]:
                waiting[queue.name].append(len(queue.callers))

    board.subscribe(look)
    for batch in recording.batches:
        board.apply(batch.events)
    *others, last = seen.values()
    assert [queue for of_it in others for _, queue, _ in of_it] == [None] * sum(map(len, others)), "they called it"
    (queue,) = {queue for _, queue, _ in last if queue is not None}
    told = [one for one in last if one[1] is not None]
    assert told[0] == ("ringing", queue, None)
    assert told[-1][0] == "active"
    assert told[-1][2] in range(5, 12), "both waits count: the agent's for them, and their own"
    assert waiting.pop(queue) == [0, 1, 0], "nobody is shown twice, or for too long"
    assert [*waiting.values()] == [[0]]
