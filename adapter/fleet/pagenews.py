"""Tells those who act at a PBX what has become of pages that are phones there."""

from collections.abc import Callable

from adapter.fleet.nodes import Nodes


class PageNews:
    """`nodes`: the door to all PBXes, once there is one."""

    def __init__(self, nodes: Callable[[], Nodes]) -> None:
        self._nodes = nodes

    def gone(self, pbx: str, device: str) -> None:
        """A page of ours is no phone any more: whoever looks after the PBX ends what it served."""
        if (there := self._nodes().at(pbx)) is not None:
            there.device_gone(device)

    def left(self, pbx: str, device: str) -> None:
        """A page's adapter is dead. Where another adapter looks after the PBX, that one notices it too."""
        if (node := self._nodes().node(pbx)) is not None:
            node.page_left(device)
