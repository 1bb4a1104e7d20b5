"""Requests for help as they are now: asked at the page or by a phone's code, taken by the first, over with the call."""

import asyncio
import uuid
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from adapter import errors
from adapter.core.audit import SYSTEM, By, Via
from adapter.core.call import Call
from adapter.core.changes import Changes
from adapter.core.help import HelpRequest, HelpState
from adapter.core.journal import subject_of
from adapter.core.monitor import Monitor, Supervisor
from adapter.monitoring.boards import Boards
from adapter.monitoring.policy import Policy
from adapter.tasks import BackgroundTasks

log = structlog.get_logger(__name__)

RETRY = 1.0
"""Seconds between tries to close what is over, while the database is away."""
UNBEGUN = timedelta(seconds=15)
"""After this time a request that was taken has its monitor on record, or whoever took it has died."""


class Kept(Protocol):
    """Where they are kept (`adapter.store.help.Help`). All raise StoreUnavailable."""

    async def version(self) -> str:
        """Another mark after every change."""

    async def running(self) -> Sequence[HelpRequest]:
        """Those that are not closed."""

    async def ask(self, new: HelpRequest, by: By) -> tuple[HelpRequest, bool]:
        """A new request, unless there is one for this call."""

    async def take(self, help_id: str, supervisor: Supervisor, monitor_id: str, by: By) -> HelpRequest:
        """Be the first. Raises AlreadyTaken, NotFound."""

    async def give_back(self, help_id: str, monitor_id: str) -> HelpRequest | None:
        """That monitor could not begin."""

    async def close(self, help_id: str, by: By, reason: str | None = None) -> HelpRequest | None:
        """It is over."""


class HelpDesk:
    """All of them; `boards.help` shows them. `find`: one monitor, also an ended one."""

    def __init__(
        self,
        boards: Boards,
        policy: Policy,
        kept: Kept,
        clock: Callable[[], datetime],
        find: Callable[[str], Awaitable[Monitor | None]],
    ) -> None:
        self._boards, self._policy, self._kept, self._clock, self._find = boards, policy, kept, clock, find
        self._known: str | None = None
        self._shown = 0
        """Counts what was shown of our own doing."""
        self._closing: set[str] = set()
        self._tasks = BackgroundTasks("help")
        boards.subscribe(self._heard)

    async def ask(self, call: Call, note: str | None, by: By) -> tuple[HelpRequest, bool]:
        """The agent of this call asks. Returns the request, and whether it is a new one.

        Raises NotMonitorable, CallNotActive, StoreUnavailable.
        """
        self._policy.need_monitorable(call)
        self._policy.need_answered(call)
        subject = subject_of(call, self._boards.directory.users)
        new = HelpRequest(
            id=uuid.uuid4().hex,
            pbx=call.pbx,
            call_id=call.id,
            conversation_id=call.conversation_id,
            agent=call.agent,
            agent_username=subject.agent,
            customer=call.customer.number,
            note=note,
            state=HelpState.OPEN,
            created_at=self._clock(),
        )
        request, is_new = await self._kept.ask(new, by)
        self._show(request)
        return request, is_new and request.id == new.id

    async def take(
        self, request: HelpRequest, supervisor: Supervisor, by: By, start: Callable[[str], Awaitable[Monitor]]
    ) -> Monitor:
        """Be the first to come. `start` begins the monitor with the id that it is given.

        Raises AlreadyTaken, NotFound, StoreUnavailable, and whatever `start` raises: then it is open again.
        """
        monitor_id = uuid.uuid4().hex
        taken = await self._kept.take(request.id, supervisor, monitor_id, by)
        try:
            monitor = await start(monitor_id)
        except errors.AdapterError:
            if not await self._give_back_unbegun(request.id, monitor_id):
                self._tasks.start(self._give_back_ended(request.id, monitor_id), f"give back {request.id}")
            raise
        except BaseException:
            self._tasks.start(self._give_back_unbegun(request.id, monitor_id), f"give back {request.id}")
            raise
        self._show_running(taken)
        return monitor

    async def close(self, request: HelpRequest, by: By, reason: str | None = None) -> None:
        """It is over; again is no change. Raises StoreUnavailable."""
        closed = await self._kept.close(request.id, by, reason)
        if closed is not None:
            self._show(closed)
        elif request.id in self._boards.help:
            await self.refresh()

    def pressed(self, pbx: str, uniqueid: str) -> None:
        """The phone behind this channel asks, by its feature code."""
        board = self._boards.board(pbx)
        call = next((call for call in board.calls() if call.uniqueid == uniqueid), None) if board else None
        if call is None:
            log.warning("help was asked for by a phone that is in no agent's call", pbx=pbx)
            return
        user = self._boards.directory.users.get(call.agent.user_id or "")
        by = By(user.username if user else f"phone {call.agent.endpoint}"[:100], Via.PHONE)
        self._tasks.start(self._ask_by_phone(call, by), f"help {call.id}")

    async def _ask_by_phone(self, call: Call, by: By) -> None:
        try:
            await self.ask(call, None, by)
        except errors.AdapterError as problem:
            log.warning("help could not be asked for", call_id=call.id, why=str(problem))

    # --- as the database has it

    async def start(self) -> None:
        """Take up what there is. Raises StoreUnavailable."""
        await self.refresh()

    async def stop(self) -> None:
        """Follow nothing any more."""
        await self._tasks.close()

    async def refresh(self) -> None:
        """Take in what another process changed. Raises StoreUnavailable."""
        current = await self._kept.version()
        if current == self._known:
            return
        shown = self._shown
        running = {request.id: request for request in await self._kept.running()}
        if shown != self._shown:
            return  # something of ours came between: another time
        self._known = current
        left = [one for one in self._boards.help.values() if one.id not in running]
        gone = [replace(one, state=HelpState.CLOSED, closed_at=self._clock()) for one in left]
        changed = [one for one in running.values() if self._boards.help.get(one.id) != one]
        if gone or changed:
            self._boards.set_help([*gone, *changed], self._clock())
        self._look()

    def _show(self, request: HelpRequest) -> None:
        self._shown += 1
        self._boards.set_help([request], self._clock())
        self._look()

    def _show_running(self, request: HelpRequest) -> None:
        """The same of one that may have been closed meanwhile."""
        if request.id in self._boards.help:
            self._show(request)

    async def reopen_unbegun(self) -> None:
        """Whoever took one may have died before the monitor began. Raises StoreUnavailable."""
        for request in list(self._boards.help.values()):
            late = request.taken_at is not None and self._clock() - request.taken_at > UNBEGUN
            if late and request.monitor_id and await self._find(request.monitor_id) is None:
                await self._give_back(request.id, request.monitor_id)

    async def _give_back_unbegun(self, help_id: str, monitor_id: str) -> bool:
        """Unless that monitor began after all: another adapter may have done it, and its answer been lost.

        False: it is there and not over, or nobody knows.
        """
        try:
            begun = await self._find(monitor_id)
        except errors.AdapterError as problem:
            log.warning("a request for help could not be given back; it will be", why=str(problem))
            return False
        if begun is not None and not begun.ended:
            return False
        await self._give_back(help_id, monitor_id)
        return True

    async def _give_back_ended(self, help_id: str, monitor_id: str) -> None:
        """What failed while it began ends in a moment; what did begin goes on."""
        for _ in range(round(UNBEGUN.total_seconds() / RETRY)):
            await asyncio.sleep(RETRY)
            if await self._give_back_unbegun(help_id, monitor_id):
                return

    async def _give_back(self, help_id: str, monitor_id: str) -> None:
        try:
            request = await self._kept.give_back(help_id, monitor_id)
        except errors.AdapterError as problem:
            log.warning("a request for help could not be given back; it will be", why=str(problem))
            return
        if request is not None:
            self._show_running(request)

    # --- closed with the call

    def _heard(self, changes: Changes) -> None:
        if self._boards.help and (changes.calls or changes.resynced) and not changes.mirrored:
            self._look()

    def _look(self) -> None:
        own = {board.id: board for board in self._boards.own}
        for request in list(self._boards.help.values()):
            board = own.get(request.pbx)
            over = board is not None and board.complete and board.call(request.call_id) is None
            if over and request.id not in self._closing:
                self._closing.add(request.id)
                self._tasks.start(self._close(request), f"close {request.id}")

    async def _close(self, request: HelpRequest) -> None:
        try:
            while True:
                try:
                    await self.close(request, SYSTEM, "call_ended")
                except errors.AdapterError as problem:
                    log.warning("a request for help could not be closed; retrying", why=str(problem))
                    await asyncio.sleep(RETRY)
                else:
                    return
        finally:
            self._closing.discard(request.id)
