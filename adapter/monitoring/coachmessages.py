"""Text between supervisors and agents at one PBX: decided by whoever looks after it, at the moment in which it is sent.

It is in memory only. Asterisk is not asked, so there is nothing to wait for: what is sent in a talk is seen in it.
"""

import time
from collections.abc import Callable
from datetime import datetime

from adapter import errors
from adapter.core.audit import By
from adapter.core.messages import CoachMessage, MessageRequest, Sender, is_answerable
from adapter.core.monitor import Monitor
from adapter.core.people import User
from adapter.monitoring.board import Board
from adapter.monitoring.policy import Policy

AT_ONCE = 10
"""Messages that somebody may send one right behind the other."""
EACH = 1.0
"""Seconds after which they may send one more."""
NOBODY_TALKS = "No supervisor is talking to you now."
"""The same whatever the reason: nobody listens, somebody does so silently, or has gone back to silence."""
USED = "this key was used for another message; use a new one"
KEY = "Idempotency-Key"


class CoachMessages:
    """Called as `fleet.forwardmessages.RemoteMessages` is, with the same errors."""

    def __init__(
        self, board: Board, clock: Callable[[], datetime], passing: Callable[[], float] = time.monotonic
    ) -> None:
        """`clock`: for people to read; `passing`: seconds that pass, by which too many are slowed down."""
        self._board, self._policy, self._clock, self._passing = board, Policy(board, ""), clock, passing
        self._full_at: dict[tuple[str, Sender], float] = {}
        """By talk and side: when all of `AT_ONCE` may be sent again."""

    async def send(self, user: User, monitor_id: str, request: MessageRequest, by: By | None = None) -> CoachMessage:
        """Send it, unless it was sent: then it is returned as it was.

        Raises Forbidden, Invalid (another text with the same id), CallEnded, PbxUnavailable, Shielded, NotLive,
        NotTalking, TooManyRequests.
        """
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
        self._slow_down(monitor.talk, request.sender)
        message = CoachMessage(
            id=request.id,
            pbx=monitor.pbx,
            monitor_id=monitor.id,
            call_id=monitor.call_id,
            talk=monitor.talk,
            agent_id=agent.id,
            at=self._clock(),
            sender=request.sender,
            author_id=user.id,
            author_name=user.name,
            text=request.text,
        )
        self._board.put_message(message)
        return message

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
