"""Everything of one Asterisk that a node works with, put together: AMI, ARI, the Stasis application."""

from collections.abc import Callable, Sequence
from datetime import datetime

from adapter.asterisk.connection import Connection, LinkSettings
from adapter.asterisk.consent import Tones
from adapter.asterisk.fence import UNFENCED, Fence
from adapter.asterisk.link import Link
from adapter.asterisk.queuelist import QueueLists
from adapter.asterisk.stasis import Handler, Stasis
from adapter.asterisk.talk import TalkDetection
from adapter.core.events import Event
from adapter.core.pbx import PbxState


class Asterisk:
    """One Asterisk, kept connected."""

    def __init__(
        self,
        settings: LinkSettings,
        on_events: Callable[[Sequence[Event]], None],
        on_state: Callable[[PbxState], None],
        on_call: Handler,
        clock: Callable[[], datetime],
        fence: Fence = UNFENCED,
    ) -> None:
        self._connection = Connection(settings, on_events, on_state, clock, fence)
        self._stasis = Stasis(self._connection.ari, on_call, fence)
        self.link = Link(settings, self._connection)
        self.lists = QueueLists(self._connection, clock)
        self.talk = TalkDetection(self._connection)
        self.tones = Tones(self._connection)

    def start(self) -> None:
        """Register the Stasis application, then connect AMI, and both again after every loss.

        In this order: a former owner that still lives learns by the application that it is none any more, before
        we list what there is.
        """
        self._stasis.start()
        self._connection.start(self._stasis.tried.wait())

    def problems(self) -> list[str]:
        """What is not usable now, as `part: text`; empty when all is. Asks nobody."""
        found = self._connection.problems()
        if self._stasis.problem is not None and not any(problem.startswith("ari:") for problem in found):
            found.append(f"ari: {self._stasis.problem}; star codes do not work")
        return found

    def give_up(self) -> None:
        """Another adapter looks after this PBX now: nothing more is asked of it."""
        self._connection.give_up()
        self._stasis.give_up()

    async def message(self, device: str, text: str) -> None:
        """Send a SIP MESSAGE to an endpoint. Raises PbxUnavailable, PbxTimeout, PbxRefused."""
        await self._connection.ari.message(device, text)

    async def close(self) -> None:
        """Give the application and the connections up for good."""
        await self._stasis.close()
        await self._connection.close()
