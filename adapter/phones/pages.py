"""The page as a phone at any of several PBXes: a session's phone is at one of them at a time."""

from collections.abc import Callable, Iterator, Sequence

from adapter.core.people import User
from adapter.errors import PbxUnavailable
from adapter.phones.browser import BrowserPhones, Softphone
from adapter.tasks import KeyedLocks

ELSEWHERE = "Another adapter looks after this PBX, so this page can't be a phone there now. Use your desk phone."


class PagePhones:
    """All pages' phones. `pbxes`: where the configuration allows them, in its order; `phones_at`: those at one PBX,
    None while another adapter looks after it."""

    def __init__(self, pbxes: Sequence[str], phones_at: Callable[[str], BrowserPhones | None]) -> None:
        self.pbxes, self.phones_at = pbxes, phones_at
        self._locks = KeyedLocks()

    def _here(self) -> Iterator[tuple[str, BrowserPhones]]:
        return ((pbx, phones) for pbx in self.pbxes if (phones := self.phones_at(pbx)) is not None)

    def of_session(self, session_id: str) -> tuple[str, Softphone] | None:
        """The PBX at which the session's phone is, and the phone."""
        found = ((pbx, phone) for pbx, phones in self._here() if (phone := phones.of_session(session_id)))
        return next(found, None)

    async def open(self, session_id: str, user: User, wanted: str | None = None) -> tuple[str, Softphone]:
        """A phone for this session at the PBX that is wanted; otherwise at its person's, or the first. An older one
        of the session goes, wherever it is.

        `wanted` is one of `pbxes`. Raises PbxUnavailable, PbxTimeout, PbxRefused.
        """
        here = dict(self._here())
        pbx = wanted or (user.pbx if user.pbx in here else next(iter(here), ""))
        if pbx not in here:
            raise PbxUnavailable(ELSEWHERE)
        async with self._locks.of(session_id):
            phone = await here[pbx].open(session_id, user.id)
            for other, phones in here.items():
                if other != pbx:
                    phones.end_sessions(frozenset({session_id}))
            return pbx, phone

    async def close_one(self, session_id: str) -> None:
        """The session's page wants no phone any more."""
        async with self._locks.of(session_id):
            for _, phones in self._here():
                await phones.close_one(session_id)

    def session_ids(self) -> frozenset[str]:
        """The sessions that have a phone."""
        return frozenset().union(*(phones.session_ids() for _, phones in self._here()))

    def end_sessions(self, ended: frozenset[str]) -> None:
        """Sessions ended: so do their phones."""
        for _, phones in self._here():
            phones.end_sessions(ended)

    def end_expired(self) -> None:
        """Credentials whose time is up go, and with them whoever's rights are gone."""
        for _, phones in self._here():
            phones.end_expired()
