"""What must live lives on, and who fails harms nobody else: loops, listeners, and what happens during a stop."""

import asyncio

import pytest
from structlog.testing import capture_logs

from adapter import tasks
from adapter.tasks import FAILURES, BackgroundTasks, KeyedLocks, Listeners, close_all, guarded_each


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pauses take no time worth mentioning, and nothing failed before."""
    monkeypatch.setattr(tasks, "FIRST_PAUSE", 0.001)
    monkeypatch.setattr(tasks, "LONGEST_PAUSE", 0.01)
    for tally in (FAILURES.listeners, FAILURES.loops, FAILURES.down):
        tally.clear()


async def test_a_loop_that_fails_is_begun_again_counted_and_seen() -> None:
    owner, lives = BackgroundTasks("owner"), 0
    seen: list[str] = []
    alive = asyncio.Event()

    async def loop() -> None:
        nonlocal lives
        lives += 1
        seen.extend(FAILURES.down.values())
        if lives == 1:
            raise ValueError("a surprise")
        if lives == 2:
            return
        alive.set()
        await asyncio.Event().wait()

    owner.keep(loop, "loop")
    await asyncio.wait_for(alive.wait(), 5)
    assert FAILURES.loops["owner:loop"] == 2
    assert seen == ["ValueError: a surprise", "it returned"], "it is down until it has lived for a while"
    async with asyncio.timeout(5):
        while FAILURES.down:  # noqa: ASYNC110 - a plain dict
            await asyncio.sleep(0.001)
    await owner.close()
    assert lives == 3


async def test_pauses_grow_and_a_long_life_makes_them_short_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "LONGEST_PAUSE", 0.5)
    owner, pauses, lives = BackgroundTasks("owner"), [], 0
    real = asyncio.sleep

    async def sleep(seconds: float) -> None:
        if seconds:
            pauses.append(seconds)
        await real(0)

    monkeypatch.setattr(asyncio, "sleep", sleep)

    async def loop() -> None:
        nonlocal lives
        lives += 1
        if lives == 11:
            await real(0.6)  # longer than the longest pause
        if lives == 13:
            await asyncio.Event().wait()
        raise ValueError

    owner.keep(loop, "loop")
    async with asyncio.timeout(5):
        while lives < 13:
            await real(0.001)
    await owner.close()
    growing = [0.001 * 2**n for n in range(9)]
    assert pauses == [*growing, 0.5, 0.001, 0.002]


async def test_a_stop_ends_a_loop_in_its_pause_too() -> None:
    owner = BackgroundTasks("owner")

    async def loop() -> None:
        raise ValueError

    task = owner.keep(loop, "loop")
    await asyncio.sleep(0.02)
    await asyncio.wait_for(owner.close(), 5)
    assert task.cancelled()
    assert FAILURES.down == {}


async def test_a_task_that_lost_its_cancellation_is_cancelled_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "CANCEL_AGAIN", 0.01)
    owner, cancelled = BackgroundTasks("owner"), 0

    async def stubborn() -> None:
        nonlocal cancelled
        while True:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                cancelled += 1
                if cancelled == 3:
                    raise

    owner.start(stubborn(), "stubborn")
    await asyncio.sleep(0)
    await asyncio.wait_for(owner.close(), 5)
    assert cancelled == 3


async def test_after_a_stop_nothing_is_started() -> None:
    owner = BackgroundTasks("owner")
    await owner.close()

    async def work() -> None:
        raise AssertionError("it must not run")

    task = owner.start(work(), "work")
    with pytest.raises(asyncio.CancelledError):
        await task


def test_one_listener_that_fails_harms_no_other_and_is_counted() -> None:
    told: list[int] = []
    listeners: Listeners[[int]] = Listeners()

    def bad(number: int) -> None:
        raise ValueError(number)

    listeners.subscribe(bad)
    end = listeners.subscribe(told.append)
    listeners.tell(1)
    end()
    end()
    listeners.tell(2)
    assert told == [1]
    assert sum(FAILURES.listeners.values()) == 2
    assert next(iter(FAILURES.listeners)).endswith("bad")


def test_one_item_that_fails_keeps_none_of_the_others_back() -> None:
    done: list[int] = []

    def work(number: int) -> None:
        if number == 2:
            raise ValueError(number)
        done.append(number)

    with capture_logs() as logs:
        guarded_each(work, [1, 2, 3])
    assert done == [1, 3]
    assert [(line["event"], line["log_level"]) for line in logs] == [("a listener failed", "error")]
    assert sum(FAILURES.listeners.values()) == 1
    assert next(iter(FAILURES.listeners)).endswith("work")


def test_who_leaves_or_comes_while_others_are_told() -> None:
    told: list[str] = []
    listeners: Listeners[[]] = Listeners()

    def first() -> None:
        told.append("first")
        end()
        listeners.subscribe(lambda: told.append("late"))

    end = listeners.subscribe(first)
    listeners.subscribe(lambda: told.append("second"))
    listeners.tell()
    assert told == ["first", "second"]
    listeners.tell()
    assert told == ["first", "second", "second", "late"]


async def test_locks_by_key_are_forgotten_when_nobody_waits() -> None:
    locks, order = KeyedLocks(), []

    async def one(name: str, key: str) -> None:
        async with locks.of(key):
            order.append(name)
            await asyncio.sleep(0)
            order.append(name)

    await asyncio.gather(one("a", "k"), one("b", "k"), one("c", "other"))
    assert order == ["a", "c", "a", "c", "b", "b"]
    assert locks.waiting("k") == locks.waiting("other") == 0
    assert locks._locks == {}


async def test_a_stop_leaves_what_hangs_after_its_deadline_and_closes_the_rest() -> None:
    closed: list[str] = []

    class Part:
        """Takes so long to close."""

        def __init__(self, name: str, seconds: float) -> None:
            self.name, self.seconds = name, seconds

        async def close(self) -> None:
            await asyncio.sleep(self.seconds)
            closed.append(self.name)

    with capture_logs() as told:
        await close_all(0.2, Part("slow", 60), Part("quick", 0))
    assert closed == ["quick"]
    assert [(line["event"], line["parts"]) for line in told] == [
        ("not everything could be closed in time", ["Part", "Part"])
    ]
