"""Delivery: one worker for each receiver, so that a slow or dead one delays nobody else.

All that must outlast us is in the database (`adapter.store.outbox`); here is only what is under way.
"""

import asyncio
import random
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

import structlog

from adapter.errors import NotFound, StoreRefused, StoreUnavailable
from adapter.store.outbox import Due, Outbox, Outcome
from adapter.store.webhooks import Webhook, Webhooks
from adapter.tasks import BackgroundTasks, guarded
from adapter.webhooks.schedule import DAY, Health, again_at
from adapter.webhooks.sender import Answer, Sender

log = structlog.get_logger(__name__)

AT_ONCE = 200
"""Outcomes that are noted in one transaction."""
STORE_PAUSE = 1.0
"""Seconds between tries while the database does not answer."""
LONGEST_SLEEP = 30.0
"""Seconds after which a worker looks for work though nobody woke it."""


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
                log.error("deliveries could not be noted; trying again", count=len(outcomes), why=str(problem))
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


class Worker:
    """Delivers to one receiver."""

    def __init__(self, hook: Webhook, parts: "Dispatcher") -> None:
        self.hook = hook
        self._parts = parts
        self._health = Health(hook.failing_since)
        self._under_way: set[int] = set()
        self._news = asyncio.Event()
        self._tasks = BackgroundTasks(f"webhook {hook.id}")

    def start(self) -> None:
        """Deliver what is due, and what becomes so."""
        self._tasks.keep(self._run, "run")

    def wake(self) -> None:
        """There may be something to do."""
        self._news.set()

    async def close(self) -> None:
        """Stop at once; what was under way is tried again later."""
        await self._tasks.close()

    async def _run(self) -> None:
        while True:
            self._news.clear()
            try:
                sleep = await self._begin_due()
            except StoreUnavailable as problem:
                log.warning("the outbox can't be read; trying again", hook=self.hook.id, why=str(problem))
                sleep = STORE_PAUSE
            try:
                await asyncio.wait_for(self._news.wait(), sleep)
            except TimeoutError:
                continue

    async def _begin_due(self) -> float:
        """Begin what may be tried now; seconds until there may be more."""
        outbox, now, busy = self._parts.outbox, self._parts.clock(), list(self._under_way)
        room = self._health.room(now) - len(busy)
        if room <= 0:
            until = self._health.again_at if not busy else None
            return LONGEST_SLEEP if until is None else _seconds(until, now)
        found = await outbox.due(self.hook.id, now, room, busy)
        for due in found:
            self._under_way.add(due.seq)
            self._tasks.start(self._try(due), f"event {due.event_id}")
        if len(found) == room:
            return LONGEST_SLEEP
        later = await outbox.next_at(self.hook.id, list(self._under_way))
        return LONGEST_SLEEP if later is None else _seconds(later, now)

    async def _try(self, due: Due) -> None:
        try:
            answer = await self._parts.sender.send(self.hook.url, self.hook.secret, due.event_id, due.body)
            now = self._parts.clock()
            chance = self._parts.chance()
            again = None
            if not answer.delivered:
                again = again_at(due.attempts + 1, due.first_try_at or now, now, chance, answer.retry_after)
            await self._parts.settler.settle(Outcome(due, now, answer.delivered, answer.status, answer.text, again))
            await self._take(due, answer, now, chance)
        finally:
            self._under_way.discard(due.seq)
            self._news.set()

    async def _take(self, due: Due, answer: Answer, now: datetime, chance: float) -> None:
        """What one answer says of the receiver."""
        guarded(self._parts.on_try, answer)
        health = self._health
        try:
            if answer.delivered:
                if health.succeeded():
                    log.info("a webhook's receiver answers again", hook=self.hook.id)
                    await self._parts.hooks.failing(self.hook.id, None)
                    await self._parts.outbox.hasten(self.hook.id, now)
                return
            if health.failed(due.lane, now, chance):
                why = answer.text[:200]
                log.warning("a webhook's receiver fails", hook=self.hook.id, status=answer.status, why=why)
                await self._parts.hooks.failing(self.hook.id, now)
            if health.hopeless(now):
                await self._give_up(answer, now)
        except StoreUnavailable as problem:
            log.error("the state of a webhook could not be noted", hook=self.hook.id, why=str(problem))

    async def _give_up(self, answer: Answer, now: datetime) -> None:
        given_up = 0
        while count := await self._parts.outbox.give_up(self.hook.id, now - DAY, now):
            given_up += count
        if given_up:
            log.error("events were not delivered for a day and are given up", hook=self.hook.id, count=given_up)
        if answer.gone:
            reason = "its receiver said for a day that it is gone (410)"
            self._parts.disable(self.hook.id, reason)


def _seconds(until: datetime, now: datetime) -> float:
    return min(LONGEST_SLEEP, max(0.01, (until - now).total_seconds()))


class Dispatcher:
    """All workers."""

    def __init__(
        self,
        hooks: Webhooks,
        outbox: Outbox,
        sender: Sender,
        clock: Callable[[], datetime],
        on_try: Callable[[Answer], None] = lambda answer: None,
    ) -> None:
        """`on_try` is told of each try."""
        self.on_try = on_try
        self.hooks, self.outbox, self.sender, self.clock = hooks, outbox, sender, clock
        self.settler = Settler(outbox)
        self.chance: Callable[[], float] = random.Random().random  # noqa: S311 - jitter, no secret
        self._workers: dict[str, Worker] = {}
        self._tasks = BackgroundTasks("webhooks")

    async def start(self) -> None:
        """Begin with every receiver that is enabled. Raises StoreUnavailable."""
        self._tasks.keep(self.settler.run, "settle")
        await self.refresh()

    def wake(self) -> None:
        """Events were written."""
        for worker in self._workers.values():
            worker.wake()

    async def refresh(self) -> None:
        """Receivers changed: begin with new ones, leave those that are gone or disabled. Raises StoreUnavailable."""
        wanted = {hook.id: hook for hook in await self.hooks.all() if hook.enabled}
        for hook_id, worker in list(self._workers.items()):
            hook = wanted.get(hook_id)
            if hook is None or (hook.url, hook.secret) != (worker.hook.url, worker.hook.secret):
                await self._workers.pop(hook_id).close()
        for hook in wanted.values():
            if hook.id not in self._workers:
                self._workers[hook.id] = worker = Worker(hook, self)
                worker.start()

    def disable(self, hook_id: str, reason: str) -> None:
        """Switch a receiver off, in its own time: it may be a worker that asks."""
        self._tasks.start(self._disable(hook_id, reason), f"disable {hook_id}")

    async def _disable(self, hook_id: str, reason: str) -> None:
        try:
            await self.hooks.change(hook_id, enabled=False, disabled_reason=reason)
        except NotFound:  # it was deleted meanwhile
            return
        log.error("a webhook was disabled", hook=hook_id, why=reason)
        await self.refresh()

    async def close(self) -> None:
        """Stop. What was under way is sent again after the next start, with the same id."""
        for worker in self._workers.values():
            await worker.close()
        await self._tasks.close()
        await self.sender.close()
