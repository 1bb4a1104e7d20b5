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


async def test_exact_time_passes_by_waiting_alone_and_goes_on_afterwards() -> None:
    loop = asyncio.get_running_loop()
    with virtual_time(loop, exact=True):
        began = loop.time()
        time.sleep(0.02)  # noqa: ASYNC251 - what computing takes
        assert loop.time() == began
        await asyncio.sleep(10)
        assert 10 <= (before := loop.time()) - began < 10.001
    assert before <= loop.time() < before + 60
    await asyncio.wait_for(asyncio.sleep(0.05), 60)
    assert loop.time() >= before + 0.045
