"""What each kind of event tells of channels and bridges. Pure."""

from collections.abc import Callable, Mapping
from typing import Any

from adapter.core import events as ev
from adapter.core import queueevents as qe
from adapter.core import visits
from adapter.core.channels import Channels

TOLD: Mapping[type, Callable[[Channels, Any], object]] = {
    ev.ChannelChanged: lambda lines, event: lines.see(event.channel),
    ev.ChannelCreated: lambda lines, event: lines.create(event.channel, event.at),
    ev.ChannelGone: lambda lines, event: lines.remove(event.uniqueid),
    ev.DialBegan: lambda lines, event: lines.dial(event.caller, event.called, event.dial_string),
    ev.DialEnded: lambda lines, event: lines.dial_over(event.caller, event.called),
    ev.BridgeEntered: lambda lines, event: lines.enter(event.bridge, event.technology, event.channel, event.kind),
    ev.BridgeLeft: lambda lines, event: lines.leave(event.bridge, event.channel),
    ev.BridgeGone: lambda lines, event: lines.destroy(event.bridge),
    ev.BridgeSeen: lambda lines, event: lines.is_now(event.bridge, event.technology),
    ev.HoldChanged: lambda lines, event: lines.hold(event.channel, event.held),
    ev.MusicChanged: lambda lines, event: lines.music(event.channel, event.plays),
    ev.HandedOn: lambda lines, event: (
        lines.pick_up(event.channels, event.to_id) if event.picked_up else lines.touch(visits.handed_on(lines, event))
    ),
    qe.CallerJoined: lambda lines, event: lines.touch(visits.joined(lines, event)),
    qe.CallerLeft: lambda lines, event: lines.touch(visits.left(lines, event)),
    qe.QueuesListed: lambda lines, event: lines.dirty.update(visits.listed_again(lines, event)),
}
"""What each kind of event tells of channels and bridges: a table, since most events of a PBX come through here."""
