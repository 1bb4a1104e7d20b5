"""The report adds up what happened: random histories, whose truth a ticking clock keeps, against their audit."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from adapter.core.audit import Action, Result
from adapter.core.help import NOT_BEGUN
from adapter.core.modes import Mode
from adapter.core.people import Directory, Role, User
from adapter.core.report import Fact, Group, GroupBy, Line, add_up, rows_view, week_of
from adapter.core.report_views import NONE, Reader
from adapter.core.teams import MonitorScope, Supervised

START = datetime(2026, 11, 22, 23, 59, 59, tzinfo=UTC)
"""A Sunday: weeks change within a history."""
TICK = timedelta(milliseconds=1)
AGENTS, SUPERVISORS = ("sam", "ana", "PJSIP/104"), ("mona", "coach")


def people(**more: Any) -> dict[str, User]:
    """Who has an account."""
    found = {
        name: User(f"u-{name}", name, name.capitalize(), Role.AGENT, number, (f"PJSIP/{number}",), can_monitor=monitors)
        for name, number, monitors in (("sam", "101", True), ("ana", "102", False), ("mona", "302", True))
    }
    return found | more


@dataclass
class Running:
    """One monitor, as it really is."""

    number: int
    supervisor: str
    agent: str
    mode: Mode
    told: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Milliseconds in a mode in a week, of which an entry has not told yet."""


class World:
    """What happens, what the audit says of it, and what the truth is."""

    def __init__(self, since: datetime | None, until: datetime | None) -> None:
        self.since, self.until, self.now = since, until, START
        self.lines: list[Line] = []
        self.running: dict[int, Running] = {}
        self.truth: Counter[tuple[str, str, str, str]] = Counter()
        """What, of which agent, by which supervisor, in which week."""
        self.calls: set[str] = set()
        self.waits: list[int] = []
        self.asks: dict[str, list[Any]] = {}
        self.numbers = 0

    @property
    def counts(self) -> bool:
        return (self.since is None or self.now >= self.since) and (self.until is None or self.now < self.until)

    def number(self) -> int:
        self.numbers += 1
        return self.numbers

    def tell(self, action: Action, **more: Any) -> None:
        """An entry."""
        empty = dict.fromkeys(Line._fields) | {"at": self.now, "action": action.value, "result": Result.OK.value}
        self.lines.append(Line(**{**empty, **more}))

    def passes(self, ticks: int) -> None:
        """Time, a millisecond after the other."""
        for _ in range(ticks):
            for one in self.running.values() if self.counts else ():
                one.told[one.mode.value, week_of(self.now).name] += 1
            self.now += TICK

    def count(self, what: str, agent: str, supervisor: str, by: int = 1) -> None:
        if self.counts:
            self.truth[what, agent, supervisor, week_of(self.now).name] += by

    def settle(self, one: Running, action: Action, **more: Any) -> None:
        """An entry about a monitor: what went before it is told by it."""
        for (mode, week), ticks in one.told.items():
            self.truth[mode, one.agent, one.supervisor, week] += ticks
        one.told.clear()
        about = {"monitor_id": f"m{one.number}", "call_id": f"c{one.number}-{one.agent}"}
        whom = {"supervisor": one.supervisor, "agent": one.agent, "agent_name": one.agent.title()}
        self.tell(action, **{**about, **whom, "mode": one.mode.value, **more})

    def act(self, act: str, who: int, mode: Mode) -> None:
        """Something happens."""
        agent, supervisor = AGENTS[who % len(AGENTS)], SUPERVISORS[who % len(SUPERVISORS)]
        if act == "start":
            one = Running(self.number(), supervisor, agent, mode)
            self.settle(one, Action.STARTED)
            self.running[one.number] = one
            self.count("monitors", agent, supervisor)
            if self.counts:
                self.calls.add(f"c{one.number}-{agent}")
        elif act == "note":
            self.tell(Action.NOTE_CREATED, target=f"n{self.number()}", agent=agent, supervisor=supervisor)
            self.count("notes", agent, supervisor)
        elif act == "refused":
            for action in (Action.NOTE_CREATED, Action.HELP_REQUESTED, Action.MODE_CHANGED, Action.ENDED):
                ids = {"monitor_id": f"m{who}", "target": f"h{who}", "agent": agent, "supervisor": supervisor}
                self.tell(action, **ids, result=Result.REFUSED.value, reason="forbidden")
        elif act == "ask":
            self.ask(agent)
        elif self.asks and act in ("take", "close", "not begun"):
            self.help(act, list(self.asks)[who % len(self.asks)], supervisor)
        elif self.running and act in ("switch", "end", "take over", "lost"):
            self.monitor(act, list(self.running.values())[who % len(self.running)], mode)

    def monitor(self, act: str, one: Running, mode: Mode) -> None:
        if act == "switch":
            self.settle(replace(one, mode=mode), Action.MODE_CHANGED)
            one.mode = mode
            return
        del self.running[one.number]
        reason = {"end": "stopped", "take over": "took_over", "lost": "pbx_lost"}[act]
        result = Result.FAILED if act == "lost" else Result.OK
        self.settle(one, Action.ENDED, reason=reason, result=result.value)
        if act == "take over":
            self.count("takeovers", one.agent, one.supervisor)

    def ask(self, agent: str) -> None:
        help_id = f"h{self.number()}"
        self.tell(Action.HELP_REQUESTED, target=help_id, agent=agent)
        self.asks[help_id] = [self.now, agent, None, None]

    def help(self, act: str, help_id: str, supervisor: str) -> None:
        asked, agent, taker, _ = self.asks[help_id]
        if act == "take" and taker is None:
            self.tell(Action.HELP_TAKEN, target=help_id, agent=agent, supervisor=supervisor)
            self.asks[help_id] = [asked, agent, supervisor, self.now]
        elif act == "not begun" and taker is not None:
            self.tell(Action.HELP_REQUESTED, target=help_id, agent=agent, reason=NOT_BEGUN)
            self.asks[help_id] = [asked, agent, None, None]
        elif act == "close":
            self.tell(Action.HELP_CLOSED, target=help_id, agent=agent)
            self.helped(self.asks.pop(help_id))

    def helped(self, ask: list[Any]) -> None:
        asked, agent, taker, taken = ask
        now, self.now = self.now, asked
        self.count("help_requests", agent, taker or "")
        if taken and self.counts:
            self.waits.append((taken - asked) // TICK)
        self.now = now

    def over(self) -> None:
        for ask in self.asks.values():
            self.helped(ask)

    def sums(self, by: int) -> dict[str, Counter[str]]:
        """The truth by agent (0), supervisor (1) or week (2)."""
        found: dict[str, Counter[str]] = {}
        for (what, *whose), count in self.truth.items():
            if count:
                found.setdefault(whose[by], Counter())[what] += count
        return found


ACTS = st.sampled_from(
    [*"start start switch switch end lost note ask take close refused".split(), "take over", "not begun"]
)
STEPS = st.lists(st.tuples(ACTS, st.integers(0, 5), st.sampled_from(Mode), st.integers(0, 400)), max_size=25)
EDGE = st.none() | st.integers(-500, 6000).map(lambda passed: START + passed * TICK)


@settings(deadline=None, max_examples=100)
@given(STEPS, EDGE, EDGE)
def test_it_is_what_happened(
    steps: Iterable[tuple[str, int, Mode, int]], since: datetime | None, until: datetime | None
) -> None:
    world = World(since, until)
    for act, who, mode, passed in steps:
        world.act(act, who, mode)
        world.passes(passed)
    world.over()
    reader = Reader(User("x", "x", "X", Role.ADMINISTRATOR), Directory.of(people().values()))
    keys: dict[GroupBy, tuple[int, dict[str, str | None]]] = {
        GroupBy.AGENT: (0, {"sam": "u-sam", "ana": "u-ana"}),
        GroupBy.SUPERVISOR: (1, {"mona": "u-mona", "": None}),
        GroupBy.WEEK: (2, {}),
    }
    for by, (place, ids) in keys.items():
        report = add_up(world.lines, reader.groups(by, {}), since, until)
        rows = {row["id"]: row for row in rows_view(report)}
        truth = {ids.get(name, name): sums for name, sums in world.sums(place).items()}
        assert rows.keys() == truth.keys()
        for key, sums in truth.items():
            assert_same(rows[key], sums)
        total = sum(truth.values(), Counter[str]())
        assert_same(report.totals.view(), total)
        assert len(report.totals.calls) == len(world.calls) == total["monitors"]
        waited = report.totals.view()["median_seconds_to_help"]
        assert waited == (round(median(world.waits)) / 1000 if world.waits else None)


def assert_same(view: dict[str, object], truth: Counter[str]) -> None:
    """A row and the truth."""
    for mode in Mode:
        assert view[f"{mode.value}_seconds"] == truth[mode.value] / 1000
    for name in ("monitors", "takeovers", "help_requests", "notes"):
        assert view[name] == truth[name]


def test_of_what_runs_counts_what_an_entry_has_told() -> None:
    world = World(None, None)
    world.act("start", 0, Mode.SILENT)
    world.passes(2500)
    world.act("switch", 0, Mode.BARGE)
    world.passes(4000)
    report = add_up(world.lines, lambda _: ())
    assert (report.totals.modes[Mode.SILENT], report.totals.modes[Mode.BARGE]) == (2500, 0)
    assert report.running == (frozenset({"m1"}), frozenset[str]())


def test_what_nobody_can_vouch_for_is_told() -> None:
    """Three seconds of silence, the last entry after the first, then the adapter was dead until it took it up."""
    world = World(None, None)
    world.act("start", 0, Mode.SILENT)
    (one,) = world.running.values()
    world.passes(3000)
    world.settle(one, Action.TAKEN_UP, target="2026-11-23T00:00:00.000Z")
    world.passes(500)
    world.act("end", 0, Mode.SILENT)
    totals = add_up(world.lines, lambda _: ()).totals
    assert (totals.modes[Mode.SILENT], totals.unsure, totals.monitors) == (3500, 2000, 1)


def line(agent: str, supervisor: str | None = None, **more: Any) -> Line:
    """A note about somebody."""
    world = World(None, None)
    world.tell(Action.NOTE_CREATED, agent=agent, supervisor=supervisor, **more)
    return world.lines[0]


def test_nothing_about_oneself_whatever_one_was_called() -> None:
    sam = people()["sam"]
    reader = Reader(replace(sam, role=Role.ADMINISTRATOR), Directory.of(people().values()))
    for agent, more in (("sam", {}), ("SAM", {}), ("PJSIP/101", {}), ("101", {}), ("old", {"extension": "101"})):
        assert not reader.shows(line(agent, "mona", **more)), agent
    assert reader.shows(line("ana", "sam"))


def test_a_scope_is_its_teams_members_and_what_one_did_oneself() -> None:
    scoped = replace(
        people()["mona"],
        scope=MonitorScope.TEAMS,
        supervised=Supervised(frozenset({"u-ana", "u-mona"}), frozenset(), frozenset({"t1"})),
    )
    ana = replace(people()["ana"], teams=frozenset({"t1", "t2"}))
    reader = Reader(scoped, Directory.of(people(mona=scoped, ana=ana).values()))
    assert reader.shows(line("ana", "coach"))
    assert not reader.shows(line("sam", "coach"))
    assert not reader.shows(line("mona", "coach"))
    assert reader.shows(line("sam", "Mona"))
    groups = reader.groups(GroupBy.TEAM, {"t1": "One", "t2": "Two"})
    fact = Fact(START, line("ana"), None, lambda _: None)
    assert list(groups(fact)) == [Group("t1", "One")], "the other team is none of theirs"
    assert list(groups(fact._replace(line=line("sam", "mona")))) == [NONE]


def test_who_is_in_two_teams_counts_once_in_the_totals() -> None:
    ana = replace(people()["ana"], teams=frozenset({"t1", "t2"}))
    reader = Reader(User("x", "x", "X", Role.ADMINISTRATOR), Directory.of(people(ana=ana).values()))
    report = add_up([line("ana", "mona")], reader.groups(GroupBy.TEAM, {"t1": "One", "t2": "Two"}))
    assert [(row["name"], row["notes"]) for row in rows_view(report)] == [("One", 1), ("Two", 1)]
    assert report.totals.notes == 1
