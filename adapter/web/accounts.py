"""Noticing changes of accounts that the command line makes, or another adapter."""

import asyncio

import structlog

from adapter.errors import AdapterError
from adapter.fleet.people import KnownPeople
from adapter.store.people import People
from adapter.web.revocation import Revocation

log = structlog.get_logger(__name__)

POLL = 0.5
"""Seconds between looks."""


async def follow(people: People, accounts: KnownPeople, revocation: Revocation) -> None:
    """Bring in effect what others change; until it is cancelled."""
    known: object = None
    while True:
        try:
            current = await people.version()
            if current != known:
                await accounts.read()
                await revocation.apply()
                known = current
        except AdapterError as problem:
            log.warning("accounts could not be read; the last known rights apply", why=str(problem))
        await asyncio.sleep(POLL)
