"""Virtual time: a wait costs nothing, everything is in its order, and the clock never goes back."""

import asyncio
import time

import pytest

from tests.support.virtual_time import virtual_time


@pytest.mark.usefixtures("virtual_time")
async def test_a_day_passes_at_once_and_in_order() -> None:
    loop, order = asyncio.get_running_loop(), list[str]()
    began, really = loop.time(), time.monotonic()

    async def after(seconds: float, name: str) -> None:
        await asyncio.sleep(seconds)
        order.append(name)

    await asyncio.gather(after(86_400, "day"), after(3600, "hour"), after(1, "second"))
    assert order == ["second", "hour", "day"]
    assert 86_400 <= loop.time() - began < 86_460
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(asyncio.Event().wait(), 3600)
    assert time.monotonic() - really < 60


async def test_afterwards_time_is_real_and_the_clock_was_not_put_back() -> None:
    loop = asyncio.get_running_loop()
    with virtual_time(loop):
        await asyncio.sleep(1000)
        before = loop.time()
    assert loop.time() >= before
    began = time.monotonic()
    await asyncio.sleep(0.05)
    assert time.monotonic() - began >= 0.045


async def test_time_that_stood_still_passes_again_afterwards() -> None:
    """Else whatever waits later on this loop waits for ever."""
    loop = asyncio.get_running_loop()
    with virtual_time(loop, exact=True):
        before = loop.time()
        await asyncio.sleep(3600)
        assert loop.time() == before + 3600
    assert loop.time() >= before + 3600
    await asyncio.wait_for(asyncio.to_thread(time.sleep, 0.05), 60)
    assert loop.time() > before + 3600
