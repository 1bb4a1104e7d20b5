"""Where legs listen, and who may stand there: our monitors' legs, other installations' legs, and nobody else. Pure.

A leg changes hands without a word about spying: an attended transfer or a pick-up puts another channel into the running
ChanSpy. What shows it is that channel's own next event, which names the monitor dialplan as its place.
"""

from collections.abc import Callable, Container

from adapter.core import events as ev
from adapter.core.legs import SpyDialplan, is_leg, tag_of


class Whereabouts:
    """Follows one PBX's channels as far as they come where legs listen."""

    def __init__(self, dialplan: SpyDialplan) -> None:
        self._dialplan = dialplan
        self.parties: set[str] = set()
        """Legs that took a call over: they keep the place in the dialplan that they had, and listen no more."""
        self.others: set[str] = set()
        """Tags of other installations whose legs were seen at this PBX; empty for one without a tag."""

    def is_place(self, context: str, extension: str) -> bool:
        """Whether a leg that listens, or whose call has just ended, is here."""
        return extension == self._dialplan.over or self._dialplan.is_place(context, extension)

    def left(self, channel: ev.Channel) -> bool:
        """Whether a channel is somewhere else."""
        return not self.is_place(channel.context, channel.extension)

    def stray(self, event: ev.Event, legs: Container[str], in_bridge: Callable[[str], bool]) -> str | None:
        """The uniqueid that this event shows where legs listen, though it is no leg of ours.

        `legs`: those of our monitors; `in_bridge`: whether a channel talks to somebody.
        """
        match event:
            case ev.ChannelCreated() | ev.ChannelChanged():
                channel = event.channel
                uniqueid, context, extension = channel.uniqueid, channel.context, channel.extension
            case ev.SpyStarted() | ev.OriginateAnswered():
                uniqueid, context, extension = event.leg, event.context, event.extension
            case _:
                return None
        if not self._dialplan.is_place(context, extension) or uniqueid in legs:
            return None
        party = not isinstance(event, ev.SpyStarted) and (uniqueid in self.parties or in_bridge(uniqueid))
        return None if party or self._dialplan.legs.is_others(uniqueid) else uniqueid

    def took_over(self, uniqueid: str) -> None:
        """A leg entered a bridge: it is a party of the call now."""
        self.parties.add(uniqueid)

    def follow(self, event: ev.Event, legs: Container[str]) -> str | None:
        """Remember what the event tells of others; the tag of an installation that is seen for the first time."""
        match event:
            case ev.ChannelGone():
                self.parties.discard(event.uniqueid)
            case ev.Snapshot():
                known = event.channels
                self.parties = {k.channel.uniqueid for k in known if k.bridge and self._is_in_place(k.channel)}
                new = (self._others(k.channel.uniqueid, legs) for k in known)
                return next((tag for tag in new if tag is not None), None)
            case ev.ChannelCreated():
                return self._others(event.channel.uniqueid, legs)
            case _:
                pass
        return None

    def _is_in_place(self, channel: ev.Channel) -> bool:
        return self._dialplan.mode_at(channel.context, channel.extension) is not None

    def _others(self, uniqueid: str, legs: Container[str]) -> str | None:
        if not is_leg(uniqueid) or uniqueid in legs or self._dialplan.legs.is_ours(uniqueid):
            return None
        tag = tag_of(uniqueid) or ""
        if tag in self.others:
            return None
        self.others.add(tag)
        return tag
