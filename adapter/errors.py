"""All errors shown to people: each has a stable code, its HTTP status, and a helpful message."""

import errno
import os
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

WHOLE = "(body)"
"""Stands for a field's name in `errors` where it is about all of them, or about none that was sent."""


def of_system(problem: OSError) -> str:
    """Why the system refused, in its usual words (strerror(3)) and not asyncio's, which repeat the address."""
    if problem.errno is not None and problem.errno in errno.errorcode:
        return os.strerror(problem.errno)
    return problem.strerror or str(problem)  # a name that can't be resolved; several addresses that all failed


class AdapterError(Exception):
    """Base of every error that may be shown to a person.

    `detail` says in plain words what is wrong and what to do. `code`, `status` and `title` are
    the contract's (../shared/api.md, "Errors"); `extra` becomes further members of the problem document.
    """

    code: ClassVar[str] = "error"
    status: ClassVar[int] = 500
    title: ClassVar[str] = "Internal error"

    def __init__(self, detail: str, *, retry_after: int | None = None, **extra: Any) -> None:
        super().__init__(detail)
        self.detail = detail
        self.retry_after = retry_after
        """Seconds after which a retry makes sense, or None."""
        self.extra: Mapping[str, Any] = extra


class Malformed(AdapterError):
    """The body is not JSON, or not an object."""

    code, status, title = "malformed", 400, "Malformed request"


class NotAuthenticated(AdapterError):
    """The session, token or password is missing or wrong."""

    code, status, title = "not_authenticated", 401, "Not signed in"


class Forbidden(AdapterError):
    """The person may not do this."""

    code, status, title = "forbidden", 403, "Not allowed"


class NotFound(AdapterError):
    """It does not exist, or this person may not see it."""

    code, status, title = "not_found", 404, "Not found"


class AlreadyMonitoring(AdapterError):
    """This supervisor already has a connecting or live monitor."""

    code, status, title = "already_monitoring", 409, "Already monitoring"


class DeviceUnavailable(AdapterError):
    """The supervisor's device is known not to be registered, or to be busy."""

    code, status, title = "device_unavailable", 409, "Device unavailable"


class OwnCall(AdapterError):
    """The person is in that conversation."""

    code, status, title = "own_call", 409, "This is your own call"


class NotMonitorable(AdapterError):
    """Nobody may monitor this conversation, whatever their rights (Do not monitor)."""

    code, status, title = "not_monitorable", 409, "This call is not monitored"


class Shielded(AdapterError):
    """Monitoring of this conversation is paused: nobody may hear it through us now."""

    code, status, title = "shielded", 409, "Monitoring is paused"


class ShieldLimit(AdapterError):
    """The agent has had monitoring paused today for as long as their team allows."""

    code, status, title = "shield_limit", 409, "No more pauses today"


class AlreadyTaken(AdapterError):
    """Somebody else was the first to take this request for help."""

    code, status, title = "already_taken", 409, "Somebody else comes"


class CallNotActive(AdapterError):
    """The call is still ringing."""

    code, status, title = "call_not_active", 409, "The call is not answered yet"


class NotLive(AdapterError):
    """The monitor is still connecting."""

    code, status, title = "not_live", 409, "The monitor is still connecting"


class NotTalking(AdapterError):
    """Nobody is talked to: only an agent who knows of a supervisor can be sent a message, or send one."""

    code, status, title = "not_talking", 409, "Nobody is talking"


class LinkUsed(AdapterError):
    """A link for a CRM's page was opened already."""

    code, status, title = "link_used", 410, "This link was used already"


class LinkExpired(AdapterError):
    """A link for a CRM's page was not opened in time."""

    code, status, title = "link_expired", 410, "This link has expired"


class CallEnded(AdapterError):
    """The call or the monitor has ended."""

    code, status, title = "call_ended", 409, "It is over"


class Ambiguous(AdapterError):
    """Several calls match."""

    code, status, title = "ambiguous", 409, "Several calls match"


class Conflict(AdapterError):
    """A username or extension is taken, the last administrator would be removed, or all monitoring was just stopped;
    `errors` as of Invalid, where it is of a field."""

    code, status, title = "conflict", 409, "Conflict"

    @classmethod
    def at(cls, field: str, kind: str, message: str) -> "Conflict":
        """What is in the way of one field, or of the whole (WHOLE); `kind`: its stable `type` (docs/errors.md)."""
        return cls(message, errors=[{"field": field, "message": message, "type": kind}])


class Invalid(AdapterError):
    """A field is wrong; `errors` lists them as `{field, message, type, limit?}`, where it is one that was sent."""

    code, status, title = "invalid", 422, "Invalid request"

    def __init__(self, detail: str, errors: Sequence[Mapping[str, str | int]] = (), **more: Any) -> None:
        super().__init__(detail, **more)
        if errors:
            self.extra = {**self.extra, "errors": list(errors)}

    @classmethod
    def at(cls, field: str, message: str, kind: str = "invalid") -> "Invalid":
        """What is wrong with one field, or with one header; `kind`: its stable `type` (docs/errors.md)."""
        return cls(f"{field}: {message}.", [{"field": field, "message": message, "type": kind}])


class TooManyRequests(AdapterError):
    """Rate limited; `retry_after` says for how long."""

    code, status, title = "too_many_requests", 429, "Too many requests"


class PbxUnavailable(AdapterError):
    """Asterisk is not reachable; nothing was done."""

    code, status, title = "pbx_unavailable", 503, "The PBX is not reachable"

    def __init__(self, detail: str, *, retry_after: int = 2, **extra: Any) -> None:
        super().__init__(detail, retry_after=retry_after, **extra)


class PbxTimeout(AdapterError):
    """Asterisk did not confirm in time: the outcome is unknown and is not retried."""

    code, status, title = "pbx_timeout", 504, "The PBX did not confirm in time"


class PbxRefused(AdapterError):
    """Asterisk answered an action with an error; nothing happened there."""

    code, status, title = "pbx_refused", 502, "The PBX refused"


class ConfigError(AdapterError):
    """The configuration can't be used; the message names the file, the key and the remedy."""

    code, status, title = "config", 500, "Configuration error"


class AlreadyOwned(AdapterError):
    """Another process of this installation lives and looks after the PBX; the message says which, and the way out."""

    code, status, title = "already_owned", 503, "Another adapter looks after the PBX"


class StoreUnavailable(AdapterError):
    """The database does not answer; nothing was changed."""

    code, status, title = "store_unavailable", 503, "The database is not reachable"

    def __init__(self, detail: str, *, retry_after: int = 2, **extra: Any) -> None:
        super().__init__(detail, retry_after=retry_after, **extra)


class StoreRefused(StoreUnavailable):
    """The database answers and refuses these values, as it always will; nothing was changed."""


class PlaceTaken(StoreRefused):
    """The supervisor has another monitor that has not ended, as far as it is written; nothing was changed."""


class RecordUnavailable(AdapterError):
    """What happens can't be written now, so nothing that opens a microphone begins."""

    code, status, title = "record_unavailable", 503, "What happens can't be recorded"

    def __init__(self, detail: str, *, retry_after: int = 2, **extra: Any) -> None:
        super().__init__(detail, retry_after=retry_after, **extra)


class LabError(AdapterError):
    """The lab can't be set up or run on this machine; the message names a remedy."""

    code, status, title = "lab", 500, "The lab cannot run"
