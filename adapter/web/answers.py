"""Output models: one for each answer. The API description comes from them, and tests check answers against them."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from adapter.core.audit import Result, Via
from adapter.core.call import CallState, Direction
from adapter.core.modes import Mode
from adapter.core.monitor import EndReason, MonitorState, Notice
from adapter.core.pbx import LinkState
from adapter.core.people import Role
from adapter.core.record import EventType
from adapter.core.teams import MonitorScope
from adapter.store.tokens import Scope
from adapter.web.talkanswers import Talk

Time = str
"""ISO 8601 in UTC with milliseconds and `Z`."""


class Answer(BaseModel):
    """Base of all answers. Later versions may add fields."""

    model_config = ConfigDict(extra="allow")


class User(Answer):
    """A person with an account."""

    id: str
    username: str
    name: str
    role: Role
    extension: str | None
    device: str | None = Field(description="The first of `devices`: the one that rings.")
    devices: list[str] = Field(description="All endpoints of this person; who talks on one is in that conversation.")
    pbx: str | None = Field(description="Id of the PBX at which their phone registers; null where there is one.")
    can_monitor: bool
    modes: list[Mode]
    scope: MonitorScope
    active: bool
    phone_message: bool


class OneUser(Answer):
    """The user who is signed in."""

    user: User


class Users(Answer):
    """All users."""

    users: list[User]


class Named(Answer):
    """A supervisor, as shown to others."""

    user_id: str
    name: str


class Monitor(Answer):
    """One supervisor listening to one call."""

    id: str
    pbx: str = Field(description="Id of the PBX of its call.")
    call_id: str
    follow_id: str | None = Field(None, description="Id of the follow that it belongs to.")
    supervisor: Named
    device: str | None
    mode: Mode
    state: MonitorState
    audible: bool = Field(description="Whether what the mode promises can be heard now: not on hold, for example.")
    started_at: Time | None
    live_at: Time | None
    ended_at: Time | None
    ended_reason: EndReason | None
    shielded: bool = Field(description="Whether its leg is where it hears nothing, because monitoring is paused.")
    reason: Notice | None = None


class Agent(Answer):
    """The agent whose leg of the conversation it is."""

    user_id: str | None
    name: str
    extension: str


class Customer(Answer):
    """The other party of the call."""

    number: str
    name: str


class Call(Answer):
    """One agent's leg of a conversation."""

    id: str
    conversation_id: str
    pbx: str = Field(description="Id of the PBX that it is at.")
    agent: Agent
    customer: Customer
    direction: Direction
    state: CallState
    started_at: Time
    answered_at: Time | None
    barge_reaches_customer: bool
    queue: str | None = Field(description="The queue that brought it to this agent.")
    waited_seconds: int | None = Field(description="How long the customer waited in it, where that is known.")
    monitorable: bool = Field(description="Whether anybody may monitor it (Do not monitor).")
    shielded_until: Time | None = Field(description="Until when monitoring of it is paused.")
    talk: Talk | None = Field(description="Who talks; null where that is not known, for those in it, and for services.")
    monitors: list[Monitor]


class PbxState(Answer):
    """The connection to the PBX."""

    state: LinkState
    since: Time


class NamedPbxState(PbxState):
    """The connection to one of several PBXes."""

    id: str
    name: str


class Calls(Answer):
    """All calls that the user may see; those of a PBX that is out of sight are missing."""

    calls: list[Call]
    pbx: PbxState = Field(description="The worst of `pbxs`.")
    pbxs: list[NamedPbxState]


class Monitors(Answer):
    """All connecting or live monitors that the user may see."""

    monitors: list[Monitor]


class StoppedAll(Answer):
    """All monitoring was stopped."""

    stopped: int = Field(description="How many of the monitors that you could see Asterisk confirmed as gone.")


class AuditEntry(Answer):
    """One action, done or refused."""

    id: str
    at: Time
    actor: str
    via: Via
    action: str
    result: Result
    reason: str | None
    target: str | None
    allowed_by: str | None
    call_id: str | None
    monitor_id: str | None
    supervisor: str | None
    agent: str | None
    agent_name: str | None
    agent_extension: str | None
    customer: str | None
    mode: Mode | None
    via_detail: str | None
    unsure_since: Time | None


class AuditPage(Answer):
    """Entries, newest first."""

    entries: list[AuditEntry]
    next_cursor: str | None


class Token(Answer):
    """A program's token."""

    id: str
    name: str
    user: str | None
    may_act_for: list[str] | None
    scopes: list[Scope]
    created_by: str
    created_at: Time
    expires_at: Time | None
    last_used_at: Time | None


class NewToken(Token):
    """A new token; its secret is never shown again."""

    token: str


class Tokens(Answer):
    """All tokens."""

    tokens: list[Token]


class Webhook(Answer):
    """A receiver of events."""

    id: str
    url: str
    events: list[EventType]
    enabled: bool
    created_at: Time
    failing_since: Time | None
    disabled_reason: str | None


class NewWebhook(Webhook):
    """A new receiver; its secret is never shown again."""

    secret: str = Field(pattern=r"^whsec_")


class Webhooks(Answer):
    """All receivers."""

    webhooks: list[Webhook]


class Delivery(Answer):
    """One event for one receiver."""

    id: str
    type: str
    call_id: str | None
    happened_at: Time
    state: Literal["waiting", "due", "delivered", "failed"]
    attempts: int
    last_attempt_at: Time | None
    next_attempt_at: Time | None
    status: int | None
    answer: str | None


class Deliveries(Answer):
    """Deliveries, newest first."""

    deliveries: list[Delivery]
    next_cursor: str | None


class Ping(Answer):
    """The result of a test delivery."""

    delivered: bool
    status: int | None
    answer: str
    milliseconds: int


class Health(Answer):
    """The process is running."""

    status: Literal["alive"]


class Ready(Answer):
    """Whether the adapter is ready, and if not, why."""

    ready: bool
    parts: dict[str, Literal["ok", "failing"]]


class HealthPart(Answer):
    """One part, and what is wrong with it."""

    name: str
    state: Literal["ok", "failing"]
    since: Time
    problem: str | None
    needed: bool = Field(description="Whether the adapter is not ready without it.")


class HealthReport(Answer):
    """Every part."""

    ready: bool
    parts: list[HealthPart]
    remarks: list[str] = Field(description="What an administrator should know of, though all is usable.")


class FieldError(BaseModel):
    """An error in one field."""

    field: str
    message: str
    type: str = Field(description="A stable word for what is wrong, see docs/errors.md.")
    limit: int | None = Field(None, description="How many are needed, or allowed at most.")


class Problem(Answer):
    """RFC 9457: what is wrong, and what to do about it."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    errors: list[FieldError] | None = None
