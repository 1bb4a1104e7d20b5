"""Figures of one adapter of several, for Prometheus: who looks after what, who is seen, and what the bus does."""

from collections.abc import Callable, Iterator, Mapping, Sequence

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from adapter.core.ownership import Cluster
from adapter.core.pbx import LinkState
from adapter.health.metrics import PREFIX
from adapter.monitoring.boards import Boards


class ClusterFigures:
    """Read off the parts whenever somebody asks (prometheus_client's collector interface)."""

    def __init__(
        self,
        pbxes: Sequence[str],
        boards: Boards,
        seen: Callable[[], Cluster],
        owns: Callable[[str], bool],
        connected: Callable[[], bool],
        ignored: Callable[[], Mapping[str, int]],
        behind: Callable[[], Mapping[str, float]],
    ) -> None:
        """`owns`: whether this adapter looks after a PBX; `connected`: whether NATS can be reached; `ignored`: messages
        that were not taken in, by why; `behind`: by PBX, seconds since its owner was heard last."""
        self._pbxes, self._boards, self._seen, self._owns = pbxes, boards, seen, owns
        self._connected, self._ignored, self._behind = connected, ignored, behind

    def collect(self) -> Iterator[Metric]:
        """All of them."""
        seen = self._seen()
        yield GaugeMetricFamily(
            PREFIX + "cluster_members",
            "Adapters that are known; a dead one for a minute more.",
            value=len(seen.members),
        )
        terms = {owner.pbx: owner.term.number for owner in seen.owners.values()}
        owned, shown, term = (
            GaugeMetricFamily(PREFIX + name, text, labels=["pbx"])
            for name, text in (
                ("pbx_owned", "Whether this adapter looks after the PBX."),
                ("pbx_shown", "Whether this adapter shows the PBX's calls: it has them itself, or from their owner."),
                ("pbx_term", "Counts the owners that the PBX has had."),
            )
        )
        for pbx in self._pbxes:
            board = self._boards.board(pbx)
            owned.add_metric([pbx], int(self._owns(pbx)))
            shown.add_metric([pbx], int(board is not None and board.pbx_state.state is LinkState.CONNECTED))
            term.add_metric([pbx], terms.get(pbx, 0))
        yield from (owned, shown, term)
        text = (
            "Seconds since the PBX's owner was heard last: 0 where it is this adapter, +Inf where it is out of sight."
        )
        age = GaugeMetricFamily(PREFIX + "pbx_behind_seconds", text, labels=["pbx"])
        for pbx, seconds in self._behind().items():
            age.add_metric([pbx], seconds)
        yield age
        reached = int(self._connected())
        yield GaugeMetricFamily(PREFIX + "bus_connected", "Whether the NATS server can be reached.", value=reached)
        ignored = CounterMetricFamily(
            PREFIX + "bus_ignored", "Messages that were not taken in, by why.", labels=["why"]
        )
        for why, count in sorted(self._ignored().items()):
            ignored.add_metric([why], count)
        yield ignored
