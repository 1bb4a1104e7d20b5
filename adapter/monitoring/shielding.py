"""A shield at one PBX: its legs are moved to where they hear nothing, its channels marked, and both is confirmed.

Asterisk is asked alike, and answers are given after the same time, whether anybody listens or not: who has monitoring
paused must not learn by it whether somebody listened.
"""

import asyncio
from collections.abc import Collection, Coroutine
from contextlib import suppress
from typing import Any

import structlog

from adapter import errors
from adapter.core.audit import By
from adapter.core.call import Call
from adapter.core.changes import Changes
from adapter.core.shield import Shield, ShieldRequest, is_agent_of, marked, may_lift
from adapter.monitoring.board import Board
from adapter.monitoring.ports import Pbx
from adapter.monitoring.shields import ShieldKeeper
from adapter.tasks import BackgroundTasks

log = structlog.get_logger(__name__)

ASKED = 8
"""Legs are moved in so many requests, or a multiple: those of a leg that is none make up the rest."""
MOVED = 0.45
"""Part of the answer's time in which a leg must have been moved; then it is hung up."""
CONFIRMED = 0.9
"""Part of it after which all must be confirmed, and is told: what is left is for the record."""
NO_LEG = "0" * 32
DOWN = "The connection to the PBX is down; it is being restored. Try again soon."
NOT_QUIET = "Asterisk did not confirm in time that nobody hears this call. Monitoring is paused."


class Shielding:
    """All shields of one PBX. `answer`: seconds until an answer; `recordings`: whether MixMonitors are muted too."""

    def __init__(self, board: Board, pbx: Pbx, keeper: ShieldKeeper, answer: float, *, recordings: bool) -> None:
        self._board, self._pbx, self._keeper = board, pbx, keeper
        self._answer, self._recordings = answer, recordings
        self._marked: dict[str, str] = {}
        """By uniqueid of a channel: the mark that it was given last."""
        self._extra: dict[str, set[str]] = {}
        """By a shield's id: channels that asked for it, whether they are in an agent's call or not."""
        self._over_unseen: list[Shield] = []
        """Those that were over while the PBX was out of sight."""
        self._to_free: set[str] = set()
        """Channels that still carry what is over."""
        self._begins = False
        """Whether one begins at this moment: what is told of that is heeded by who began it."""
        self._pending: set[str] = set()
        """Ids of shields whose confirmation somebody waits for, now or later."""
        self._news = asyncio.Event()
        self._tasks = BackgroundTasks("shields")
        self._ends = [board.subscribe(self._heard), keeper.over.subscribe(self._over)]

    async def shield(self, request: ShieldRequest, by: By, channel: str | None = None) -> Shield:
        """Nobody hears this conversation any more; answered at a fixed time, once that is confirmed.

        `channel`: the one that asked, where it was a phone or the dialplan. Raises PbxUnavailable, and PbxTimeout where
        Asterisk did not confirm all of it: then the shield is on, and what is left of it is confirmed later.
        """
        if not self._board.complete:
            raise errors.PbxUnavailable(DOWN)
        clock = asyncio.get_running_loop().time
        began = clock()
        self._begins = True
        try:
            shield = self._keeper.begin(self._board.id, request, by)
        finally:
            self._begins = False
        if channel is not None:
            self._extra.setdefault(shield.id, set()).add(channel)
        self._pending.add(shield.id)
        end = began + CONFIRMED * self._answer
        try:
            asked = self._tasks.start(self._ask(shield), f"ask {shield.id}")
            quiet = self._tasks.start(self._quiet(shield), f"quiet {shield.id}")
            await asyncio.sleep(max(0.0, end - clock()))
            problem = _problem(asked) or _problem(quiet)
            if problem is None and not self._is_quiet(shield):  # what listened again meanwhile
                problem = errors.PbxTimeout(NOT_QUIET)
        finally:
            self._pending.discard(shield.id)
            quiet.cancel()
        if problem is not None:
            log.error("a shield is on, and not all of it is confirmed", shield=shield.id, why=problem.detail)
            self._confirm_later(shield)
            raise problem
        self._keeper.confirmed(shield)
        return shield

    async def unshield(self, conversation: str, holder: str, user_id: str | None, by: By) -> None:
        """Take back what this holder wished; the agent, all of it. Those who listened listen again, silent.

        Raises Forbidden where somebody else wished what holds, and PbxUnavailable: its mark at Asterisk would raise it
        again.
        """
        if not self._board.complete:
            raise errors.PbxUnavailable(DOWN)
        ids = self._keeper.shields.ids(conversation)
        here = [call for call in self._board.calls() if call.conversation_id in ids]
        is_agent = is_agent_of(user_id, here)
        held = [one for one in self._keeper.shields.of(conversation) if one.pbx == self._board.id]
        if held and not any(may_lift(one, holder, is_agent=is_agent) for one in held):
            raise errors.Forbidden("Only who paused monitoring, or the agent of the call, can resume it.")
        self._keeper.lift(self._board.id, conversation, lambda one: may_lift(one, holder, is_agent=is_agent), by)

    async def close(self) -> None:
        """Do nothing more; what is shielded stays so."""
        for end in self._ends:
            end()
        await self._tasks.close()

    # --- asking Asterisk

    async def _ask(self, shield: Shield) -> None:
        """Mark the channels, and ask as often for legs to be moved as if there were some."""
        legs = sum(1 for monitor in self._board.monitors() if self._is_of(shield, monitor.conversation_id))
        none = self._board.legs.leg_id(NO_LEG)
        more = [self._pbx.shield_leg(none) for _ in range(-legs % ASKED or (0 if legs else ASKED))]
        await asyncio.gather(*more, *self._marking(shield, self._channels(shield)))

    def _marking(self, shield: Shield, channels: Collection[str]) -> list[Coroutine[Any, Any, object]]:
        text = marked(shield)
        new = [one for one in sorted(channels) if self._marked.get(one) != text]
        self._marked.update(dict.fromkeys(new, text))
        self._to_free.difference_update(new)
        return [self._hold(one, text) for one in new]

    async def _hold(self, channel: str, text: str) -> None:
        """Both at once, so that Asterisk gets them in the order of decisions. What fails is asked again."""
        asked: list[Coroutine[Any, Any, object]] = [self._mark(channel, text)]
        if self._recordings:
            asked.append(self._pbx.mute_recordings(channel, muted=True))
        try:
            await asyncio.gather(*asked)
        except errors.AdapterError:
            if self._marked.get(channel) == text:
                del self._marked[channel]
            raise

    async def _mark(self, channel: str, text: str) -> None:
        try:
            await self._pbx.mark(channel, text)
        except errors.PbxRefused as problem:
            log.error("a shield can't be kept at Asterisk; a new run knows it from the database only", why=str(problem))

    async def _quiet(self, shield: Shield) -> None:
        """Wait until nobody hears this conversation any more."""
        while shield.id in self._keeper.shields.running and not self._is_quiet(shield):
            self._news.clear()
            await self._news.wait()

    def _is_quiet(self, shield: Shield) -> bool:
        return all(one.shielded for one in self._board.monitors() if self._is_of(shield, one.conversation_id))

    def _is_of(self, shield: Shield, conversation: str) -> bool:
        return conversation in self._keeper.shields.ids(shield.conversation_id)

    def _channels(self, shield: Shield) -> set[str]:
        """Those of its calls, and who asked for it."""
        found = set(self._extra.get(shield.id, ()))
        for call in self._board.calls():
            if self._is_of(shield, call.conversation_id):
                found |= _channels_of(call)
        return found

    # --- told

    def _heard(self, changes: Changes) -> None:
        self._news.set()
        if self._board.complete and (self._over_unseen or self._to_free):
            self._free_all()
        if self._begins:
            return
        running = [one for one in self._keeper.shields.running.values() if one.pbx == self._board.id]
        if not running:
            if not self._keeper.shields.running and not self._over_unseen:
                self._marked.clear()
            return
        if not self._board.complete:
            return
        for shield in running:
            marks = shield.id not in self._pending and shield is self._longest(shield.conversation_id)
            if new := self._marking(shield, self._channels(shield)) if marks else []:
                self._tasks.start(_each(new), f"mark {shield.id}")
            if shield.id in self._keeper.shields.unconfirmed and shield.id not in self._pending:
                self._confirm_later(shield)  # of a former run

    def _longest(self, conversation: str) -> Shield:
        """The one whose mark the channels carry, where several hold a conversation here."""
        here = (one for one in self._keeper.shields.of(conversation) if one.pbx == self._board.id)
        return max(here, key=lambda one: (one.until, one.id))

    def _confirm_later(self, shield: Shield) -> None:
        self._pending.add(shield.id)
        self._tasks.start(self._confirmed_later(shield), f"confirm {shield.id}")

    async def _confirmed_later(self, shield: Shield) -> None:
        """Once Asterisk answers and nobody hears anything: both is waited for, whether anybody listened or not."""
        try:
            while shield.id in self._keeper.shields.unconfirmed:
                try:
                    await self._ask(shield)
                except errors.AdapterError:
                    await asyncio.sleep(self._answer)
                    continue
                await self._quiet(shield)
                if shield.id in self._keeper.shields.unconfirmed:
                    self._keeper.confirmed(shield)
        finally:
            self._pending.discard(shield.id)

    def _over(self, shield: Shield) -> None:
        if shield.pbx == self._board.id:
            self._over_unseen.append(shield)
            if self._board.complete:
                self._free_all()

    def _free_all(self) -> None:
        """What no shield holds any more, as soon as Asterisk can be told."""
        over, self._over_unseen = self._over_unseen, []
        for shield in over:
            channels = self._channels(shield) | {one for one, text in self._marked.items() if text == marked(shield)}
            self._extra.pop(shield.id, None)
            if self._keeper.shields.in_force(shield.conversation_id) is None:
                self._to_free |= channels
        channels, self._to_free = self._to_free, set()
        for one in channels:
            self._marked.pop(one, None)
        if channels:
            self._tasks.start(_each([self._free(one) for one in sorted(channels)]), "unmark")

    async def _free(self, channel: str) -> None:
        asked: list[Coroutine[Any, Any, object]] = [self._pbx.mark(channel, "")]
        if self._recordings:
            asked.append(self._pbx.mute_recordings(channel, muted=False))
        outcomes = await asyncio.gather(*asked, return_exceptions=True)
        lost = any(isinstance(one, errors.PbxUnavailable | errors.PbxTimeout) for one in outcomes)
        if lost and channel not in self._marked:
            self._to_free.add(channel)

    async def tell_dialplan(self, channel: str, outcome: str) -> None:
        """Tell the dialplan of the channel that asked what became of it."""
        with suppress(errors.AdapterError):
            await self._pbx.tell_dialplan(channel, outcome)


def _channels_of(call: Call) -> set[str]:
    return {call.uniqueid, *call.peers, *([call.far] if call.far else [])}


def _problem(task: "asyncio.Task[None]") -> errors.AdapterError | None:
    if not task.done():
        return errors.PbxTimeout(NOT_QUIET)
    problem = task.exception()
    if problem is None or isinstance(problem, errors.AdapterError):
        return problem
    raise problem


async def _each(asked: Collection[Coroutine[Any, Any, object]]) -> None:
    """What is asked of channels that may be gone, or while nobody waits for it."""
    for problem in await asyncio.gather(*asked, return_exceptions=True):
        if isinstance(problem, errors.AdapterError):
            log.warning("a channel could not be told of a shield", why=problem.detail)
