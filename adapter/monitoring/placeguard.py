"""Watches the place where legs listen, for one board: who stands there and must not, and whose legs are not ours."""

from collections.abc import Callable, Collection, Container

import structlog

from adapter.core import events as ev
from adapter.core.audit import By, Via
from adapter.core.legs import SpyDialplan
from adapter.core.people import Directory
from adapter.core.whereabouts import Whereabouts

log = structlog.get_logger(__name__)


class PlaceGuard(Whereabouts):
    """Whereabouts that tell of what they see. `pbx`: the node's id."""

    def __init__(self, dialplan: SpyDialplan, pbx: str) -> None:
        super().__init__(dialplan)
        self._pbx = pbx

    def look(self, event: ev.Event, legs: Container[str], in_bridge: Callable[[str], bool]) -> str | None:
        """The uniqueid that is to be hung up now; a leg may have changed hands. Arguments as of `stray`."""
        tag = self.follow(event, legs)
        if tag is not None:
            log.warning("legs of another installation are at this PBX; they are left alone", pbx=self._pbx, tag=tag)
        stray = self.stray(event, legs, in_bridge)
        if stray is not None:
            log.error("a channel that is no leg of ours is where legs listen; hanging it up", uniqueid=stray)
        return stray

    @property
    def remarks(self) -> Collection[str]:
        """What an administrator should know of, though nothing is unusable."""
        return [f"legs of another installation are at this PBX ({tag or 'no tag'})" for tag in sorted(self.others)]


def author(event: ev.HandedOn, directory: Directory) -> By:
    """Who handed a leg on, by the phone that did it."""
    endpoint = ev.endpoint_of(event.by)
    user = directory.owner(endpoint)
    return By(user.username if user else f"phone {endpoint}"[:100], Via.PHONE)
