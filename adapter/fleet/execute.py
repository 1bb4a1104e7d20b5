"""The owner's side of forwarded commands: each is done once, if it is young, by the owner's own idea of rights."""

import re
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

import structlog

from adapter import errors
from adapter.core.audit import By
from adapter.core.modes import Mode
from adapter.core.monitor import Monitor
from adapter.core.ownership import Term
from adapter.core.people import User
from adapter.core.permissions import may_administer
from adapter.fleet.bus import Bus, Subjects
from adapter.fleet.forward import ANSWER, refused
from adapter.fleet.messages import Action, Answer, Command, Ignored, Refused, Sealer, TooLarge, Why
from adapter.fleet.mirror import Publisher
from adapter.fleet.nodes import Messaging
from adapter.fleet.people import KnownPeople
from adapter.monitoring.ending import Ending
from adapter.monitoring.follows import Follows
from adapter.monitoring.ports import FollowRequest, StartRequest
from adapter.monitoring.shielddesk import AtPbx
from adapter.monitoring.stopall import StopAll, outcome
from adapter.phones.browser import PREFIX
from adapter.tasks import BackgroundTasks

log = structlog.get_logger(__name__)

OLDEST = 2.0
"""Seconds since the beat of ours that the asker had seen; older commands are not done."""
REMEMBERED = 3 * ANSWER
"""Seconds for which ids of commands are known again: longer than anybody waits for an answer."""
MOST_REMEMBERED = 20_000
MOST_AT_ONCE = 500
"""Commands that are carried out at the same time."""
READING = 1.0
"""Seconds for reading the accounts, when the asker knows others than we."""
UNASKED = frozenset({Action.DEVICE_GONE, Action.SHIELD, Action.UNSHIELD})
"""What hangs on no account's rights here."""
ALWAYS = frozenset({Action.END, Action.END_FOLLOW, Action.STOP_ALL, *UNASKED})
"""What is done by the rights that are known, where the database can't be asked for newer ones."""


MONITOR_ID = re.compile(r"[0-9a-f]{32}")
"""It becomes a part of a channel's uniqueid (`core.legs`)."""


PAGES = f"PJSIP/{PREFIX}"
"""How the devices of pages begin."""


def _is_whole(request: StartRequest | FollowRequest, monitor: str) -> bool:
    return MONITOR_ID.fullmatch(monitor) is not None and (not request.page or request.page.startswith(PAGES))


class Acting(Protocol):
    """What carries commands out (`monitoring.supervise.Supervision`)."""

    @property
    def ending(self) -> Ending:
        """Ends for other reasons than a request."""

    @property
    def follows(self) -> Follows:
        """Following agents."""

    @property
    def stop_all(self) -> StopAll:
        """Every monitor's end."""

    async def start(
        self, user: User, request: StartRequest, by: By | None = None, monitor_id: str | None = None
    ) -> Monitor:
        """Ring the supervisor's device."""

    async def switch(self, user: User, monitor_id: str, mode: Mode, by: By | None = None) -> Monitor:
        """Put a live monitor into another mode."""

    async def take_over(self, user: User, monitor_id: str, by: By | None = None) -> Monitor:
        """From barge: stay with the customer and release the agent."""

    async def stop(self, user: User, monitor_id: str, by: By | None = None) -> None:
        """End a monitor."""


class Executor:
    """Carries out, at one PBX that this process owns, what other adapters ask for."""

    def __init__(
        self,
        acting: Acting,
        shielding: AtPbx,
        messages: Messaging,
        publisher: Publisher,
        bus: Bus,
        sealer: Sealer,
        subjects: Subjects,
        *,
        who: Callable[[Command], User],
        people: KnownPeople,
        boot: Callable[[], float],
    ) -> None:
        """`who`: whose rights count, as this process knows them; raises Forbidden where nobody's do.
        `boot`: the same clock as the publisher's."""
        self._acting, self._shielding, self._publisher, self._sealer, self._subjects = (
            acting,
            shielding,
            publisher,
            sealer,
            subjects,
        )
        self._messages = messages
        self._who, self._people, self._boot = who, people, boot
        self._ids: OrderedDict[str, float] = OrderedDict()
        self._busy = 0
        self._tasks = BackgroundTasks("commands")
        self._end = bus.subscribe(subjects.to_owner("command"), self._heard)

    async def close(self) -> None:
        """Begin nothing more; what is under way is given up, and its outcome is nobody's to tell."""
        self._end()
        await self._tasks.close()

    def _heard(self, subject: str, data: bytes) -> None:
        try:
            command: Command = self._sealer.read(subject, data)
        except Ignored:
            return
        term = self._publisher.term
        if term is None:
            return
        if command.pbx != self._subjects.pbx:
            self._sealer.ignored[Why.FOREIGN] += 1
        elif not self._is_new(command.id):
            self._sealer.ignored[Why.REPLAYED] += 1
        elif (why := self._too_late(command, term) or self._too_much(command)) is not None:
            self._answer(command, term, errors.PbxUnavailable(f"Nothing was done: {why}"))
        else:
            self._busy += 1
            self._tasks.start(self._carry_out(command, term), f"{command.action} {command.id}")

    def _is_new(self, command_id: str) -> bool:
        now = self._boot()
        while self._ids and next(iter(self._ids.values())) < now - REMEMBERED:
            self._ids.popitem(last=False)
        if command_id in self._ids:
            return False
        if len(self._ids) < MOST_REMEMBERED:
            self._ids[command_id] = now
        return True

    def _too_late(self, command: Command, term: Term) -> str | None:
        """Why a command is not done any more; None while it may be."""
        if command.term != term:
            self._sealer.ignored[Why.OLD_TERM] += 1
            return "the PBX has another owner since it was asked."
        if not 0 <= self._boot() - command.stamp <= OLDEST:
            self._sealer.ignored[Why.STALE] += 1
            return "it came too late."
        return None

    def _too_much(self, command: Command) -> str | None:
        full = self._busy >= MOST_AT_ONCE or command.id not in self._ids
        return "too much is asked for at once." if full else None

    async def _carry_out(self, command: Command, term: Term) -> None:
        outcome: Answer | errors.AdapterError
        try:
            await self._know_people(command)
            if (why := self._too_late(command, term)) is not None:  # reading took its time
                raise errors.PbxUnavailable(f"Nothing was done: {why}")
            if command.action in UNASKED:
                outcome = await self._do_unasked(command)
            else:
                outcome = await self._do(command, self._who(command))
        except errors.AdapterError as problem:
            outcome = problem
        except Exception:
            log.exception("a forwarded command failed", action=command.action)
            outcome = errors.PbxTimeout("The adapter that looks after the PBX failed.")
        finally:
            self._busy -= 1
        self._answer(command, term, outcome)

    async def _know_people(self, command: Command) -> None:
        """Decide by no older accounts than the asker's. Raises PbxUnavailable where they can't be read."""
        if self._people.knows(command.people):
            return
        try:
            await self._people.catch_up(command.people, READING)
        except errors.StoreUnavailable:
            if command.action not in ALWAYS:
                raise errors.PbxUnavailable("Nothing was done: the accounts can't be read at the moment.") from None

    async def _do(self, command: Command, user: User) -> Answer:
        by, monitor = command.by, None
        match command.action:
            case Action.START if command.request is not None and _is_whole(command.request, command.monitor):
                monitor = await self._acting.start(user, command.request, by, command.monitor)
            case Action.SWITCH if command.mode is not None:
                monitor = await self._acting.switch(user, command.monitor, command.mode, by)
            case Action.TAKE_OVER:
                monitor = await self._acting.take_over(user, command.monitor, by)
            case Action.END:
                await self._acting.stop(user, command.monitor, by)
            case Action.FOLLOW if command.follow is not None and _is_whole(command.follow, command.monitor):
                follow = await self._acting.follows.start(user, command.follow, by, command.monitor)
                return replace(self._outcome(command), follow=follow)
            case Action.END_FOLLOW:
                await self._acting.follows.stop(user, command.monitor, by)
            case Action.MESSAGE if command.message is not None:
                message = await self._messages.send(user, command.monitor, command.message, by)
                return replace(self._outcome(command), message=message)
            case Action.STOP_ALL:
                return await self._stop_all(command, user)
            case _:
                raise errors.PbxUnavailable("Nothing was done: the command is not whole.")
        return self._outcome(command, monitor=monitor)

    async def _do_unasked(self, command: Command) -> Answer:
        """Whatever account it is for, if for any: the asker has decided, and it only keeps somebody from hearing."""
        if command.action is Action.DEVICE_GONE:
            return self._device_gone(command)
        if (wanted := command.shield) is None:
            raise errors.PbxUnavailable("Nothing was done: the command is not whole.")
        if command.action is Action.SHIELD:
            return replace(self._outcome(command), shield=await self._shielding.shield(wanted, command.by))
        await self._shielding.unshield(wanted.conversation_id, wanted.holder, wanted.user_id, command.by)
        return self._outcome(command)

    def _device_gone(self, command: Command) -> Answer:
        if not command.why.startswith(PAGES):
            raise errors.PbxUnavailable("Nothing was done: this is no page's phone.")
        self._acting.ending.device_gone(command.why)
        return self._outcome(command)

    async def _stop_all(self, command: Command, user: User) -> Answer:
        if not (may_administer(user) and command.by.administers):
            raise errors.Forbidden("Only administrators can stop all monitoring.")
        stopped = await outcome(self._acting.stop_all.begin(command.by, command.why), command.awaited)
        return self._outcome(command, gone=stopped.gone, left=tuple(stopped.left))

    def _outcome(
        self,
        command: Command,
        *,
        monitor: Monitor | None = None,
        gone: int = 0,
        left: tuple[str, ...] = (),
        why: Refused | None = None,
    ) -> Answer:
        return Answer(
            pbx=self._subjects.pbx,
            term=self._publisher.term or command.term,
            id=command.id,
            number=self._publisher.number,
            monitor=monitor,
            gone=gone,
            left=left,
            refused=why,
        )

    def _answer(self, command: Command, term: Term, outcome: Answer | errors.AdapterError) -> None:
        """Tell it, unless the term is over: then nobody can say any more what is true."""
        if self._publisher.term != term:
            return
        told = outcome if isinstance(outcome, Answer) else self._outcome(command, why=refused(outcome))
        try:
            self._publisher.tell(told)
        except TooLarge:
            log.error("an answer is too large to be told to another adapter", action=command.action)
