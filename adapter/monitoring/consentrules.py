"""Keeps the rules of consent in force: as the database has them, whoever changed them."""

import asyncio
from collections.abc import Sequence
from typing import Protocol

from adapter.core.consent import ConsentRule
from adapter.errors import StoreUnavailable
from adapter.tasks import Listeners


class ConsentRules:
    """What is in force, and who wants to know when it is another: nothing, until it was read."""

    def __init__(self) -> None:
        self.rules: tuple[ConsentRule, ...] = ()
        self.changed: Listeners[[]] = Listeners()

    def put(self, rules: Sequence[ConsentRule]) -> None:
        """These are in force now."""
        if tuple(rules) != self.rules:
            self.rules = tuple(rules)
            self.changed.tell()


class Kept(Protocol):
    """Where it is kept (`adapter.store.consent.ConsentStore`). All raise StoreUnavailable."""

    async def version(self) -> str:
        """Another mark after every change."""

    async def load(self) -> Sequence[ConsentRule]:
        """All rules, in their order."""


class ConsentWatch:
    """Brings what is kept in force."""

    def __init__(self, rules: ConsentRules, kept: Kept) -> None:
        self._rules, self._kept = rules, kept
        self._known: str | None = None
        self._reading = asyncio.Lock()

    async def take(self, kept: Sequence[ConsentRule]) -> None:
        """These were just kept: in force, also where the database can't be read again now."""
        try:
            await self.refresh()
        except StoreUnavailable:
            self._known = None
            self._rules.put(kept)

    async def refresh(self) -> None:
        """Take in what the database has, if it is another. Raises StoreUnavailable; then what was known holds."""
        async with self._reading:  # what was read first must not be put in force last
            current = await self._kept.version()
            if current == self._known:
                return
            rules = await self._kept.load()
            self._known = current
            self._rules.put(rules)
