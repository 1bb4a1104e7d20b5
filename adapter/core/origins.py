"""How each channel began and what happened to it since: whether it is a call that its own phone made, directly. Pure.

A positive rule, not a list of bad cases: the phone's own INVITE made this channel, it asked for exactly this
extension, and nothing else has happened to it. A transfer, a forward, a pick-up, a redirect, an originate: each breaks
one of these.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from adapter.core import events as ev
from adapter.core.events import Channel, ChannelState


@dataclass(slots=True)
class Origin:
    """One channel."""

    born: Channel
    since: str | None = None
    """The first thing that happened to it beyond being there, in words; None for nothing."""


class Origins:
    """All channels of a PBX that came into being while we looked. The others are nobody's own call."""

    def __init__(self) -> None:
        self._known: dict[str, Origin] = {}

    def __contains__(self, uniqueid: str) -> bool:
        return uniqueid in self._known

    def apply(self, events: Sequence[ev.Event]) -> None:
        """Take in a batch, in its order."""
        for event in events:
            match event:
                case ev.ChannelCreated(_, channel):
                    self._known.setdefault(channel.uniqueid, Origin(channel))
                case ev.ChannelChanged(_, channel):
                    self._compare(channel)
                case ev.ChannelGone():
                    self._known.pop(event.uniqueid, None)
                case ev.DialBegan(_, caller, called):
                    self._note(called.uniqueid, "it was called")
                    if caller is not None:
                        self._note(caller.uniqueid, "it called somebody before")
                case ev.BridgeEntered(_, _, _, channel):
                    self._note(channel.uniqueid, "it was in a call before")
                case ev.HandedOn():
                    for uniqueid in (*event.channels, event.to_id):
                        self._note(uniqueid, "it was transferred or picked up")
                case ev.Snapshot():
                    self._known.clear()
                case _:
                    pass

    def _note(self, uniqueid: str, what: str) -> None:
        origin = self._known.get(uniqueid)
        if origin is not None and origin.since is None:
            origin.since = what

    def _compare(self, channel: Channel) -> None:
        origin = self._known.get(channel.uniqueid)
        if origin is None:
            return
        if channel.name != origin.born.name:
            self._note(channel.uniqueid, "another channel took its place")
        elif channel.linkedid != origin.born.linkedid:
            self._note(channel.uniqueid, "it became part of another call")

    def doubt(self, uniqueid: str, extension: str) -> str | None:
        """Why this channel is not its phone's own call to this extension; None when it is."""
        origin = self._known.get(uniqueid)
        if origin is None:
            return "nobody saw how it began"
        born = origin.born
        if born.state is not ChannelState.DIALLING or born.linkedid != uniqueid:
            return origin.since or "its phone did not make it"
        if born.extension != extension:
            return origin.since or "it was sent here after it had dialled something else"
        return origin.since
