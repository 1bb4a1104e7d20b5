"""Taking a call over: from barge, supervisor and customer stay with each other and the agent is released."""

import asyncio
from collections.abc import Callable
from datetime import datetime

import structlog

from adapter import errors
from adapter.core import lifecycle
from adapter.core.audit import By
from adapter.core.call import Call, CallState
from adapter.core.changes import Changes
from adapter.core.modes import Mode
from adapter.core.monitor import EndReason, Monitor
from adapter.core.pbx import LinkState
from adapter.monitoring.board import Board
from adapter.monitoring.confirm import Confirmations
from adapter.monitoring.ports import Pbx
from adapter.tasks import BackgroundTasks

log = structlog.get_logger(__name__)

RELEASE = 0.2
"""Seconds that Asterisk has to hang the agent's leg up itself, as Dial and Queue do in 6 to 10 ms. Where nobody does
(a program of ARI's had joined them, or the agent's dialplan goes on after Dial) the leg would stay, with nobody."""


class TakeOver:
    """Puts a supervisor's leg and the customer into one bridge. `deadline`: seconds Asterisk has to confirm it."""

    def __init__(
        self, board: Board, pbx: Pbx, confirmations: Confirmations, clock: Callable[[], datetime], deadline: float
    ) -> None:
        self._board, self._pbx, self._confirmations = board, pbx, confirmations
        self._clock, self._deadline = clock, deadline
        self._tasks = BackgroundTasks("take-over")
        board.subscribe(self._heard)

    def _heard(self, changes: Changes) -> None:
        for change in changes.monitors:
            if change.after.ended_reason is EndReason.TOOK_OVER:
                self._tasks.start(self._release(change.after), f"release {change.after.target}")

    async def _release(self, monitor: Monitor) -> None:
        """The agent's leg ends too, unless somebody else is there by now, or it waits for the next (a login)."""
        await asyncio.sleep(RELEASE)
        call = self._board.call(monitor.call_id)
        if call is None or call.far or call.peers:
            return
        try:
            await self._pbx.end_leg(monitor.target)
        except errors.AdapterError as problem:
            log.warning("an agent was not released after a take-over", monitor_id=monitor.id, why=str(problem))

    async def close(self) -> None:
        """Release nobody any more."""
        await self._tasks.close()

    async def join(self, monitor: Monitor, by: By, need: Callable[[], None]) -> Monitor | None:
        """Returns the ended monitor; None where Asterisk did not confirm in time, and it goes on as it is.

        `need` raises where it may not be taken over, also in the last moment before Asterisk is asked. Raises what that
        raises, CallEnded, Conflict, PbxUnavailable, PbxRefused, PbxTimeout.
        """
        need()
        customer = customer_of(self._board, monitor)
        with self._confirmations.expect(monitor.id, lambda m: m.ended) as over:
            self._board.step(lifecycle.taking_over(monitor, by), self._clock())
            try:
                await self._pbx.join(monitor.leg, customer, need)
                return await over.within(self._deadline)
            finally:
                if (left := self._board.monitor(monitor.id)) is not None:
                    self._board.step(lifecycle.not_taken(left, self._peers(left)), self._clock())

    def _peers(self, monitor: Monitor) -> frozenset[str] | None:
        """The agent's bridge now; None when the call is over. Without a connection, as it was: nothing is known."""
        if self._board.pbx_state.state is not LinkState.CONNECTED:
            return monitor.peers
        call = self._board.call(monitor.call_id)
        return call.peers if call else None


def customer_of(board: Board, monitor: Monitor) -> str:
    """The uniqueid of the channel to stay with. Raises CallEnded, and Conflict with the reason why it can't be done."""
    call = board.call(monitor.call_id)
    if call is None:
        raise errors.CallEnded("The call has just ended.")
    if (why := _hindrance(call, monitor)) is not None:
        raise errors.Conflict(why)
    (customer,) = call.peers
    return customer


def _hindrance(call: Call, monitor: Monitor) -> str | None:
    if monitor.mode is not Mode.BARGE:
        return "Join the call first: it is taken over from there, when all have heard you."
    if call.state is CallState.HELD:
        return "The call is on hold. It can be taken over once both talk again."
    if not call.barge_reaches_customer or len(call.peers) != 1:
        return "This call has more than two parties, so there is no one customer to stay with."
    return None
