"""Text between supervisors and agents at one PBX: decided by whoever looks after it, at the moment in which it is sent.

It is in memory, and in the database where the configuration has it kept: then it is written first and sent next, so
what was sent is kept. Who no longer talks when it is written sends nothing: it is taken back. Asterisk is not asked.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

import structlog

from adapter import errors
from adapter.core.audit import By
from adapter.core.messages import CoachMessage, MessageRequest, Sender, is_answerable
from adapter.core.monitor import Monitor
from adapter.core.people import User
from adapter.monitoring.board import Board
from adapter.monitoring.policy import Policy
from adapter.monitoring.recordports import MessageLog
from adapter.tasks import BackgroundTasks, KeyedLocks

log = structlog.get_logger(__name__)

AT_ONCE = 10
"""Messages that somebody may send one right behind the other."""
EACH = 1.0
"""Seconds after which they may send one more."""
PATIENCE = 3.0
"""Seconds in which a message must be written that is kept; then it is not sent."""
SURE = 10.0
"""Seconds after which a write whose outcome is not known has come to nothing, or is there: longer than the database
works on one without us."""
AGAIN = 1.0
"""Seconds between tries to take back what was not sent."""
NOBODY_TALKS = "No supervisor is talking to you now."
"""The same whatever the reason: nobody listens, somebody does so silently, or has gone back to silence."""
SILENT_AGAIN = "You were silent for a moment, so it was not sent. Send it again."
NOT_KEPT = "The message can't be stored at the moment, so it was not sent. Try again soon."
USED = "this key was used for another message; use a new one"
KEY = "Idempotency-Key"


@dataclass(frozen=True, slots=True)
class _Sendable:
    """Who may be written to now, in which talk."""

    monitor: Monitor
    agent: User


class CoachMessages:
    """Called as `fleet.forwardmessages.RemoteMessages` is, with the same errors."""

    def __init__(
        self,
        board: Board,
        clock: Callable[[], datetime],
        kept: MessageLog | None = None,
        passing: Callable[[], float] = time.monotonic,
    ) -> None:
        """`clock`: for people to read; `kept`: where all of them are kept, if they are; `passing`: seconds that pass,
        by which too many are slowed down."""
        self._board, self._policy, self._clock, self._passing = board, Policy(board, ""), clock, passing
        self._kept = kept
        self._full_at: dict[tuple[str, Sender], float] = {}
        """By talk and side: when all of `AT_ONCE` may be sent again."""
        self._turns = KeyedLocks()
        """By monitor: its messages are written one after the other."""
        self._unsent: dict[str, CoachMessage] = {}
        """By id: what may be in the database though it was not sent."""
        self._tasks = BackgroundTasks("coach messages")

    async def send(self, user: User, monitor_id: str, request: MessageRequest, by: By | None = None) -> CoachMessage:
        """Send it, unless it was sent: then it is returned as it was.

        Raises Forbidden, Invalid (another text with the same id), CallEnded, PbxUnavailable, Shielded, NotLive,
        NotTalking, TooManyRequests; RecordUnavailable where it is to be kept and can't be.
        """
        found = self._decide(user, monitor_id, request)
        if isinstance(found, CoachMessage):
            return found
        self._slow_down(found.monitor.talk, request.sender)
        if self._kept is None:
            message = self._message(user, found, request)
            self._board.put_message(message)
            return message
        try:
            async with asyncio.timeout(PATIENCE), self._turns.of(monitor_id):
                return await self._keep_and_send(user, request, self._kept, monitor_id)
        except TimeoutError:
            raise errors.RecordUnavailable(NOT_KEPT) from None

    async def close(self) -> None:
        """What was not sent is taken back once more, where the database answers at once."""
        await self._tasks.close()
        await asyncio.gather(*(self._once_more(message) for message in list(self._unsent.values())))

    async def _once_more(self, message: CoachMessage) -> None:
        try:
            async with asyncio.timeout(AGAIN):
                await self._take_back(message)
        except (errors.StoreUnavailable, TimeoutError):
            log.error("a message that was not sent may be stored", message_id=message.id, monitor_id=message.monitor_id)

    # --- kept

    async def _keep_and_send(
        self, user: User, request: MessageRequest, kept: MessageLog, monitor_id: str
    ) -> CoachMessage:
        """In its turn. Raises as `send`."""
        found = self._decide(user, monitor_id, request)  # what came before it may have been the same
        if isinstance(found, CoachMessage):
            return found
        if request.id in self._unsent:
            raise errors.RecordUnavailable(NOT_KEPT)
        message = self._message(user, found, request)
        try:
            stored = await kept.keep(message, found.monitor.conversation_id, found.agent.username)
        except errors.StoreRefused as problem:
            raise errors.RecordUnavailable(NOT_KEPT) from problem
        except BaseException as problem:  # also where nobody waits any more: it may be there all the same
            self._begin_to_take_back(message, SURE)
            if isinstance(problem, errors.StoreUnavailable):
                raise errors.RecordUnavailable(NOT_KEPT) from problem
            raise
        if stored is not message:
            return self._sent_before(stored, request)
        try:
            self._need_same(user, found, request)
        except errors.AdapterError:
            self._begin_to_take_back(message, 0.0)
            raise
        self._board.put_message(message)
        return message

    def _sent_before(self, stored: CoachMessage, request: MessageRequest) -> CoachMessage:
        """It was sent by an adapter that looked after this PBX before us; who is talked to now sees it in this talk.

        That adapter may have died before it showed it to them. Raises Invalid.
        """
        if stored.text != request.text:
            raise errors.Invalid.at(KEY, USED)
        monitor = self._board.monitor(stored.monitor_id)
        if monitor is not None and monitor.talks:
            self._board.put_message(replace(stored, talk=monitor.talk))
        return stored

    def _need_same(self, user: User, found: _Sendable, request: MessageRequest) -> None:
        """While it was written the talk may have ended: it is never sent in another one. Raises as `send`."""
        now = self._decide(user, found.monitor.id, request)
        if not isinstance(now, _Sendable) or (now.monitor.talk, now.agent.id) != (found.monitor.talk, found.agent.id):
            raise errors.NotTalking(NOBODY_TALKS if request.sender is Sender.AGENT else SILENT_AGAIN)

    def _begin_to_take_back(self, message: CoachMessage, after: float) -> None:
        self._unsent[message.id] = message
        self._tasks.start(self._take_back_until_done(message, after), message.id)

    async def _take_back_until_done(self, message: CoachMessage, after: float) -> None:
        await asyncio.sleep(after)
        while message.id in self._unsent:
            try:
                await self._take_back(message)
            except errors.StoreUnavailable as problem:
                log.warning("a message that was not sent may be stored; trying again", why=str(problem))
                await asyncio.sleep(AGAIN)

    async def _take_back(self, message: CoachMessage) -> None:
        if self._kept is not None:
            await self._kept.take_back(message)
        self._unsent.pop(message.id, None)

    # --- decided

    def _decide(self, user: User, monitor_id: str, request: MessageRequest) -> _Sendable | CoachMessage:
        """To whom it goes; or itself, where it was sent. Raises as `send`."""
        monitor = self._board.monitor(monitor_id)
        if request.sender is Sender.AGENT:
            monitor = self._of_agent(user, monitor, request.talk)
        if sent := self._sent(user, monitor, request):
            return sent
        if request.sender is Sender.SUPERVISOR:
            monitor = self._of_supervisor(user, monitor)
        assert monitor is not None  # noqa: S101 - else one of these has raised
        call = self._board.call(monitor.call_id)
        agent = self._board.directory.users.get((call.agent.user_id if call else None) or "")
        if agent is None or not agent.active:
            raise errors.NotTalking("The agent has no account, so no page on which to read it.")
        return _Sendable(monitor, agent)

    def _message(self, user: User, found: _Sendable, request: MessageRequest) -> CoachMessage:
        monitor = found.monitor
        return CoachMessage(
            id=request.id,
            pbx=monitor.pbx,
            monitor_id=monitor.id,
            call_id=monitor.call_id,
            talk=monitor.talk,
            agent_id=found.agent.id,
            at=self._clock(),
            sender=request.sender,
            author_id=user.id,
            author_name=user.name,
            text=request.text,
        )

    def _of_agent(self, user: User, monitor: Monitor | None, talk: str) -> Monitor:
        """Raises PbxUnavailable, NotTalking. Whether their credentials are in hand was asked where they came in."""
        self._policy.need_pbx()
        call = self._board.call(monitor.call_id) if monitor else None
        if monitor is None or monitor.talk != talk or not is_answerable(user, monitor, call, in_hand=False):
            raise errors.NotTalking(NOBODY_TALKS)
        return monitor

    def _of_supervisor(self, user: User, found: Monitor | None) -> Monitor:
        self._policy.need_right(user)
        if found is not None:
            self._policy.need_unshielded(self._board.call(found.call_id))
        monitor = self._policy.need_live(found)
        self._policy.need_pbx()
        if not monitor.talks:
            raise errors.NotTalking("You are silent, so the agent does not know of you. Talk to the agent first.")
        return monitor

    def _sent(self, user: User, monitor: Monitor | None, request: MessageRequest) -> CoachMessage | None:
        """The same message, where it was sent in this talk, or by this supervisor. Raises Forbidden, Invalid."""
        if monitor is None:
            return None
        if request.sender is Sender.SUPERVISOR and monitor.supervisor.user_id != user.id:
            raise errors.Forbidden("Only the supervisor whose monitor it is can do this.")
        kept = self._board.messages.of(monitor.id)
        sent = next((one for one in kept if one.id == request.id), None)
        if sent is not None and sent.text != request.text:
            raise errors.Invalid.at(KEY, USED)
        return sent

    def _slow_down(self, talk: str, sender: Sender) -> None:
        """Raises TooManyRequests. Counted for each talk alone: what was sent in another one says nothing in this."""
        now = self._passing()
        self._full_at = {one: at for one, at in self._full_at.items() if at > now}
        full_at = max(self._full_at.get((talk, sender), now), now)
        if full_at - now > (AT_ONCE - 1) * EACH:
            raise errors.TooManyRequests("That are too many messages at once. Wait a moment.", retry_after=1)
        self._full_at[talk, sender] = full_at + EACH
