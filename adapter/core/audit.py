"""The audit: who did what to whom, by which way, and what became of it. Pure."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from adapter.core.modes import Mode

CHAIN = "installation"
"""The name of the chain of entries that are of no single PBX; each PBX has one of its own, named by its id."""


class Via(StrEnum):
    """The way by which something is done."""

    SESSION = "session"
    """Signed in at the page."""
    TOKEN = "token"  # noqa: S105 - the name of a way
    COMMAND_LINE = "command line"
    SETUP = "setup token"
    ADDRESS = "address"
    """Nobody that is known, from this network address."""
    PHONE = "phone"
    """A desk phone that hung up."""
    BROWSER = "browser"
    """A page that is a phone: it hung up, or is gone."""
    KEYPAD = "keypad"
    STAR_CODE = "star code"
    ADAPTER = "adapter"
    """The adapter itself, carrying out a rule."""


class By(NamedTuple):
    """Who does something, and by which way."""

    actor: str
    """A username, or `system` where nobody in particular did."""
    via: Via
    token: str | None = None
    """Id of the service token that acts, which sees and steers only what it started."""
    administers: bool = True
    """False for a token without the scope `admin`, whatever its user's role."""
    detail: str = ""
    """Which token, by its name; which address."""

    @property
    def way(self) -> str:
        """As it is kept: `session`, `token <name>`, `address <address>`."""
        return f"{self.via} {self.detail}" if self.detail else self.via.value


def read_way(way: str) -> tuple[Via, str]:
    """What was kept as `By.way`: the way, and which token or address."""
    for via in Via:
        if way == via or way.startswith(f"{via} "):
            return via, way[len(via) + 1 :]
    raise ValueError(f"no way of ours: {way}")


SYSTEM = By("system", Via.ADAPTER)
"""The adapter itself, carrying out a rule."""


class Subject(NamedTuple):
    """Who is monitored, as the record names them: the call may be long over when somebody asks."""

    agent: str = ""
    """The agent's username; without an account the endpoint's name."""
    agent_name: str = ""
    extension: str = ""
    customer: str = ""
    """The customer's number."""


NOBODY = Subject()


class Action(StrEnum):
    """What an entry of the audit is about (the contract's list, and the cut of a retention)."""

    LOGIN = "session.login"
    LOGOUT = "session.logout"
    REQUESTED = "monitor.requested"
    STARTED = "monitor.started"
    MODE_CHANGED = "monitor.mode_changed"
    ENDED = "monitor.ended"
    STOPPED_ALL = "monitor.stopped_all"
    """An administrator wants every monitor to end, whether there are any: what became of each is its own entry."""
    TAKEN_UP = "monitor.taken_up"
    """One of a former run goes on: what happened to it meanwhile, from the entry's `target` on, can't be known."""
    USER_CREATED = "user.created"
    USER_CHANGED = "user.changed"
    USER_DELETED = "user.deleted"
    TOKEN_CREATED = "token.created"  # noqa: S105 - the name of an action
    TOKEN_REVOKED = "token.revoked"  # noqa: S105 - the name of an action
    WEBHOOK_CREATED = "webhook.created"
    WEBHOOK_CHANGED = "webhook.changed"
    WEBHOOK_DELETED = "webhook.deleted"
    TEAM_CREATED = "team.created"
    TEAM_CHANGED = "team.changed"
    TEAM_DELETED = "team.deleted"
    DO_NOT_MONITOR_CHANGED = "do_not_monitor.changed"
    CONSENT_CHANGED = "consent.changed"
    CONSENT_FAILED = "consent.failed"
    """A call did not hear the announcement or beep that the rules ask for: once for each call."""
    HELP_REQUESTED = "help.requested"
    HELP_TAKEN = "help.taken"
    HELP_CLOSED = "help.closed"
    SHIELD_STARTED = "shield.started"
    SHIELD_ENDED = "shield.ended"
    FOLLOW_STARTED = "follow.started"
    FOLLOW_ENDED = "follow.ended"
    NOTE_CREATED = "note.created"
    NOTE_CHANGED = "note.changed"
    NOTE_DELETED = "note.deleted"
    EMBED_CREATED = "embed.created"
    EMBED_OPENED = "embed.opened"
    EMBED_REFUSED = "embed.refused"
    SCORE_FORM_CHANGED = "score_form.changed"
    COACHING_EXPORTED = "coaching.exported"
    """Somebody got all that is kept of an agent's coaching."""
    COACHING_DELETED = "coaching.deleted"
    CUT = "audit.cut"


class Result(StrEnum):
    """What became of it."""

    OK = "ok"
    REFUSED = "refused"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One entry of the audit."""

    at: datetime
    by: By
    action: Action
    result: Result = Result.OK
    reason: str | None = None
    target: str | None = None
    """The account, token or hook that it was done to, by its name; of a star code, the extension; of a leg that changed
    hands, the endpoint that had it then; of a monitor taken up, since when it is unsure."""
    allowed_by: str | None = None
    """Whose grant allowed it: `role administrator`, or the administrator who gave the right."""
    call_id: str | None = None
    conversation_id: str | None = None
    """Never shown; it hides the entry from whoever is barred from that conversation. Of two, with a space between."""
    monitor_id: str | None = None
    supervisor: str | None = None
    subject: Subject = NOBODY
    mode: Mode | None = None

    def told(self) -> dict[str, str]:
        """What the log says of it: its fields that say something."""
        fields = {
            "actor": self.by.actor,
            "via": self.by.way,
            "result": self.result.value,
            "reason": self.reason,
            "target": self.target,
            "call_id": self.call_id,
            "monitor_id": self.monitor_id,
            "agent": self.subject.agent,
            "customer": self.subject.customer,
            "mode": self.mode.value if self.mode else None,
        }
        return {name: value for name, value in fields.items() if value}
