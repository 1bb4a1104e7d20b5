"""Pausing and resuming monitoring of a conversation wherever it goes on; asked at the page, by a program, a phone."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime
from typing import Protocol

import structlog

from adapter import errors
from adapter.core.audit import By
from adapter.core.call import Call
from adapter.core.changes import Changes
from adapter.core.shield import (
    BY_DIALPLAN,
    DEFAULT_SECONDS,
    DIALPLAN,
    LONGEST_SECONDS,
    Shield,
    ShieldRequest,
    Wish,
    by_phone,
    holder_of,
    may_lift,
)
from adapter.monitoring.boards import Boards
from adapter.monitoring.shields import ShieldKeeper
from adapter.tasks import BackgroundTasks

log = structlog.get_logger(__name__)

MOST_WAITS = 4
"""So many times of an answer are waited for the record, while it is not known to be away."""
TOTAL = 0.2
"""Seconds in which the database must say how long an agent had monitoring paused today; else it is not asked."""


class AtPbx(Protocol):
    """A shield at one PBX: ours (`monitoring.shielding`), or another adapter's (`fleet.forward`). Errors as there."""

    async def shield(self, request: ShieldRequest, by: By, channel: str | None = None) -> Shield:
        """Nobody hears this conversation any more."""

    async def unshield(self, conversation: str, holder: str, user_id: str | None, by: By) -> None:
        """Take it back."""

    async def tell_dialplan(self, channel: str, outcome: str) -> None:
        """Tell the dialplan of the channel that asked what became of it."""


class Kept(Protocol):
    """Where they are kept (`adapter.store.shields.ShieldStore`)."""

    async def left_today(self, agent_id: str, now: datetime) -> int | None:
        """Seconds that this agent may still have monitoring paused today; None: no team of theirs bounds it.

        Raises StoreUnavailable.
        """


class ShieldDesk:
    """The door to shields. `at`: what acts at a PBX, by its id; None where it is not configured; `answer`: seconds
    until an answer; `committed`: returns once all that has happened so far is in the database."""

    def __init__(
        self,
        boards: Boards,
        at: Callable[[str], AtPbx | None],
        keeper: ShieldKeeper,
        kept: Kept,
        committed: Callable[[], Awaitable[None]],
        clock: Callable[[], datetime],
        answer: float,
    ) -> None:
        self._boards, self._at, self._keeper, self._kept = boards, at, keeper, kept
        self._committed, self._clock, self._answer = committed, clock, answer
        self._spread: dict[tuple[str, str, str], set[str]] = {}
        """By `_key` of a shield of ours: ids of other PBXes that were told of it."""
        self._tasks = BackgroundTasks("shield desk")
        boards.subscribe(self._heard)
        keeper.over.subscribe(self._over)

    async def pause(self, pbx: str, request: ShieldRequest, by: By, channel: str | None = None) -> Shield:
        """Nobody hears this conversation any more. Answered at a fixed time, whether anybody listened or not.

        Raises ShieldLimit, PbxUnavailable, PbxTimeout.
        """
        began = self._now()
        request = await self._within_limit(request)
        try:
            shield = await self._everywhere(pbx, request, by, channel)
        finally:
            await self._until(began + self._answer)
        return shield

    async def resume(self, pbx: str, conversation: str, holder: str, user_id: str | None, by: By) -> None:
        """Take it back, as far as they may. Answered at a fixed time too. Raises Forbidden, PbxUnavailable."""
        began = self._now()
        others = sorted(self._pbxes(conversation) - {pbx})

        async def lift(one: str) -> None:
            await self._need(one).unshield(conversation, holder, user_id, by)

        try:
            first, *rest = await asyncio.gather(*(lift(one) for one in [pbx, *others]), return_exceptions=True)
            theirs = (errors.Forbidden, errors.CallEnded)  # somebody else's pause there stays, as far as they may
            _raise(first, *(one for one in rest if not isinstance(one, theirs)))
        finally:
            await self._until(began + self._answer)

    async def close(self) -> None:
        """Do nothing more; what is shielded stays so."""
        await self._tasks.close()
        self._keeper.close()

    # --- at every PBX

    async def _everywhere(self, pbx: str, request: ShieldRequest, by: By, channel: str | None) -> Shield:
        others = sorted(self._pbxes(request.conversation_id) - {pbx})
        there, key = replace(request, first=False), (pbx, request.conversation_id, request.holder)
        if self._is_own(pbx):
            self._spread.setdefault(key, set()).update(others)

        async def hold(one: str) -> Shield:
            return await self._need(one).shield(there, by)

        async def hold_first() -> Shield:
            return await self._need(pbx).shield(request, by, channel)

        outcome, *rest = await asyncio.gather(hold_first(), *(hold(one) for one in others), return_exceptions=True)
        for one, problem in zip(others, rest, strict=True):
            if isinstance(problem, BaseException):  # it is told again as soon as something changes
                self._spread.get(key, set()).discard(one)
        if isinstance(outcome, BaseException):
            if key not in {_key(shield) for shield in self._keeper.shields.running.values()}:
                self._spread.pop(key, None)
            raise outcome
        _raise(*rest)
        return outcome

    def _is_own(self, pbx: str) -> bool:
        return any(board.id == pbx for board in self._boards.own)

    def _need(self, pbx: str) -> AtPbx:
        found = self._at(pbx)
        if found is None:
            raise errors.CallEnded("The call has just ended.")
        return found

    def _pbxes(self, conversation: str) -> set[str]:
        """Ids of the PBXes at which this conversation has a call."""
        ids = self._keeper.shields.ids(conversation)
        return {call.pbx for call in self._boards.calls() if call.conversation_id in ids}

    def _heard(self, changes: Changes) -> None:
        """A conversation that goes on at another adapter's PBX too, by now."""
        running = self._keeper.shields.running
        if not running or not (changes.calls or changes.barred.touched):
            return
        own = {board.id for board in self._boards.own}
        for shield in [one for one in running.values() if one.first and one.pbx in own]:
            told = self._spread.setdefault(_key(shield), set())
            for pbx in self._pbxes(shield.conversation_id) - own - told:
                told.add(pbx)
                self._tasks.start(self._tell(pbx, shield), f"shield {shield.id} at {pbx}")

    async def _tell(self, pbx: str, shield: Shield) -> None:
        left = round((shield.until - self._clock()).total_seconds())
        request = ShieldRequest(
            conversation_id=shield.conversation_id,
            holder=shield.holder,
            seconds=min(max(left, 1), LONGEST_SECONDS),
            first=False,
        )
        try:
            await self._need(pbx).shield(request, shield.by)
        except errors.AdapterError as problem:
            log.error("a shield could not be told to another adapter", pbx=pbx, why=problem.detail)
            await asyncio.sleep(self._answer)  # not again at each of the changes of a busy PBX
            self._spread.get(_key(shield), set()).discard(pbx)

    def _over(self, shield: Shield) -> None:
        for pbx in self._spread.pop(_key(shield), set()):
            self._tasks.start(self._tell_over(pbx, shield), f"shield {shield.id} over at {pbx}")

    async def _tell_over(self, pbx: str, shield: Shield) -> None:
        try:
            await self._need(pbx).unshield(shield.conversation_id, shield.holder, None, shield.by)
        except errors.AdapterError as problem:
            log.warning("another adapter was not told that a shield is over; its time ends it", why=problem.detail)

    # --- the agent's total

    async def _within_limit(self, request: ShieldRequest) -> ShieldRequest:
        """As long as their team still allows today, where it is the agent who wishes it. Raises ShieldLimit.

        While the database is away nobody knows, and it is allowed: who protects a customer needs no record.
        """
        ids = self._keeper.shields.ids(request.conversation_id)
        agents = {call.agent.user_id for call in self._boards.calls() if call.conversation_id in ids}
        if request.user_id is None or request.user_id not in agents:
            return request
        try:
            async with asyncio.timeout(TOTAL):
                left = await self._kept.left_today(request.user_id, self._clock())
        except (errors.StoreUnavailable, TimeoutError):
            return request
        if left is None:
            return request
        if left < 1:
            raise errors.ShieldLimit("Monitoring of your calls was paused today for as long as your team allows.")
        return replace(request, seconds=min(request.seconds, left))

    # --- a phone, or the dialplan

    def asked(self, pbx: str, uniqueid: str, wish: str, seconds: str) -> None:
        """The phone or the dialplan of this channel wishes it."""
        if wish in list(Wish):
            self._tasks.start(self._by_channel(pbx, uniqueid, Wish(wish), seconds), f"shield by {uniqueid}")
        else:
            log.error("the dialplan wishes something unknown of a shield", pbx=pbx, wish=wish[:40])

    async def _by_channel(self, pbx: str, uniqueid: str, wish: Wish, seconds: str) -> None:
        outcome = "failed"
        try:
            outcome = await self._carry_out(pbx, uniqueid, wish, seconds)
        except errors.AdapterError as problem:
            log.warning("a phone or the dialplan could not pause or resume monitoring", why=problem.detail, pbx=pbx)
        finally:
            if (there := self._at(pbx)) is not None:
                await there.tell_dialplan(uniqueid, outcome)

    async def _carry_out(self, pbx: str, uniqueid: str, wish: Wish, seconds: str) -> str:
        board = next((one for one in self._boards.own if one.id == pbx), None)
        conversation = board.conversation_of(uniqueid) if board else None
        if board is None or conversation is None:
            raise errors.NotFound("This channel is in no conversation.")
        call = next((one for one in board.calls() if one.uniqueid == uniqueid), None)
        user_id, holder, by = self._whose(call)
        held = self._keeper.shields.of(conversation)
        lifts = any(may_lift(one, holder, is_agent=call is not None and user_id is not None) for one in held)
        if wish is Wish.RESUME or (wish is Wish.TOGGLE and lifts):
            await self.resume(pbx, conversation, holder, user_id, by)
            return "resumed"
        number = int(seconds) if seconds.isascii() and seconds.isdigit() and len(seconds) < 6 else DEFAULT_SECONDS
        request = ShieldRequest(
            conversation_id=conversation,
            call_id=call.id if call else "",
            holder=holder,
            user_id=user_id,
            seconds=min(max(number, 1), LONGEST_SECONDS),
        )
        await self.pause(pbx, request, by, uniqueid)
        return "paused"

    def _whose(self, call: Call | None) -> tuple[str | None, str, By]:
        """Of an agent's leg, the agent; of any other channel, the dialplan."""
        if call is None:
            return None, DIALPLAN, BY_DIALPLAN
        user = self._boards.directory.users.get(call.agent.user_id or "")
        if user is None:
            return None, f"phone {call.agent.endpoint}", by_phone(f"phone {call.agent.endpoint}"[:100])
        return user.id, holder_of(user.id, None), by_phone(user.username)

    # --- time

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()

    async def _until(self, due: float) -> None:
        """Answer then; later by whole times of an answer where the record takes long and is not away."""
        written = self._tasks.start(self._write(), "write")
        for _ in range(MOST_WAITS):
            await asyncio.sleep(max(0.0, due - self._now()))
            if written.done():
                return
            due += self._answer

    async def _write(self) -> None:
        try:
            await self._committed()
        except errors.RecordUnavailable:  # it is written on its return
            return


def _key(shield: Shield) -> tuple[str, str, str]:
    """What is one shield however often it is wished: PBX, conversation, holder."""
    return shield.pbx, shield.conversation_id, shield.holder


def _raise(*outcomes: object) -> None:
    for outcome in outcomes:
        if isinstance(outcome, BaseException):
            raise outcome
