"""Which events concern calls alone, or agents and queues: most do, and what a board does else, each would cost."""

from collections.abc import Container

from adapter.core import events as ev
from adapter.core import queueevents as qe
from adapter.core.legs import SpyDialplan, is_leg

OF_CALLS = frozenset(
    {
        *(ev.BridgeLeft, ev.BridgeGone, ev.BridgeSeen, ev.DialBegan, ev.DialEnded, ev.DialogTold),
        *(ev.HoldChanged, ev.MusicChanged),
    }
)
"""Events that always concern calls alone: no monitor changes by them, and who is where they don't tell."""

OF_CHANNELS = (ev.ChannelChanged, ev.ChannelCreated, ev.BridgeEntered)
"""Events that concern calls alone unless the channel is a leg, or stands where legs listen."""

OF_CALLS_TOO = frozenset({qe.CallerJoined, qe.CallerLeft, qe.QueuesListed})
"""Events of queues that say how a call came."""

OF_AGENTS = OF_CALLS_TOO | {
    *(qe.MemberChanged, qe.MemberGone, qe.FiguresChanged, qe.DeviceChanged, qe.DevicesListed),
}
"""Events of queues and devices."""


def is_of_calls(event: ev.Event, legs: Container[str], dialplan: SpyDialplan) -> bool:
    """Whether it concerns calls alone: no leg of ours, and nobody who is where legs listen. `legs`: by uniqueid."""
    if type(event) in OF_CALLS:
        return True
    if not isinstance(event, OF_CHANNELS) or event.channel.uniqueid in legs:
        return False
    if isinstance(event, ev.BridgeEntered):
        return True
    channel = event.channel
    if dialplan.is_place(channel.context, channel.extension):
        return False
    return isinstance(event, ev.ChannelChanged) or not is_leg(channel.uniqueid)
