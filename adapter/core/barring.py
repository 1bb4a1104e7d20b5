"""Bars from conversations, as they are asked for and kept: who looks, what was made, who is barred from what. Pure."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from adapter.core.sighting import union

NOBODY: frozenset[str] = frozenset()


class _Everybody(frozenset[str]):
    """Stands for all ids that there are; to be compared by `is` before it is counted or united."""

    def __contains__(self, one: object) -> bool:
        return True


EVERYBODY = _Everybody()
"""Barred is whoever there is: somebody is in it of whom nothing is known (`Bars`)."""


def meets(ids: frozenset[str], barred: frozenset[str]) -> bool:
    """Whether any of these is barred."""
    return bool(ids) if barred is EVERYBODY else not ids.isdisjoint(barred)


class Who(NamedTuple):
    """Whoever looks: ids of the account, of the token if it is one, and of the accounts that a service may act for."""

    user: str | None
    token: str | None = None
    acts_for: frozenset[str] = NOBODY

    @property
    def ids(self) -> frozenset[str]:
        """All of them."""
        return self.acts_for | {one for one in (self.user, self.token) if one}

    def is_among(self, ids: frozenset[str]) -> bool:
        """Whether any of them is one of these. Asked for each stream at each change: no set is made.

        A service that acts for nobody is in nobody's conversation, whoever is.
        """
        if ids is EVERYBODY:
            return self.user is not None or bool(self.acts_for)
        return self.user in ids or self.token in ids or not ids.isdisjoint(self.acts_for)


class Kind(StrEnum):
    """What somebody made or changed."""

    ACCOUNT = "account"
    PASSWORD = "password"  # noqa: S105 - a kind of change; a new account has a new password too
    DEVICE = "device"
    TOKEN = "token"  # noqa: S105 - a kind of thing
    HOOK = "hook"


CREDENTIALS = frozenset({Kind.PASSWORD, Kind.TOKEN})
"""With these, whoever made them can sign in as somebody else."""
PHONES = frozenset({Kind.PASSWORD, Kind.DEVICE})
"""With these, the phone that rings for an account may be theirs."""


class Making(NamedTuple):
    """An account, token or hook (`thing`, by id) that was made or changed, and by whom: an account and its token."""

    number: int
    makers: frozenset[str]
    kind: Kind
    thing: str


@dataclass(frozen=True, slots=True)
class Bar:
    """One conversation that is not over, as it is kept."""

    pbx: str
    ids: frozenset[str]
    people: frozenset[str]
    legs: frozenset[str]
    since: int
    """The number of the first making that counts."""
    elsewhere: frozenset[str] = NOBODY
    """Other PBXes at which parts of it are, joined by trunks. A version that doesn't know this reads the rest."""
    lost: bool = False
    """Whether somebody was in it at the other end of a trunk, of whom nothing will be known any more."""

    @property
    def pbxes(self) -> frozenset[str]:
        """All PBXes at which it is."""
        return self.elsewhere | {self.pbx}

    @property
    def id(self) -> str:
        """Under which it is kept."""
        return min(self.ids)


@dataclass(slots=True)
class BarChanges:
    """What is to be kept of a change."""

    bars: dict[str, Bar | None] = field(default_factory=dict)
    """By `Bar.id`; None for those that are over."""
    makings: list[Making] = field(default_factory=list)
    forget: int = 0
    """Makings with a smaller number count for no conversation any more."""
    hooks: set[tuple[str, str]] = field(default_factory=set)
    """Hooks that are barred from now on, with the conversation's id."""
    released: set[str] = field(default_factory=set)
    """Conversations that are over: hooks that were barred from them are told now."""
    touched: set[str] = field(default_factory=set)
    """Conversations of which others are barred now."""

    @property
    def size(self) -> int:
        """How many facts it has."""
        return len(self.bars) + len(self.makings) + len(self.hooks) + len(self.released)

    def add(self, later: "BarChanges") -> None:
        """Take in what happened later."""
        self.bars |= later.bars
        self.makings += later.makings
        self.forget = max(self.forget, later.forget)
        self.hooks |= later.hooks
        self.released |= later.released
        self.touched |= later.touched


def merged(one: Bar, other: Bar) -> Bar:
    """Two that have shown to be one conversation; it is kept at the PBX of the first."""
    return Bar(
        one.pbx,
        one.ids | other.ids,
        union(one.people, other.people),
        union(one.legs, other.legs),
        min(one.since, other.since),
        (one.elsewhere | other.pbxes) - {one.pbx},
        lost=one.lost or other.lost,
    )
