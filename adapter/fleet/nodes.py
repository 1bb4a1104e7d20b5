"""The door to every PBX: which node a request or a monitor is for, and what is done at all of them."""

import asyncio
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from adapter import errors
from adapter.core.audit import By, Subject
from adapter.core.call import Call
from adapter.core.follow import Follow
from adapter.core.messages import CoachMessage, MessageRequest
from adapter.core.modes import Mode
from adapter.core.monitor import Monitor
from adapter.core.people import Directory, User
from adapter.fleet.node import TAKEN_UP, Node
from adapter.monitoring.boards import Boards
from adapter.monitoring.policy import Policy
from adapter.monitoring.ports import FollowRequest, StartRequest
from adapter.monitoring.shielddesk import AtPbx
from adapter.monitoring.stopall import Stopped, outcome

PARTS = (TAKEN_UP, "ami", "ari")
"""Parts of each PBX that readiness tells everybody of."""


class Acting(Protocol):
    """The use case at one PBX: our own (`monitoring.supervise`), or another adapter's (`forward`). Errors as there."""

    @property
    def follows(self) -> "Following":
        """Following agents there."""

    async def start(
        self, user: User, request: StartRequest, by: By | None = None, monitor_id: str | None = None
    ) -> Monitor:
        """Ring the supervisor's device."""

    async def switch(self, user: User, monitor_id: str, mode: Mode, by: By | None = None) -> Monitor:
        """Put a live monitor into another mode."""

    async def take_over(self, user: User, monitor_id: str, by: By | None = None) -> Monitor:
        """From barge: stay with the customer and release the agent."""

    async def stop(self, user: User, monitor_id: str, by: By | None = None) -> None:
        """End a monitor."""


class Following(Protocol):
    """Following agents at one PBX: at our own (`monitoring.follows`), or another adapter's (`forwardfollows`)."""

    async def start(
        self, user: User, request: FollowRequest, by: By | None = None, follow_id: str | None = None
    ) -> Follow:
        """Ring the supervisor's device, which then waits."""

    async def stop(self, user: User, follow_id: str, by: By | None = None) -> None:
        """End a follow; returns once its leg is gone."""


class Messaging(Protocol):
    """Text between supervisors and agents at one PBX: ours (`monitoring.coachmessages`), or another adapter's."""

    async def send(self, user: User, monitor_id: str, request: MessageRequest, by: By | None = None) -> CoachMessage:
        """Send it, unless it was sent."""


class OnePbx(Protocol):
    """One PBX, as it can be acted upon here: a `Node`, or another adapter's (`switchover`)."""

    @property
    def supervision(self) -> Acting:
        """The use case there."""

    @property
    def shielding(self) -> AtPbx:
        """Pausing and resuming monitoring there."""

    @property
    def coach_messages(self) -> Messaging:
        """Text between supervisors and agents there."""

    def device_gone(self, device: str) -> None:
        """A page that was a phone is gone: what it serves ends."""


class Nodes:
    """All PBXes of this process. `country`: ISO 3166 code for numbers without a country code."""

    def __init__(self, nodes: Iterable[Node], boards: Boards, country: str) -> None:
        self._nodes: Mapping[str, Node] = {node.id: node for node in nodes}
        self._boards = boards
        self._policy = Policy(boards, country)

    def __iter__(self) -> Iterator[Node]:
        return iter(self._nodes.values())

    def at(self, pbx: str) -> OnePbx | None:
        """What acts at this PBX; None where it is not configured."""
        return self._nodes.get(pbx)

    def node(self, pbx: str) -> Node | None:
        """All of a PBX that is ours now."""
        return self._nodes.get(pbx)

    def node_for(self, user: User, request: StartRequest) -> OnePbx:
        """The node of the call that is to be monitored. Raises Forbidden, PbxUnavailable, NotFound, Ambiguous."""
        self._policy.need_right(user)
        return self._need(self._policy.find(user, request).pbx)

    def node_to_follow(self, agent: User) -> OnePbx:
        """Where a leg waits that follows this person: where they are in a call, else where their phone is."""
        known = [one for one in self._boards.agents() if one.user_id == agent.id]
        talking = [one.pbx for one in known if one.call_id is not None]
        elsewhere = [*(one.pbx for one in known), *(board.id for board in self._boards)]
        return self.node_at([*talking, *filter(None, [agent.pbx]), *elsewhere][0])

    def node_at(self, pbx: str) -> OnePbx:
        """The node of a follow. Raises PbxUnavailable where its PBX is no longer configured."""
        node = self.at(pbx)
        if node is None:
            raise errors.PbxUnavailable("The PBX of this is no longer configured.")
        return node

    def node_of(self, monitor: Monitor) -> OnePbx:
        """The node of a monitor. Raises CallEnded where its PBX is no longer configured: then it is long over."""
        return self._need(monitor.pbx)

    def shielding_at(self, pbx: str) -> AtPbx | None:
        """What pauses and resumes monitoring at this PBX. Raises PbxUnavailable while it is taken over."""
        found = self.at(pbx)
        return found.shielding if found is not None else None

    def _need(self, pbx: str) -> OnePbx:
        node = self.at(pbx)
        if node is None:
            raise errors.CallEnded("This monitor has ended.")
        return node

    def meant(self, request: StartRequest) -> tuple[Call, Subject] | None:
        """The call that a request names, if it is exactly one, whoever asks: for the record of a refusal."""
        return self._policy.meant(request)

    async def stop_all(self, user: User, by: By, why: str, awaited: Collection[str]) -> Stopped:
        """End every monitor at every PBX, all at once; returns what became of those that are `awaited` (by id).

        `user`: the administrator who asks for it.
        """
        ends = {one: end for node in self for one, end in node.supervision.stop_all.begin(by, why).items()}
        return await outcome(ends, awaited)

    def people_changed(self, users: Sequence[User], at: datetime) -> None:
        """Accounts changed: show them afresh, and end what is no longer allowed."""
        old, new = self._boards.directory, Directory.of(users)
        everyone = old.users.keys() | new.users.keys()
        changed = frozenset(user for user in everyone if old.users.get(user) != new.users.get(user))
        if not changed:
            return
        self._boards.set_directory(new, changed, at)
        for node in self:
            node.supervision.ending.rights_changed()

    @property
    def parts(self) -> dict[str, bool]:
        """Parts of readiness, and whether each is needed: of several PBXes one that is away hinders nobody else."""
        if len(self._nodes) == 1:
            return dict.fromkeys(PARTS, True)
        return {f"{node.id}.{part}": part == TAKEN_UP for node in self for part in PARTS}

    def problems(self) -> list[str]:
        """What is not usable now at any PBX, as `part: text`; empty when all is."""
        alone = len(self._nodes) == 1
        return [problem if alone else f"{node.id}.{problem}" for node in self for problem in node.problems()]

    def remarks(self) -> list[str]:
        """What an administrator should know of though all is usable, of every PBX that has something to tell."""
        return [f"{node.id}: {remark}" for node in self for remark in node.remarks()]

    async def start(self) -> None:
        """Connect to every PBX."""
        for node in self:
            node.start()

    def give_up(self) -> None:
        """Another adapter looks after the PBXes: their monitors are its own, and nothing of them is ended here."""
        for node in self:
            node.give_up()

    async def end_monitors(self) -> None:
        """End what runs (or leave it, where the configuration says so), at all PBXes at once."""
        await asyncio.gather(*(node.end_monitors() for node in self))

    async def close(self) -> None:
        """Give everything up; monitors were ended before."""
        await asyncio.gather(*(node.close() for node in self))
