"""Shields as they are kept in this process: begun, confirmed, over by time or with the conversation, and written down.

Nothing here asks Asterisk anything: `monitoring.shielding` does, for each PBX.
"""

import asyncio
import uuid
from collections.abc import Callable, Collection, Iterable
from dataclasses import replace
from datetime import datetime, timedelta

import structlog

from adapter.core.audit import NOBODY, SYSTEM, Action, By, Entry, Via
from adapter.core.call import Call
from adapter.core.changes import Changes
from adapter.core.journal import subject_of
from adapter.core.record import EventType, HookEvent, Record
from adapter.core.shield import (
    BY_DIALPLAN,
    DIALPLAN,
    Shield,
    ShieldEnd,
    ShieldRequest,
    Shields,
    is_agent_of,
    left_of,
    marked,
    read_mark,
)
from adapter.core.views import time_view
from adapter.monitoring.boards import Boards
from adapter.tasks import Listeners

log = structlog.get_logger(__name__)

SAME = timedelta(seconds=2)
"""A mark at Asterisk that differs by less from what is known says the same."""


class ShieldKeeper:
    """All shields of this process. `note`: writes something into the record soon."""

    def __init__(
        self, boards: Boards, shields: Shields, note: Callable[[Record], None], clock: Callable[[], datetime]
    ) -> None:
        self._boards, self._shields, self._note, self._clock = boards, shields, note, clock
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._lifted: dict[tuple[str, str, str], datetime] = {}
        """By PBX, conversation and mark of what was lifted early: until when Asterisk's word would raise it anew."""
        self.over: Listeners[[Shield]] = Listeners()
        """Who is told that one has ended."""
        boards.subscribe(self._heard)

    @property
    def shields(self) -> Shields:
        """What is in force."""
        return self._shields

    # --- begun and ended

    def begin(self, pbx: str, request: ShieldRequest, by: By) -> Shield:
        """From now on nobody begins to hear this conversation, and whoever hears it is moved."""
        now, calls = self._clock(), self._calls(request.conversation_id)
        before = next((one for one in self._here(pbx, request.conversation_id) if one.holder == request.holder), None)
        call = next((one for one in calls if one.id == request.call_id), None) or next(iter(calls), None)
        new = Shield(
            id=before.id if before else uuid.uuid4().hex,
            pbx=pbx,
            conversation_id=request.conversation_id,
            call_id=call.id if call else request.call_id,
            holder=request.holder,
            by=by,
            began=before.began if before else now,
            until=now + timedelta(seconds=request.seconds),
            agent_id=call.agent.user_id if call else None,
            own=is_agent_of(request.user_id, calls),
            subject=subject_of(call, self._boards.directory.users) if call else before.subject if before else NOBODY,
            reason=request.reason,
            first=request.first,
        )
        if before is None and not self._is_confirmed(pbx, request.conversation_id):
            self._shields.unconfirmed.add(new.id)
        self._put(new, request.seconds)
        self._note(Record(shields={new.id: new}, pbxes={pbx}))
        return new

    def confirmed(self, shield: Shield) -> None:
        """Asterisk has confirmed that nobody hears anything: now it is said, and written."""
        if shield.id not in self._shields.running:
            return
        self._shields.unconfirmed.discard(shield.id)
        self._look_again(shield.conversation_id)
        self._tell(shield, Action.SHIELD_STARTED, EventType.SHIELD_STARTED, shield.by, self._clock(), shield.reason)

    def lift(self, pbx: str, conversation: str, is_meant: Callable[[Shield], bool], by: By) -> None:
        """End those of a conversation at this PBX that are meant."""
        for shield in self._here(pbx, conversation):
            if is_meant(shield):
                self._end(shield, ShieldEnd.LIFTED, by)

    def _end(self, shield: Shield, why: ShieldEnd, by: By = SYSTEM) -> None:
        now = self._clock()
        self._forget(shield.id)
        self._lifted = {mark: until for mark, until in self._lifted.items() if until > now}
        if shield.until > now:
            self._lifted[shield.pbx, shield.conversation_id, marked(shield)] = shield.until
        over = replace(shield, ended_at=now)
        self._note(Record(shields={over.id: over}, pbxes={over.pbx}))
        self.over.tell(over)  # before boards are looked at: then nothing is known any more of what was marked
        self._look_again(shield.conversation_id)
        self._tell(over, Action.SHIELD_ENDED, EventType.SHIELD_ENDED, by, now, why.value)

    def _put(self, shield: Shield, seconds: float) -> None:
        if (timer := self._timers.pop(shield.id, None)) is not None:
            timer.cancel()
        self._shields.running[shield.id] = shield
        self._timers[shield.id] = asyncio.get_running_loop().call_later(seconds, self._run_out, shield.id)
        self._look_again(shield.conversation_id)

    def _run_out(self, shield_id: str) -> None:
        if (shield := self._shields.running.get(shield_id)) is not None:
            self._end(shield, ShieldEnd.TIME)

    def _forget(self, shield_id: str) -> None:
        self._shields.running.pop(shield_id, None)
        self._shields.unconfirmed.discard(shield_id)
        if (timer := self._timers.pop(shield_id, None)) is not None:
            timer.cancel()

    def close(self) -> None:
        """End nothing: what runs is Asterisk's and the next run's."""
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()

    # --- of a former run

    def take_up(self, left: Iterable[Shield]) -> None:
        """Shields that had not ended when their PBX was looked after last, by the database."""
        now = self._clock()
        for shield in left:
            if (seconds := left_of(shield.until, shield.seconds, now)) > 0:
                self._put(shield, seconds)
            else:
                self._end(shield, ShieldEnd.TIME)

    def found(self, pbx: str, conversation: str, mark: str) -> None:
        """A channel of this conversation carries the mark: it may be that nothing of it could be written."""
        told, now = read_mark(mark), self._clock()
        lifted = any((pbx, one, mark) in self._lifted for one in self._shields.ids(conversation))
        if told is None or lifted or (seconds := left_of(told.until, told.seconds, now)) <= 0:
            return
        known = self._here(pbx, conversation)
        if any(one.holder == told.holder and abs(one.until - told.until) < SAME for one in known):
            return
        log.warning("a shield is known from Asterisk alone", pbx=pbx, until=told.until.isoformat())
        user = self._boards.directory.users.get(told.holder.removeprefix("user "))
        by = By(user.username, Via.SESSION) if user else BY_DIALPLAN if told.holder == DIALPLAN else SYSTEM
        began = told.until - timedelta(seconds=told.seconds)
        new = Shield(
            id=uuid.uuid4().hex,
            pbx=pbx,
            conversation_id=conversation,
            call_id="",
            holder=told.holder,
            by=by,
            began=min(began, now),
            until=told.until,
        )
        self._shields.unconfirmed.add(new.id)
        self._put(new, seconds)
        self._note(Record(shields={new.id: new}, pbxes={pbx}))

    # --- asked

    def _is_confirmed(self, pbx: str, conversation: str) -> bool:
        return any(one.id not in self._shields.unconfirmed for one in self._here(pbx, conversation))

    def _here(self, pbx: str, conversation: str) -> list[Shield]:
        return [one for one in self._shields.of(conversation) if one.pbx == pbx]

    def _calls(self, conversation: str) -> Collection[Call]:
        ids = self._shields.ids(conversation)
        return [call for call in self._boards.calls() if call.conversation_id in ids]

    def _look_again(self, conversation: str) -> None:
        for board in self._boards.own:
            board.look_again(self._shields.ids(conversation), self._clock())

    # --- told

    def _heard(self, changes: Changes) -> None:
        if not self._shields.running:
            return
        if changes.mirrored:
            if changes.pbx is not None and self._boards.board(changes.pbx) not in self._boards.own:
                self._given_up(changes.pbx)
        else:
            if changes.barred.touched:
                self._joined(changes.barred.touched)
            if changes.calls or changes.resynced or changes.barred.touched:
                self._end_over()

    def _joined(self, touched: Collection[str]) -> None:
        """Two conversations may be one now: what holds either holds both."""
        for board in self._boards.own:
            if board.complete:
                board.look_again(touched, self._clock())

    def _end_over(self) -> None:
        """With their conversations: while a PBX is out of sight, none of those is known to be over."""
        for shield in list(self._shields.running.values()):
            board = self._boards.board(shield.pbx)
            if board is not None and board.complete and self._boards.bars.is_over(shield.conversation_id):
                self._end(shield, ShieldEnd.CALL_ENDED)

    def _given_up(self, pbx: str) -> None:
        """Another adapter looks after this PBX now: it tells what holds there."""
        for shield in [one for one in self._shields.running.values() if one.pbx == pbx]:
            self._forget(shield.id)

    def _tell(self, shield: Shield, action: Action, event: EventType, by: By, at: datetime, reason: str | None) -> None:
        """One entry, and one event for hooks: both say nothing of whether anybody listened."""
        if not shield.first:
            return
        entry = Entry(
            at=at, by=by, action=action, reason=reason, call_id=shield.call_id or None, subject=shield.subject
        )
        data: dict[str, object] = {
            "call_id": shield.call_id or None,
            "conversation_id": shield.conversation_id,
            "pbx": shield.pbx,
            "agent": {
                "user_id": shield.agent_id,
                "name": shield.subject.agent_name,
                "extension": shield.subject.extension,
            },
            "customer": {"number": shield.subject.customer},
            "shielded_until": time_view(shield.until),
            "reason": reason,
            "by": by.actor,
        }
        told = HookEvent(at, event, shield.call_id or f"shield {shield.id}", "", data)
        self._note(Record(entries=[entry], events=[told], pbxes={shield.pbx}))
