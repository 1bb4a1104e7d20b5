"""Who the adapters of this installation are, and which of them looks after which PBX: what people are shown of it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from adapter.core.ownership import Cluster
from adapter.core.pbx import LinkState
from adapter.monitoring.boards import Boards


@dataclass(frozen=True, slots=True)
class MemberShown:
    """One adapter."""

    id: str
    host: str
    pid: int
    version: str
    started_at: datetime
    seen_at: datetime
    """When it said last that it lives, by its own time of day: for people to read, nothing is decided by it."""
    owns: Sequence[str]
    """Ids of the PBXes that it looks after."""


@dataclass(frozen=True, slots=True)
class PbxShown:
    """One PBX, as this adapter sees it."""

    id: str
    name: str
    state: LinkState
    since: datetime
    owner: str | None
    """Id of the member that looks after it; None while nobody does."""


class Members:
    """Reads what this adapter knows, and asks nobody: as of the last renewal, a second ago, while the database answers.

    Where there is no cluster there is one member.
    """

    def __init__(self, boards: Boards, cluster: Callable[[], Cluster]) -> None:
        """`cluster`: members and owners as they were seen last."""
        self._boards, self._cluster = boards, cluster

    def members(self) -> Sequence[MemberShown]:
        """All adapters, the oldest first."""
        seen = self._cluster()
        owns: dict[str, list[str]] = {one: [] for one in seen.members}
        for owner in sorted(seen.owners.values(), key=lambda owner: owner.pbx):
            if owner.member in owns and self._boards.board(owner.pbx) is not None:
                owns[owner.member].append(owner.pbx)
        return [
            MemberShown(
                one.id,
                one.process.host,
                one.process.pid,
                one.version,
                one.started_at,
                one.seen_at or one.started_at,
                owns[one.id],
            )
            for one in sorted(seen.members.values(), key=lambda one: (one.started_at, one.id))
        ]

    def pbxs(self) -> Sequence[PbxShown]:
        """All PBXes of the configuration, in its order."""
        seen = self._cluster()
        return [
            PbxShown(board.id, board.name, board.pbx_state.state, board.pbx_state.since, self._owner(seen, board.id))
            for board in self._boards
        ]

    def _owner(self, seen: Cluster, pbx: str) -> str | None:
        owner = seen.owners.get(pbx)
        return owner.member if owner is not None and owner.member in seen.members else None
