"""Notes what became of deliveries: of all receivers together, many in one transaction."""

import asyncio
from dataclasses import replace

import structlog

from adapter.errors import StoreRefused, StoreUnavailable
from adapter.store.outbox import Outbox, Outcome

log = structlog.get_logger(__name__)

AT_ONCE = 200
"""Outcomes that are noted in one transaction."""
STORE_PAUSE = 1.0
"""Seconds between tries while the database does not answer."""


class Settler:
    """Notes outcomes of all workers, many in one transaction."""

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox
        self._queue: asyncio.Queue[tuple[Outcome, asyncio.Future[None]]] = asyncio.Queue()

    async def settle(self, outcome: Outcome) -> None:
        """Returns once it is noted. Bounded: each worker has few under way."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._queue.put_nowait((outcome, done))
        await done

    async def run(self) -> None:
        """Note what comes, until cancelled."""
        while True:
            batch = [await self._queue.get()]
            while not self._queue.empty() and len(batch) < AT_ONCE:
                batch.append(self._queue.get_nowait())
            try:
                await self._note([outcome for outcome, _ in batch])
            except Exception as problem:  # whoever waits must not wait for ever
                for _, done in batch:
                    if not done.done():
                        done.set_exception(problem)
                raise
            for _, done in batch:
                if not done.done():
                    done.set_result(None)

    async def _note(self, outcomes: list[Outcome]) -> None:
        while True:
            try:
                return await self._outbox.settle(outcomes)
            except StoreRefused as problem:
                return await self._note_apart(outcomes, problem)
            except StoreUnavailable as problem:
                log.error("deliveries could not be stored; retrying", count=len(outcomes), why=str(problem))
                await asyncio.sleep(STORE_PAUSE)

    async def _note_apart(self, outcomes: list[Outcome], problem: StoreRefused) -> None:
        """One outcome that the database refuses for ever must not keep those of other receivers from being noted."""
        if len(outcomes) > 1:
            half = len(outcomes) // 2
            await self._note(outcomes[:half])
            await self._note(outcomes[half:])
        elif outcomes[0].answer:
            log.error("what a receiver answered can't be kept", hook=outcomes[0].due.hook_id, why=str(problem))
            await self._note([replace(outcomes[0], answer="")])
        else:
            log.error("a delivery can't be noted; it is sent again", hook=outcomes[0].due.hook_id, why=str(problem))
