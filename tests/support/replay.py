"""Plays a recording (`call-monitor doctor --record`) to the model, and keeps what people would have seen."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from adapter import config, wiring
from adapter.asterisk.recording import BEGAN, Header, Recording, read
from adapter.core.call import Call
from adapter.core.calls import Numbering
from adapter.core.changes import Changes
from adapter.core.events import Event
from adapter.core.pbx import LinkState, PbxState
from adapter.core.people import Directory, Role, User
from adapter.monitoring.board import Board

FOLDER = Path(__file__).parents[1] / "recordings"
"""The recordings that are kept as tests."""


class Seen(NamedTuple):
    """A call as people see it at one moment, times and ids apart."""

    state: str
    direction: str
    agent: str
    """The agent's extension."""
    name: str
    customer: str
    customer_name: str
    barge_reaches_customer: bool


@dataclass
class Life:
    """One call from its first sight to its last: each view that differs from the one before."""

    seen: list[Seen]
    ended: bool = False

    @property
    def states(self) -> list[str]:
        """Its states, each once for as long as it lasted."""
        states = [view.state for view in self.seen]
        return [state for place, state in enumerate(states) if place == 0 or states[place - 1] != state]

    @property
    def last(self) -> Seen:
        """How it looked last."""
        return self.seen[-1]

    @property
    def last_with(self) -> Seen:
        """How it looked last while somebody was at the other end."""
        return next((view for view in reversed(self.seen) if view.customer), self.last)

    def see(self, view: Seen) -> None:
        """One more view."""
        if not self.seen or self.seen[-1] != view:
            self.seen.append(view)


def settings_of(header: Header) -> config.Settings:
    """A configuration that reads calls as the recorded PBX's did."""
    access = {"secret": "of nobody"}
    return config.Settings.model_validate(
        {
            "pbx": [{"id": "recorded", "context": header.context, "ami": access, "ari": access}],
            "endpoints": {"agents": header.agents, "internal": header.internal},
            "numbering": {"country": header.country},
            "star_codes": header.star_codes,
        }
    )


def directory_of(header: Header) -> Directory:
    """The accounts of the recorded PBX, masked."""
    return Directory.of(
        User(
            f"person-{n}",
            f"person{n}",
            who.name,
            Role.AGENT,
            who.extension or None,
            (who.device,) if who.device else (),
        )
        for n, who in enumerate(header.people)
    )


_READ: dict[str, tuple[Numbering, Directory]] = {}


def _reading(header: Header) -> tuple[Numbering, Directory]:
    """How a recorded PBX is read; made once for each header, since that takes longer than to replay it."""
    key = repr(header)
    if key not in _READ:
        _READ[key] = wiring.numbering(settings_of(header).pbx[0], b"replay"), directory_of(header)
    return _READ[key]


class Replay:
    """The calls of a recording over time. `one_by_one`: each event alone, finer than Asterisk sent them.

    `script`: these events instead, each alone, after what was there in the beginning.
    """

    def __init__(
        self, recording: Recording, *, one_by_one: bool = False, script: Sequence[Event] | None = None
    ) -> None:
        connected = PbxState(LinkState.CONNECTED, BEGAN)
        self.dialplan = wiring.spy_dialplan(recording.header.context, b"replay")
        self.board = Board(*_reading(recording.header), connected, self.dialplan)
        self.board.subscribe(self._look)
        self.lives: dict[str, Life] = {}
        """Every call's life by its id, in the order in which calls appeared."""
        if script is not None:
            for event in (recording.batches[0].events[0], *script):
                self.board.apply([event])
            return
        for batch in recording.batches:
            for events in ([event] for event in batch.events) if one_by_one else [batch.events]:
                self.board.apply(events)

    def _look(self, changes: Changes) -> None:
        for call_id in changes.calls:
            call = self.board.call(call_id)
            if call is not None:
                self.lives.setdefault(call_id, Life([])).see(seen(call))
            elif call_id in self.lives:
                self.lives[call_id].ended = True

    def of(self, agent: str) -> Life:
        """The one call of this agent (by masked extension)."""
        (life,) = (life for life in self.lives.values() if life.last.agent == agent)
        return life


def seen(call: Call) -> Seen:
    """A call as people see it."""
    return Seen(
        call.state.value,
        call.direction.value,
        call.agent.extension,
        call.agent.name,
        call.customer.number,
        call.customer.name,
        call.barge_reaches_customer,
    )


def load(name: str) -> Recording:
    """A recording of tests/recordings."""
    return read_file(FOLDER / f"{name}.jsonl")


def read_file(path: Path) -> Recording:
    """A recording anywhere."""
    with path.open(encoding="ascii") as lines:
        return read(lines)


def is_within(part: Iterable[Seen], whole: Iterable[Seen]) -> bool:
    """Whether all of `part` is in `whole`, in its order."""
    rest = iter(whole)
    return all(view in rest for view in part)
