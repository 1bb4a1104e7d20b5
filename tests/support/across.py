"""One adapter over two fake PBXes that a trunk joins, and calls that go over it."""

from typing import Any, NamedTuple

from adapter.store import Store
from tests.fake.pbx import FakePbx, settle
from tests.support.site import SECRET, Site

NAMES = ("north", "south")


class Across(NamedTuple):
    """A call over the trunk: the channels at the caller's PBX, and at the called one's."""

    caller: str
    out: str
    into: str
    called: str


class TwoSites(Site):
    """Both PBXes have the agents 101 to 104, and PJSIP/trunk to each other."""

    REACH = True
    """Whether the configuration names the trunk."""

    def __init__(self, store: Store, **sections: Any) -> None:
        pbx = [
            {
                "id": name,
                "ami": SECRET,
                "ari": SECRET,
                "watch_interval_seconds": 3600,
                "reach": {other: "PJSIP/{extension}@trunk"} if self.REACH else {},
            }
            for name, other in zip(NAMES, reversed(NAMES), strict=True)
        ]
        super().__init__(store, pbx=pbx, **sections)
        self.pbxes = {name: FakePbx(name) for name in NAMES}
        self.pbx = self.pbxes["north"]
        self.count = 0

    def connect_to(self, name: str) -> Any:
        return self.pbxes[name].connect

    def name_boards(self) -> None:
        for board in self.service.boards.own:
            self.pbxes[board.id].board = board
        self.board: Any = self.service.boards  # calls of both

    def across(
        self, caller: str, called: str, start: str = "north", bridge: str = "b1", call_id: str | None = None
    ) -> Across:
        """Somebody at `start` talks with somebody at the other PBX. `call_id`: empty where Asterisk doesn't say it."""
        self.count += 1
        call_id = f"call-{self.count}" if call_id is None else call_id
        here, there = self.pbxes[start], self.pbxes[NAMES[NAMES[0] == start]]
        a = here.scene.channel(caller, dials=called)
        out = here.scene.channel("trunk", linked=a, number=called)
        into = there.scene.channel("trunk", dials=called, number=caller)
        b = there.scene.channel(called, linked=into)
        here.dialogs[out] = there.dialogs[into] = (call_id, "")
        here.scene.dial(a, out, f"{called}@trunk")
        there.scene.dial(into, b, called)
        for pbx, one, other in ((there, into, b), (here, a, out)):
            pbx.scene.up(one, other)
            pbx.scene.dialled(one, other)
            pbx.scene.enter(bridge, one, other)
        here.run()
        there.run()
        return Across(a, out, into, b)

    async def told(self) -> None:
        """Asterisk has said what it was asked."""
        for _ in range(4):
            await settle()
