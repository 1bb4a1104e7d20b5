"""Legs of follows at one PBX, whether they wait or listen: ours though no monitor may have them, and who is bound to
them. Pure.

To the bars each follow is a conversation that the agent is in for as long as it lasts: whatever tells of silent
monitors then hides the follow too, and what the agent makes or changes meanwhile.
"""

from collections.abc import Callable, Sequence
from datetime import datetime

from adapter.core.follow import Follow
from adapter.core.lifecycle import ended
from adapter.core.monitor import EndReason, Monitor
from adapter.core.sighting import Sighting
from adapter.core.steps import Step

NOBODY: frozenset[str] = frozenset()


class HeldLegs:
    """All of one PBX. `calls_live`: whether any channel of a conversation is up there."""

    def __init__(self, calls_live: Callable[[str], bool]) -> None:
        self._calls_live = calls_live
        self.follows: dict[str, Follow] = {}
        """Those that are not over, by id."""
        self._by_leg: dict[str, str] = {}
        self._conversations: set[str] = set()
        self._sightings: list[Sighting] = []

    def put(self, follow: Follow) -> None:
        """It is new, or another now; an ended one is no more."""
        known = follow.id in self.follows
        if follow.ended:
            self.follows.pop(follow.id, None)
            self._by_leg.pop(follow.leg, None)
            self._conversations -= {follow.conversation, follow.short}
        else:
            self.follows[follow.id] = follow
            self._by_leg[follow.leg] = follow.id
            self._conversations |= {follow.conversation, follow.short}
        if known is follow.ended:
            people = NOBODY if follow.ended else frozenset({follow.agent_id})
            short = frozenset({follow.short})
            self._sightings.append(Sighting(follow.conversation, people, people, NOBODY, short))

    def __contains__(self, leg: str) -> bool:
        return leg in self._by_leg

    def of_leg(self, leg: str) -> Follow | None:
        """The follow that has this leg."""
        found = self._by_leg.get(leg)
        return self.follows.get(found) if found else None

    def lives(self, conversation: str) -> bool:
        """Whether a conversation goes on here, or a follow under this name."""
        return conversation in self._conversations or self._calls_live(conversation)

    @property
    def news(self) -> bool:
        """Whether a follow began or ended since the bars were last told."""
        return bool(self._sightings)

    def taken(self) -> Sequence[Sighting]:
        """What the bars are to be told of that."""
        found, self._sightings = self._sightings, []
        return found


def leg_waits(monitor: Monitor, at: datetime) -> Step:
    """A follow's leg stands where it hears nothing. What has only begun may still be on its way from there."""
    if not monitor.live and not monitor.ending:
        return Step(monitor)
    return ended(monitor, monitor.ending or EndReason.CALL_ENDED, at)
