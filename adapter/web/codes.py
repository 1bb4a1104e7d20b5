"""Every `code` of an error of the API: what it means, for the API's description. docs/errors.md says what to do."""

from collections.abc import Iterator

from adapter.errors import AdapterError
from adapter.web import problems

MEANINGS = {
    "malformed": "not HTTP, not JSON, or not an object",
    "not_authenticated": "no or a wrong session, token or password",
    "forbidden": "this person or token may not do this, or the request comes from another site",
    "not_found": "there is no such thing, or none that this person may see",
    "method_not_allowed": "not with this method; Allow lists those that are",
    "too_slow": "the body did not arrive in time",
    "already_monitoring": "this supervisor has a monitor that connects or is live",
    "device_unavailable": "the device is not registered, or is busy",
    "own_call": "the person is in that conversation",
    "not_monitorable": "somebody whom nobody may monitor (Account, Do not monitor) is in that conversation, or a "
    "program exempted the call",
    "already_taken": "somebody else was the first to take this request for help",
    "call_not_active": "the call still rings",
    "not_live": "the monitor still connects",
    "not_talking": "no supervisor talks to the agent of this call now, so there are no messages either",
    "call_ended": "the call, or the monitor, is over",
    "link_used": "a link for a CRM's page was opened already",
    "link_expired": "a link for a CRM's page was not opened in time",
    "shielded": "monitoring of this conversation is paused",
    "shield_limit": "the agent had monitoring paused today for as long as their team allows",
    "ambiguous": "several calls match",
    "conflict": "a username, extension or device is taken, it is the last administrator, or all monitoring was "
    "stopped while this monitor was to begin",
    "too_large": "the body is larger than 64 KiB",
    "expectation_failed": "an Expect header other than 100-continue",
    "misdirected": "a browser used a host name that is not this server's (http.hosts)",
    "invalid": "a field is wrong; errors lists them",
    "too_many_requests": "slowed down; Retry-After says for how long",
    "internal": "a bug in the adapter; its log has the details",
    "pbx_refused": "Asterisk refused the action; nothing happened there",
    "busy": "all connections are in use; Retry-After says when to try again",
    "page_not_built": "this checkout has no page",
    "pbx_unavailable": "Asterisk is not reachable; nothing was done",
    "record_unavailable": "what happens can't be recorded now, so nothing that opens a microphone begins",
    "store_unavailable": "the database does not answer; nothing was changed",
    "pbx_timeout": "Asterisk did not confirm in time; monitor or monitors, where they are there, are the true state",
    "http_error": "anything else that HTTP refuses; title says what",
}

NOT_SENT = frozenset({"config", "lab", "already_owned"})
"""Codes of errors of the command line, and of a start."""


def statuses() -> dict[str, int | None]:
    """Every code that can be sent, with its status; None for the one that may have any."""
    found: dict[str, int | None] = {kind.code: int(kind.status) for kind in _kinds(AdapterError)}
    found |= {code: status for status, code in problems.CODES.items()}
    found |= {problems.INTERNAL: 500, problems.BUSY: 503, problems.OTHER: None}
    return {code: status for code, status in found.items() if code not in NOT_SENT}


def _kinds(kind: type[AdapterError]) -> Iterator[type[AdapterError]]:
    """All kinds of errors that this program has, wherever they stand."""
    for below in kind.__subclasses__():
        if below.__module__.startswith("adapter."):
            yield below
        yield from _kinds(below)


def table() -> str:
    """All of them in Markdown, by status."""
    known = statuses()
    rows = sorted((str(known.get(code) or "other"), code, meaning) for code, meaning in MEANINGS.items())
    lines = [f"| {status} | `{code}` | {meaning} |" for status, code, meaning in rows]
    return "\n".join(["| status | code | when |", "|---|---|---|", *lines])
