"""Owned tasks (started nowhere else), loops that must live, listeners that can't harm each other, locks by key.

What fails here is never lost: it is logged, counted for the figures, and a loop that is down is seen in readiness.
"""

import asyncio
import contextvars
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable
from contextlib import asynccontextmanager
from typing import Any, Generic, ParamSpec, Protocol, TypeVar

import structlog

log = structlog.get_logger(__name__)

FIRST_PAUSE = 0.1
"""Seconds before a loop that ended is begun again for the first time; doubled each time after that."""
LONGEST_PAUSE = 10.0
"""Seconds of the longest such pause, and of the life after which a loop counts as well again."""

CANCEL_AGAIN = 2.0
"""Seconds until a task that is still there is cancelled once more: `asyncio.wait_for` of Python 3.11 loses a
cancellation that comes together with what it waits for (bpo-37658)."""

Told = ParamSpec("Told")
Item = TypeVar("Item")


class Failures:
    """What failed inside this process, by the name of the listener or the loop."""

    def __init__(self) -> None:
        self.listeners: Counter[str] = Counter()
        self.loops: Counter[str] = Counter()
        self.down: dict[str, str] = {}
        """Loops that failed and have not lived long enough since, with what they failed of."""


FAILURES = Failures()
"""Of this process: one process is one adapter."""


class BackgroundTasks:
    """Keeps the tasks of one owner: names them, logs what they raise, and ends them all on `close`."""

    def __init__(self, owner: str) -> None:
        self._owner = owner
        self._tasks: set[asyncio.Task[Any]] = set()
        self._closed = False

    def start(self, work: Coroutine[Any, Any, Any], name: str) -> asyncio.Task[Any]:
        """Run `work` as a task of this owner, in a context of its own: a request that started it may be long over.

        After `close` nothing is started, since events go on while we stop: the task is cancelled already.
        """
        task = asyncio.get_running_loop().create_task(work, name=f"{self._owner}:{name}", context=contextvars.Context())
        self._tasks.add(task)
        task.add_done_callback(self._done)
        if self._closed:
            task.cancel()
        return task

    def keep(self, loop: Callable[[], Coroutine[Any, Any, None]], name: str) -> asyncio.Task[Any]:
        """Run a loop that must live until `close`: whatever ends it, it is begun again after a growing pause."""
        return self.start(self._keep(loop, f"{self._owner}:{name}"), name)

    async def _keep(self, loop: Callable[[], Coroutine[Any, Any, None]], name: str) -> None:
        clock, failed = asyncio.get_running_loop(), 0
        well: asyncio.TimerHandle | None = None
        try:
            while True:
                began = clock.time()
                why, problem = await _why_it_ended(loop)
                failed = 1 if clock.time() - began > LONGEST_PAUSE else failed + 1
                log.error("a loop ended; restarting it", loop=name, why=why, exc_info=problem)
                FAILURES.loops[name] += 1
                FAILURES.down[name] = why
                if well is not None:
                    well.cancel()
                pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(failed - 1, 10))
                await asyncio.sleep(pause)
                well = clock.call_later(min(LONGEST_PAUSE, 2 * pause), FAILURES.down.pop, name, None)
        finally:
            if well is not None:
                well.cancel()
            FAILURES.down.pop(name, None)

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("task failed", task=task.get_name(), exc_info=error)

    async def close(self) -> None:
        """Cancel what still runs and wait until all of it is over."""
        self._closed = True
        running = set(self._tasks)
        while running:
            for task in running:
                task.cancel()
            _, running = await asyncio.wait(running, timeout=CANCEL_AGAIN)


class Closing(Protocol):
    """What can be closed."""

    async def close(self) -> None:
        """Stop, and give back what it holds."""


async def close_all(deadline: float, *parts: Closing) -> None:
    """Close these at once. What is not closed in `deadline` seconds is left as it is, which is told."""
    try:
        async with asyncio.timeout(deadline):
            await asyncio.gather(*(part.close() for part in parts))
    except TimeoutError:
        names = [type(part).__name__ for part in parts]
        log.error("not everything could be closed in time", parts=names, seconds=deadline)


async def _why_it_ended(loop: Callable[[], Coroutine[Any, Any, None]]) -> tuple[str, Exception | None]:
    try:
        await loop()
    except Exception as problem:  # noqa: BLE001 - whoever begins it again logs it
        return f"{type(problem).__name__}: {problem}", problem
    return "it returned", None


def guarded(call: Callable[Told, object], *args: Told.args, **kwargs: Told.kwargs) -> None:
    """Call somebody who only listens: what they raise is logged and counted, and harms nobody else."""
    try:
        call(*args, **kwargs)
    except Exception:  # noqa: BLE001 - it is logged there
        _failed(call)


def guarded_each(call: Callable[[Item], object], items: Iterable[Item]) -> None:
    """Call it for each in order: what it does wrong with one is logged and counted, and keeps none of the others back.

    The same as `guarded` for each, without its call in between: this is where every event of a PBX comes through.
    """
    for item in items:
        try:
            call(item)
        except Exception:  # noqa: BLE001 - it is logged there
            _failed(call)


def _failed(call: Callable[..., object]) -> None:
    name = getattr(call, "__qualname__", type(call).__name__)
    FAILURES.listeners[name] += 1
    log.exception("a listener failed", listener=name)


class Listeners(Generic[Told]):
    """Who wants to be told of something, synchronously and in the order of subscription; each guarded alone."""

    def __init__(self) -> None:
        self._all: list[Callable[Told, object]] = []

    def subscribe(self, listener: Callable[Told, object]) -> Callable[[], None]:
        """Be told from now on. Returns what ends it; ending it twice is fine."""
        self._all.append(listener)

        def end() -> None:
            if listener in self._all:
                self._all.remove(listener)

        return end

    def tell(self, *args: Told.args, **kwargs: Told.kwargs) -> None:
        """Tell everybody."""
        for listener in list(self._all):
            guarded(listener, *args, **kwargs)


class KeyedLocks:
    """Locks by key, kept while somebody waits for them: requests with the same key run one after the other."""

    def __init__(self) -> None:
        self._locks: dict[str, tuple[asyncio.Lock, int]] = {}

    @asynccontextmanager
    async def of(self, key: str) -> AsyncIterator[None]:
        """Hold this key's lock."""
        lock, waiting = self._locks.get(key, (asyncio.Lock(), 0))
        self._locks[key] = (lock, waiting + 1)
        try:
            async with lock:
                yield
        finally:
            lock, waiting = self._locks[key]
            if waiting == 1:
                del self._locks[key]
            else:
                self._locks[key] = (lock, waiting - 1)

    def waiting(self, key: str) -> int:
        """How many hold this key's lock or wait for it."""
        return self._locks[key][1] if key in self._locks else 0
