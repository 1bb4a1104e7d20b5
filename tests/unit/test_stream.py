"""How frames wait for one client: the first goes at once, what follows closely goes together, and it is bounded."""

import asyncio

import pytest

from adapter.web.stream import MANY, QUEUE, Stream

LONG = 60.0

pytestmark = pytest.mark.usefixtures("virtual_time")


async def waiting(stream: Stream) -> "asyncio.Task[bytes | None]":
    """Somebody who waits for the next bytes, and has begun to."""
    task = asyncio.ensure_future(stream.next(LONG))
    await asyncio.sleep(0)
    return task


async def test_a_frame_after_a_rest_goes_at_once_and_those_that_follow_go_together() -> None:
    stream = Stream("u", "s", lambda: 0.5)
    stream.put([b"1"])
    assert await stream.next(LONG) == b"1"
    task = await waiting(stream)
    stream.put([b"2"])
    await asyncio.sleep(0)
    stream.put([b"3", b"4"])
    assert not task.done()
    assert await task == b"234"
    task = await waiting(stream)
    await asyncio.sleep(1.0)  # nothing happens for a while: then nothing is to be waited for
    stream.put([b"5"])
    for _ in range(5):
        await asyncio.sleep(0)
    assert task.done()
    assert await task == b"5"


async def test_many_frames_and_the_end_are_not_kept_waiting() -> None:
    stream = Stream("u", "s", lambda: LONG)
    stream.put([b"1"])
    assert await stream.next(LONG) == b"1"
    task = await waiting(stream)
    stream.put([b"x"] * MANY)
    for _ in range(5):
        await asyncio.sleep(0)
    assert task.done()
    task = await waiting(stream)
    stream.close()
    for _ in range(5):
        await asyncio.sleep(0)
    assert task.done()
    assert await task is None


async def test_silence_is_a_comment_and_too_much_is_the_end() -> None:
    stream = Stream("u", "s")
    assert await stream.next(0.01) == b": still here\n\n"
    stream.put([b"x"] * QUEUE)
    assert len(await stream.next(LONG) or b"") == QUEUE
    stream.put([b"x"] * (QUEUE + 1))
    assert await stream.next(LONG) is None
    assert stream.closed
