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
from adapter.monitoring.ports import MonitorLog, Pbx, Picture, StartRequest, Supervisors

log = structlog.get_logger(__name__)


class StarCodes:
    """Handles calls that the dialplan hands over: Stasis(call-monitor,<mode>,<extension>)."""

    def __init__(
        self, picture: Picture, supervisors: Supervisors, pbx: Pbx, record: MonitorLog, clock: Callable[[], datetime]
    ) -> None:
        self._picture, self._supervisors, self._pbx = picture, supervisors, pbx
        self._record, self._clock = record, clock

    async def handle(self, call: HandedCall) -> None:
        """One call. Who it is, only the SIP endpoint says. Whatever goes wrong is spoken, and ends the call."""
        user = self._picture.directory.by_endpoint.get(call.endpoint)
        try:
            await self._monitor(user, call)
            return
        except errors.AdapterError as problem:
            self._note(user, call, problem)
            why = _spoken(problem)
        except ValueError:
            log.error("the dialplan hands over what is no star code", arguments=call.arguments)
            why = Refusal.FAILED
        try:
            await self._pbx.say(call.uniqueid, why)
        except errors.AdapterError as problem:
            log.warning("a refusal could not be spoken", why=str(problem))
            await self._pbx.end_leg(call.uniqueid)

    async def _monitor(self, user: User | None, call: HandedCall) -> None:
        word, extension = call.arguments  # no more than these: a comma in what was dialled would add others
        mode = Mode(word)
        if user is None:
            raise errors.Forbidden("Nobody's account has this phone.")
        request = StartRequest(agent_extension=extension, mode=mode)
        await self._supervisors.attach(user, request, call.uniqueid, By(user.username, Via.STAR_CODE))

    def _note(self, user: User | None, call: HandedCall, problem: errors.AdapterError) -> None:
        mode, extension = Mode(call.arguments[0]), call.arguments[1]
        meant = self._supervisors.meant(StartRequest(agent_extension=extension))
        about: dict[str, Any] = {}
        if meant is not None:
            named, subject = meant
            about = {"call_id": named.id, "conversation_id": named.conversation_id, "subject": subject}
        entry = Entry(
            at=self._clock(),
            by=By(user.username if user else f"phone {call.endpoint}", Via.STAR_CODE),
            action=Action.REQUESTED,
            result=Result.REFUSED if problem.status < 500 else Result.FAILED,
            reason=problem.code,
            supervisor=user.username if user else None,
            mode=mode,
            target=extension,
            **about,
        )
        self._record.note(Record(entries=[entry]))


def _spoken(problem: errors.AdapterError) -> Refusal:
    if isinstance(problem, errors.Forbidden | errors.OwnCall):
        return Refusal.FORBIDDEN
    missing = errors.NotFound | errors.CallNotActive | errors.CallEnded | errors.Ambiguous
    return Refusal.NO_CALL if isinstance(problem, missing) else Refusal.FAILED
