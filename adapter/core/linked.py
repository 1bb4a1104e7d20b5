"""Linkedids that have become one: Asterisk gives all channels of a call's bridge the oldest, and tells it late. Pure.

It tells it with the next event of each channel, which may be the last one. Until then this knows it.
"""

import re

_AGE = re.compile(r"(?:.*-)?(\d{1,12})\.(\d{1,12})")
"""`[systemname-]seconds.number` of the channel that the linkedid is from (main/channel_internal_api.c)."""


def age(linkedid: str) -> tuple[int, int] | None:
    """What Asterisk compares linkedids by, the least is the oldest; None for an id that somebody gave it."""
    found = _AGE.fullmatch(linkedid)
    return (int(found[1]), int(found[2])) if found else None


class Linked:
    """Which linkedid stands for which."""

    def __init__(self) -> None:
        self.now: dict[str, str] = {}
        """By linkedid what it is part of; only for those that stand for themselves no more."""
        self._former: dict[str, set[str]] = {}

    def join(self, former: str, now: str) -> None:
        """`former` has become part of `now`; both stand for themselves until then."""
        all_former = {former, *self._former.pop(former, ())}
        self.now.update(dict.fromkeys(all_former, now))
        self._former.setdefault(now, set()).update(all_former)

    def forget(self, linkedid: str) -> None:
        """Nobody is left of it, under any of its names."""
        for former in self._former.pop(linkedid, ()):
            self.now.pop(former, None)

    def clear(self) -> None:
        """Begin anew: a snapshot has each channel's own."""
        self.now.clear()
        self._former.clear()
