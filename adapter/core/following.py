"""Holding a monitor to what its call is now: who talks in it, whether it may still be heard, by whom. Pure."""

from collections.abc import Callable, Iterator
from dataclasses import replace

from adapter.core import shielding
from adapter.core.call import Call
from adapter.core.lifecycle import bridge_settled, end_wanted, peer_lost
from adapter.core.monitor import EndReason, Monitor, with_call
from adapter.core.steps import Step

Following = Callable[[Monitor], Step]


def steps(
    monitor: Monitor,
    before: Call | None,
    call: Call,
    peers: frozenset[str] | None,
    survives: Callable[[Monitor], bool],
) -> Iterator[Following]:
    """What follows, one after the other, each from the monitor as the one before left it.

    `peers`: the channels in the agent's bridge now; None: the agent's channel is gone. `survives`: whether its
    supervisor could still start it.
    """
    now = replace(monitor, conversation_id=call.conversation_id)
    if monitor != with_call(now, call):
        yield lambda one: Step(replace(one, conversation_id=call.conversation_id))
        yield lambda one: Step(one) if survives(one) else end_wanted(one, EndReason.PERMISSION_REVOKED)
    if not call.monitorable:  # to whom the call is no longer shown, the scope is the reason
        yield lambda one: end_wanted(one, EndReason.NOT_MONITORABLE)
    yield lambda one: shielding.followed(one, call)
    if peers is not None:
        yield lambda one: bridge_settled(one, peers)
    if before and before.barge_reaches_customer and not call.barge_reaches_customer:
        yield peer_lost
