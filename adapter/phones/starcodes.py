"""Star codes: a supervisor dials *55101 at a desk phone and listens to 101, under the same rules as at the page."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

import structlog

from adapter import errors
from adapter.core.audit import Action, By, Entry, Result, Via
from adapter.core.follow import key_of
from adapter.core.legs import HandedCall, Refusal
from adapter.core.modes import Mode
from adapter.core.people import User
from adapter.core.record import Record
from adapter.core.trunks import TICKET
from adapter.monitoring.ports import FollowRequest, MonitorLog, OnePbx, Pbx, StartRequest, Supervisors
from adapter.phones.own_call import REFUSED_BY_DIALPLAN, Doubt, Origins, OwnCalls
from adapter.phones.tickets import WORD, Tickets

log = structlog.get_logger(__name__)

FOLLOW = "follow"
"""What the dialplan passes on instead of a mode for the code that follows an agent."""
NOT_OWN_CALL = "not_own_call"
"""The audit's reason where the call was not the phone's own; its actor is who is behind it, as far as Asterisk says."""


class StarCodes:
    """Handles calls that the dialplan hands over: Stasis(call-monitor,<mode>,<extension>)."""

    def __init__(
        self,
        picture: OnePbx,
        supervisors: Supervisors,
        pbx: Pbx,
        record: MonitorLog,
        clock: Callable[[], datetime],
        origins: Origins,
        tickets: Tickets | None = None,
        is_trunk: Callable[[str], bool] | None = None,
    ) -> None:
        """`tickets` and `is_trunk`: where there are other PBXes, and which endpoints lead there."""
        self._tickets, self._is_trunk = tickets, is_trunk
        self._own_calls = OwnCalls(origins, pbx)
        self._picture, self._supervisors, self._pbx = picture, supervisors, pbx
        self._record, self._clock = record, clock

    async def handle(self, call: HandedCall) -> None:
        """One call. Who it is, only the SIP endpoint says, and only where its phone itself made the call.

        Whatever goes wrong is spoken, and ends the call.
        """
        if call.arguments[:1] == (WORD,):
            await self._arrived(call)
            return
        user = self._picture.phones.owner(call.endpoint)
        doubt: Doubt | None = None
        try:
            word, extension = _read(call)
            if (doubt := await self._own_calls.doubt(call)) is not None:
                log.warning("a star code was not dialled by its phone", **doubt._asdict(), endpoint=call.endpoint)
                raise errors.Forbidden("A star code counts only where the phone itself dials it.")
            await self._carry_out(user, word, extension, call.uniqueid)
            return
        except errors.AdapterError as problem:
            self._note(user, call, problem, doubt)
            why = _spoken(problem)
        except ValueError:
            log.error("the dialplan passed an unknown star code", arguments=call.arguments)
            why = Refusal.FAILED
        await self._say(call, why)

    async def _say(self, call: HandedCall, why: Refusal) -> None:
        try:
            await self._pbx.say(call.uniqueid, why)
        except errors.AdapterError as problem:
            log.warning("an announcement could not be played", why=str(problem))
            await self._pbx.end_leg(call.uniqueid)

    async def _arrived(self, call: HandedCall) -> None:
        """A star code that was dialled at another PBX, and decided there; the rules are asked once more here."""
        name = TICKET + "".join(call.arguments[1:2])
        ticket = self._tickets.take(name, self._picture.id) if self._tickets is not None else None
        user = self._picture.directory.users.get(ticket.user_id) if ticket else None
        from_trunk = self._is_trunk is not None and self._is_trunk(call.endpoint)
        if self._tickets is None or ticket is None or user is None or not from_trunk:
            log.warning("a ticket of a star code is none, or not any more", endpoint=call.endpoint)
            await self._say(call, Refusal.FORBIDDEN)
            return
        try:
            if (doubt := await self._own_calls.doubt(call)) is not None:
                log.warning("a ticket did not come straight from its trunk", **doubt._asdict())
                raise errors.Forbidden("A ticket counts only where its trunk brings it.")
            request = StartRequest(call_id=ticket.call_id, mode=ticket.mode)
            self._tickets.arrived(name, call.uniqueid)
            await self._supervisors.attach(user, request, call.uniqueid, By(user.username, Via.STAR_CODE))
        except errors.AdapterError as problem:
            self._note(user, replace(call, arguments=(ticket.mode.value, ticket.extension)), problem, None)
            await self._say(call, _spoken(problem))

    async def _carry_out(self, user: User | None, word: Mode | None, extension: str, uniqueid: str) -> None:
        if user is None:
            raise errors.Forbidden("Nobody's account has this phone.")
        if word is None:
            request = FollowRequest(agent_extension=extension)
            by = By(user.username, Via.STAR_CODE)
            await self._supervisors.follows.attach(user, request, uniqueid, by)
        else:
            await self._monitor(user, word, extension, uniqueid)

    async def _monitor(self, user: User, mode: Mode, extension: str, uniqueid: str) -> None:
        request = StartRequest(agent_extension=extension, mode=mode)
        way = self._tickets.way(user, request, self._picture.id) if self._tickets is not None else None
        if way is not None:
            await self._pbx.send_on(uniqueid, way)
            return
        await self._supervisors.attach(user, request, uniqueid, By(user.username, Via.STAR_CODE))

    def _note(self, user: User | None, call: HandedCall, problem: errors.AdapterError, doubt: Doubt | None) -> None:
        mode, extension = _read(call)
        if mode is None:
            self._note_follow(user, call, problem, doubt, extension)
            return
        meant = self._supervisors.meant(StartRequest(agent_extension=extension))
        about: dict[str, Any] = {}
        if meant is not None:
            named, subject = meant
            about = {"call_id": named.id, "conversation_id": named.conversation_id, "subject": subject}
        behind = self._picture.phones.owner(doubt.about) if doubt else user
        phone = doubt.about if doubt else call.endpoint
        if isinstance(problem, errors.AlreadyMonitoring) and user is not None:
            # That somebody is busy monitoring is nothing for those whom they monitor either.
            running = [one.conversation_id for one in self._picture.monitors() if one.supervisor.user_id == user.id]
            running += [one.conversation for one in self._picture.follows() if one.supervisor.user_id == user.id]
            about["conversation_id"] = " ".join(
                dict.fromkeys([*filter(None, [about.get("conversation_id")]), *running])
            )
        self._refuse(Action.REQUESTED, user, behind, phone, problem, doubt, mode=mode, target=extension, **about)

    def _note_follow(
        self, user: User | None, call: HandedCall, problem: errors.AdapterError, doubt: Doubt | None, extension: str
    ) -> None:
        """Whom it was about is never shown that."""
        everybody = self._picture.directory.users.values()
        agent = next((one for one in everybody if one.extension == extension), None)
        hidden = [key_of(agent.id)] if agent else []
        if isinstance(problem, errors.AlreadyMonitoring) and user is not None:
            hidden += [one.conversation_id for one in self._picture.monitors() if one.supervisor.user_id == user.id]
            hidden += [one.conversation for one in self._picture.follows() if one.supervisor.user_id == user.id]
        behind = self._picture.phones.owner(doubt.about) if doubt else user
        about = {"conversation_id": " ".join(hidden) or None, "target": extension}
        phone = doubt.about if doubt else call.endpoint
        self._refuse(Action.FOLLOW_STARTED, user, behind, phone, problem, doubt, **about)

    def _refuse(
        self,
        action: Action,
        user: User | None,
        behind: User | None,
        phone: str,
        problem: errors.AdapterError,
        doubt: Doubt | None,
        **about: Any,
    ) -> None:
        entry = Entry(
            at=self._clock(),
            by=By(behind.username if behind else f"phone {phone}"[:100], Via.STAR_CODE),
            action=action,
            result=Result.REFUSED if problem.status < 500 else Result.FAILED,
            reason=NOT_OWN_CALL if doubt else problem.code,
            supervisor=user.username if user else None,
            **about,
        )
        self._record.note(Record(entries=[entry], pbxes={self._picture.id}))


def _read(call: HandedCall) -> tuple[Mode | None, str]:
    """The mode, None for a follow, and the extension. Raises ValueError: a comma in what was dialled adds words."""
    words = call.arguments[1:] if call.arguments[:1] == (REFUSED_BY_DIALPLAN,) else call.arguments
    word, extension = words
    return None if word == FOLLOW else Mode(word), extension


def _spoken(problem: errors.AdapterError) -> Refusal:
    if isinstance(problem, errors.Forbidden | errors.OwnCall | errors.NotMonitorable | errors.Shielded):
        return Refusal.FORBIDDEN
    missing = errors.NotFound | errors.CallNotActive | errors.CallEnded | errors.Ambiguous
    return Refusal.NO_CALL if isinstance(problem, missing) else Refusal.FAILED
