"""One monitor's life as a state machine: facts from Asterisk and wishes in, the next state and commands out.

    connecting ──SpyStarted──▶ live ──(any end)──▶ ended

Nothing here waits, measures time or talks to anybody. `mode` is only ever what Asterisk confirmed.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from adapter.core.audit import SYSTEM, By, Via
from adapter.core.events import OriginateFailure
from adapter.core.modes import Mode
from adapter.core.monitor import BROWSER, Asked, EndReason, Monitor, MonitorState, Notice
from adapter.core.steps import Command, EndLeg, ReleaseLeg, ShieldLeg, Step, SwitchLeg, end_of


def spy_started(monitor: Monitor, mode: Mode, at: datetime, peers: frozenset[str], *, met_others: bool = False) -> Step:
    """ChanSpy (re)started in `mode`: a fresh attachment to whoever is in the bridge now.

    `met_others`: the agent's channel was with others before; then a recording on it may keep their state alive.
    """
    if monitor.ended:
        return Step(monitor, (EndLeg(),))
    fresh = replace(
        monitor,
        state=MonitorState.LIVE,
        live_at=monitor.live_at or at,
        peers=peers,
        doubtful=met_others,
        reattach=False,
        shielded=False,
        barged=False,
    )
    by = _author(monitor, mode, monitor.by if not monitor.live else SYSTEM)
    ending = monitor.ending and end_of(monitor.follow_id, monitor.ending, hangs_up=monitor.hangs_up)
    return Step(_in_mode(fresh, mode, at, peers, by), (ending,) if ending else ())


def digit(monitor: Monitor, mode: Mode, at: datetime, peers: frozenset[str]) -> Step:
    """The leg received a mode's digit. Without the keypad option ChanSpy ignores it, and so do we."""
    if not monitor.live or not monitor.keypad or monitor.shielded:
        return Step(monitor)
    changed = _in_mode(monitor, mode, at, peers, _author(monitor, mode, keypad_of(monitor)))
    if mode.talks and monitor.reattach:
        return Step(changed, (SwitchLeg(Mode.SILENT, False), SwitchLeg(Mode.SILENT, True)))
    return Step(changed)


def keypad_of(monitor: Monitor) -> By:
    """The supervisor, by the keypad of the phone."""
    return By(monitor.supervisor.username, Via.KEYPAD)


def asked(monitor: Monitor, mode: Mode, by: By) -> Step:
    """Somebody asks Asterisk for a mode through us: what confirms it will be theirs, not the keypad's."""
    return Step(replace(monitor, asked=Asked(mode, by)))


def not_asked(monitor: Monitor) -> Step:
    """The request came to nothing before Asterisk had it: what confirms that mode later is somebody else's."""
    return Step(replace(monitor, asked=None))


def _author(monitor: Monitor, mode: Mode, otherwise: By) -> By:
    return monitor.asked.by if monitor.asked and monitor.asked.mode is mode else otherwise


def _in_mode(monitor: Monitor, mode: Mode, at: datetime, peers: frozenset[str], by: By) -> Monitor:
    confirmed = monitor.confirmed + 1
    if not mode.talks:
        why = monitor.asked.notice if monitor.asked and monitor.asked.mode is mode else None
        notice = why or monitor.notice
        return replace(monitor, mode=mode, confirmed=confirmed, talking_since=None, by=by, asked=None, notice=notice)
    return replace(
        monitor,
        mode=mode,
        confirmed=confirmed,
        by=by,
        asked=None,
        talking_since=monitor.talking_since or at,
        peers=monitor.peers if monitor.barged else peers,
        barged=monitor.barged or mode is Mode.BARGE,
        notice=None,
    )


def with_talk(before: Monitor | None, monitor: Monitor, opaque: Callable[[str], str]) -> Monitor:
    """Give each talk an id of its own, which says nothing of the monitor or of another talk: `opaque` is keyed."""
    if not monitor.talks or (before is not None and before.talks and before.talk):
        return monitor
    return replace(monitor, talk=opaque(f"talk {monitor.id} {monitor.talking_since} {monitor.confirmed}"))


def bridge_settled(monitor: Monitor, peers: frozenset[str]) -> Step:
    """The agent's bridge is `peers` now: end the lease of a talk that was meant for others, and attach anew.

    ChanSpy latches barge's peer once; after a transfer the words would go to the former customer. So: silent at once.
    And its audiohook takes frames of the new party for late ones of the former (main/audiohook.c): the supervisor hears
    the agent only, and a whisper is heard by nobody. So: a fresh attachment, as soon as somebody is there.
    """
    if not monitor.live or peers == monitor.peers or monitor.ending or monitor.taking or monitor.to_shield:
        return Step(monitor)
    return _anew(monitor, attach=bool(peers) or monitor.barged)


def peer_lost(monitor: Monitor) -> Step:
    """Barge reaches the customer no more, though the same two talk (a recorder of ARI has joined): whom it had latched
    goes on hearing, against what everybody is told. So the same as above."""
    if not monitor.live or not monitor.barged or monitor.ending or monitor.taking or monitor.to_shield:
        return Step(monitor)
    return _anew(monitor, attach=True)


def _anew(monitor: Monitor, *, attach: bool) -> Step:
    commands: list[Command] = []
    changed = monitor
    if monitor.mode.talks and monitor.notice is not Notice.BRIDGE_CHANGED:
        changed = replace(changed, notice=Notice.BRIDGE_CHANGED, asked=Asked(Mode.SILENT, SYSTEM))
        commands.append(SwitchLeg(Mode.SILENT, False))
    if attach and not monitor.reattach:
        changed = replace(changed, reattach=True, asked=Asked(Mode.SILENT, SYSTEM))
        commands.append(SwitchLeg(Mode.SILENT, True))
    return Step(changed, tuple(commands))


def taking_over(monitor: Monitor, by: By) -> Step:
    """Somebody asks Asterisk to bridge the leg with the customer. Until it did, no change of bridges means anything."""
    return Step(replace(monitor, taking=by, tried=by))


def not_taken(monitor: Monitor, peers: frozenset[str] | None) -> Step:
    """Asterisk did not bridge them: the monitor goes on as it is, held to what the agent's bridge is now."""
    left = replace(monitor, taking=None)
    if left.to_shield and peers is not None and not left.ending:
        return Step(left, (ShieldLeg(),))
    if left.reattach and peers is not None and not left.ending:
        return Step(left, (SwitchLeg(Mode.SILENT, True),))
    return end_wanted(left, EndReason.CALL_ENDED) if peers is None else bridge_settled(left, peers)


def bridged(monitor: Monitor, at: datetime) -> Step:
    """The leg entered a bridge: it spies no more, it is a party of the call. Unasked, somebody else put it there."""
    by = monitor.taking or monitor.tried
    if by is None:
        return ended(_without(monitor, "", SYSTEM), EndReason.ERROR, at)
    return ended(replace(monitor, ending=EndReason.TOOK_OVER, by=by, ending_why=""), EndReason.TOOK_OVER, at)


def handed_on(monitor: Monitor, to: str, by: By = SYSTEM) -> Step:
    """The leg's channel is no longer the supervisor's, or no longer where it listens: it ends, whoever has it now.

    `to`: the endpoint that has it, empty where that isn't known.
    """
    if monitor.ended:
        return Step(monitor)
    return Step(monitor if monitor.ending else _without(monitor, to, by), (EndLeg(),))


def _without(monitor: Monitor, to: str, by: By) -> Monitor:
    return replace(monitor, ending=EndReason.ERROR, by=by, handed_on=to)


def target_gone(monitor: Monitor, *, stays: bool = False) -> Step:
    """The agent's channel hung up, or left the call and `stays`. While a take-over is under way, that is its effect."""
    if monitor.taking:
        return Step(monitor)
    over, commands = end_wanted(monitor, EndReason.CALL_ENDED)
    here = stays or monitor.to_shield  # and no ChanSpy returns
    return Step(over, tuple(ReleaseLeg(at_once=True) if here and type(c) is ReleaseLeg else c for c in commands))


def channel_appeared(monitor: Monitor) -> Step:
    """The leg's channel came into being; if its end was decided meanwhile, this is the moment to hang it up."""
    return Step(replace(monitor, appeared=True), (EndLeg(),) if monitor.ending or monitor.ended else ())


def end_wanted(monitor: Monitor, reason: EndReason, by: By = SYSTEM, why: str = "", *, hangs_up: bool = False) -> Step:
    """Somebody or something decides that it ends. The first decision gives the reason; `why`: in their own words.

    `hangs_up`: also where it is a follow's, whose leg would wait for the next call otherwise.
    """
    if monitor.ended:
        return Step(monitor)
    ends = monitor.hangs_up or hangs_up
    command = end_of(monitor.follow_id, monitor.ending or reason, hangs_up=ends)
    if monitor.ending:
        return Step(replace(monitor, hangs_up=ends), (command,))
    return Step(replace(monitor, ending=reason, by=by, ending_why=why, hangs_up=ends), (command,))


def originate_answered(monitor: Monitor, at: datetime) -> Step:
    """The supervisor's device answered; ChanSpy follows, unless the leg is gone already."""
    if monitor.lost is not None:
        return ended(monitor, monitor.ending or monitor.lost, at)
    return Step(replace(monitor, answered=True))


def originate_failed(monitor: Monitor, why: OriginateFailure, at: datetime) -> Step:
    """The device could not be connected. Asterisk's answer calls a busy phone unavailable; its Hangup doesn't."""
    if monitor.appeared and monitor.lost is None and monitor.ending is None and not monitor.ended:
        return Step(replace(monitor, failed=why))
    return ended(monitor, monitor.ending or _why(why, monitor.lost), at)


def _why(failure: OriginateFailure, lost: EndReason | None) -> EndReason:
    if failure is OriginateFailure.UNAVAILABLE and lost is EndReason.BUSY:
        return EndReason.BUSY
    return EndReason(failure.value)


def leg_gone(monitor: Monitor, at: datetime, *, call_over: bool, busy: bool, astray: bool = False) -> Step:
    """Asterisk hung the leg up. `call_over`: because the agent's channel ended; `busy`: the device said so.

    While its device rings, the reason needs both the Hangup and the originate's answer, in whatever order.
    `astray`: it was no longer where legs listen, because another channel had taken its place there.
    """
    if astray and monitor.live and not monitor.ending:
        return ended(_without(monitor, "", SYSTEM), EndReason.ERROR, at)
    reason = EndReason.CALL_ENDED if call_over else EndReason.SUPERVISOR_HUNG_UP
    if monitor.ending or monitor.live or monitor.answered or monitor.ended:
        return ended(monitor, monitor.ending or reason, at)
    lost = EndReason.BUSY if busy else reason
    if monitor.failed is not None:
        return ended(monitor, _why(monitor.failed, lost), at)
    return Step(replace(monitor, lost=lost))


def taken_up(monitor: Monitor, at: datetime) -> Monitor:
    """As a new run of the adapter knows a monitor of the former: what was latched then is taken for granted."""
    talks = monitor.live and monitor.mode.talks
    return replace(monitor, appeared=True, answered=True, barged=monitor.live, talking_since=at if talks else None)


def resumed(monitor: Monitor, peers: frozenset[str] | None, place: Mode | None, at: datetime) -> Step:
    """We see again, after a death or a lost link, and the leg is still there. `place`: the mode that it began in.

    With a keypad it is made silent: a digit pressed meanwhile is unknowable, and to assert the mode of before could
    open a microphone that its owner closed. Without one it is in the mode that its place says, and stays so where
    that is what was confirmed and who hears it is the same. A leg that was not live yet, or whose call is gone, ends.
    Where the agent talks with others by now, it attaches anew.
    """
    if monitor.ending or peers is None or not monitor.live:
        return end_wanted(monitor, EndReason.CALL_ENDED if peers is None else EndReason.PBX_LOST)
    if place is None:
        return handed_on(monitor, "")
    if monitor.keypad or (place.talks and place is not monitor.mode):
        step = made_silent(monitor)
    elif place.talks and peers != monitor.peers:
        step = made_silent(monitor, Notice.BRIDGE_CHANGED)
    else:
        step = Step(_in_mode(monitor, place, at, peers, monitor.by if place is monitor.mode else SYSTEM))
    if not peers or peers == monitor.peers:
        return step
    anew = replace(step.monitor, reattach=True, asked=step.monitor.asked or Asked(Mode.SILENT, SYSTEM))
    return Step(anew, (*step.commands, SwitchLeg(Mode.SILENT, True)))


def found_again(
    monitor: Monitor,
    peers: frozenset[str] | None,
    mode: Mode | None,
    at: datetime,
    *,
    is_there: bool,
    taken_up: bool,
) -> list[Step]:
    """What follows, in this order, when the PBX was listed anew.

    `mode`: of the place where the leg stands, None outside the monitor dialplan; `taken_up`: it is from a former run.
    """
    if not is_there:
        lost = EndReason.ADAPTER_STOPPED if taken_up else EndReason.PBX_LOST
        return [ended(monitor, monitor.ending or lost, at)]
    if mode is not None and not monitor.live and taken_up:
        # It went live in the last moment of the former run, unrecorded: with whom is not known.
        live = spy_started(monitor, mode, at, frozenset())
        return [live, resumed(live.monitor, peers, mode, at)]
    return [resumed(monitor, peers, mode, at)]


def sure(monitor: Monitor) -> Step:
    """Nothing on the agent's channel hinders it: what its mode promises can be heard."""
    return Step(replace(monitor, doubtful=False))


def made_silent(monitor: Monitor, why: Notice = Notice.MADE_SAFE) -> Step:
    """We make it silent, told of when Asterisk has confirmed it; by default because Asterisk does something else than
    it confirmed to us, or may."""
    asked = Asked(Mode.SILENT, SYSTEM, why)
    return Step(replace(monitor, asked=asked), (SwitchLeg(Mode.SILENT, False),))


def ended(monitor: Monitor, reason: EndReason, at: datetime) -> Step:
    """It is over. Further facts change nothing."""
    if monitor.ended:
        return Step(monitor)
    by = monitor.by if monitor.ending else SYSTEM
    if reason is EndReason.SUPERVISOR_HUNG_UP and by == SYSTEM:
        by = By(monitor.supervisor.username, Via.BROWSER if monitor.device == BROWSER else Via.PHONE)
    over = replace(
        monitor,
        by=by,
        asked=None,
        taking=None,
        state=MonitorState.ENDED,
        ended_at=at,
        ended_reason=reason,
        ending=None,
        talking_since=None,
        notice=None,
    )
    return Step(over)
