"""A snapshot that is larger than a message may be: cut into parts, and put together again. Pure."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from adapter.core.agent import Floor
from adapter.core.shared_bars import BarsOfPbx
from adapter.fleet.messages import SnapshotPart

IN_A_PART = 200
"""Calls, monitors and conversations, together, in a part. One that is too large for a message is cut finer."""
MOST_PARTS = 1000
"""Of a snapshot: 200,000 calls and conversations."""


def cut(whole: SnapshotPart, most: int) -> Iterator[SnapshotPart]:
    """Parts of it with so many things each."""
    bars = whole.bars
    things: list[tuple[str, Any]] = [
        *(("calls", call) for call in whole.calls),
        *(("monitors", monitor) for monitor in whole.monitors),
        *(("bars", bar) for bar in bars.bars),
        *(("makings", making) for making in bars.makings),
        *(("hooks", pair) for pair in sorted(bars.hooks)),
        *(("present", one) for one in bars.present),
        *(("agents", agent) for agent in whole.floor.agents),
        *(("queues", queue) for queue in whole.floor.queues),
        *(("gone", one) for one in whole.floor.gone),
        *(("follows", follow) for follow in whole.follows),
        *(("messages", message) for message in whole.messages),
    ]
    pieces = [things[first : first + most] for first in range(0, len(things), most)] or [[]]
    for part, piece in enumerate(pieces):
        of: dict[str, list[Any]] = {}
        for kind, thing in piece:
            of.setdefault(kind, []).append(thing)
        yield replace(
            whole,
            part=part,
            parts=len(pieces),
            calls=tuple(of.get("calls", ())),
            monitors=tuple(of.get("monitors", ())),
            bars=BarsOfPbx(
                tuple(of.get("bars", ())),
                tuple(of.get("makings", ())),
                frozenset(of.get("hooks", ())),
                tuple(of.get("present", ())),
            ),
            floor=Floor(tuple(of.get("agents", ())), tuple(of.get("queues", ())), tuple(of.get("gone", ()))),
            follows=tuple(of.get("follows", ())),
            messages=tuple(of.get("messages", ())),
        )


class Gathering:
    """Puts parts together that come one behind the other; what is not whole is forgotten."""

    def __init__(self) -> None:
        self._parts: list[SnapshotPart] = []

    def clear(self) -> None:
        """Begin anew."""
        self._parts = []

    def add(self, part: SnapshotPart) -> SnapshotPart | None:
        """Take one in. Returns the whole where it was the last."""
        if part.part == 0:
            self._parts = []
        first = self._parts[0] if self._parts else part
        fits = part.part == len(self._parts) and (first.id, first.parts) == (part.id, part.parts)
        if not fits or not 0 < part.parts <= MOST_PARTS:
            self._parts = []
            return None
        self._parts.append(part)
        if len(self._parts) < part.parts:
            return None
        parts, self._parts = self._parts, []
        return replace(
            part,
            part=0,
            parts=1,
            calls=tuple(call for one in parts for call in one.calls),
            monitors=tuple(monitor for one in parts for monitor in one.monitors),
            bars=BarsOfPbx(
                tuple(bar for one in parts for bar in one.bars.bars),
                tuple(making for one in parts for making in one.bars.makings),
                frozenset().union(*(one.bars.hooks for one in parts)),
                tuple(found for one in parts for found in one.bars.present),
            ),
            floor=Floor(
                tuple(agent for one in parts for agent in one.floor.agents),
                tuple(queue for one in parts for queue in one.floor.queues),
                tuple(gone for one in parts for gone in one.floor.gone),
            ),
            follows=tuple(follow for one in parts for follow in one.follows),
            messages=tuple(message for one in parts for message in one.messages),
        )
