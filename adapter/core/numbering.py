"""How one PBX is read: whose phones its endpoints are, where its trunks lead, how its ids become public ones."""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from adapter.core.events import Channel
from adapter.core.shield import InForce

Forbids = Callable[[str, frozenset[str], Iterable[tuple[str, str]]], bool]
"""Asked of a conversation, who is in it (ids of users), and the numbers of the others, each with its country."""


def unshielded(conversation: str) -> InForce | None:
    """Where no monitoring is ever paused."""
    return None


def anybody(conversation: str, present: frozenset[str], numbers: Iterable[tuple[str, str]]) -> bool:
    """Where nobody is exempt from monitoring."""
    return False


class CallRules(NamedTuple):
    """Who may be heard, whatever somebody's rights."""

    forbids: Forbids = anybody
    """Whom nobody may monitor (`core.unmonitored`)."""
    in_force: Callable[[str], InForce | None] = unshielded
    """Of which conversations monitoring is paused (`core.shield`)."""


FREE = CallRules()
"""Everybody, always."""


@dataclass(frozen=True, slots=True)
class Numbering:
    """How a PBX is interpreted: which endpoints are agents' phones or internal, and how public ids are derived."""

    pbx: str
    is_agent: Callable[[str], bool]
    is_internal: Callable[[str], bool]
    is_spy: Callable[[Channel], bool]
    """Whether a channel is a supervisor's leg, or dials a star code: such a channel is never a call."""
    secret: bytes = field(repr=False)
    """Key for opaque ids, at most 64 bytes (RFC 7693): Asterisk's uniqueids count channels, so gaps would reveal
    silent legs."""

    prefixes: Sequence[str] = ()
    """What agents dial before an outside number."""
    country_of: Callable[[str], str] = lambda endpoint: ""
    """By which country's rules numbers behind an endpoint (a trunk) are written; empty: the configured one's."""
    name: str = ""
    """What people see of the PBX; empty: its id."""
    is_trunk: Callable[[str], bool] | None = None
    """Whether an endpoint leads to another PBX of the installation; None where there is no other."""

    forbids: Forbids = anybody
    """Whether nobody may monitor a conversation (`core.unmonitored.Unmonitored.forbids`)."""

    in_force: Callable[[str], InForce | None] = unshielded
    """The shield of a conversation (`core.shield.Shields.in_force`)."""

    def opaque(self, uniqueid: str) -> str:
        """The public id for a uniqueid or linkedid: stable across restarts, and not sequential."""
        return opaque(self.pbx, uniqueid, self.secret)


def opaque(pbx: str, uniqueid: str, secret: bytes) -> str:
    """The public id of what Asterisk calls so at this PBX. `secret`: as of `Numbering`."""
    return hashlib.blake2s(f"{pbx}\0{uniqueid}".encode(), key=secret[:32], digest_size=12).hexdigest()
