"""Star codes: a supervisor dials *55101 at a desk phone and listens to 101, under the same rules as at the page."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import structlog

from adapter import errors
from adapter.core.audit import Action, By, Entry, Result, Via
from adapter.core.legs import HandedCall, Refusal
from adapter.core.modes import Mode
from adapter.core.people import User
from adapter.core.record import Record
from adapter.monitoring.ports import MonitorLog, OnePbx, Pbx, StartRequest, Supervisors
from adapter.phones.own_call import REFUSED_BY_DIALPLAN, Doubt, Origins, OwnCalls

log = structlog.get_logger(__name__)

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
    ) -> None:
        self._own_calls = OwnCalls(origins, pbx)
        self._picture, self._supervisors, self._pbx = picture, supervisors, pbx
        self._record, self._clock = record, clock

    async def handle(self, call: HandedCall) -> None:
        """One call. Who it is, only the SIP endpoint says, and only where its phone itself made the call.

        Whatever goes wrong is spoken, and ends the call.
        """
        user = self._picture.phones.owner(call.endpoint)
        doubt: Doubt | None = None
        try:
            word, extension = _read(call)
            if (doubt := await self._own_calls.doubt(call)) is not None:
                log.warning("a star code was not dialled by its phone", **doubt._asdict(), endpoint=call.endpoint)
                raise errors.Forbidden("A star code counts only where the phone itself dials it.")
            await self._monitor(user, word, extension, call.uniqueid)
            return
        except errors.AdapterError as problem:
            self._note(user, call, problem, doubt)
            why = _spoken(problem)
        except ValueError:
            log.error("the dialplan passed an unknown star code", arguments=call.arguments)
            why = Refusal.FAILED
        try:
            await self._pbx.say(call.uniqueid, why)
        except errors.AdapterError as problem:
            log.warning("an announcement could not be played", why=str(problem))
            await self._pbx.end_leg(call.uniqueid)

    async def _monitor(self, user: User | None, mode: Mode, extension: str, uniqueid: str) -> None:
        if user is None:
            raise errors.Forbidden("Nobody's account has this phone.")
        request = StartRequest(agent_extension=extension, mode=mode)
        await self._supervisors.attach(user, request, uniqueid, By(user.username, Via.STAR_CODE))

    def _note(self, user: User | None, call: HandedCall, problem: errors.AdapterError, doubt: Doubt | None) -> None:
        mode, extension = _read(call)
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
            about["conversation_id"] = " ".join(
                dict.fromkeys([*filter(None, [about.get("conversation_id")]), *running])
            )
        entry = Entry(
            at=self._clock(),
            by=By(behind.username if behind else f"phone {phone}"[:100], Via.STAR_CODE),
            action=Action.REQUESTED,
            result=Result.REFUSED if problem.status < 500 else Result.FAILED,
            reason=NOT_OWN_CALL if doubt else problem.code,
            supervisor=user.username if user else None,
            mode=mode,
            target=extension,
            **about,
        )
        self._record.note(Record(entries=[entry]))


def _read(call: HandedCall) -> tuple[Mode, str]:
    """The mode and the extension. Raises ValueError: a comma in what was dialled would add more words."""
    words = call.arguments[1:] if call.arguments[:1] == (REFUSED_BY_DIALPLAN,) else call.arguments
    word, extension = words
    return Mode(word), extension


def _spoken(problem: errors.AdapterError) -> Refusal:
    if isinstance(problem, errors.Forbidden | errors.OwnCall):
        return Refusal.FORBIDDEN
    missing = errors.NotFound | errors.CallNotActive | errors.CallEnded | errors.Ambiguous
    return Refusal.NO_CALL if isinstance(problem, missing) else Refusal.FAILED
