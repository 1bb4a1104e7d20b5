"""What a change of the board means for the record: entries of the audit, and events for the hooks. Pure.

It remembers which calls programs were told of, so that each beginning has its end, whatever died in between.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from adapter.core.audit import SYSTEM, Action, By, Entry, Result, Subject, Via
from adapter.core.call import Call
from adapter.core.changes import Changes, MonitorChange
from adapter.core.follow import Follow, FollowChange, FollowState, short_of
from adapter.core.follow import ended as ended_follow
from adapter.core.follow_views import follow_entry, follow_event
from adapter.core.lifecycle import ended
from adapter.core.modes import Mode
from adapter.core.monitor import FAILURES, EndReason, Monitor
from adapter.core.people import User
from adapter.core.permissions import allowed_by
from adapter.core.record import EventType, HookEvent, OpenCall, Record
from adapter.core.views import Visibility, call_view, monitor_view, time_view

TRANSFERRED = "transferred"
"""What the audit says of the end of a monitor whose leg changed hands; its target is who had it then."""


class Journal:
    """Reads changes in their order. `look` finds a call in the live picture."""

    def __init__(self, look: Callable[[str], Call | None]) -> None:
        self._look = look
        self.open: dict[str, OpenCall] = {}

    def read(self, changes: Changes, *, connected: bool) -> Record:
        """What follows from one change. Without a connection no call is known, which says nothing of its end."""
        record = Record()
        record.barred.add(changes.barred)
        calls = self._calls(changes) if connected else {}
        for call in calls.values():
            if call is not None:
                self._seen(call, record)
        for change in changes.monitors:
            self.monitor(change, changes.at, record)
        for follow in changes.follows:
            self.follow(follow, changes.at, record)
        for call_id, call in calls.items():
            if call is None:
                self._over(call_id, changes.at, record)
        return record

    def _calls(self, changes: Changes) -> dict[str, Call | None]:
        ids: Iterable[str] = changes.calls
        if changes.resynced:
            here = (known for known, told in self.open.items() if told.call.pbx == changes.pbx)
            ids = dict.fromkeys((*changes.calls, *here))
        return {call_id: self._look(call_id) for call_id in ids}

    def forget_others(self, pbxes: Collection[str], at: datetime) -> Record:
        """The calls of PBXes that the configuration no longer names are over: nobody will tell of their end."""
        record = Record()
        for call_id in [known for known, told in self.open.items() if told.call.pbx not in pbxes]:
            self._over(call_id, at, record)
        return record

    def forget(self, pbx: str) -> None:
        """Another adapter tells of the calls of this PBX now, and of their end."""
        for call_id in [known for known, told in self.open.items() if told.call.pbx == pbx]:
            del self.open[call_id]

    def _seen(self, call: Call, record: Record) -> None:
        known = self.open.get(call.id)
        if call.talk is not None:  # who talks is shown, and never kept nor told to programs
            call = replace(call, talk=None)
        if known is not None and not call.customer.number:  # programs are told whom it was with last
            call = replace(call, customer=known.call.customer)
        # A call's first event can come before Asterisk has said who is at the other end.
        started = known is not None or bool(call.customer.number) or call.answered_at is not None
        answered = started and call.answered_at is not None
        now = OpenCall(call, started, answered)
        if known is not None and not _worth_keeping(known, now):
            return
        self.open[call.id] = record.calls[call.id] = now
        if started and not (known and known.started):
            record.events.append(_call_event(EventType.CALL_STARTED, call, call.started_at))
        if answered and not (known and known.answered):
            record.events.append(_call_event(EventType.CALL_ANSWERED, call, call.answered_at or call.started_at))

    def _over(self, call_id: str, at: datetime, record: Record) -> None:
        known = self.open.pop(call_id, None)
        if known is None:
            return
        record.calls[call_id] = None
        if not known.started:
            record.events.append(_call_event(EventType.CALL_STARTED, known.call, known.call.started_at))
        record.events.append(_call_event(EventType.CALL_ENDED, known.call, at, ended_at=time_view(at)))

    def monitor(self, change: MonitorChange, at: datetime, record: Record) -> None:
        """What follows from one monitor's change. The request to start it was recorded before it began."""
        before, after = change.before, change.after
        record.monitors[after.id] = after
        if after.live and not (before and before.live):
            self._tell(EventType.MONITOR_STARTED, Action.STARTED, after, at, record)
        elif after.live and before and before.mode is not after.mode:
            self._tell(EventType.MONITOR_MODE_CHANGED, Action.MODE_CHANGED, after, at, record, before.mode)
        elif after.ended and not (before and before.ended):
            self._tell(EventType.MONITOR_ENDED, Action.ENDED, after, at, record)

    def follow(self, change: FollowChange, at: datetime, record: Record) -> None:
        """What follows from one follow's change: it has begun once its leg waits."""
        before, after = change
        record.follows[after.id] = after
        began = before is not None and before.state is FollowState.CONNECTING
        if began and not after.ended and after.state is not FollowState.CONNECTING:
            record.entries.append(follow_entry(Action.FOLLOW_STARTED, after, at))
            record.events.append(follow_event(EventType.FOLLOW_STARTED, after, at))
        elif after.ended and not (before and before.ended):
            record.entries.append(follow_entry(Action.FOLLOW_ENDED, after, at))
            record.events.append(follow_event(EventType.FOLLOW_ENDED, after, at))

    def _tell(
        self,
        event: EventType,
        action: Action,
        monitor: Monitor,
        at: datetime,
        record: Record,
        former: Mode | None = None,
    ) -> None:
        reason = cause(monitor) if former else monitor.ended_reason and monitor.ended_reason.value
        written = monitor.ending_why if monitor.ended else ""
        result, told = _result(monitor), TRANSFERRED if monitor.handed_on is not None else written or reason
        record.entries.append(
            monitor_entry(action, monitor, at, result=result, reason=told, target=monitor.handed_on or None)
        )
        data = {**monitor_view(monitor, Visibility.EVERYTHING), "by": monitor.by.actor}
        if former:
            data |= {"previous_mode": former.value, "cause": reason}
        known = self.open.get(monitor.call_id)
        data["call"] = _plain(known.call) if known else None
        record.events.append(HookEvent(at, event, monitor.call_id, monitor.conversation_id, data))


def monitor_entry(
    action: Action,
    monitor: Monitor,
    at: datetime,
    *,
    result: Result = Result.OK,
    reason: str | None = None,
    allowed_by: str | None = None,
    by: By | None = None,
    mode: Mode | None = None,
    target: str | None = None,
) -> Entry:
    """An entry about a monitor, by whoever brought it about, in its mode, unless others are named."""
    return Entry(
        at=at,
        by=by or monitor.by,
        action=action,
        result=result,
        reason=reason,
        target=target,
        allowed_by=allowed_by,
        call_id=monitor.call_id,
        conversation_id=hidden_by(monitor),
        monitor_id=monitor.id,
        supervisor=monitor.supervisor.username,
        subject=monitor.subject,
        mode=mode or monitor.mode,
    )


def hidden_by(monitor: Monitor) -> str:
    """From whom its entries are hidden: who is barred from its conversation, or from the follow that it belongs to."""
    if monitor.follows is None:
        return monitor.conversation_id
    return f"{monitor.conversation_id} {short_of(monitor.follows)}"


def subject_of(call: Call, users: Mapping[str, User]) -> Subject:
    """Who is monitored, for the record. `users` by id."""
    agent = call.agent
    user = users.get(agent.user_id) if agent.user_id else None
    return Subject(user.username if user else agent.name, agent.name, agent.extension, call.customer.number)


def cause(monitor: Monitor) -> str:
    """What changed the mode: `keypad`, `button` (asked for through us), or why we did it ourselves."""
    if monitor.by.via is Via.KEYPAD:
        return "keypad"
    if monitor.by.via is Via.ADAPTER:
        return monitor.notice.value if monitor.notice else "resync"
    return "button"


def _result(monitor: Monitor) -> Result:
    return Result.FAILED if monitor.ended_reason in FAILURES else Result.OK


def _worth_keeping(known: OpenCall, now: OpenCall) -> bool:
    """Whether what is kept of a call, or was told of it, is another now."""
    old, new = known.call, now.call
    return (
        (known.started, known.answered) != (now.started, now.answered)
        or (old.conversation_id, old.participants) != (new.conversation_id, new.participants)
        or (old.agent, old.customer) != (new.agent, new.customer)
    )


def _plain(call: Call) -> dict[str, object]:
    """The contract's Call without its monitors: programs learn of those by events of their own."""
    view = call_view(call, (), Visibility.EVERYTHING)
    del view["monitors"], view["talk"]
    return view


def _call_event(kind: EventType, call: Call, at: datetime, **more: object) -> HookEvent:
    return HookEvent(at, kind, call.id, call.conversation_id, {**_plain(call), **more})


def requested(monitor: Monitor, user: User) -> Entry:
    """The request to monitor, with whose leave."""
    return monitor_entry(Action.REQUESTED, monitor, monitor.started_at, allowed_by=allowed_by(user))


def taken_up(monitor: Monitor, since: datetime | None, at: datetime) -> Entry:
    """A monitor of a former run goes on as it was on record. `since`: the time of that run's last entry."""
    entry = monitor_entry(Action.TAKEN_UP, monitor, at, by=SYSTEM)
    return replace(entry, target=time_view(since))


def abandoned(monitor: Monitor, code: str, at: datetime) -> Record:
    """It was recorded, and then something came between: it never rang."""
    over = ended(monitor, EndReason.ERROR, at).monitor
    entry = monitor_entry(Action.ENDED, over, at, result=Result.FAILED, reason=code)
    return Record(entries=[entry], monitors={over.id: over})


def unbegun(follow: Follow, code: str, at: datetime) -> Record:
    """The same of a follow."""
    over = replace(ended_follow(follow, EndReason.ERROR, at).follow, ending_why=code)
    return Record(entries=[follow_entry(Action.FOLLOW_ENDED, over, at)], follows={over.id: over}, pbxes={over.pbx})
