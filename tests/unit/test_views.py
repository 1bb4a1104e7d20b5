"""The rule about silence, over every role, relation, state and path; and a proof by histories that nothing leaks."""

import re
from dataclasses import replace
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapter.core import events as ev
from adapter.core import views
from adapter.core.bars import Who
from adapter.core.call import Call
from adapter.core.lifecycle import ended
from adapter.core.modes import Mode
from adapter.core.monitor import EndReason, Monitor, MonitorState, Supervisor
from adapter.core.pbx import LinkState, PbxState
from adapter.core.people import Directory, User
from adapter.core.views import Visibility
from adapter.monitoring.board import Board
from tests.fake.pbx import WORDS, alone
from tests.fake.scene import ADMIN, ANA, COACH, MONA, PEOPLE, SAM, START, Scene, numbering
from tests.support.viewers import Together

OFF = replace(MONA, id="u-off", username="off", active=False)
EVERYBODY = (ADMIN, MONA, COACH, SAM, ANA, OFF)


def monitor(state: MonitorState, mode: Mode, supervisor: User = ADMIN) -> Monitor:
    """A monitor on Sam's call."""
    live = state is MonitorState.LIVE
    return Monitor(
        id="m1",
        pbx="lab",
        call_id="c1",
        conversation_id="v1",
        target="17.2",
        leg=WORDS.legs.leg_id("1" * 32),
        supervisor=Supervisor(supervisor.id, supervisor.name),
        device="PJSIP/301",
        keypad=True,
        mode=mode,
        state=state,
        started_at=START,
        live_at=START,
        talking_since=START.replace(hour=13) if live and mode.talks else None,
        ended_reason=EndReason.STOPPED if state is MonitorState.ENDED else None,
    )


CASES = list(product(EVERYBODY, MonitorState, Mode, (False, True), (False, True)))


@pytest.mark.parametrize(("user", "state", "mode", "inside", "own_call"), CASES)
def test_who_sees_a_monitor(user: User, state: MonitorState, mode: Mode, inside: bool, own_call: bool) -> None:
    shown = monitor(state, mode)
    sight = views.monitor_visibility(user, shown, barred=inside, own_call=own_call)
    talks = state is MonitorState.LIVE and mode is not Mode.SILENT
    if not user.active:
        expected = Visibility.NOTHING
    elif user is ADMIN:
        expected = Visibility.EVERYTHING  # their own
    elif inside or own_call:
        entitled = own_call or user in (MONA, COACH)
        expected = Visibility.TALKING if talks and entitled else Visibility.NOTHING
    else:
        expected = Visibility.EVERYTHING if user in (MONA, COACH) else Visibility.NOTHING
    assert sight is expected
    if sight is Visibility.TALKING:
        view = views.monitor_view(shown, sight)
        assert view["started_at"] == view["live_at"] == "2026-01-01T13:00:00.000Z"
        assert (view["device"], view["ended_at"], view["ended_reason"]) == (None, None, None)
        assert "reason" not in view


@pytest.mark.parametrize(("user", "inside"), list(product(EVERYBODY, (False, True))))
def test_who_sees_a_call(user: User, inside: bool) -> None:
    call = sams_call((inside and user is not SAM and user.id) or None)
    sight = views.call_visibility(user, call, barred=inside)
    if user is OFF or (user is ANA):
        assert sight is Visibility.NOTHING
    elif user is SAM:
        assert sight is Visibility.TALKING
    else:
        assert sight is (Visibility.TALKING if inside else Visibility.EVERYTHING)


@pytest.mark.parametrize(("state", "mode"), list(product([MonitorState.CONNECTING, MonitorState.LIVE], Mode)))
def test_what_a_call_shows_of_its_monitors(state: MonitorState, mode: Mode) -> None:
    shown = monitor(state, mode)
    call = sams_call(None)
    everything = views.call_view(call, [shown], Visibility.EVERYTHING)["monitors"]
    talking = views.call_view(call, [shown], Visibility.TALKING)["monitors"]
    assert len(everything) == 1  # type: ignore[arg-type]
    assert len(talking) == (1 if shown.talks else 0)  # type: ignore[arg-type]


def sams_call(also: str | None) -> Call:
    """Sam's call with a customer, and perhaps somebody else in it."""
    scene, board = Scene(), new_board()
    scene.answered_call()
    board.apply(scene.take())
    (call,) = board.calls()
    return replace(call, participants=call.participants | ({also} if also else set()))


def new_board() -> Board:
    """An empty board of the lab's people."""
    return Board(numbering(), Directory.of(PEOPLE), PbxState(LinkState.CONNECTED, START), WORDS)


STEPS = st.lists(
    st.sampled_from(["admin", "mona", "whisper", "barge", "silent", "stop", "hold", "resume", "third", "spy ends"]),
    max_size=14,
)


def play(steps: list[str], *, hide_silent: bool) -> dict[str, bytes]:
    """A history of one internal call of Sam and Ana, who both only see their own.

    With `hide_silent`, the world in which supervisors never were silent: a monitor exists only while it talks.
    """
    board, scene = new_board(), Scene()
    a, b = scene.answered_call("102", "101")
    board.apply(scene.take())
    together = Together(alone(board))
    told = {user.username: together.join(Who(user.id)) for user in (SAM, ANA)}
    sams = next(call for call in board.calls() if call.agent.user_id == SAM.id)
    modes: dict[str, Mode] = {}
    ids: dict[str, str] = {}
    for number, step in enumerate(steps):
        now = scene.now
        if step in ("admin", "mona") and step not in modes:
            modes[step], ids[step] = Mode.SILENT, f"{step}-{number}"
            if not hide_silent:
                begin(board, sams, ids[step], b)
        elif step in ("whisper", "barge", "silent"):
            for who in modes:
                if hide_silent and modes[who] is Mode.SILENT:
                    ids[who] = f"{who}-{number}"  # each talk is a monitor of its own
                change(board, sams, ids[who], Mode(step), b, hide_silent, modes[who])
                modes[who] = Mode(step)
        elif step in ("stop", "spy ends"):
            for who in modes:
                if current := board.monitor(ids[who]):
                    board.step(ended(current, EndReason.STOPPED, now), now)
            modes.clear()
        elif step in ("hold", "resume"):
            scene.hold(a, step == "hold")
            board.apply(scene.take())
    return {name: with_numbers(one.bytes) for name, one in told.items()}


OPAQUE = re.compile(rb"[0-9a-f]{24}")


def with_numbers(told: bytes) -> bytes:
    """Opaque ids by the order in which they appeared: what can be seen of them is which are the same."""
    order: dict[bytes, bytes] = {}
    return OPAQUE.sub(lambda found: order.setdefault(found[0], b"#%d" % len(order)), told)


def leg_of(who: str) -> str:
    """The leg of the monitor with this id."""
    return WORDS.legs.leg_id(who.encode().hex().ljust(32, "0"))


def begin(board: Board, call: Call, who: str, target: str) -> None:
    """A monitor of that id comes to life, silent."""
    fresh = replace(
        monitor(MonitorState.CONNECTING, Mode.SILENT, ADMIN if who.startswith("admin") else MONA),
        id=who,
        leg=leg_of(who),
        target=target,
        call_id=call.id,
        conversation_id=call.conversation_id,
    )
    board.put(fresh, START)
    board.apply([ev.SpyStarted(START, fresh.leg, target, "call-monitor", "silent-keypad")])


def change(board: Board, call: Call, who: str, mode: Mode, target: str, hide_silent: bool, before: Mode) -> None:
    """The supervisor changes mode; in the world without silence, that is a beginning or an end."""
    if hide_silent and before is Mode.SILENT and mode.talks:
        begin(board, call, who, target)
    digit = {Mode.SILENT: "4", Mode.WHISPER: "5", Mode.BARGE: "6"}[mode]
    if hide_silent and not mode.talks:
        if current := board.monitor(who):
            board.step(ended(current, EndReason.STOPPED, START), START)
        return
    board.apply([ev.DigitReceived(START, leg_of(who), digit)])


@given(STEPS)
def test_for_those_in_the_conversation_silence_does_not_exist(steps: list[str]) -> None:
    with_silence = play(steps, hide_silent=False)
    without = play(steps, hide_silent=True)
    assert with_silence == without


def test_the_history_test_can_fail() -> None:
    with_talk = play(["admin", "whisper"], hide_silent=False)
    assert with_talk != play([], hide_silent=False)
    assert b"coach.joined" in with_talk["sam"]
    assert b"coach.joined" not in with_talk["ana"]
