"""The adapter is killed at any moment of a follow, at a real Asterisk: nobody hears the supervisor, and it goes on."""

import asyncio
import random

import pytest

from tests.asterisk.coaching.test_follow import call, follow, hung_up, killed, until
from tests.support.lab import Lab, assert_hears, listen


async def killed_at_random(own: Lab, times: int, seed: int) -> None:
    """Calls of the agent come and go, one at each turn; somewhere between, the adapter dies.

    Whoever is in a call hears the other alone, whatever dies; what the new adapter shows is what the supervisor hears.
    """
    chance = random.Random(seed)
    phone = await own.phone("302")
    await own.phones("201", "202", "101")
    mona = await own.client("mona")
    running = await follow(mona, "101")
    customers = iter(["201", "202"] * times)
    for _ in range(times):
        number = next(customers)
        begins = asyncio.ensure_future(call(own, number, "101"))
        if chance.random() < 0.5:  # in the middle of its beginning
            await asyncio.sleep(chance.uniform(0, 1))
            mona = await killed(own)
        caller, sam = await begins
        assert_hears(await listen(caller, sam), p101={number}, **{f"p{number}": {"101"}})
        await until(mona, running, "listening")
        assert_hears(await listen(caller, sam, phone), p101={number}, p302={"101", number}, **{f"p{number}": {"101"}})
        ends = asyncio.ensure_future(hung_up(caller))
        if chance.random() < 0.5:
            await asyncio.sleep(chance.uniform(0, 0.5))
            mona = await killed(own)
        await ends
        await until(mona, running, "waiting")
        assert_hears(await listen(phone), p302=set())
    assert phone.rang() == 1, "rung once, whatever died"
    assert (await mona.delete(f"/follows/{running['id']}"))[0] == 204


@pytest.mark.timeout(300)
async def test_killed_at_random_moments(own: Lab) -> None:
    await killed_at_random(own, 5, seed=random.SystemRandom().randrange(1_000_000))


@pytest.mark.soak
@pytest.mark.timeout(3600)
async def test_killed_a_hundred_times(own: Lab) -> None:
    own.seconds = 1800
    await killed_at_random(own, 100, seed=random.SystemRandom().randrange(1_000_000))
