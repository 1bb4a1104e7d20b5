"""Delivery while somebody sets the clock: on real databases and a real socket, before, during and after a restart."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest

from adapter.core.record import EventType
from adapter.store import Store
from adapter.store.outbox import DELIVERED, FAILED
from adapter.webhooks import dispatcher as delivering
from adapter.webhooks.dispatcher import Dispatcher
from adapter.webhooks.guard import Guard
from adapter.webhooks.sender import Sender
from tests.support.clock import ON_EACH, FakeClock
from tests.support.receiver import Receiver
from tests.support.records import event, write

SECRET = "whsec_" + "A" * 44
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@pytest.fixture
async def receiver(receiver: Receiver) -> Receiver:
    """It fails at first."""
    receiver.mood = 500
    return receiver


class Sending:
    """Dispatchers over one store and a clock of the test's, one after the other; workers look all the time."""

    def __init__(self, store: Store, clock: FakeClock) -> None:
        self.store, self.clock = store, clock
        self.dispatcher: Dispatcher | None = None

    async def start(self) -> None:
        """Begin."""
        sender = Sender(Guard(allow_private=True), self.clock.now, 5.0)
        outbox, clock = self.store.outbox, self.clock
        self.dispatcher = Dispatcher(self.store.webhooks, outbox, sender, clock.now, passing=clock.passing)
        self.dispatcher.chance = lambda: 1.0
        await self.dispatcher.start()

    async def stop(self) -> None:
        """End."""
        if self.dispatcher is not None:
            await self.dispatcher.close()
        self.dispatcher = None

    async def passes(self, span: timedelta, steps: int = 1) -> None:
        """Time passes, and the workers and the marks notice."""
        for _ in range(steps):
            self.clock.passes(span / steps)
            if self.dispatcher is not None:
                await self.dispatcher.mark()
            await asyncio.sleep(0.03)

    async def states(self, hook_id: str) -> list[str]:
        """What became of the deliveries, newest first."""
        return [delivery.state for delivery, _ in await self.store.outbox.page(hook_id, 100, None, [])]

    async def until(self, hook_id: str, *states: str) -> None:
        """Wait until the deliveries have come to this."""
        async with asyncio.timeout(20):
            while await self.states(hook_id) != list(states):  # noqa: ASYNC110 - a database wakes nobody
                await asyncio.sleep(0.02)


@pytest.fixture
async def sending(store: Store, clock: FakeClock, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Sending]:
    """Deliveries."""
    monkeypatch.setattr(delivering, "LONGEST_SLEEP", 0.02)
    sending = Sending(store, clock)
    await sending.start()
    yield sending
    await sending.stop()


async def tried(receiver: Receiver, count: int) -> None:
    """Wait for so many tries in all."""
    async with asyncio.timeout(20):
        while receiver.tries < count:  # noqa: ASYNC110 - the receiver is another's
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("restart", [False, True], ids=["running", "restarted"])
@pytest.mark.parametrize("tries", [0, 4])
@pytest.mark.parametrize(("database_url", "jump"), ON_EACH, ids=str, indirect=["database_url"])
async def test_no_clock_holds_a_delivery_back_or_gives_it_up(
    sending: Sending, receiver: Receiver, jump: timedelta, tries: int, restart: bool
) -> None:
    store, clock = sending.store, sending.clock
    hook = await store.webhooks.create(receiver.url(), frozenset(EventType), SECRET)
    assert sending.dispatcher
    await sending.dispatcher.refresh()
    await write(store, event(1, "a"))
    async with asyncio.timeout(60):
        while receiver.tries < tries:
            await sending.passes(timedelta(seconds=10))
    if restart:
        await sending.stop()
    clock.jumps(jump)
    before = receiver.tries
    if restart:
        await sending.start()
    await write(store, replace(event(2, "b"), at=clock.now()))
    await tried(receiver, before + 1)
    assert FAILED not in await sending.states(hook.id)
    receiver.mood = 200
    await sending.passes(31 * timedelta(seconds=1))
    await sending.until(hook.id, DELIVERED, DELIVERED)


@pytest.mark.parametrize(("database_url", "jump"), ON_EACH, ids=str, indirect=["database_url"])
async def test_a_dead_receiver_is_given_up_after_a_day_and_no_sooner(
    sending: Sending, receiver: Receiver, jump: timedelta
) -> None:
    """Whatever the clock does meanwhile, and through a restart; what was written within the day stays."""
    store, clock = sending.store, sending.clock
    hook = await store.webhooks.create(receiver.url(), frozenset(EventType), SECRET)
    assert sending.dispatcher
    await sending.dispatcher.refresh()
    await write(store, *(event(number, f"lane {number}") for number in range(5)))
    await tried(receiver, 3)
    await sending.passes(12 * HOUR, 24)
    clock.jumps(jump)
    await sending.passes(6 * HOUR, 12)
    await sending.stop()
    clock.jumps(jump)
    before = receiver.tries
    await sending.start()
    await write(store, replace(event(9, "new"), at=clock.now()))
    await sending.passes(5 * HOUR, 10)
    await tried(receiver, before + 1)
    assert FAILED not in await sending.states(hook.id), "23 hours are no day"
    await sending.passes(6 * HOUR, 24)
    async with asyncio.timeout(20):
        while (await sending.states(hook.id))[1:] != [FAILED] * 5:
            await sending.passes(10 * MINUTE)
    assert (await sending.states(hook.id))[0] != FAILED


async def test_one_bad_event_is_given_up_after_a_day_of_tries(sending: Sending, receiver: Receiver) -> None:
    """Its receiver is well, so only the event's own age counts; a restart does not begin it anew."""
    store = sending.store
    hook = await store.webhooks.create(receiver.url(), frozenset(EventType), SECRET)
    assert sending.dispatcher
    await sending.dispatcher.refresh()
    await write(store, event(1, "a"))
    hours = 0
    while FAILED not in await sending.states(hook.id):
        for _ in range(2):
            await sending.passes(HOUR / 2)
        hours += 1
        assert hours < 30
        if hours % 9 == 0:
            await sending.stop()
            await sending.start()
    assert hours >= 24


@pytest.mark.parametrize("moments", range(6))
async def test_a_stop_never_waits_for_a_worker_that_was_just_woken(sending: Sending, moments: int) -> None:
    """A cancellation that comes as the news does must not be lost."""
    await sending.store.webhooks.create("http://127.0.0.1:9/", frozenset(EventType), SECRET)
    assert sending.dispatcher
    await sending.dispatcher.refresh()
    await asyncio.sleep(0.1)
    sending.dispatcher.wake()
    for _ in range(moments):
        await asyncio.sleep(0)
    async with asyncio.timeout(10):
        await sending.stop()
