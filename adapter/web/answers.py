"""What goes out: a model for each answer. The API's description is made from these, and tests hold answers to them."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from adapter.core.audit import Result, Via
from adapter.core.call import CallState, Direction
from adapter.core.modes import Mode
from adapter.core.monitor import EndReason, MonitorState, Notice
from adapter.core.pbx import LinkState
from adapter.core.people import Role
from adapter.core.record import EventType
from adapter.store.tokens import Scope

Time = str
"""ISO 8601 in UTC with milliseconds and `Z`."""


class Answer(BaseModel):
    """An object that is answered. Further fields may come later."""

    model_config = ConfigDict(extra="allow")


class User(Answer):
    """A person with an account."""

    id: str
    username: str
    name: str
    role: Role
    extension: str | None
    device: str | None
    can_monitor: bool
    modes: list[Mode]
    active: bool
    phone_message: bool


class OneUser(Answer):
    """The person who is signed in."""

    user: User


class Users(Answer):
    """Everybody."""

    users: list[User]


class Named(Answer):
    """A supervisor, as shown to others."""

    user_id: str
    name: str


class Monitor(Answer):
    """One supervisor listening to one call."""

    id: str
    call_id: str
    supervisor: Named
    device: str | None
    mode: Mode
    state: MonitorState
    started_at: Time | None
    live_at: Time | None
    ended_at: Time | None
    ended_reason: EndReason | None
    reason: Notice | None = None


class Agent(Answer):
    """Whose leg of the conversation it is."""

    user_id: str | None
    name: str
    extension: str


class Customer(Answer):
    """Who is at the other end."""

    number: str
    name: str


class Call(Answer):
    """One agent's leg of a conversation."""

    id: str
    conversation_id: str
    agent: Agent
    customer: Customer
    direction: Direction
    state: CallState
    started_at: Time
    answered_at: Time | None
    barge_reaches_customer: bool
    monitors: list[Monitor]


class PbxState(Answer):
    """The connection to the PBX."""

    state: LinkState
    since: Time


class Calls(Answer):
    """All calls that one may see."""

    calls: list[Call]
    pbx: PbxState


class Monitors(Answer):
    """All monitors, connecting or live, that one may see."""

    monitors: list[Monitor]


class AuditEntry(Answer):
    """One thing that somebody did, or was refused."""

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
    """A token just made; its secret is never shown again."""

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
    """A receiver just made; its secret is never shown again."""

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
    """What became of a try."""

    delivered: bool
    status: int | None
    answer: str
    milliseconds: int


class IceServer(Answer):
    """A STUN or TURN server for the browser."""

    urls: list[str]


class Softphone(Answer):
    """Credentials of a page's phone."""

    endpoint: str
    password: str
    sip_url: str
    ice_servers: list[IceServer]
    expires_at: Time


class Health(Answer):
    """The process is alive."""

    status: Literal["alive"]


class Ready(Answer):
    """Whether it can be used, and what hinders it."""

    ready: bool
    problems: list[str]


class FieldError(BaseModel):
    """What is wrong with one field."""

    field: str
    message: str


class Problem(Answer):
    """RFC 9457: what is wrong, and what to do about it."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    errors: list[FieldError] | None = None
