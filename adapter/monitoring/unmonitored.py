"""Keeps what is exempt from monitoring in force: as the database has it, whoever changed it, at every PBX of ours."""

import asyncio
from collections.abc import Callable, Collection, Mapping
from datetime import datetime, timedelta
from typing import Protocol

from adapter.core.changes import Changes
from adapter.core.unmonitored import Exempt, ExemptCall, Unmonitored
from adapter.errors import StoreUnavailable
from adapter.monitoring.boards import Boards

FORGET = timedelta(minutes=1)
"""How long a conversation that is not known counts as one that is only out of sight."""


class Kept(Protocol):
    """Where it is kept (`adapter.store.exempt.ExemptStore`). All raise StoreUnavailable."""

    async def version(self) -> str:
        """Another mark after every change."""

    async def load(self) -> tuple[Exempt, Mapping[str, ExemptCall]]:
        """All of it."""

    async def over(self, conversations: Collection[str]) -> None:
        """These are over."""


class ExemptRules:
    """`rules` decide; here they are kept up to date, and calls are looked at again when they, or bars, change."""

    def __init__(self, boards: Boards, rules: Unmonitored, kept: Kept, clock: Callable[[], datetime]) -> None:
        self._boards, self._rules, self._kept, self._clock = boards, rules, kept, clock
        self._known: str | None = None
        self._reading = asyncio.Lock()
        boards.subscribe(self._heard)

    @property
    def exempt(self) -> Exempt:
        """What is in force."""
        return self._rules.exempt

    async def take(self, kept: Exempt) -> None:
        """This was just kept: in force, also where the database can't be read again now."""
        if not await self._refreshed():
            self._rules.exempt = kept
            self._look_again()

    async def take_call(self, kept: ExemptCall, *, exempt: bool) -> None:
        """The same of one conversation."""
        if not await self._refreshed():
            self._rules.calls.pop(kept.conversation_id, None)
            if exempt:
                self._rules.calls[kept.conversation_id] = kept
            self._look_again()

    async def _refreshed(self) -> bool:
        try:
            await self.refresh()
        except StoreUnavailable:
            self._known = None
            return False
        return True

    async def refresh(self) -> None:
        """Take in what the database has, if it is another. Raises StoreUnavailable; then what was known holds."""
        async with self._reading:  # what was read first must not be put in force last
            current = await self._kept.version()
            if current == self._known:
                return
            exempt, calls = await self._kept.load()
            self._known = current
            if exempt != self._rules.exempt or calls != self._rules.calls:
                self._rules.exempt, self._rules.calls = exempt, dict(calls)
                self._look_again()

    def _look_again(self) -> None:
        """Running monitors of what is exempt now end by this."""
        for board in self._boards.own:
            board.look_again({call.conversation_id for call in board.calls()}, self._clock())

    async def forget_over(self) -> None:
        """Forget conversations that are over. Raises StoreUnavailable."""
        if over := self._over():
            await self._kept.over(over)
            for one in over:
                self._rules.calls.pop(one, None)

    def _over(self) -> Collection[str]:
        now = self._clock()
        return [
            one.conversation_id
            for one in self._rules.calls.values()
            if self._boards.bars.is_over(one.conversation_id) and self._boards.complete and abs(now - one.at) > FORGET
        ]

    def _heard(self, changes: Changes) -> None:
        """Two conversations may be one now: what was said of either holds for both."""
        touched = changes.barred.touched
        if touched and (self._rules.calls or len(list(self._boards)) > 1):
            for board in self._boards.own:
                if board.complete:
                    board.look_again(touched, self._clock())
