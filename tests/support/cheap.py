"""Hashes of passwords that cost nothing: signing in costs what the stored hash says, else 0.2 s of the processor."""

from collections.abc import Iterator
from contextlib import contextmanager

from argon2 import PasswordHasher

from adapter.store import passwords

HASHER = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
"""Argon2id with the least effort."""


@contextmanager
def cheap_hashes() -> Iterator[None]:
    """Accounts that are made here, in this process, are signed in to at once, wherever that is."""
    shipped, passwords._hasher = passwords._hasher, HASHER
    try:
        yield
    finally:
        passwords._hasher = shipped
