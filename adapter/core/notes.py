"""A supervisor's note about a call, or a mark in it; who sees it, and how it looks. Pure.

While the conversation goes on nobody who is or was in it sees notes about it, or can tell that there are any: whoever
writes one may be listening silently.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote

from adapter.core.audit import Action, By, Entry, Subject
from adapter.core.call import Agent, Call, CallState, Direction, Party
from adapter.core.monitor import Supervisor
from adapter.core.people import User
from adapter.core.record import EventType, HookEvent
from adapter.core.scores import Scores, scores_view
from adapter.core.views import Json, Visibility, call_visibility, time_view

MOST = 4000
"""Characters of a note."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """One note."""

    id: str
    pbx: str
    call_id: str
    conversation_id: str
    at: datetime
    call_seconds: int
    """Since the call was answered."""
    author: Supervisor
    agent: Agent
    agent_username: str
    """The agent's username; without an account the endpoint's name."""
    customer: Party
    queue: str | None = None
    """The queue that had brought the call to this agent: by it, too, the note is some team's (`core.scopes`)."""
    text: str | None
    mark: bool
    visible: bool
    """Whether the agent may see it once the conversation has ended."""
    changed_at: datetime | None = None
    scores: Scores | None = None
    reply: str | None = None
    """What the agent answered, once it was released to them."""
    replied_at: datetime | None = None
    uniqueid: str = ""
    """Uniqueid of the agent's channel, by which the operator's recording may be found."""

    @property
    def subject(self) -> Subject:
        """Whom it is about, for the audit."""
        return Subject(self.agent_username, self.agent.name, self.agent.extension, self.customer.number)

    @property
    def as_call(self) -> Call:
        """The call that it was written about, as far as rights ask of one that may be long over."""
        return Call(
            id=self.call_id,
            conversation_id=self.conversation_id,
            pbx=self.pbx,
            agent=self.agent,
            customer=self.customer,
            direction=Direction.INBOUND,
            state=CallState.ACTIVE,
            started_at=self.at,
            answered_at=self.at,
            barge_reaches_customer=False,
            audible=False,
            uniqueid="",
            peers=frozenset(),
            participants=frozenset(),
            queue=self.queue,
        )


def sees_note(user: User, note: Note, *, barred: bool, in_hand: bool, over: bool) -> bool:
    """Whether this person sees a note.

    `barred`: from its conversation; `in_hand`: their account or token is of somebody who is; `over`: it has ended.
    The agent, whatever their rights, sees what was released to them, afterwards. Others see it who might monitor that
    call: where they may those of their teams only, by its agent and the queue that had brought it when it was written.
    """
    if not user.active:
        return False
    if note.author.user_id == user.id:
        return not in_hand
    if barred:
        return False
    if note.agent.user_id == user.id:
        return note.visible and over
    return call_visibility(user, note.as_call, barred=False) is Visibility.EVERYTHING


def note_view(note: Note) -> Json:
    """The contract's note."""
    return {
        "id": note.id,
        "pbx": note.pbx,
        "call_id": note.call_id,
        "at": time_view(note.at),
        "call_seconds": note.call_seconds,
        "author": {"user_id": note.author.user_id, "name": note.author.name},
        "agent": {"user_id": note.agent.user_id, "name": note.agent.name, "extension": note.agent.extension},
        "customer": {"number": note.customer.number, "name": note.customer.name},
        "text": note.text,
        "mark": note.mark,
        "visible_to_agent": note.visible,
        "changed_at": time_view(note.changed_at),
        "scores": scores_view(note.scores),
        "reply": {"text": note.reply, "at": time_view(note.replied_at)} if note.reply else None,
    }


def recording_of(template: str, note: Note) -> str | None:
    """The address of the operator's recording, each part of it escaped; None where there is no template, and for notes
    of former versions, which kept no uniqueid."""
    if not template or not note.uniqueid:
        return None
    day = note.at.astimezone(UTC).date().isoformat()
    parts = {"uniqueid": note.uniqueid, "extension": note.agent.extension, "date": day}
    return template.format(**{name: quote(value, safe="") for name, value in parts.items()})


def note_entry(action: Action, note: Note, by: By, at: datetime, reason: str | None = None) -> Entry:
    """What the audit says of it: never what was written."""
    return Entry(
        at=at,
        by=by,
        action=action,
        reason=reason,
        target=note.id,
        call_id=note.call_id,
        conversation_id=note.conversation_id,
        supervisor=note.author.username,
        subject=note.subject,
    )


def note_event(kind: EventType, note: Note, by: By, at: datetime) -> HookEvent:
    """What hooks are told; of one that was deleted no longer what was written."""
    data = note_view(note) | {"by": by.actor}
    if kind is EventType.NOTE_DELETED:
        for words in ("text", "scores", "reply"):
            del data[words]
    return HookEvent(at, kind, note.call_id, note.conversation_id, data)
