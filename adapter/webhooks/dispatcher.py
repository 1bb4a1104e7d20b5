"""Delivery: one worker for each receiver, so that a slow or dead one delays nobody else.

All that must outlast us is in the database (`adapter.store.outbox`); here is only what is under way.
"""

import asyncio
import random
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial

import structlog

from adapter.errors import NotFound, StoreUnavailable
from adapter.store.outbox import Due, Outbox, Outcome
from adapter.store.webhooks import Webhook, Webhooks
from adapter.tasks import BackgroundTasks, guarded
from adapter.webhooks.ages import Ages
from adapter.webhooks.schedule import DAY, Health, again_at, believed
from adapter.webhooks.sender import Answer, Sender
from adapter.webhooks.settler import STORE_PAUSE, Settler

log = structlog.get_logger(__name__)

LONGEST_SLEEP = 30.0
"""Seconds after which a worker looks for work though nobody woke it."""
MARK_PACE = 600.0
"""Seconds between marks of our running time (`adapter.webhooks.ages`)."""
A_DAY = int(DAY.total_seconds()) // 60
"""The same in minutes, as marks count."""


class Worker:
    """Delivers to one receiver."""

    def __init__(self, hook: Webhook, parts: "Dispatcher") -> None:
        self.hook = hook
        self._parts = parts
        self._health = Health(parts.failing_since(hook))
        self._under_way: set[int] = set()
        self._first: dict[int, float] = {}
        """Of deliveries that failed: when they were first tried, by the clock that only passes."""
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
                log.warning("the outbox can't be read; retrying", hook=self.hook.id, why=str(problem))
                sleep = STORE_PAUSE
            # not wait_for, which can swallow a cancellation until Python 3.12: a close would wait for ever
            with suppress(TimeoutError):
                async with asyncio.timeout(sleep):
                    await self._news.wait()

    async def _begin_due(self) -> float:
        """Begin what may be tried now; seconds until there may be more."""
        outbox, now, busy = self._parts.outbox, self._parts.clock(), list(self._under_way)
        room = self._health.room(self._parts.passing()) - len(busy)
        if room <= 0:
            until = self._health.again_at if not busy else None
            return LONGEST_SLEEP if until is None else _bounded(until - self._parts.passing())
        found = await outbox.due(self.hook.id, now, room, busy)
        for due in found:
            self._under_way.add(due.seq)
            self._tasks.start(self._try(due), f"event {due.event_id}")
        if len(found) == room:
            return LONGEST_SLEEP
        later = await outbox.next_at(self.hook.id, list(self._under_way))
        return LONGEST_SLEEP if later is None else _bounded((later - now).total_seconds())

    async def _try(self, due: Due) -> None:
        try:
            answer = await self._parts.sender.send(self.hook.url, self.hook.secret, due.event_id, due.body)
            now, chance = self._parts.clock(), self._parts.chance()
            tried_for, again = self._tried_for(due), None
            if not answer.delivered:
                again = again_at(due.attempts + 1, tried_for, now, chance, answer.retry_after)
            if again is None:
                self._first.pop(due.seq, None)
            outcome = Outcome(due, now, answer.delivered, answer.status, answer.text, again, tried_for)
            await self._parts.settler.settle(outcome)
            await self._take(due, answer, now, chance)
        finally:
            self._under_way.discard(due.seq)
            self._news.set()

    def _tried_for(self, due: Due) -> timedelta:
        """How long this has been tried, in all our runs: time in which we did not run is not counted."""
        passing = self._parts.passing()
        before = believed(due.tried_for, due.attempts).total_seconds()
        return timedelta(seconds=passing - self._first.setdefault(due.seq, passing - before))

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
            if health.failed(due.lane, self._parts.passing(), chance):
                why = answer.text[:200]
                log.warning("a webhook's receiver fails", hook=self.hook.id, status=answer.status, why=why)
                await self._parts.hooks.failing(self.hook.id, now)
            if health.hopeless(self._parts.passing()):
                await self._give_up(answer, now)
        except StoreUnavailable as problem:
            log.error("the state of a webhook could not be stored", hook=self.hook.id, why=str(problem))

    async def _give_up(self, answer: Answer, now: datetime) -> None:
        given_up, through = 0, self._parts.a_day_old()
        while count := await self._parts.outbox.give_up(self.hook.id, through, now):
            given_up += count
        self._first = {seq: first for seq, first in self._first.items() if seq > through}
        if given_up:
            log.error(
                "events could not be delivered for a day and are marked as failed", hook=self.hook.id, count=given_up
            )
        if answer.gone:
            reason = "its receiver said for a day that it is gone (410)"
            self._parts.disable(self.hook.id, reason)


def _bounded(seconds: float) -> float:
    return min(LONGEST_SLEEP, max(0.01, seconds))


class Dispatcher:
    """All workers. `clock`: the time of day; `passing`: seconds of a clock that nobody can set."""

    def __init__(
        self,
        hooks: Webhooks,
        outbox: Outbox,
        sender: Sender,
        clock: Callable[[], datetime],
        on_try: Callable[[Answer], None] = lambda answer: None,
        passing: Callable[[], float] = time.monotonic,
        is_sender: Callable[[], bool] = lambda: True,
    ) -> None:
        """`on_try` is told of each try; `passing` are seconds of a clock that only passes; `is_sender`: of several
        adapters only one delivers."""
        self._is_sender, self._sends = is_sender, False
        self.on_try = on_try
        self.hooks, self.outbox, self.sender = hooks, outbox, sender
        self.clock, self.passing = clock, passing
        self._ages, self._ran, self._began = Ages(), 0, passing()
        self.settler = Settler(outbox)
        self.chance: Callable[[], float] = random.Random().random  # noqa: S311 - jitter, no secret
        self._workers: dict[str, Worker] = {}
        self._turn = asyncio.Lock()
        """Refreshed is one at a time: a change that is made here, and what is looked for on other adapters' account."""
        self._tasks = BackgroundTasks("webhooks")

    async def start(self) -> None:
        """Begin with every receiver that is enabled. Raises StoreUnavailable."""
        self._tasks.keep(self.settler.run, "settle")
        self._tasks.keep(self._mark_time, "mark time")
        await self.refresh()

    def _running(self) -> int:
        """Minutes that the adapter has run, in all its runs."""
        return self._ran + int(self.passing() - self._began) // 60

    async def _mark_time(self) -> None:
        while True:
            if self._sends:
                await self.mark()
            await asyncio.sleep(MARK_PACE)

    async def mark(self) -> None:
        """Keep how long we have run, and which event is the newest now."""
        try:
            self._ages.note(self._running(), self.clock(), await self.outbox.newest())
            await self.outbox.keep_marks(self._ages.written())
        except StoreUnavailable as problem:
            log.warning("the running time could not be kept; events count as younger", why=str(problem))

    def a_day_old(self) -> int:
        """The newest event that is surely a day old."""
        return self._ages.written_before(A_DAY, self._running())

    def failing_since(self, hook: Webhook) -> float | None:
        """Since when this receiver fails, by the clock that only passes."""
        if hook.failing_since is None:
            return None
        return self.passing() - 60 * self._ages.since(hook.failing_since, self._running())

    def wake(self) -> None:
        """Events were written."""
        for worker in self._workers.values():
            worker.wake()

    async def refresh(self) -> None:
        """Receivers changed: begin with new ones, leave those that are gone or disabled. Raises StoreUnavailable."""
        async with self._turn:
            await self._refresh()

    async def _refresh(self) -> None:
        sends = self._is_sender()
        if sends and not self._sends:
            self._ages = Ages.read(await self.outbox.marks())
            self._ran, self._began = self._ages.ran, self.passing()
        self._sends = sends
        wanted = {hook.id: hook for hook in (await self.hooks.all() if sends else ()) if hook.enabled}
        for hook_id, worker in list(self._workers.items()):
            hook = wanted.get(hook_id)
            if hook is None or (hook.url, hook.secret) != (worker.hook.url, worker.hook.secret):
                await self._workers.pop(hook_id).close()
        for hook in wanted.values():
            if hook.id not in self._workers:
                self._workers[hook.id] = worker = Worker(hook, self)
                worker.start()

    def look_often(self, pace: float) -> None:
        """Other adapters write events and change receivers, too: look for both every so many seconds."""
        self._tasks.keep(partial(self._look_often, pace), "look often")

    async def _look_often(self, pace: float) -> None:
        while True:
            await asyncio.sleep(pace)
            try:
                await self.refresh()
            except StoreUnavailable:
                continue
            self.wake()

    async def changed(self) -> None:
        """The same after a change that is made: where the database does not answer any more, a moment later."""
        try:
            await self.refresh()
        except StoreUnavailable as problem:
            log.warning("a change of webhooks acts once the database answers", why=str(problem))
            self._tasks.start(self._refresh_late(), "refresh")

    async def _refresh_late(self) -> None:
        while True:
            await asyncio.sleep(STORE_PAUSE)
            try:
                return await self.refresh()
            except StoreUnavailable:
                continue

    def disable(self, hook_id: str, reason: str) -> None:
        """Switch a receiver off, in its own time: it may be a worker that asks."""
        self._tasks.start(self._disable(hook_id, reason), f"disable {hook_id}")

    async def _disable(self, hook_id: str, reason: str) -> None:
        try:
            await self.hooks.change(hook_id, enabled=False, disabled_reason=reason)
        except NotFound:  # it was deleted meanwhile
            return
        log.error("a webhook was disabled", hook=hook_id, why=reason)
        await self.changed()

    async def close(self) -> None:
        """Stop. What was under way is sent again after the next start, with the same id."""
        for worker in self._workers.values():
            await worker.close()
        await self._tasks.close()
        if self._sends:
            await self.mark()
        await self.sender.close()
