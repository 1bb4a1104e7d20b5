"""A proof by histories: for whoever is barred, a silent monitor leaves no byte, whatever they did to hide who they are.

Each history is played twice: with supervisors who listen silently, and in a world where a monitor exists only while it
talks. What every kind of barred onlooker is shown must be the same; opaque ids by the order in which they appear.
"""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from adapter.core import events as ev
from adapter.core.bars import Bars, Kind, Who
from adapter.core.call import Call
from adapter.core.help import HelpRequest, HelpState
from adapter.core.help_views import HelpSight, help_view
from adapter.core.lifecycle import ended
from adapter.core.message_views import message_view
from adapter.core.messages import CoachMessage, Sender
from adapter.core.modes import Mode
from adapter.core.monitor import EndReason, Monitor, MonitorState, Supervisor
from adapter.core.pbx import LinkState, PbxState
from adapter.core.people import Directory, Role, User
from adapter.core.talk import Talk
from adapter.core.teams import MonitorScope, Supervised
from adapter.core.unmonitored import Exempt, Unmonitored
from adapter.core.views import call_view, call_visibility, monitor_view, shown_id, timeline_view
from adapter.monitoring.board import Board
from adapter.monitoring.boards import Boards
from adapter.monitoring.e164 import forms
from adapter.monitoring.history import History as Past
from adapter.web.frames import encode
from tests.fake.pbx import WORDS, alone
from tests.fake.scene import ADMIN, ANA, COACH, MONA, SAM, START, Scene, numbering
from tests.support.viewers import Together
from tests.unit.test_views import with_numbers


def leg_of(monitor_id: str) -> str:
    """The leg of a monitor whose id is a short word here."""
    return WORDS.legs.leg_id(monitor_id.encode().hex().ljust(32, "0"))


BOSS = replace(ADMIN, devices=("PJSIP/301", "PJSIP/90301"))
"""Talks on the second of two devices."""
ROOT = replace(ADMIN, id="u-root", username="root", name="Root", role=Role.ADMINISTRATOR, devices=(), extension=None)
PEOPLE = (BOSS, ROOT, SAM, ANA, MONA, COACH)
OF_SAM = Supervised(frozenset({SAM.id}))
DIGITS = {Mode.SILENT: "4", Mode.WHISPER: "5", Mode.BARGE: "6"}


class Onlooker:
    """Somebody barred: what their stream sent, and what the lists show them when they ask."""

    def __init__(self, together: Together, boards: Boards, past: Past, who: Who) -> None:
        self.boards, self.past, self.who = boards, past, who
        self.stream, self.looked = together.join(who), b""

    @property
    def bytes(self) -> bytes:
        """All of it."""
        return self.stream.bytes + self.looked

    def look(self) -> None:
        """Ask for everything: calls and their time lines, monitors, and each monitor by every id."""
        self.stream.read()
        boards, user = self.boards, self.boards.directory.users[self.who.user or ""]
        for call in boards.calls():
            barred = boards.bars.barred(self.who, call.conversation_id)
            sight = call_visibility(user, call, barred=barred)
            if sight != "nothing":
                self.looked += encode(call_view(call, boards.monitors_on(call.id), sight))
                self.looked += encode(timeline_view(call, self.past.of(call), sight))
        for monitor in boards.visible(user, self.who):
            sight = boards.visibility(user, monitor, self.who)
            self.looked += encode([shown_id(monitor, sight), monitor_view(monitor, sight)])
        for call in boards.calls():
            self.looked += encode(len(boards.talking_to(user, call, self.who)))
        for monitor in boards.monitors():
            self.looked += b"".join(encode(message_view(one, user)) for one in boards.messages(user, monitor, self.who))
        for request in boards.help.values():
            if (about := boards.help_sight(user, request, self.who)) is not HelpSight.NOTHING:
                self.looked += encode(help_view(request, about))
        self.looked += b"\n"


class History:
    """Boss calls Sam on a twin of the desk phone, Coach calls Ana; supervisors listen to Sam's call."""

    def __init__(self, *, hide_silent: bool, talk: bool = True) -> None:
        """`talk`: whether Asterisk tells who talks."""
        self.hide_silent, self.talk, self.scene = hide_silent, talk, Scene()
        bars = Bars()
        self.rules = Unmonitored(bars, forms)
        reading = replace(numbering(), forbids=self.rules.forbids)
        self.board = Board(reading, Directory.of(PEOPLE), PbxState(LinkState.CONNECTED, START), WORDS, bars)
        self.boards = alone(self.board)
        self.past = Past(self.boards)
        self.together = Together(self.boards)
        self.a, self.target = self.scene.answered_call("90301", "101", "b1")
        self.c, self.ana = self.scene.answered_call("303", "102", "b2")
        self.run()
        self.modes: dict[str, tuple[str, Mode]] = {}
        self.others = [self.together.join(Who(user.id)) for user in (ROOT, MONA, COACH)]
        """Who is not in that conversation, as long as they are not: they see everything, all together."""
        self.onlookers = {
            "sam": self.onlooker(Who(SAM.id)),
            "boss": self.onlooker(Who(BOSS.id)),
            "boss's token": self.onlooker(Who(BOSS.id, "t-before")),
        }
        self.numbers = 0

    def onlooker(self, who: Who) -> Onlooker:
        """Somebody who looks from now on."""
        return Onlooker(self.together, self.boards, self.past, who)

    def run(self) -> None:
        """Tell what the scene has made."""
        self.board.apply(self.scene.take())

    def call(self) -> Call:
        """Sam's."""
        return next(call for call in self.board.calls() if call.agent.user_id == SAM.id)

    def play(self, step: str) -> None:
        """One step, and then everybody looks."""
        self.act(step)
        for onlooker in self.onlookers.values():
            onlooker.look()
        for other in self.others:
            other.read()

    def act(self, step: str) -> None:
        """One step."""
        self.numbers += 1
        if step in ("root", "mona"):
            self.begin(step)
        elif step in ("whisper", "barge", "silent"):
            for who in list(self.modes):
                self.switch(who, Mode(step))
        elif step == "stop":
            for monitor_id, _ in self.modes.values():
                self.end(monitor_id)
            self.modes.clear()
        else:
            getattr(self, step.replace(" ", "_"))()

    def begin(self, who: str) -> None:
        """A supervisor listens silently."""
        if who not in self.modes and all(call.monitorable for call in self.board.calls()):
            self.modes[who] = f"{who}-{self.numbers}", Mode.SILENT
            if not self.hide_silent:
                self.live(self.modes[who][0], who)

    def live(self, monitor_id: str, who: str) -> None:
        """A monitor, confirmed and silent."""
        call, user = self.call(), {"root": ROOT, "mona": MONA}[who]
        fresh = Monitor(
            id=monitor_id,
            pbx="lab",
            call_id=call.id,
            conversation_id=call.conversation_id,
            target=self.target,
            leg=leg_of(monitor_id),
            supervisor=Supervisor(user.id, user.name, user.username),
            device="PJSIP/302",
            keypad=True,
            mode=Mode.SILENT,
            state=MonitorState.CONNECTING,
            started_at=START,
        )
        self.board.put(fresh, START)
        self.board.apply([ev.SpyStarted(START, fresh.leg, self.target, "call-monitor", "silent-keypad")])

    def switch(self, who: str, mode: Mode) -> None:
        """Another mode, by a digit."""
        monitor_id, before = self.modes[who]
        if self.hide_silent and not mode.talks:
            self.end(monitor_id)
        else:
            if self.hide_silent and not before.talks:
                monitor_id = f"{who}-{self.numbers}"
                self.live(monitor_id, who)
            self.board.apply([ev.DigitReceived(START, leg_of(monitor_id), DIGITS[mode])])
        self.modes[who] = monitor_id, mode

    def end(self, monitor_id: str) -> None:
        """It is over."""
        if current := self.board.monitor(monitor_id):
            self.board.step(ended(current, EndReason.STOPPED, START), START)

    def help(self) -> None:
        """Somebody at Sam's phone, whose account is not known, asks for help."""
        for call in [] if self.boards.help else [one for one in self.board.calls() if one.uniqueid == self.target]:
            asked = HelpRequest(
                id=f"help-{self.numbers}",
                pbx="lab",
                call_id=call.id,
                conversation_id=call.conversation_id,
                agent=replace(call.agent, user_id=None),
                agent_username="PJSIP/101",
                customer="301",
                note="A complaint",
                state=HelpState.OPEN,
                created_at=START,
            )
            self.boards.set_help([asked], START)

    def come(self) -> None:
        """And Mona comes, silently, in the one world."""
        if not self.hide_silent:
            mona = Supervisor(MONA.id, MONA.name)
            taken = [replace(one, state=HelpState.TAKEN, taken_by=mona) for one in self.boards.help.values()]
            self.boards.set_help(taken, START)

    def help_no_more(self) -> None:
        """It is over."""
        over = [replace(one, state=HelpState.CLOSED) for one in self.boards.help.values()]
        self.boards.set_help(over, START)

    def write(self) -> None:
        """Whoever talks to Sam writes to him, and he answers."""
        talking = [m for m in self.board.monitors() if m.talks and self.board.call(m.call_id) is not None]
        for monitor in sorted(talking, key=lambda one: one.supervisor.username):
            for sender, author in ((Sender.SUPERVISOR, monitor.supervisor), (Sender.AGENT, SAM)):
                one = f"message-{self.numbers}-{monitor.supervisor.username}-{sender}"
                message = CoachMessage(
                    id=one,
                    pbx="lab",
                    monitor_id=monitor.id,
                    call_id=monitor.call_id,
                    talk=monitor.talk,
                    agent_id=SAM.id,
                    at=START,
                    sender=sender,
                    author_id=author.id if isinstance(author, User) else author.user_id,
                    author_name=author.name,
                    text=f"Only for those two: {one}",
                )
                self.board.put_message(message)

    def heard(self) -> None:
        """Who talks in Sam's conversation is another now."""
        heard = {one.conversation_id for one in self.board.calls() if one.uniqueid == self.target}
        for call in self.board.calls() if self.talk else ():
            if call.conversation_id in heard:
                self.board.talks[call.id] = Talk(START, agent_share=self.numbers % 21 * 5, silent_since=START)
        self.board.look_again(heard, START)

    def exempt(self) -> None:
        """Nobody may monitor Boss any more: what listens ends."""
        self.rules.exempt = Exempt(people=(BOSS.id,))
        self.board.look_again({call.conversation_id for call in self.board.calls()}, START)
        if any(not call.monitorable for call in self.board.calls()):
            for monitor_id, _ in self.modes.values():
                self.end(monitor_id)
            self.modes.clear()

    def exempt_no_more(self) -> None:
        """And everybody again who may."""
        self.rules.exempt = Exempt()
        self.board.look_again({call.conversation_id for call in self.board.calls()}, START)

    # --- what the barred try

    def change(self, user: User) -> None:
        """An account is another now."""
        others = [one for one in self.board.directory.users.values() if one.id != user.id]
        self.boards.set_directory(Directory.of([*others, user]), frozenset({user.id}), self.scene.now)

    def no_device(self) -> None:
        """Boss takes their own devices away."""
        self.change(replace(BOSS, devices=()))

    def device_again(self) -> None:
        """And puts one of them back."""
        self.change(replace(BOSS, devices=("PJSIP/301",)))

    def token_for_mona(self) -> None:
        """Boss makes a token that acts for a supervisor."""
        self.boards.made(Who(BOSS.id), Kind.TOKEN, "t-mona", START)
        self.onlookers.setdefault("a token for mona", self.onlooker(Who(MONA.id, "t-mona")))

    def token_for_root(self) -> None:
        """And one of another administrator."""
        self.boards.made(Who(BOSS.id), Kind.TOKEN, "t-root", START)
        self.onlookers.setdefault("a token for root", self.onlooker(Who(ROOT.id, "t-root")))

    def new_account(self) -> None:
        """And a new administrator, who makes a token in turn."""
        made = replace(ROOT, id="u-new", username="new")
        self.boards.made(Who(BOSS.id), Kind.PASSWORD, made.id, START)
        self.change(made)
        self.boards.made(Who(made.id), Kind.TOKEN, "t-new", START)
        self.onlookers.setdefault("a new account", self.onlooker(Who(made.id)))
        self.onlookers.setdefault("a token of a new account", self.onlooker(Who(made.id, "t-new")))

    def password_of_root(self) -> None:
        """And a new password for another administrator."""
        self.boards.made(Who(BOSS.id), Kind.PASSWORD, ROOT.id, START)
        self.onlookers.setdefault("root", self.onlooker(Who(ROOT.id)))

    def team_for_coach(self) -> None:
        """Coach may look after Sam alone, whoever else talks."""
        self.change(replace(COACH, scope=MonitorScope.TEAMS, supervised=OF_SAM))

    def team_for_boss(self) -> None:
        """Boss is an agent who looks after Sam, with whom he talks."""
        self.change(replace(BOSS, role=Role.AGENT, can_monitor=True, scope=MonitorScope.TEAMS, supervised=OF_SAM))

    def boss_again(self) -> None:
        """And an administrator again."""
        self.change(BOSS)

    def leave(self) -> None:
        """Boss hangs up."""
        self.scene.gone(self.a)
        self.run()

    def transfer(self) -> None:
        """Ana's call becomes one with Sam's, and Coach is out of it."""
        self.scene.change(self.ana, linkedid=self.a)
        self.scene.leave("b2", self.ana)
        self.scene.enter("b1", self.ana)
        self.scene.gone(self.c)
        self.run()
        self.onlookers.setdefault("coach", self.onlooker(Who(COACH.id)))
        self.onlookers.setdefault("ana", self.onlooker(Who(ANA.id)))

    def native(self) -> None:
        """The bridge's technology changes, as it may when somebody begins to listen."""
        if not self.hide_silent:
            self.scene.enter("b1", self.target, technology="softmix")
            self.run()


MOVES = (
    *("root", "mona", "whisper", "barge", "silent", "stop", "no device", "device again", "token for mona"),
    *("team for coach", "team for boss", "boss again", "token for root", "new account", "password of root"),
    *("leave", "transfer", "native", "exempt", "exempt no more", "help", "come", "help no more"),
    *("heard", "write"),
)


def told(steps: list[str], *, hide_silent: bool, talk: bool = True) -> dict[str, bytes]:
    """What everybody was shown."""
    history = History(hide_silent=hide_silent, talk=talk)
    for step in steps:
        history.play(step)
    return {name: with_numbers(onlooker.bytes) for name, onlooker in history.onlookers.items()}


@given(st.lists(st.sampled_from(MOVES), max_size=16))
def test_for_the_barred_silence_does_not_exist(steps: list[str]) -> None:
    assert told(steps, hide_silent=False) == told(steps, hide_silent=True)


@given(st.lists(st.sampled_from(MOVES), max_size=16))
def test_for_the_barred_nobody_tells_who_talks(steps: list[str]) -> None:
    with_talk = told([*steps, "heard", "heard"], hide_silent=False)
    assert with_talk == told([*steps, "heard", "heard"], hide_silent=False, talk=False)
    assert b"agent_share" not in b"".join(with_talk.values())


def test_the_history_can_fail() -> None:
    """Somebody who is barred from nothing sees the difference."""
    history = History(hide_silent=False)
    free = history.onlooker(Who(ROOT.id))
    history.play("mona")
    assert b'"mode":"silent"' in free.bytes
    free.look()
    assert b'"listening"' in free.bytes
    history.play("heard")
    assert b'"agent_share":10' in free.bytes
    assert b'"mode":"silent"' in history.others[0].bytes
    assert free.stream.audience is history.others[0].audience is not history.onlookers["boss"].stream.audience
    everybody = told(["mona", "whisper", "transfer", "token for root"], hide_silent=False)
    assert {"sam", "boss", "coach", "a token for root"} <= everybody.keys()
    asked = told(["help", "come"], hide_silent=False)
    assert b'"state":"open"' in asked["boss"]
    assert b'"taken"' not in asked["boss"]
    written = told(["mona", "whisper", "write", "transfer"], hide_silent=False)
    assert written["sam"].count(b"event: message.sent") == 2
    assert not any(b"Only for those two" in seen for name, seen in written.items() if name != "sam")
    assert b'"mode":"whisper"' in everybody["boss"]
    assert b"coach.joined" in everybody["sam"]
    assert b'"whispering"' in everybody["sam"]
