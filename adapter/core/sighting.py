"""A conversation as a PBX has just shown it: from calls, for who is barred from it (`adapter.core.bars`)."""

from typing import NamedTuple


class Sighting(NamedTuple):
    """Who was seen in a conversation, and what else was seen to be the same one."""

    conversation: str
    people: frozenset[str]
    """Ids of users who are, or were since the last sighting, connected in it."""
    present: frozenset[str]
    """Ids of users whose phones are in it now, also those that only ring."""
    legs: frozenset[str]
    """Ids of its calls: one that was in another conversation before makes the two one."""
    joined: frozenset[str]
    """Other conversations of which a channel has moved here."""
    open: frozenset[str] = frozenset()
    """Dialogs that go on at another PBX of the installation, also among its legs (`adapter.core.trunks.Reading`)."""
    gone: frozenset[str] = frozenset()
    """Dialogs that did until now, and of which somebody here was an end."""
    across: bool = False
    """Whether there are other PBXes at all."""


def union(one: frozenset[str], other: frozenset[str]) -> frozenset[str]:
    """Both; one of them itself where it has all, so that what is kept of a call and of its bar is one set."""
    return other if one <= other else one if other <= one else one | other
