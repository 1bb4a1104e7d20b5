"""Input models: one for each body and query. Unknown fields are refused; the rules are in `adapter.web.fields`."""

import re
from datetime import UTC, datetime
from typing import Annotated, Literal, Self

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictBool,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from adapter.core.audit import Action
from adapter.core.modes import ALL_MODES, Mode
from adapter.core.people import Role
from adapter.core.record import EventType
from adapter.core.report import GroupBy
from adapter.core.teams import MonitorScope
from adapter.store.tokens import Scope
from adapter.web.fields import (
    Device,
    Devices,
    Extension,
    Identifier,
    Matching,
    Name,
    Password,
    PhoneNumber,
    PhonesPbx,
    Reason,
    Ringing,
    Username,
    not_the_name,
)


class Body(BaseModel):
    """A JSON object with exactly these fields."""

    model_config = ConfigDict(extra="forbid")


def _written(value: object) -> object:
    if not (isinstance(value, str) and re.match(r"\d{4}-\d\d-\d\d[T ]", value)):
        raise ValueError("a time such as 2026-01-31T12:00:00Z")
    return value


def _in_utc(value: datetime) -> datetime:
    try:
        return value.astimezone(UTC)
    except OverflowError:
        raise ValueError("a time between the years 1 and 9999, in UTC too") from None


Moment = Annotated[AwareDatetime, BeforeValidator(_written), AfterValidator(_in_utc)]
"""ISO 8601 with a time zone, as UTC; pydantic alone would take numbers too."""


def _exactly_one(*names: str) -> ConfigDict:
    """For the API description: exactly one of these fields must be given."""
    given = [{"required": [name], "properties": {name: {"not": {"type": "null"}}}} for name in names]
    return ConfigDict(json_schema_extra={"oneOf": given})  # type: ignore[dict-item]


class Login(Body):
    """POST /session."""

    username: str = Field(max_length=200)
    password: str = Field(max_length=1000)


class PasswordChange(Body):
    """POST /session/password."""

    current: str = Field(max_length=1000)
    new: Password


class Setup(Body):
    """POST /setup: the first administrator, once."""

    token: str = Field(max_length=200)
    username: Username
    name: Name
    password: Password

    _not_the_name = field_validator("password")(not_the_name)


SCOPE = "Whose calls they may see and monitor: all, or those of the teams they supervise. An administrator's is all."


class UserBody(Body):
    """POST /users."""

    username: Username
    name: Name
    role: Literal["administrator", "agent"]
    password: Password
    extension: Extension | None = None
    device: Device | None = None
    devices: Devices | None = Field(None, description="All of them; then `device` means nothing. The first rings.")
    pbx: PhonesPbx | None = None
    can_monitor: StrictBool = False
    modes: list[Mode] | None = None
    scope: MonitorScope = Field(MonitorScope.ALL, description=SCOPE)
    phone_message: StrictBool = True

    _not_the_name = field_validator("password")(not_the_name)

    @property
    def granted(self) -> frozenset[Mode]:
        """The modes; all unless narrowed."""
        return ALL_MODES if self.modes is None else frozenset(self.modes) | {Mode.SILENT}


class UserPatch(Body):
    """PATCH /users/{id}: only the given fields change; only extension, device and pbx may be null."""

    username: Username = ""
    name: Name = ""
    role: Role = Role.AGENT
    password: Password = ""
    extension: Extension | None = None
    device: Device | None = Field(None, description="Another first one of the devices; null takes it away.")
    devices: Devices = Field([], description="All of them; then `device` means nothing. The first rings.")
    pbx: PhonesPbx | None = None
    can_monitor: StrictBool = False
    modes: list[Mode] = []
    scope: MonitorScope = Field(MonitorScope.ALL, description=SCOPE)
    active: StrictBool = True
    phone_message: StrictBool = True


class StartBody(Body):
    """POST /monitors: exactly one of the first three fields identifies the call."""

    model_config = _exactly_one("call_id", "agent_extension", "customer_number")

    call_id: Identifier | None = None
    agent_extension: Extension | None = None
    customer_number: PhoneNumber | None = None
    mode: Mode = Mode.SILENT
    device: Ringing | None = None
    supervisor: Username | None = Field(None, description="For service tokens: username of the supervisor.")

    @model_validator(mode="after")
    def _one_call(self) -> Self:
        named = [self.call_id, self.agent_extension, self.customer_number]
        if sum(value is not None for value in named) != 1:
            raise ValueError("give exactly one of call_id, agent_extension and customer_number")
        return self


class SwitchBody(Body):
    """PATCH /monitors/{id}."""

    mode: Mode


class StopAllBody(Body):
    """POST /monitors/stop-all."""

    reason: Reason = Field(description="Why, for the audit.")


class ExemptBody(Body):
    """PUT /do-not-monitor: each list replaces the one before; one that is missing stays as it is."""

    numbers: Annotated[list[PhoneNumber], Field(max_length=2000)] = Field(
        [], description="`+12025550101`, or the beginning of numbers: `+1202555*`."
    )
    user_ids: Annotated[list[Identifier], Field(max_length=1000)] = Field([], description="Ids of people.")


class HelpBody(Body):
    """POST /help."""

    note: Reason | None = Field(None, description="What it is about, in a few words.")


class TakeBody(Body):
    """POST /help/{id}/take."""

    device: Ringing | None = None
    mode: Mode = Mode.SILENT


class FollowBody(Body):
    """POST /follows."""

    agent_user_id: Identifier = Field(description="The account of whom to follow.")
    device: Ringing | None = None
    supervisor: Username | None = Field(None, description="For service tokens: username of the supervisor.")
    calls: Annotated[int, Field(strict=True, ge=1, le=1000)] | None = Field(
        None, description="It ends after so many calls: 1 is the next call only. Null: after none."
    )


class TokenBody(Body):
    """POST /tokens: exactly one of `user` and `may_act_for`."""

    model_config = _exactly_one("user", "may_act_for")

    name: Name
    user: Username | None = None
    may_act_for: Annotated[list[Username], Field(max_length=1000)] | None = None
    scopes: Annotated[list[Scope], Field(min_length=1, max_length=len(Scope))] = [Scope.MONITOR]
    expires_at: Moment | None = None

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        if (self.user is None) == (self.may_act_for is None):
            raise ValueError("give exactly one of user and may_act_for")
        if Scope.WALL in self.scopes and len(set(self.scopes)) > 1:
            raise ValueError("the scope wall stands alone: such a token is in a browser that anybody may reach")
        return self


Events = Annotated[list[EventType], Field(min_length=1, max_length=len(EventType))]


Url = Annotated[
    str,
    Field(max_length=2000),
    Matching(r"https?://[\s\S]*", "a hook's URL begins with https:// or http://", "url_scheme"),
]
"""`adapter.webhooks.guard` has further rules."""


class WebhookBody(Body):
    """POST /webhooks."""

    url: Url
    events: Events
    enabled: StrictBool = True


class WebhookPatch(Body):
    """PATCH /webhooks/{id}: only the given fields change."""

    url: Url = ""
    events: Events = []
    enabled: StrictBool = True


Limit = Annotated[int, Field(ge=1, le=1000)]
Cursor = Annotated[str, Field(min_length=1, max_length=64), Matching("[0-9a-f]+", "this is no `next_cursor`", "cursor")]
"""Opaque: the id of the last item on the previous page, which is not a counter."""


class Span(Body):
    """From when until when; either may be missing."""

    since: Moment | None = None
    until: Moment | None = None

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.since and self.until and self.until < self.since:
            what = "`until` is before `since`: nothing lies between them"
            raise PydanticCustomError("backwards", "{told}", {"told": what})
        return self


class AuditFilter(Span):
    """Filter for audit entries."""

    supervisor: Identifier | None = Field(None, description="Username of the supervisor.")
    agent: Identifier | None = Field(None, description="The agent's username, name or extension.")
    action: Action | None = None


class AuditQuery(AuditFilter):
    """GET /audit."""

    limit: Limit = 100
    cursor: Cursor | None = Field(None, description="`next_cursor` of the previous page.")


class SoftphoneQuery(Body):
    """POST /softphone."""

    pbx: PhonesPbx | None = Field(None, description="Where it registers; by default where the desk phone does.")


class ReportQuery(Span):
    """GET /reports/coaching."""

    since: Moment | None = Field(None, description="What lies before does not count; by default all that is kept.")
    by: GroupBy = Field(GroupBy.AGENT, description="What each row is of; a week is an ISO week in UTC.")


class DeliveriesQuery(Body):
    """GET /webhooks/{id}/deliveries."""

    limit: Limit = 100
    cursor: Cursor | None = Field(None, description="`next_cursor` of the previous page.")
    failed: bool = Field(False, description="Only failed deliveries.")
