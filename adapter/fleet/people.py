"""Which accounts are in effect in this process, and catching up with what another one knew when it said something."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable

from adapter.errors import StoreUnavailable

REMEMBERED = 256
"""Marks that are known to be no newer than what is in effect."""


class KnownPeople:
    """The accounts' marks (`store.people.version`): after every change another one, that says nothing of the order."""

    def __init__(self, mark: str, read: Callable[[], Awaitable[str]]) -> None:
        """`mark`: of what is in effect; `read` brings in effect what is in the database, and returns its mark.

        It raises StoreUnavailable.
        """
        self.mark = mark
        """Of what is in effect."""
        self._read = read
        self._known: deque[str] = deque([mark], maxlen=REMEMBERED)
        self._turn = asyncio.Lock()

    def took(self, mark: str) -> None:
        """What is in the database under this mark is in effect: whoever looks for changes by himself says so."""
        self.mark = mark
        self._remember(mark)

    async def read(self) -> None:
        """Bring in effect what is in the database now. Raises StoreUnavailable."""
        async with self._turn:
            self.took(await self._read())

    def knows(self, mark: str) -> bool:
        """Whether what is in effect is as new as that, as far as is known."""
        return mark in self._known

    async def catch_up(self, mark: str, deadline: float) -> None:
        """Bring in effect what is as new as that, within so many seconds. Raises StoreUnavailable.

        Who told the mark had read it before, so what is read from now on is no older.
        """
        try:
            async with asyncio.timeout(deadline), self._turn:
                if not self.knows(mark):
                    self.took(await self._read())
                    self._remember(mark)
        except TimeoutError:
            raise StoreUnavailable("The accounts could not be read in time.") from None

    def _remember(self, mark: str) -> None:
        if mark not in self._known:
            self._known.append(mark)
