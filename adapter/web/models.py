"""What may come in: one model for each body. Unknown fields are refused; rules of values are in `adapter.fields`."""

from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StrictBool, model_validator

from adapter.core.modes import ALL_MODES, Mode
from adapter.core.people import Role
from adapter.fields import Device, Extension, Identifier, Name, Password, PhoneNumber, Username


class Body(BaseModel):
    """A JSON object with exactly these fields."""

    model_config = ConfigDict(extra="forbid")


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


class UserBody(Body):
    """POST /users."""

    username: Username
    name: Name
    role: Literal["administrator", "agent"]
    password: Password
    extension: Extension | None = None
    device: Device | None = None
    can_monitor: StrictBool = False
    modes: list[Mode] | None = None

    @property
    def granted(self) -> frozenset[Mode]:
        """The modes; all unless narrowed."""
        return ALL_MODES if self.modes is None else frozenset(self.modes) | {Mode.SILENT}


class UserPatch(Body):
    """PATCH /users/{id}: only the fields that are there change; only extension and device may be null."""

    username: Username = ""
    name: Name = ""
    role: Role = Role.AGENT
    password: Password = ""
    extension: Extension | None = None
    device: Device | None = None
    can_monitor: StrictBool = False
    modes: list[Mode] = []
    active: StrictBool = True


class StartBody(Body):
    """POST /monitors: exactly one of the first three names the call."""

    call_id: Identifier | None = None
    agent_extension: Extension | None = None
    customer_number: PhoneNumber | None = None
    mode: Mode = Mode.SILENT
    device: Device | Literal["browser"] | None = None

    @model_validator(mode="after")
    def _one_call(self) -> Self:
        named = [self.call_id, self.agent_extension, self.customer_number]
        if sum(value is not None for value in named) != 1:
            raise ValueError("give exactly one of call_id, agent_extension and customer_number")
        return self


class SwitchBody(Body):
    """PATCH /monitors/{id}."""

    mode: Mode
