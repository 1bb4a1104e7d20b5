"""Waiting until something is so, with a deadline that a busy machine does not miss."""

import asyncio
import time
from collections.abc import Callable


async def until(so: Callable[[], object], what: str = "", seconds: float = 30.0) -> None:
    """Return once it is so. Fails with `what` after so many seconds."""
    end = time.monotonic() + seconds
    while not so():
        assert time.monotonic() < end, what or "it never came to that"
        await asyncio.sleep(0.005)
