"""A busy call centre over the fake PBX: agents and customers with names, calls that begin, are held and end."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

from adapter.store import Store
from tests.fake.scene import Scene
from tests.support.cheap import cheap_hashes
from tests.support.clock import FakeClock, real
from tests.support.site import Site, settings

NAMES = (
    "Ana María Fernández", "Lee", "Kim", "Jo Whitfield", "Priya Nair", "Omar Haddad", "Bartholomew Featherstone-Haugh",
    "Li Na", "Tom", "Eva Lindqvist", "Ben", "Chidi", "Yuki", "Marta", "Raj", "Noor", "Paul", "Ida", "Max", "Zoë",
)  # fmt: skip
CUSTOMERS = ("", "Dana Ortiz", "", "", "Hill & Co. Estate Agents", "", "Nguyễn Thị Hoa")
FIRST = 1000
"""The first agent's extension."""


class TimedScene(Scene):
    """Its clock shows what it was set to, so that durations are those of a usual day."""

    at = datetime.now(UTC)

    @property
    def now(self) -> datetime:
        return self.at


class Centre:
    """Calls of agents 1000, 1001, …; each in turn has one."""

    def __init__(self, site: Site, agents: int) -> None:
        self.site, self.agents, self.made = site, agents, 0
        self.scene = site.pbx.scene = TimedScene()
        self.calls: list[tuple[str, str, str]] = []
        """Customer's channel, agent's channel, bridge; in the order in which they began."""

    def begin(self, *, ago: timedelta = timedelta(), ringing: bool = False) -> None:
        """One more call."""
        number, scene = self.made, self.scene
        self.made, scene.at = number + 1, datetime.now(UTC) - ago
        extension, bridge = str(FIRST + number % self.agents), f"b{number}"
        known = "anonymous" if number % 8 == 7 else f"+1202555{number:04}"
        a = scene.channel(f"trunk{number}", dials=extension, number=known, name=CUSTOMERS[number % len(CUSTOMERS)])
        b = scene.channel(extension, linked=a, name=self.name(number % self.agents))
        self._connect(a, b, bridge, ringing=ringing)

    @staticmethod
    def name(agent: int) -> str:
        """What this agent's phone says, for there are no accounts: twenty names, and then the same with a number."""
        name, again = NAMES[agent % len(NAMES)], agent // len(NAMES)
        return f"{name} {again + 1}" if again else name

    def between(self, caller: int, called: int, *, ago: timedelta = timedelta()) -> None:
        """The agents with these numbers (from 0) talk to each other."""
        scene, self.scene.at = self.scene, datetime.now(UTC) - ago
        a = scene.channel(str(FIRST + caller), dials=str(FIRST + called), name=self.name(caller))
        b = scene.channel(str(FIRST + called), linked=a, name=self.name(called))
        self._connect(a, b, f"i{caller}-{called}", ringing=False)

    def _connect(self, a: str, b: str, bridge: str, *, ringing: bool) -> None:
        scene = self.scene
        scene.dial(a, b)
        if not ringing:
            scene.up(b, a)
            scene.dialled(a, b)
            scene.enter(bridge, b, a)
        self.calls.append((a, b, bridge))

    def hold(self, place: int, *, held: bool = True) -> None:
        """The customer of the call at this place presses hold, or takes it back."""
        self.scene.hold(self.calls[place][0], held=held)

    def end(self, place: int) -> None:
        """The call at this place is hung up."""
        a, b, _ = self.calls.pop(place)
        self.scene.at = datetime.now(UTC)
        self.scene.gone(a, b)

    def tell(self) -> None:
        """The adapter is told what has happened."""
        self.site.pbx.run()


@asynccontextmanager
async def centre(database_url: str, agents: int = 20) -> AsyncIterator[Centre]:
    """An adapter with that many agents, on this database; nobody talks yet."""
    clock = FakeClock(real())
    store = await Store.open(database_url, clock=clock.now, passing=clock.passing)
    site = Site(store, time=clock)
    site.settings = settings(softphone={"enabled": False}, endpoints={"agents": ["PJSIP/1???"]})
    made = Centre(site, agents)
    with cheap_hashes():
        listener = await site.start()
    try:
        yield made
    finally:
        await site.close(listener)
