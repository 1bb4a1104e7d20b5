"""Has Asterisk tell who talks in each call, and shows what comes of it, for every call alike, whoever listens.

TALK_DETECT is an audiohook on both channels. While a hook is on a channel, Asterisk keeps what it has of the channel's
sound from party to party: when the bridge changes, frames of the new party can be dropped for minutes, and a monitor
hears one side only, also one that begins later (docs/agents-and-queues, "Who talks"). So at each change the hook is
taken away at once, and put on again once every monitor that there might be has attached anew, or was ended.
"""

import asyncio
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from adapter.core.call import Call, CallState
from adapter.core.changes import Changes
from adapter.core.events import Event
from adapter.core.pbx import LinkState
from adapter.core.talk import Talk, TalkChanged, Talks
from adapter.errors import AdapterError
from adapter.monitoring.board import Board
from adapter.tasks import BackgroundTasks

log = structlog.get_logger(__name__)

LOOK = 1.0
"""Seconds between looks at who talks."""
LEAST = 3.0
"""Seconds between two changes that are shown of one call, at least."""
TOLD_BY = timedelta(minutes=2)
"""By then somebody was heard in some call, where Asterisk tells."""
SPARE = 1.0
"""Seconds after the last moment at which a monitor can still attach anew."""
Key = frozenset[str]
"""The channels that are heard in a channel's bridge, with its own."""


class TalkActions(Protocol):
    """What is asked (`adapter.asterisk.talk.TalkDetection`). Raises PbxUnavailable, PbxTimeout, PbxRefused."""

    async def begin(self, channel: str) -> bool:
        """Tell from now on who talks there. False: there is no such channel."""

    async def end(self, channel: str) -> bool:
        """Tell no more. False: there is no such channel."""

    async def was_begun(self, channel: str) -> bool:
        """Whether we, or a former run, began it on this channel."""


def settling(confirm: float) -> float:
    """Seconds after a change of a bridge until every monitor has attached anew or is ended.

    `confirm`: how long Asterisk has to confirm a switch; there are two of them (`core.lifecycle.bridge_settled`).
    """
    return 2 * confirm + SPARE


class TalkDetect:
    """Of one PBX."""

    def __init__(
        self,
        board: Board,
        actions: TalkActions,
        clock: Callable[[], datetime],
        settle: float,
        *,
        every: float = LOOK,
        least: float = LEAST,
    ) -> None:
        """`settle`: seconds from a change of a bridge until the hooks are put on again."""
        self._board, self._actions, self._clock = board, actions, clock
        self._settle, self._every, self._least = settle, every, least
        self._talks = Talks()
        self._pairs: dict[str, tuple[str, str, Key]] = {}
        """By call: the agent's channel, the other side's, and who hears whom."""
        self._wanted: dict[str, dict[str, Key]] = {}
        """By channel: the calls for which it is listened to."""
        self._begun: dict[str, bool] = {}
        """Channels of which it is known whether a hook is on them; the others may have one of a former run."""
        self._work: dict[str, asyncio.Task[None]] = {}
        self._shown: dict[str, tuple[Talk, float]] = {}
        """By call: what is shown, and since when, by the event loop's clock."""
        self._first: datetime | None = None
        """When the first hook was put on since we connected."""
        self._tells = self._failed = False
        """Whether anybody was heard since we connected: else Asterisk may keep these events from us, and a silence that
        is none would be shown."""
        self._tasks = BackgroundTasks("who talks")
        board.subscribe(self._changed)

    def start(self) -> None:
        """Show from now on who talks."""
        self._tasks.keep(self._show, "show who talks")

    async def close(self) -> None:
        """Do nothing more. What is on the channels stays on them: the next run finds it."""
        await self._tasks.close()

    # --- told

    def heard(self, events: Sequence[Event]) -> None:
        """What Asterisk tells."""
        for event in events:
            if type(event) is TalkChanged:
                self._tells = True
                self._talks.hear(event.uniqueid, event.at, talks=event.talks)

    def _changed(self, changes: Changes) -> None:
        if changes.link and self._board.pbx_state.state is not LinkState.CONNECTED:
            self._out_of_sight()
            return
        for call_id in changes.calls:
            call = self._board.call(call_id)
            pair = _pair(call) if call is not None else None
            if call is None or not call.monitorable:
                self._over(call_id)
            if pair != self._pairs.get(call_id):
                self._follow(call_id, pair, changes.at)
            if call is not None and pair is not None:
                self._talks.follow(call_id, *pair[:2], changes.at, counts=call.state is CallState.ACTIVE)

    def _out_of_sight(self) -> None:
        """What happens meanwhile is not known: neither who talks, nor which hooks are still there."""
        for task in self._work.values():
            task.cancel()
        for known in (self._pairs, self._wanted, self._begun, self._work):
            known.clear()
        for call_id in list(self._shown):
            self._over(call_id)
        self._talks, self._tells, self._first = Talks(), False, None

    def _over(self, call_id: str) -> None:
        self._talks.forget(call_id)
        self._shown.pop(call_id, None)
        self._board.talks.pop(call_id, None)

    def _follow(self, call_id: str, pair: tuple[str, str, Key] | None, at: datetime) -> None:
        """Another bridge, or another party: nothing is heard until the hooks are on again."""
        before = self._pairs.pop(call_id, None)
        self._talks.lose(call_id, at)
        for channel in before[:2] if before else ():
            self._wanted[channel].pop(call_id, None)
        if pair is not None:
            self._pairs[call_id] = pair
            for channel in pair[:2]:
                self._wanted.setdefault(channel, {})[call_id] = pair[2]
        self._renew({*(before[:2] if before else ()), *(pair[:2] if pair else ())})

    def _renew(self, channels: Iterable[str]) -> None:
        there = self._board.channels()
        for channel in sorted(channels):
            if (running := self._work.pop(channel, None)) is not None:
                running.cancel()
            if not self._wanted.get(channel):
                self._wanted.pop(channel, None)
            if channel in there:
                self._work[channel] = self._tasks.start(self._put(channel), f"who talks at {channel}")
            else:
                self._begun.pop(channel, None)

    # --- done

    async def _put(self, channel: str) -> None:
        """Away with the hook, and after a while, if it is wanted, on with it again."""
        try:
            if self._begun.get(channel) is None:
                self._begun[channel] = await self._actions.was_begun(channel)
            if self._begun[channel]:
                await self._end(channel)
            if channel in self._wanted:
                await asyncio.sleep(self._settle)
                self._begun[channel] = True  # before it is asked for: whoever interrupts must take it away
                if await self._actions.begin(channel):
                    self._first = self._first or self._clock()
                    self._talks.begin(channel, self._clock())
                self._failed = False
        except AdapterError as problem:
            if not self._failed:
                self._failed = True
                log.warning("who talks can't be told", pbx=self._board.id, why=str(problem), remedy=REMEDY)
        finally:
            if self._work.get(channel) is asyncio.current_task():
                del self._work[channel]
                if channel not in self._wanted:
                    self._begun.pop(channel, None)

    async def _end(self, channel: str) -> None:
        self._begun[channel] = False  # once it is written it is done, also where nobody waits for the answer any more
        try:
            await self._actions.end(channel)
        except AdapterError:
            self._begun[channel] = True
            raise

    # --- shown

    async def _show(self) -> None:
        while True:
            await asyncio.sleep(self._every)
            self.look()

    def remarks(self) -> list[str]:
        """What an administrator should know of though all is usable."""
        deaf = not self._tells and self._first is not None and self._clock() - self._first > TOLD_BY
        return [DEAF] if deaf else []

    def look(self) -> None:
        """Show what is different, of each call at most every `LEAST` seconds, and of all of them at once."""
        now, monotonic = self._clock(), asyncio.get_running_loop().time()
        found: dict[str, Talk] = {}
        for call_id, talk in self._talks.look(now).items() if self._tells else ():
            shown, since = self._shown.get(call_id, (None, -math.inf))
            if talk != shown and monotonic - since >= self._least:
                found[call_id] = talk
                self._shown[call_id] = talk, monotonic
        self._tell(found, now)

    def _tell(self, found: Mapping[str, Talk], now: datetime) -> None:
        calls = [call for call_id in found if (call := self._board.call(call_id)) is not None]
        if calls:
            self._board.talks.update({call.id: found[call.id] for call in calls})
            self._board.look_again({call.conversation_id for call in calls}, now)


DEAF = (
    "nobody was heard to talk in calls that Asterisk was asked to listen to: its events of that don't arrive, so "
    "nothing is shown. Compare eventfilter in manager.conf with manager_call_monitor.conf; or set [talk] detect = false"
)
REMEDY = "func_talkdetect.so must be loaded; or set [talk] detect = false"


def _pair(call: Call) -> tuple[str, str, Key] | None:
    """The channels of its two sides, and all that are heard there; None without two, or where nobody may monitor it."""
    if call.answered_at is None or not call.far or not call.has_one_peer or not call.monitorable:
        return None
    return call.uniqueid, call.far, frozenset({call.uniqueid, call.far, *call.peers})
