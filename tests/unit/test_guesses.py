"""Wrong passwords that several adapters count together: in the database, as the throttle of each would count them."""

from datetime import timedelta

from adapter.store import Store
from adapter.web.throttle import FORGET, FREE, Throttle
from tests.support.clock import FakeClock

KEYS = Throttle.keys("Sam", "192.0.2.7")


async def test_failures_are_counted_by_all_and_forgotten_in_time(store: Store, clock: FakeClock) -> None:
    for _ in range(FREE):
        await store.guesses.failed(KEYS, FORGET)
    await store.guesses.failed(Throttle.keys("Ana", "192.0.2.7"), FORGET)
    clock.passes(timedelta(seconds=10))
    found = await store.guesses.counts(KEYS)
    assert {key: count for key, (count, _) in found.items()} == {KEYS[0]: FREE, KEYS[1]: FREE + 1, KEYS[2]: FREE}
    assert {round(ago) for _, ago in found.values()} == {10}
    await store.guesses.succeeded(KEYS[0])
    assert (await store.guesses.counts(KEYS)).keys() == {KEYS[1], KEYS[2]}
    clock.passes(timedelta(seconds=FORGET))
    await store.guesses.failed(Throttle.keys("mona", "192.0.2.9"), FORGET)
    assert await store.guesses.counts(KEYS) == {}


async def test_what_others_counted_slows_down_here_and_never_speeds_up(store: Store) -> None:
    here, other = Throttle(), Throttle()
    for _ in range(FREE):
        other.failed("sam", "192.0.2.7", 100.0)
        await store.guesses.failed(Throttle.keys("sam", "192.0.2.7"), FORGET)
    assert here.wait("SAM", "192.0.2.7", 100.5) == 0
    for key, (count, ago) in (await store.guesses.counts(KEYS)).items():
        here.learn(key, count, 100.0 - ago)
    assert here.wait("SAM", "192.0.2.7", 100.5) > 0
    waits = other.wait("sam", "192.0.2.7", 100.5)
    other.learn(KEYS[0], 1, 0.0)
    assert other.wait("sam", "192.0.2.7", 100.5) == waits
