"""Attack: find out whether somebody listens to the other half of one's call, which is at another PBX. Byte for byte."""

from pathlib import Path

from tests.attack.test_two_worlds import Show, assert_alike, shown
from tests.support.across import Across, TwoSites


class Apart(Show):
    """The same history, but everybody talks with somebody at the other PBX, over a trunk."""

    site: TwoSites

    async def call(self) -> None:
        """The administrator at south talks with Sam at north, and Coach at north with Ana at south."""
        self.first = self.site.across("90301", "101", "south", "b1")
        await self.site.told()
        self.second = self.site.across("303", "102", "north", "b2")
        await self.site.told()

    async def transfer(self) -> None:
        """Coach's trunk to Ana goes to Sam: the two are one conversation; the administrator and Coach are out of it."""
        north, south = self.site.pbxes["north"], self.site.pbxes["south"]
        scene = north.scene
        scene.change(self.second.out, linkedid=self.first.into)
        scene.leave("b2", self.second.out)
        scene.enter("b1", self.second.out)
        scene.gone(self.first.into, self.second.caller)
        south.scene.gone(self.first.caller, self.first.out)
        north.run()
        south.run()
        await self.site.told()
        await self.add("coach", await self.site.client("coach"))


async def test_two_worlds_that_look_the_same_from_both_ends(tmp_path: Path) -> None:
    async with (
        shown(tmp_path, silent=True, site_of=TwoSites, kind=Apart) as one,
        shown(tmp_path, silent=False, site_of=TwoSites, kind=Apart) as other,
    ):
        await one.play()
        await other.play()
        assert_alike(one, other)
        assert any('"mode": "whisper"' in text for text in one.transcript("admin")), "the talk itself is no secret"
        assert any("coach.joined" in text for text in one.transcript("sam"))
        assert one.ended > other.ended, "what nobody may know of ended too"


class Strangers(TwoSites):
    """The same two PBXes, of which nobody has said that a trunk joins them, and whose SIP says nothing of it either."""

    REACH = False

    def across(
        self, caller: str, called: str, start: str = "north", bridge: str = "b1", call_id: str | None = None
    ) -> Across:
        return super().across(caller, called, start, bridge, "")


async def test_without_the_trunk_they_would_differ(tmp_path: Path) -> None:
    """What the test above rests on: the administrator sees the silent monitor on what is nothing to them."""
    async with shown(tmp_path, silent=True, site_of=Strangers, kind=Apart) as one:
        await one.begin()
        await one.listen()
        await one.look()
        assert '"mode": "silent"' in "".join(one.transcript("admin"))
