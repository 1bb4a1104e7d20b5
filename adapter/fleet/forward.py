"""Starting, switching and ending at a PBX that another adapter owns: asked once, and true when the answer is given.

What could not be sent was not done; what was sent and not answered may have been done, and is never asked again.
"""

import asyncio
import json
import uuid
from collections.abc import Callable, Collection
from dataclasses import replace
from typing import Any

from adapter import errors
from adapter.core.audit import SYSTEM, By, Via
from adapter.core.changes import Changes
from adapter.core.modes import Mode
from adapter.core.monitor import Monitor
from adapter.core.people import User
from adapter.core.shield import Shield, ShieldRequest
from adapter.core.views import Visibility, monitor_view
from adapter.fleet.bus import Bus, NotSent, Subjects
from adapter.fleet.follower import Follower
from adapter.fleet.forwardfollows import RemoteFollows
from adapter.fleet.forwardmessages import RemoteMessages
from adapter.fleet.messages import Action, Answer, Command, Refused, Sealer, TooLarge
from adapter.fleet.people import KnownPeople
from adapter.monitoring.ports import BROWSER, StartRequest
from adapter.monitoring.stopall import Stopped

ANSWER = 10.0
"""Seconds for the outcome: what Asterisk, its confirmation and the record may take at the owner, added up."""
SHOWN = 1.0
"""Seconds until what is true at the owner must be seen here too."""

KNOWN = (
    errors.Forbidden,
    errors.NotFound,
    errors.AlreadyMonitoring,
    errors.DeviceUnavailable,
    errors.OwnCall,
    errors.NotMonitorable,
    errors.Shielded,
    errors.CallNotActive,
    errors.NotLive,
    errors.NotTalking,
    errors.CallEnded,
    errors.Ambiguous,
    errors.Conflict,
    errors.Invalid,
    errors.TooManyRequests,
    errors.PbxUnavailable,
    errors.PbxTimeout,
    errors.PbxRefused,
    errors.StoreUnavailable,
    errors.RecordUnavailable,
)
"""What an owner may answer; of anything else the outcome is not known."""
_BY_CODE = {kind.code: kind for kind in KNOWN}


class RemoteSupervision:
    """The use case at another adapter's PBX; called as `monitoring.supervise.Supervision` is, with the same errors."""

    def __init__(
        self,
        follower: Follower,
        bus: Bus,
        sealer: Sealer,
        subjects: Subjects,
        people: KnownPeople,
        page_of: Callable[[str], str | None] = lambda user: None,
    ) -> None:
        """`people`: the accounts as this process knows them: an owner that is behind reads them before it decides;
        `page_of`: what to ring for a user's (by id) page that is a phone through this adapter."""
        self._follower, self._bus, self._sealer, self._subjects = follower, bus, sealer, subjects
        self._people, self._page_of = people, page_of
        self.follows = RemoteFollows(self._command, self._ask, page_of)
        self.messages = RemoteMessages(self._command, self._ask)
        self._open: dict[str, asyncio.Future[Answer]] = {}
        self._ends = [follower.answers.subscribe(self._answered), follower.board.subscribe(self._changed)]

    async def start(
        self, user: User, request: StartRequest, by: By | None = None, monitor_id: str | None = None
    ) -> Monitor:
        """Ring the supervisor's device. Returns the monitor connecting."""
        command = self._command(Action.START, user.id, by or _by(user), monitor_id or uuid.uuid4().hex)
        if request.device == BROWSER:
            request = replace(request, page=self._page_of(user.id) or "")
        return _monitor(await self._ask(replace(command, request=request)))

    async def switch(self, user: User, monitor_id: str, mode: Mode, by: By | None = None) -> Monitor:
        """Put a live monitor into another mode; returns once Asterisk has confirmed it, and it is seen here."""
        return _monitor(
            await self._ask(replace(self._command(Action.SWITCH, user.id, by or _by(user), monitor_id), mode=mode))
        )

    async def take_over(self, user: User, monitor_id: str, by: By | None = None) -> Monitor:
        """From barge: stay with the customer and release the agent. Returns the ended monitor."""
        return _monitor(await self._ask(self._command(Action.TAKE_OVER, user.id, by or _by(user), monitor_id)))

    async def stop(self, user: User, monitor_id: str, by: By | None = None) -> None:
        """End a monitor; returns once its leg is gone."""
        await self._ask(self._command(Action.END, user.id, by or _by(user), monitor_id))

    async def stop_all(self, user: User, by: By, why: str, awaited: Collection[str]) -> Stopped:
        """End every monitor there; returns what became of those that are `awaited`."""
        command = replace(self._command(Action.STOP_ALL, user.id, by, ""), why=why, awaited=tuple(sorted(awaited)))
        answer = await self._ask(command)
        return Stopped(answer.gone, answer.left)

    async def shield(self, request: ShieldRequest, by: By, channel: str | None = None) -> Shield:
        """Nobody hears this conversation there any more; answered once its owner says so."""
        command = replace(self._command(Action.SHIELD, request.user_id or "", by, ""), shield=request)
        if (told := (await self._ask(command)).shield) is None:
            raise errors.PbxTimeout("The adapter that looks after this PBX did not say what became of it.")
        return told

    async def unshield(self, conversation: str, holder: str, user_id: str | None, by: By) -> None:
        """Take back what this holder wished there; the agent, all of it."""
        request = ShieldRequest(conversation_id=conversation, holder=holder, user_id=user_id)
        await self._ask(replace(self._command(Action.UNSHIELD, user_id or "", by, ""), shield=request))

    async def tell_dialplan(self, channel: str, outcome: str) -> None:
        """Nobody of its dialplan asks here."""

    async def device_gone(self, device: str) -> None:
        """A page that was a phone is gone: what it serves ends."""
        await self._ask(replace(self._command(Action.DEVICE_GONE, "", SYSTEM, ""), why=device))

    def close(self) -> None:
        """Nobody waits any more."""
        for end in self._ends:
            end()
        self._lose()

    # --- asking

    def _command(self, action: Action, user_id: str, by: By, monitor_id: str) -> Command:
        term = self._follower.term
        if term is None or not self._follower.board.in_sight:
            raise errors.PbxUnavailable("The adapter that looks after this PBX can't be reached now. Try again soon.")
        return Command(
            pbx=self._subjects.pbx,
            term=term,
            id=uuid.uuid4().hex,
            stamp=self._follower.stamp,
            people=self._people.mark,
            action=action,
            user=user_id,
            by=by,
            monitor=monitor_id,
        )

    async def _ask(self, command: Command) -> Answer:
        done: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._open[command.id] = done
        try:
            self._send(command)
            await asyncio.wait([done], timeout=ANSWER)
            if not done.done() or done.cancelled():
                raise self._unknown("The adapter that looks after this PBX did not answer in time.", command.monitor)
            answer = done.result()
        finally:
            done.cancel()
            del self._open[command.id]
        seen = await self._follower.reached(answer.term, answer.number, SHOWN)
        if answer.refused is not None:
            raise _error(answer.refused)
        if not seen:
            raise self._unknown("It was done, but is not seen here in time.", command.monitor, answer.monitor)
        return answer

    def _send(self, command: Command) -> None:
        subject = self._subjects.to_owner("command")
        try:
            self._bus.publish(subject, self._sealer.write(subject, command))
        except (NotSent, TooLarge) as problem:
            raise errors.PbxUnavailable(f"Nothing was done: the owner can't be asked ({problem}).") from None

    def _unknown(self, detail: str, monitor_id: str, told: Monitor | None = None) -> errors.PbxTimeout:
        """With the monitor's state as far as it is known."""
        known = self._follower.board.monitor(monitor_id) or told
        detail += " Look before you speak."
        if known is None:
            return errors.PbxTimeout(detail)
        return errors.PbxTimeout(detail, monitor=monitor_view(known, Visibility.EVERYTHING))

    # --- told

    def _answered(self, answer: Answer) -> None:
        done = self._open.get(answer.id)
        if done is not None and not done.done():
            done.set_result(answer)

    def _changed(self, changes: Changes) -> None:
        if changes.link and not self._follower.board.in_sight:
            self._lose()

    def _lose(self) -> None:
        """The owner is out of sight: what becomes of what was asked is not known."""
        for done in self._open.values():
            done.cancel()


def _by(user: User) -> By:
    """Where nothing else is said they click at their page."""
    return By(user.username, Via.SESSION)


def refused(problem: errors.AdapterError) -> Refused:
    """An error as it travels."""
    return Refused(
        code=problem.code,
        detail=problem.detail,
        retry_after=problem.retry_after,
        extra=json.dumps(problem.extra) if problem.extra else "",
    )


def _error(told: Refused) -> errors.AdapterError:
    """The error that the owner raised."""
    kind = _BY_CODE.get(told.code)
    if kind is None:
        return errors.PbxTimeout(f"The adapter that looks after this PBX failed: {told.detail}")
    given: dict[str, Any] = {}
    try:
        found = json.loads(told.extra or "{}")
        given = {key: value for key, value in found.items() if key not in ("detail", "retry_after", "self")}
    except (ValueError, AttributeError):
        pass
    if told.retry_after is not None:
        given["retry_after"] = told.retry_after
    return kind(told.detail, **given)


def _monitor(answer: Answer) -> Monitor:
    if answer.monitor is None:
        raise errors.PbxTimeout("The adapter that looks after this PBX did not say what became of it.")
    return answer.monitor
