"""Carrying out what the model commands: hanging legs up, and ending the lease of a talk that lost its listeners.

Commands overtake a person's request that waits for its turn; what can't be confirmed ends the leg.
"""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime

import structlog

from adapter import errors
from adapter.core import lifecycle
from adapter.core.changes import Changes
from adapter.core.monitor import EndReason, Monitor
from adapter.core.pbx import LinkState
from adapter.core.steps import Command, EndLeg, ReleaseLeg, ShieldLeg, SwitchLeg
from adapter.monitoring.board import Board
from adapter.monitoring.confirm import Confirmations
from adapter.monitoring.ports import Pbx
from adapter.tasks import BackgroundTasks

log = structlog.get_logger(__name__)


BY_ITSELF = 1.0
"""Seconds for ChanSpy to return after the agent has hung up: it waits for a frame of the supervisor's phone, so a phone
that sends none must be moved."""


class CommandRunner:
    """Executes the board's commands. `deadline`: seconds Asterisk has to confirm a switch; `shielding`: seconds it has
    to move a leg to where it hears nothing."""

    def __init__(
        self,
        board: Board,
        pbx: Pbx,
        confirmations: Confirmations,
        clock: Callable[[], datetime],
        deadline: float,
        shielding: float,
    ) -> None:
        self._board, self._pbx, self._confirmations = board, pbx, confirmations
        self._clock, self._deadline, self._shielding = clock, deadline, shielding
        self._tasks = BackgroundTasks("commands")
        self._leases: dict[str, asyncio.Task[None]] = {}
        board.commands.subscribe(self._carry_out)
        board.subscribe(self._forget)

    async def settled(self, monitor_id: str) -> None:
        """Wait until nothing is being made safe on this monitor."""
        while lease := self._leases.get(monitor_id):
            if lease.done():
                return
            await asyncio.wait([lease])

    async def close(self) -> None:
        """Stop carrying out."""
        await self._tasks.close()

    def _carry_out(self, leg: str, commands: Sequence[Command]) -> None:
        if any(isinstance(command, EndLeg) for command in commands):
            self._tasks.start(self._hang_up(leg), f"hang up {leg}")
            return
        if released := [command for command in commands if isinstance(command, ReleaseLeg)]:
            self._tasks.start(self._release(leg, at_once=released[0].at_once), f"release {leg}")
            return
        monitor = next((m for m in self._board.monitors() if m.leg == leg), None)
        if monitor is not None and any(isinstance(command, ShieldLeg) for command in commands):
            self._leases[monitor.id] = self._tasks.start(self._shield(monitor), f"shield {leg}")  # waits for nobody
            return
        switches = [command for command in commands if isinstance(command, SwitchLeg)]
        if monitor is not None and switches:
            before = self._leases.get(monitor.id)
            self._leases[monitor.id] = self._tasks.start(
                self._make_safe(monitor.id, switches, before), f"make safe {leg}"
            )

    def _forget(self, changes: Changes) -> None:
        for change in changes.monitors:
            if change.after.ended:
                self._leases.pop(change.after.id, None)

    async def _hang_up(self, leg: str) -> None:
        try:
            await self._pbx.end_leg(leg)
        except errors.AdapterError as problem:
            log.warning("a leg was not hung up; the next resync looks for it", leg=leg, why=str(problem))

    async def _release(self, leg: str, *, at_once: bool) -> None:
        before = next((one.id for one in self._board.monitors() if one.leg == leg), "")
        if not at_once:
            await asyncio.sleep(BY_ITSELF)
            if self._board.monitor(before) is None:
                return
        try:
            await self._pbx.release_leg(leg)
        except errors.AdapterError as problem:
            log.warning("a leg was not sent where it waits; it is hung up if it stays", leg=leg, why=str(problem))

    async def _make_safe(
        self, monitor_id: str, switches: Sequence[SwitchLeg], before: asyncio.Task[None] | None
    ) -> None:
        if before is not None and not before.done():
            await asyncio.wait([before])
        for switch in switches:
            monitor = await self._still(monitor_id, switch)
            if monitor is None or not monitor.live or monitor.to_shield or (monitor.follow_id and monitor.ending):
                return
            if not await self._confirmed(monitor, switch) and not self._is_shielded(monitor_id):
                self._end(monitor_id)
                return

    def _is_shielded(self, monitor_id: str) -> bool:
        """Whether a shield has come between: then it is moved elsewhere, and that is confirmed or ends it."""
        monitor = self._board.monitor(monitor_id)
        return monitor is not None and monitor.to_shield

    async def _shield(self, monitor: Monitor) -> None:
        """Move the leg; what Asterisk does not confirm in time is hung up."""
        with self._confirmations.expect(monitor.id, lambda now: now.ended or now.shielded) as settled:
            try:
                async with asyncio.timeout(self._shielding):
                    await self._pbx.shield_leg(monitor.leg)
                    if await settled.within(self._shielding) is not None:
                        return
            except (errors.AdapterError, TimeoutError) as problem:
                log.warning("a leg was not moved to where it hears nothing", monitor_id=monitor.id, why=str(problem))
        current = self._board.monitor(monitor.id)
        if current is not None and current.to_shield and not current.shielded:
            self._board.step(lifecycle.end_wanted(current, EndReason.SHIELDED), self._clock())

    async def _still(self, monitor_id: str, switch: SwitchLeg) -> Monitor | None:
        """The monitor, if it is still to be switched. A follow's leg is not moved while its call may just be ending."""
        monitor = self._board.monitor(monitor_id)
        call = self._board.call(monitor.call_id) if monitor else None
        if monitor is None or monitor.follow_id is None or not switch.reattach or (call and call.peers):
            return monitor
        await asyncio.sleep(BY_ITSELF)
        monitor = self._board.monitor(monitor_id)
        return None if monitor is None or monitor.ending else monitor

    def _end(self, monitor_id: str) -> None:
        """Fail closed. While the link is down nothing can be sent: the resync asserts the mode anew."""
        monitor = self._board.monitor(monitor_id)
        if monitor is not None and self._board.pbx_state.state is LinkState.CONNECTED:
            log.error("a mode could not be made safe; ending the leg", monitor_id=monitor_id)
            self._board.step(lifecycle.end_wanted(monitor, EndReason.ERROR), self._clock())

    async def _confirmed(self, monitor: Monitor, switch: SwitchLeg) -> bool:
        def wanted(now: Monitor) -> bool:
            anew = now.confirmed > monitor.confirmed and now.mode is switch.mode
            return now.ended or (anew and not (switch.reattach and now.reattach))

        with self._confirmations.expect(monitor.id, wanted) as settled:
            try:
                # A leg that is no more speaks to nobody: then its end is what is waited for, and it has its own reason.
                await self._pbx.switch_leg(monitor.leg, switch.mode, keypad=monitor.keypad, reattach=switch.reattach)
            except errors.AdapterError as problem:
                log.warning("a mode switch failed", monitor_id=monitor.id, mode=switch.mode, why=str(problem))
                return False
            return await settled.within(self._deadline) is not None
