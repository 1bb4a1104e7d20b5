"""Star codes for calls at another PBX: decided where the phone is, carried over the trunk as a ticket for one use.

Whoever has a ticket's name has nothing: it is good once, for some seconds, at one PBX, for one person and call, and
only for a call that comes in over a trunk. A code itself that comes from a trunk is refused.
"""

import secrets
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import NamedTuple

from adapter import errors
from adapter.core.call import Call
from adapter.core.modes import Mode
from adapter.core.people import User
from adapter.core.trunks import TICKET
from adapter.monitoring.ports import StartRequest

WORD = "ticket"
"""What the dialplan says instead of a mode (extensions_call_monitor.conf, call-monitor-tickets)."""
SECONDS = 10.0
"""How long a ticket is good: the trunk's call arrives within one or two."""
MANY = 1000
"""Tickets that are remembered; the oldest go first."""


class Ticket(NamedTuple):
    """One star code on its way to the PBX of its call."""

    pbx: str
    user_id: str
    call_id: str
    mode: Mode
    extension: str
    until: float


class Tickets:
    """All of them. `decide`: the call that somebody may monitor now, wherever it is, or an error (`Policy`);
    `reach`: by PBX, and by the other one's id, what is dialled there for a phone at the other."""

    def __init__(
        self,
        decide: Callable[[User, StartRequest], Call],
        reach: Mapping[str, Mapping[str, str]],
        passing: Callable[[], float],
    ) -> None:
        self._decide, self._reach, self._passing = decide, reach, passing
        self._good: OrderedDict[str, Ticket] = OrderedDict()
        self._legs: OrderedDict[str, str] = OrderedDict()

    def way(self, user: User, request: StartRequest, here: str) -> str | None:
        """What is to be dialled for this code at the PBX `here`; None where the call is there itself. Raises as
        `decide`, and DeviceUnavailable where no trunk leads there."""
        call = self._decide(user, request)
        if call.pbx == here:
            return None
        template = self._reach.get(here, {}).get(call.pbx)
        if template is None:
            raise errors.DeviceUnavailable(f"No trunk leads from {here} to the PBX of this call (pbx.reach).")
        name = TICKET + secrets.token_hex(20)
        until = self._passing() + SECONDS
        self._good[name] = Ticket(call.pbx, user.id, call.id, request.mode, request.agent_extension or "", until)
        _bound(self._good)
        _, at, trunk = template.rpartition("@")
        return f"PJSIP/{name}{at}{trunk}"

    def take(self, name: str, here: str) -> Ticket | None:
        """The ticket of this name, which is good no more after this; None where there is none for this PBX."""
        ticket = self._good.pop(name, None)
        return ticket if ticket is not None and ticket.pbx == here and self._passing() < ticket.until else None

    def arrived(self, name: str, leg: str) -> None:
        """It became a leg."""
        self._legs[name] = leg
        _bound(self._legs)

    def leg_of(self, name: str) -> str:
        """The uniqueid of the leg that came by this ticket; what is none is returned as it is."""
        return self._legs.get(name, name)


def _bound(kept: OrderedDict[str, Ticket] | OrderedDict[str, str]) -> None:
    while len(kept) > MANY:
        kept.popitem(last=False)
