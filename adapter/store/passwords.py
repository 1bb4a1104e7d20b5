"""Passwords: Argon2id, off the event loop, with the same effort for known and unknown names."""

import asyncio

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

_hasher = PasswordHasher()
"""argon2-cffi's defaults: RFC 9106, low-memory profile (64 MiB, 3 passes, 4 lanes)."""
_slots = asyncio.Semaphore(2)
"""At most two at once: each takes 64 MiB and a core for a while."""
_nobody = _hasher.hash("nobody's password")


async def hash_password(password: str) -> str:
    """The hash to store."""
    async with _slots:
        return await asyncio.to_thread(_hasher.hash, password)


async def matches(password_hash: str | None, password: str) -> bool:
    """Whether it is the password. Without a hash (an unknown name) the answer is no after the same effort."""

    def verify() -> bool:
        try:
            return _hasher.verify(password_hash or _nobody, password) and password_hash is not None
        except (VerificationError, InvalidHashError):
            return False

    async with _slots:
        return await asyncio.to_thread(verify)
