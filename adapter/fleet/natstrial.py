"""A trial of the NATS servers, for the doctor: are they there, do they carry our subjects, and keep us to them?"""

import asyncio
import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace

from adapter.fleet.bus import NotSent, Subjects
from adapter.fleet.natsaccess import NatsAccess
from adapter.fleet.natsbus import NatsBus

CONNECT = 5.0
"""Seconds until a server must have taken us in."""
CARRY = 2.0
"""Seconds until a message must have come, or until a refusal would have."""
POLL = 0.02


@dataclass(frozen=True, slots=True)
class Trial:
    """What became of it at one server."""

    url: str
    problem: str | None = None
    """Why we can't connect, in the server's words."""
    carried: bool = False
    """Whether a message on a subject of ours came from one connection to another."""
    kept_to_ours: bool = False
    """Whether the server refused to let us hear what is not ours."""


class _Bus(NatsBus):
    """Says nothing in the log: refusals are what is asked for."""

    def _said(self, problem: Exception) -> None:
        if "permissions violation" in str(problem).lower():
            self.refused += 1


async def tried(access: NatsAccess, installation: str) -> list[Trial]:
    """Every server that is configured, one after the other. `installation`: its tag. Raises ConfigError."""
    return [await _at(replace(access, urls=(url,)), url, installation) for url in access.urls]


async def _at(access: NatsAccess, url: str, installation: str) -> Trial:
    one, other = _Bus(access, "call-monitor doctor"), _Bus(access, "call-monitor doctor")
    try:
        one.start()
        other.start()
        if not await _until(lambda: one.connected and other.connected, CONNECT):
            return Trial(url, one.problem or other.problem or "it did not answer in time")
        carried = await _carried(one, other, Subjects(installation, "doctor").by_owner("beat"))
        one.refused = 0
        one.subscribe(">", lambda subject, data: None)
        return Trial(url, carried=carried, kept_to_ours=await _until(lambda: one.refused > 0, CARRY))
    finally:
        await one.close()
        await other.close()


async def _carried(listens: NatsBus, speaks: NatsBus, subject: str) -> bool:
    """Whether a message comes through. It is sent again and again: when a subscription begins, nobody is told."""
    heard: list[bytes] = []
    word = secrets.token_bytes(8)
    end = listens.subscribe(subject, lambda _, data: heard.append(data))

    def said() -> bool:
        if word in heard:
            return True
        try:
            speaks.publish(subject, word)  # no adapter takes it for a message: it is not sealed
        except NotSent:
            return False
        return False

    try:
        return await _until(said, CARRY)
    finally:
        end()


async def _until(true: Callable[[], bool], seconds: float) -> bool:
    end = asyncio.get_running_loop().time() + seconds
    while not true():
        if asyncio.get_running_loop().time() > end:
            return False
        await asyncio.sleep(POLL)
    return True
