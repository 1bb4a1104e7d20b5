"""What a shield means for a monitor: its leg goes to where it hears nothing, and comes back silent. Pure.

Shielded is only what Asterisk confirmed. What can't be moved ends.
"""

from dataclasses import replace
from datetime import datetime

from adapter.core.audit import SYSTEM
from adapter.core.call import Call
from adapter.core.lifecycle import end_wanted
from adapter.core.lifecycle import found_again as found_again_listening
from adapter.core.modes import Mode
from adapter.core.monitor import Asked, EndReason, Monitor, Notice
from adapter.core.steps import ShieldLeg, Step, SwitchLeg


def followed(monitor: Monitor, call: Call) -> Step:
    """Hold a monitor to whether its conversation is shielded now."""
    if monitor.ended or monitor.ending or call.shielded is monitor.to_shield:
        return Step(monitor)
    return _wanted(monitor) if call.shielded else _over(monitor)


def _wanted(monitor: Monitor) -> Step:
    """It must hear nothing. A phone that is still being connected can't be moved for sure: it ends.

    While the call is being taken over, the leg may be a party of it already: what becomes of that is waited for.
    """
    if not monitor.live:
        return end_wanted(monitor, EndReason.SHIELDED)
    wanted = replace(monitor, to_shield=True, shielded=False, reattach=False)
    return Step(wanted, () if monitor.taking else (ShieldLeg(),))


def _over(monitor: Monitor) -> Step:
    """It listens again, silent whatever it did before: attached anew, to whoever talks now."""
    back = replace(monitor, to_shield=False, reattach=True, asked=Asked(Mode.SILENT, SYSTEM))
    return Step(back, () if monitor.taking else (SwitchLeg(Mode.SILENT, True),))


def arrived(monitor: Monitor) -> Step:
    """Asterisk has the leg where it hears nothing and nobody hears it."""
    if monitor.ended or not monitor.live:
        return Step(monitor)
    if not monitor.to_shield:  # the shield is over by now, and what leads back is on its way behind it
        return Step(monitor)
    talked = monitor.mode.talks
    there = replace(
        monitor,
        shielded=True,
        mode=Mode.SILENT,
        confirmed=monitor.confirmed + 1,
        talking_since=None,
        asked=None,
        barged=False,
        notice=Notice.SHIELDED if talked else monitor.notice,
        by=SYSTEM if talked else monitor.by,
    )
    return Step(there)


def found_again(
    monitor: Monitor,
    peers: frozenset[str] | None,
    mode: Mode | None,
    at: datetime,
    *,
    is_there: bool,
    taken_up: bool,
    shielded: bool,
) -> list[Step]:
    """As `lifecycle.found_again`. `shielded`: the leg stands where it hears nothing.

    There it stays until it is known that the shield is over (`followed`); elsewhere it is moved if there is one.
    """
    if shielded and peers is not None and monitor.live and not monitor.ending:
        return [arrived(replace(monitor, to_shield=True, reattach=False))]
    anew = replace(monitor, to_shield=False, shielded=False)
    return found_again_listening(anew, peers, mode, at, is_there=is_there, taken_up=taken_up)


def listens(step: Step) -> Step:
    """What follows where a leg began to listen that must not: it goes back at once."""
    monitor = step.monitor
    if monitor.ended or monitor.ending or not monitor.to_shield:
        return step
    return Step(replace(monitor, shielded=False), (*step.commands, ShieldLeg()))
