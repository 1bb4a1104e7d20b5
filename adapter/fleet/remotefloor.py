"""Agents and queues of a PBX that another adapter owns, as that one has told of them."""

from collections.abc import Iterable
from typing import NamedTuple

from adapter.core.agent import AgentStatus, Floor, QueueStatus


class Differing(NamedTuple):
    """Ids of what is different now."""

    agents: frozenset[str]
    queues: frozenset[str]


class RemoteFloor:
    """What was told last."""

    def __init__(self) -> None:
        self.agents: dict[str, AgentStatus] = {}
        self.queues: dict[str, QueueStatus] = {}

    @property
    def ids(self) -> Differing:
        """Everything."""
        return Differing(frozenset(self.agents), frozenset(self.queues))

    def apply(self, floor: Floor) -> Differing:
        """Take one change in."""
        agents, queues = {one.id for one in floor.agents}, {one.id for one in floor.queues}
        for gone in floor.gone:
            if self.agents.pop(gone, None) is not None:
                agents.add(gone)
            if self.queues.pop(gone, None) is not None:
                queues.add(gone)
        self.agents.update((one.id, one) for one in floor.agents)
        self.queues.update((one.id, one) for one in floor.queues)
        return Differing(frozenset(agents), frozenset(queues))

    def replace(self, floor: Floor) -> Differing:
        """This is all there is."""
        before = self.ids
        self.agents = {one.id: one for one in floor.agents}
        self.queues = {one.id: one for one in floor.queues}
        return Differing(before.agents | self.agents.keys(), before.queues | self.queues.keys())


def pbxes_of(floor: Floor) -> Iterable[str]:
    """The PBXes that it tells of."""
    return {one.pbx for one in floor.agents} | {one.pbx for one in floor.queues}
