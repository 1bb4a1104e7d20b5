"""Streams that are served together get, byte for byte, what each would get alone: in random worlds, whoever looks.

And who is served together says nothing of silent monitors.
"""

from dataclasses import replace

from hypothesis import example, given
from hypothesis import strategies as st

from adapter.core.bars import Who
from adapter.core.modes import Mode
from adapter.core.pbx import LinkState, PbxState
from adapter.core.people import Directory, User
from adapter.core.record import RecordState
from adapter.core.teams import NOTHING, MonitorScope, Supervised
from adapter.web.audience import Audience
from tests.fake.scene import ADMIN, ANA, COACH, LEE, MONA, SAM, START, user
from tests.support.viewers import Alone, Told
from tests.unit.test_silence import BOSS, MOVES, ROOT, History

NORA = user("nora", "305", can_monitor=True)
"""A supervisor who is no agent and in no call."""
LOOKERS = {
    "sam": Who(SAM.id),
    "ana": Who(ANA.id),
    "lee": Who("u-lee"),
    "boss": Who(BOSS.id),
    "boss's token": Who(BOSS.id, "t-before"),
    "root": Who(ROOT.id),
    "root's token": Who(ROOT.id, "t-root"),
    "mona": Who(MONA.id),
    "mona's token": Who(MONA.id, "t-mona"),
    "coach": Who(COACH.id),
    "nora": Who(NORA.id),
}


class World(History):
    """The history of the proof of silence, with pages that come and go, and people whose rights change."""

    def __init__(self, *, hide_silent: bool = False) -> None:
        super().__init__(hide_silent=hide_silent)
        self.change(LEE)
        self.change(NORA)
        self.calls: list[tuple[str, str]] = []
        self.pages: list[tuple[str, Told, Alone]] = []

    def play(self, step: str) -> None:
        """One step, then all read, or every second one: the others are behind."""
        name, _, what = step.partition(": ")
        if name == "page":
            self.open(what)
        elif name == "leaves":
            self.close(what)
        elif name == "read":
            for _, told, _ in self.pages[:: 1 if what == "all" else 2]:
                told.read()
        elif name == "rights":
            self.rights(what)
        elif name == "link":
            self.board.set_pbx(PbxState(LinkState(what), START))
            if what == "connected":
                self.board.apply([self.scene.listed({})])
        elif name == "record":
            self.boards.set_record(RecordState(what == "ok", START))
        elif name == "rings":
            self.rings(what)
        elif name == "call":
            self.other_call(what)
        else:
            self.act(step)

    def live(self, monitor_id: str, who: str) -> None:
        """A monitor, where there is a call to listen to."""
        if any(call.agent.user_id == SAM.id for call in self.board.calls()):
            super().live(monitor_id, who)

    def open(self, name: str) -> None:
        """A page more."""
        who = LOOKERS[name]
        self.pages.append((name, self.together.join(who), Alone(self.boards, who)))

    def close(self, name: str) -> None:
        """Their first page that is still open."""
        for page, told, alone in self.pages:
            if page == name and told.audience is not None:
                assert told.bytes == alone.bytes
                told.leave()
                alone.leave()
                break

    def rights(self, what: str) -> None:
        """Somebody gains or loses the right to monitor, or the account."""
        name, _, change = what.partition(" ")
        now = {user.username: user for user in self.boards.directory.users.values()}
        user = now.get(name, {"mona": MONA, "root": ROOT, "sam": SAM, "coach": COACH, "lee": LEE, "nora": NORA}[name])
        if change == "gone":
            rest = [one for one in now.values() if one.username != name]
            self.boards.set_directory(Directory.of(rest), frozenset({user.id}), self.scene.now)
        else:
            self.change(self.changed(user, change))

    def changed(self, user: User, change: str) -> User:
        """An account after a change."""
        match change:
            case "off":
                return replace(user, active=False)
            case "on":
                return replace(user, active=True)
            case "teams":
                return replace(user, scope=MonitorScope.TEAMS)
            case "all":
                return replace(user, scope=MonitorScope.ALL)
            case "sam's":
                return replace(user, supervised=Supervised(frozenset({SAM.id})))
            case "nobody's":
                return replace(user, supervised=NOTHING)
            case "may":
                return replace(user, can_monitor=True, granted=frozenset(Mode))
            case _:
                return replace(user, can_monitor=False)

    def rings(self, what: str) -> None:
        """The phone of somebody who may monitor rings in Sam's conversation, and ceases to."""
        if what == "begins":
            self.ringing = self.scene.channel("302", linked=self.a)
            self.scene.dial(self.a, self.ringing)
        elif (ringing := getattr(self, "ringing", None)) is not None:
            self.scene.gone(ringing)
            del self.ringing
        self.run()

    def other_call(self, what: str) -> None:
        """A customer calls Lee, or Mona's desk phone calls him; it is held, or over."""
        if what.startswith("from"):
            self.calls.append(self.scene.answered_call(what.removeprefix("from "), "103", f"b{9 + self.numbers}"))
            self.numbers += 1
        elif self.calls:
            theirs, his = self.calls[0]
            if what == "ends":
                self.scene.gone(theirs, his)
                del self.calls[0]
            else:
                self.scene.hold(his, what == "held")
        self.run()

    def compare(self) -> None:
        """Every page got what it would have got alone, and is where it belongs."""
        for name, told, alone in self.pages:
            if told in self.together.ended:  # what still waited for it then is sent no more
                assert alone.bytes.startswith(told.bytes), name
            else:
                assert told.bytes == alone.bytes, name
        for audience in dict.fromkeys(told.audience for _, told, _ in self.pages if told.audience):
            assert len({told.who for _, told, _ in self.pages if told.audience is audience}) == 1 or not audience.own


STEPS = (
    *MOVES,
    *(f"page: {name}" for name in LOOKERS),
    *(f"leaves: {name}" for name in LOOKERS),
    *("read: all", "read: some", "link: down", "link: connected", "record: ok", "record: failing"),
    *(
        f"rights: {name} {how}"
        for name in ("mona", "root", "sam", "coach")
        for how in ("gone", "off", "on", "may", "not")
    ),
    *(f"rights: {name} {how}" for name in ("mona", "lee", "nora") for how in ("teams", "all", "sam's", "nobody's")),
    "rights: coach teams",
    "rights: lee may",
    *("rings: begins", "rings: ends", "call: from 201", "call: from 302", "call: ends", "call: held", "call: goes on"),
)


NARROW = ("rights: lee may", *(f"rights: {name} {how}" for name in ("mona", "lee") for how in ("sam's", "teams")))
"""Mona and Lee look after Sam, both of them."""


@given(st.lists(st.sampled_from(STEPS), max_size=30))
@example(["page: mona", "page: root", "rings: begins", "root", "rings: ends", "read: all", "root", "silent"])
@example(["page: coach", "page: root", "mona", "transfer", "whisper", "read: all", "leave", "stop", "page: coach"])
@example(["page: root", "page: mona", "rights: root off", "mona", "rights: root on", "page: root", "read: all", "root"])
@example(["page: lee", "call: from 201", "call: held", "call: ends", "read: all"])
@example(["page: mona", "page: root", "call: from 302", "mona", "read: all", "call: ends", "call: held", "read: all"])
@example(["rights: mona teams", "page: mona", "page: root", "call: from 201", "read: all", "root", "read: all"])
@example(["page: mona", "page: root", "rights: mona sam's", "rights: mona teams", "record: ok", "call: from 201"])
@example(["rights: coach teams", "page: coach", "page: coach", "page: root", "rights: coach all", "record: ok"])
@example(
    [*NARROW, "page: mona", "page: lee", "mona", "rights: mona nobody's", "rights: lee nobody's", "whisper", "stop"]
)
@example(
    [*NARROW, "page: mona", "page: lee", "read: all", "mona", "rights: lee all", "page: root", "stop", "read: all"]
)
def test_together_as_alone(steps: list[str]) -> None:
    world = World()
    for step in steps:
        world.play(step)
        if step == "read: all":
            world.compare()
    world.compare()


def groups(world: World) -> list[list[int]]:
    """Which pages are served together."""
    found: dict[Audience | None, list[int]] = {}
    for number, (_, told, _) in enumerate(world.pages):
        found.setdefault(told.audience, []).append(number)
    return list(found.values())


QUIET = tuple(step for step in STEPS if not step.startswith("rights"))


@given(st.lists(st.sampled_from(QUIET), max_size=30))
def test_who_is_served_together_says_nothing_of_silent_monitors(steps: list[str]) -> None:
    """Those who are barred are grouped alike, and have the same number of frames waiting, in both worlds."""
    one, other = World(hide_silent=False), World(hide_silent=True)
    for step in steps:
        for world in (one, other):
            world.play(step)
            for _, told, _ in world.pages:
                told.read()
        assert groups(one) == groups(other), step


def test_all_supervisors_are_one_audience_and_are_told_once() -> None:
    world = World()
    for name in ("root", "mona", "coach", "mona", "root's token"):
        world.open(name)
    world.open("boss")
    world.open("boss")
    *plain, boss, again = [told for _, told, _ in world.pages]
    assert len({told.audience for told in plain}) == 2, "coach is in a call"
    assert boss.audience is again.audience is not plain[0].audience
    together = [told for name, told, _ in world.pages if name in ("root", "mona", "root's token")]
    for told in together:
        told.read()
    audience = together[0].audience
    assert audience is not None
    world.play("mona")
    frames = [told.audience.after(told.position) for told in together if told.audience is audience]
    assert len(frames) == len(together)
    assert frames[0]
    assert all(theirs[0].tail is frames[0][0].tail for theirs in frames), "the same bytes, not only equal ones"
    world.compare()


def test_supervisors_of_the_same_teams_are_one_audience_and_are_told_once() -> None:
    world = World()
    narrow = (*NARROW, "rights: nora sam's", "rights: nora teams")
    for step in (*narrow, "page: root", "page: mona", "page: nora", "page: mona's token", "page: lee"):
        world.play(step)
    root, *ours, lee = [told for _, told, _ in world.pages]
    for told in (root, *ours, lee):
        told.read()
    assert len({told.audience for told in ours}) == 1
    assert ours[0].audience is not root.audience
    assert lee.audience not in (ours[0].audience, root.audience), "an agent sees themselves too"
    world.play("mona")
    world.play("rights: nora nobody's")
    world.compare()
    assert ours[1].audience is not ours[0].audience
    world.play("rights: mona nobody's")  # what she does herself is left to her alone
    world.play("record: failing")
    world.compare()
    assert ours[1].audience is not ours[0].audience
    for step in ("stop", "read: all", "rights: sam may"):  # of which they are told nothing
        world.play(step)
    world.compare()
    assert ours[1].audience is ours[0].audience, "and then they see the same again"


def test_who_was_in_a_call_is_one_of_all_again_when_it_is_over() -> None:
    world = World()
    world.open("mona")
    world.open("root")
    (_, mona, _), (_, root, _) = world.pages
    assert mona.audience is root.audience
    for other in world.others:  # who looked before, and was told of agents since
        other.read()
    world.play("rings: begins")
    assert mona.audience is not root.audience
    world.play("rings: ends")
    for told in (mona, root):
        told.read()
    world.play("record: failing")  # nothing waits for her now
    for told in (mona, root):
        told.read()
    world.play("record: ok")
    world.compare()
    assert mona.audience is root.audience
    assert mona in world.together.back
    assert root not in world.together.back


def test_what_nobody_sees_is_kept_nowhere() -> None:
    world = World()
    for name in LOOKERS:
        world.open(name)
    for step in (
        "mona",
        "whisper",
        "transfer",
        "leave",
        "stop",
        "rings: begins",
        "rights: mona off",
        "rights: mona on",
    ):
        world.play(step)
    for name in LOOKERS:
        world.close(name)
    for other in (*world.others, *(onlooker.stream for onlooker in world.onlookers.values())):
        other.leave()
    audiences = world.together.audiences
    assert not audiences._by_id
    assert not audiences._watching
    assert not audiences._seeing
    assert not any(common.members for common in audiences._common.values())
    assert ADMIN.id in audiences._boards.directory.users
