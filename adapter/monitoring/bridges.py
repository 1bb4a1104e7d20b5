"""What no event tells of a monitored call: whether its bridge mixes by now, and whether a recording hinders the leg.

Asked of Asterisk, and told to the board as facts. A bridge changes its technology when a third party has left or an
ARI recorder has joined, without a word. And an audiohook that was on the agent's channel when the bridge changed (a
MixMonitor) keeps what the agent's channel hears in a state in which the new party's frames are dropped: then nobody
can say who hears whom, and `audible` is false (docs/operations, "Recorded on the agent's channel").
"""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

import structlog

from adapter.core import events as ev
from adapter.core import lifecycle
from adapter.core.call import Call
from adapter.core.changes import Changes
from adapter.core.modes import Mode
from adapter.core.monitor import Monitor
from adapter.errors import AdapterError
from adapter.monitoring.board import Board
from adapter.monitoring.ports import Pbx
from adapter.tasks import BackgroundTasks

log = structlog.get_logger(__name__)

AGAIN = (0.0, 0.3, 1.0)
"""Seconds before each look at a bridge that has changed: Asterisk gives it another technology a moment later."""
WHILE_HEARD = 3.0
"""Seconds between looks while somebody barges: who joins then without an event is found so."""
WHILE_UNHEARD = 0.5
"""The same while barge doesn't reach the customer: ChanSpy attaches to them with the next frame once it can
(app_chanspy.c, channel_spy), and nobody is told."""


class BridgeChecks:
    """Asks about the calls of one board."""

    def __init__(self, board: Board, pbx: Pbx, clock: Callable[[], datetime]) -> None:
        self._board, self._pbx, self._clock = board, pbx, clock
        self._looking: dict[str, asyncio.Task[None]] = {}
        self._known: dict[str, Call] = {}
        """Calls as they were looked at last, but for who talks in them."""
        self._tasks = BackgroundTasks("bridges")
        board.subscribe(self._heard)

    def _heard(self, changes: Changes) -> None:
        for change in changes.monitors:
            after, before = change.after, change.before
            if after.doubtful and (before is None or not before.doubtful or before.confirmed != after.confirmed):
                self._tasks.start(self._recorded(after), f"recorded {after.id}")
        if changes.link or changes.resynced:
            self._known.clear()
        if not self._board.complete:
            return
        for call_id in changes.calls:
            if self._is_known(call_id) and not changes.monitors:
                continue  # only who talks is different: that says nothing of its bridge
            if target := self._in_question(call_id):
                self._look_anew(target)

    def _is_known(self, call_id: str) -> bool:
        call, known = self._board.call(call_id), self._known.pop(call_id, None)
        if call is None:
            return False
        self._known[call_id] = now = call if call.talk is None else replace(call, talk=None)
        return now == known

    def _in_question(self, call_id: str) -> str | None:
        """The agent's channel, where it matters what its bridge is."""
        call = self._board.call(call_id)
        if call is None or not call.peers:
            return None
        doubtful = call.has_one_peer and not call.barge_reaches_customer
        return call.uniqueid if doubtful or any(m.live for m in self._board.monitors_on(call_id)) else None

    def _look_anew(self, target: str) -> None:
        before = self._looking.get(target)
        if before is not None:
            if before is asyncio.current_task():
                return  # what changes is what it has just found
            before.cancel()
        self._looking[target] = self._tasks.start(self._look_often(target), f"bridge of {target}")

    async def _look_often(self, target: str) -> None:
        try:
            for pause in AGAIN:
                await asyncio.sleep(pause)
                await self.look(target)
            while (until := self._pause(target)) is not None:
                await asyncio.sleep(until)
                await self.look(target)
        finally:
            if self._looking.get(target) is asyncio.current_task():
                del self._looking[target]

    async def before(self, mode: Mode, target: str) -> None:
        """Look before somebody barges: what is found out afterwards would count as a change under their words."""
        if mode.reaches_customer:
            await self.look(target)

    def _pause(self, target: str) -> float | None:
        """Seconds until the next look; None when nobody barges there any more."""
        heard = [m for m in self._board.monitors() if m.target == target and m.talks and m.mode.reaches_customer]
        call = self._board.call(heard[0].call_id) if heard else None
        if call is None:
            return WHILE_HEARD if heard else None
        return WHILE_HEARD if call.barge_reaches_customer else WHILE_UNHEARD

    async def look(self, target: str) -> None:
        """See which technology the agent's bridge has now. Where Asterisk doesn't say, what is known stays."""
        bridge = self._board.bridge_of(target)
        if bridge is None:
            return
        try:
            technology = await self._pbx.bridge_technology(bridge)
        except AdapterError as problem:
            log.info("a bridge's technology is not known", why=str(problem))
            return
        self._board.apply([ev.BridgeSeen(self._clock(), bridge, technology)])

    async def _recorded(self, monitor: Monitor) -> None:
        """Fail closed: the doubt stays where Asterisk doesn't say that nobody records there."""
        try:
            recorded = await self._pbx.is_recorded(monitor.target)
        except AdapterError as problem:
            log.info("whether the agent's channel is recorded is not known", monitor_id=monitor.id, why=str(problem))
            return
        current = self._board.monitor(monitor.id)
        if current is not None and current.confirmed == monitor.confirmed and not recorded:
            self._board.step(lifecycle.sure(current), self._clock())
        elif recorded:
            log.warning(
                "the agent's channel is recorded there (MixMonitor) since before its bridge changed: "
                "Asterisk may not deliver what is said",
                monitor_id=monitor.id,
            )

    async def close(self) -> None:
        """Ask nothing more."""
        await self._tasks.close()
