"""The page as a phone at any of several PBXes: a session's phone is at one of them at a time."""

import asyncio
from collections.abc import Mapping, Sequence

from adapter.core.people import User
from adapter.phones.browser import BrowserPhones, Softphone
from adapter.tasks import KeyedLocks


class PagePhones:
    """All pages' phones. `at`: by PBX, in the configuration's order, of those that allow pages to be phones."""

    def __init__(self, at: Mapping[str, BrowserPhones]) -> None:
        self._at = dict(at)
        self._locks = KeyedLocks()

    @property
    def pbxes(self) -> Sequence[str]:
        """Where a page can be a phone."""
        return list(self._at)

    def phones_at(self, pbx: str) -> BrowserPhones:
        """Those at one PBX, where there can be some."""
        return self._at[pbx]

    def device_of(self, pbx: str, user_id: str) -> str | None:
        """What to ring at a PBX for a person's browser: the page that connected last."""
        phones = self._at.get(pbx)
        return phones.device_of(user_id) if phones is not None else None

    def of_session(self, session_id: str) -> tuple[str, Softphone] | None:
        """The PBX at which the session's phone is, and the phone."""
        found = ((pbx, phone) for pbx, phones in self._at.items() if (phone := phones.of_session(session_id)))
        return next(found, None)

    def lives(self, pbx: str, device: str) -> bool:
        """Whether a page may be behind this device of a PBX (`BrowserPhones.lives`)."""
        phones = self._at.get(pbx)
        return phones is not None and phones.lives(device)

    async def open(self, session_id: str, user: User, wanted: str | None = None) -> tuple[str, Softphone]:
        """A phone for this session at the PBX that is wanted; otherwise at its person's, or the first. An older one
        of the session goes, wherever it is.

        `wanted` is one of `pbxes`. Raises PbxUnavailable, PbxTimeout, PbxRefused.
        """
        pbx = wanted or (user.pbx if user.pbx in self._at else next(iter(self._at)))
        async with self._locks.of(session_id):
            phone = await self._at[pbx].open(session_id, user.id)
            for other, phones in self._at.items():
                if other != pbx:
                    phones.end_sessions(frozenset({session_id}))
            return pbx, phone

    async def close_one(self, session_id: str) -> None:
        """The session's page wants no phone any more."""
        async with self._locks.of(session_id):
            for phones in self._at.values():
                await phones.close_one(session_id)

    def session_ids(self) -> frozenset[str]:
        """The sessions that have a phone."""
        return frozenset().union(*(phones.session_ids() for phones in self._at.values()))

    def end_sessions(self, ended: frozenset[str]) -> None:
        """Sessions ended: so do their phones."""
        for phones in self._at.values():
            phones.end_sessions(ended)

    def end_expired(self) -> None:
        """Credentials whose time is up go, and with them whoever's rights are gone."""
        for phones in self._at.values():
            phones.end_expired()

    async def close(self) -> None:
        """Take all of them away."""
        await asyncio.gather(*(phones.close() for phones in self._at.values()))
