"""Trunks between PBXes of one installation: of which SIP dialog their channels are ends, and what follows for calls.

A call between two PBXes is a conversation at each; the SIP Call-ID of the trunk's channels, which both ends share,
shows that they are one (`adapter.core.bars` makes them one). And a supervisor's leg that reaches its phone over a trunk
has a far half at the phone's PBX: channels that are no call, known by a header which only legs carry.

No event tells either; Asterisk is asked. Until it has answered, what came in over a trunk is no call yet.
"""

import hashlib
from collections.abc import Callable, Sequence
from typing import NamedTuple

from adapter.core.devices import key_of
from adapter.core.events import Channel, ChannelState, Snapshot, endpoint_of
from adapter.core.legs import is_leg
from adapter.core.lines import Lines, TrackedChannel
from adapter.core.monitor import Monitor
from adapter.core.people import Directory

HEADER = "X-Call-Monitor"
"""The SIP header of a leg that goes over a trunk: its uniqueid. extensions_call_monitor.conf knows it too."""
TECHNOLOGY = "PJSIP/"
"""Whose channels have a Call-ID to ask for (channels/pjsip/dialplan_functions.c)."""
TICKET = "cmticket"
"""How an extension begins that stands for a star code on its way to another PBX (`adapter.phones.tickets`)."""
UNKNOWN = "?"
"""Stands for a dialog that is not known."""
_MARK = "sip-"
NONE: frozenset[str] = frozenset()


class Dialog(NamedTuple):
    """What Asterisk said of a channel."""

    call_id: str
    """Empty where it did not say."""
    leg: str = ""
    """The uniqueid of the leg whose far half it is."""


class Question(NamedTuple):
    """A channel of which Asterisk is to be asked."""

    uniqueid: str
    header: bool
    """Whether also for `HEADER`: only a channel that called in has received any."""


class Half(NamedTuple):
    """The far half of a leg, and who is at it."""

    leg: str
    endpoints: frozenset[str]


class Reading(NamedTuple):
    """What a conversation's trunks say of it."""

    withheld: bool = False
    """It is no call, or not known to be one yet."""
    half: Half | None = None
    dialogs: frozenset[str] = NONE
    """By which the other end's conversation is known as this one."""
    open: frozenset[str] = NONE
    """Of these the ones that surely go on at another PBX of the installation; `UNKNOWN` where it isn't known which."""
    gone: frozenset[str] = NONE
    """Likewise of those that were connected and have just hung up."""


NOTHING = Reading()


class Trunks:
    """The trunk channels of one PBX. `is_trunk`: whether an endpoint leads to another PBX of the installation; `key`:
    the same for all of its PBXes."""

    def __init__(self, lines: Lines, is_trunk: Callable[[str], bool], key: bytes) -> None:
        self._lines, self._is_trunk, self._key = lines, is_trunk, key
        self._told: dict[str, Dialog] = {}
        self.questions: list[Question] = []
        """What is to be asked; the reader clears it."""

    # --- told

    def noticed(self, channel: Channel, *, called: bool) -> None:
        """A channel that may be a trunk's came into being, or is no leg any more. `called`: by this PBX."""
        if channel.uniqueid not in self._told and channel.name.startswith(TECHNOLOGY):
            trunk = self._is_trunk(endpoint_of(channel.name))
            self.questions.append(Question(channel.uniqueid, trunk and not called))

    def loaded(self, snapshot: Snapshot) -> None:
        """Everything was listed anew. What was told with it needs no question."""
        there = {known.channel.uniqueid for known in snapshot.channels}
        self._told = {uniqueid: dialog for uniqueid, dialog in self._told.items() if uniqueid in there}
        for known in snapshot.channels:
            uniqueid = known.channel.uniqueid
            if known.call_id is not None:
                self._told.setdefault(uniqueid, Dialog(known.call_id, self._leg(known.channel, known.leg)))

    def told(self, uniqueid: str, dialog: Dialog) -> TrackedChannel | None:
        """Asterisk answered; returns the line, if it is still there."""
        line = self._lines.get(uniqueid)
        if line is not None:
            self._told[uniqueid] = Dialog(dialog.call_id, self._leg(line.channel, dialog.leg))
        return line

    def released(self, leg: str) -> list[TrackedChannel]:
        """This leg took a call over: what was its far half is a party's line now. Returns the lines."""
        found = [uniqueid for uniqueid, dialog in self._told.items() if dialog.leg == leg]
        for uniqueid in found:
            self._told[uniqueid] = self._told[uniqueid]._replace(leg="")
        return [line for line in map(self._lines.get, found) if line is not None]

    def _leg(self, channel: Channel, header: str) -> str:
        """Only one of our own PBXes is believed that it rings for a leg."""
        return header if is_leg(header) and self._is_trunk(endpoint_of(channel.name)) else ""

    # --- asked

    def read(self, lines: Sequence[TrackedChannel], departed: Sequence[TrackedChannel]) -> Reading:
        """What the trunks among these say of their conversation. `departed`: those that hung up since the last time."""
        leg, withheld = "", False
        dialogs, still_open = set[str](), set[str]()
        for line in lines:
            told, trunk = self._told.get(line.channel.uniqueid), self._is_trunk(line.endpoint)
            if told is not None and told.leg:
                leg = told.leg
            elif trunk and TICKET in line.dial_string:
                leg = line.dial_string.partition("@")[0]
            elif told is not None and told.call_id:
                dialogs.add(self._token(told.call_id))
            if trunk and (told is not None or line.dial_string or not line.called):
                withheld |= told is None and not line.called
                still_open.add(self._token(told.call_id) if told is not None and told.call_id else UNKNOWN)
        gone = {self._gone(line) for line in departed if _was_up(line) and self._is_trunk(line.endpoint)}
        for line in departed:
            self._told.pop(line.channel.uniqueid, None)
        if leg:
            there = (line.endpoint for line in lines if not line.is_local and not self._is_trunk(line.endpoint))
            return Reading(withheld=True, half=Half(leg, frozenset(there)))
        if not (dialogs or still_open or gone):
            return NOTHING
        return Reading(withheld, None, frozenset(dialogs), frozenset(still_open), frozenset(gone) - {""})

    def _gone(self, line: TrackedChannel) -> str:
        told = self._told.get(line.channel.uniqueid)
        if told is not None and told.leg:
            return ""
        return self._token(told.call_id) if told is not None and told.call_id else UNKNOWN

    def _token(self, call_id: str) -> str:
        """The same at both ends, and as long for every Call-ID."""
        return _MARK + hashlib.blake2s(call_id.encode(), key=self._key[:32], digest_size=12).hexdigest()


def strangers(half: Half, phones: Directory, monitor: Monitor) -> list[str]:
    """The endpoints at a leg's far half that are not its supervisor's. `phones`: of the PBX where it is."""
    own = key_of(monitor.device)
    owners = {endpoint: phones.owner(endpoint) for endpoint in half.endpoints if key_of(endpoint) != own}
    return sorted(name for name, user in owners.items() if user is None or user.id != monitor.supervisor.user_id)


def _was_up(line: TrackedChannel) -> bool:
    return line.channel.state is ChannelState.UP


def is_dialog(name: str) -> bool:
    """Whether what is kept of a conversation is a dialog, and no call."""
    return name.startswith(_MARK)
