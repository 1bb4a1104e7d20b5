"""Tells those who act at a PBX what has become of pages that are phones there."""

from collections.abc import Callable, Collection

from adapter.core.monitor import BROWSER
from adapter.errors import PbxUnavailable
from adapter.fleet.nodes import Nodes


class PageNews:
    """`nodes`: the door to all PBXes, once there is one."""

    def __init__(self, nodes: Callable[[], Nodes]) -> None:
        self._nodes = nodes

    def gone(self, pbx: str, device: str) -> None:
        """A page of ours is no phone any more: whoever looks after the PBX ends what it served."""
        try:
            there = self._nodes().at(pbx)
        except PbxUnavailable:
            return  # it is just being taken over, and what is taken up asks for the page (`monitoring.takeup`)
        if there is not None:
            there.device_gone(device)

    def left(self, pbx: str, device: str) -> None:
        """A page's adapter is dead. Where another adapter looks after the PBX, that one notices it too."""
        if (node := self._nodes().node(pbx)) is not None:
            node.page_left(device)

    def rung(self, pbx: str) -> Collection[str]:
        """Devices of pages, whoever serves them, that monitors have rung at a PBX of ours."""
        node = self._nodes().node(pbx)
        return {one.ring for one in node.board.monitors() if one.device == BROWSER and one.ring} if node else ()
