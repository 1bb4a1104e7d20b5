"""Passwords: Argon2id, off the event loop, with the same effort for known and unknown names."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from adapter.errors import TooManyRequests

Result = TypeVar("Result")

_hasher = PasswordHasher()
"""argon2-cffi's defaults: RFC 9106, low-memory profile (64 MiB, 3 passes, 4 lanes)."""
_slots = asyncio.Semaphore(2)
"""At most two at once: each takes 64 MiB and a core for a while."""
QUEUE = 200
"""Who may wait for one of these; more is an attack, and is told to come again."""
_nobody = _hasher.hash("nobody's password")


class _Queue:
    """Those who wait for a slot, few enough that it is a matter of seconds."""

    def __init__(self) -> None:
        self._waiting = 0

    async def run(self, work: Callable[[], Result]) -> Result:
        """Do it in a thread. Raises TooManyRequests."""
        if self._waiting >= QUEUE:
            raise TooManyRequests("Too many people are signing in at this moment. Try again soon.", retry_after=2)
        self._waiting += 1
        try:
            async with _slots:
                return await asyncio.to_thread(work)
        finally:
            self._waiting -= 1


_queue = _Queue()


async def hash_password(password: str) -> str:
    """The hash to store. Raises TooManyRequests."""
    return await _queue.run(lambda: _hasher.hash(password))


async def matches(password_hash: str | None, password: str) -> bool:
    """Whether it is the password. Without a hash (an unknown name) the answer is no after the same effort.

    Raises TooManyRequests, before any effort.
    """

    def verify() -> bool:
        try:
            return _hasher.verify(password_hash or _nobody, password) and password_hash is not None
        except (VerificationError, InvalidHashError):
            return False

    return await _queue.run(verify)
