"""A lab of several PBXes for tests: Asterisks joined by trunks, one adapter, phones that speak tones at each."""

import asyncio
import signal
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Self

from adapter.asterisk import tones
from adapter.lab import people
from adapter.lab.pbx import Pbx
from adapter.lab.phones import Answer, Phone
from adapter.lab.ports import free_port
from adapter.lab.provision import Toolchain
from adapter.lab.run import adapter_conf, asterisks, ready
from tests.support import lab
from tests.support.cheap import cheap_hashes
from tests.support.client import Client
from tests.support.forkserver import ForkedAdapter
from tests.support.lab import SECONDS, TONES

VOICES = {
    **{number: TONES[number] for number in ("101", "102", "201", "202", "301", "302")},
    "121": 829,
    "122": 1063,
    "221": 1571,
    "222": 1877,
    "321": 2621,
}
"""Each phone's voice, in hertz: primes, so that none is another's harmonic."""


def node_of(number: str) -> int:
    """At which PBX a phone is, by its middle digit (`adapter.lab.several`)."""
    return int(number[1]) // 2


class Several:
    """Asterisks, an adapter that has them all, phones and clients."""

    def __init__(self, toolchain: Toolchain, folder: Path, pbxes: int = 2) -> None:
        self.toolchain, self.folder, self.seconds = toolchain, folder, SECONDS
        self.pbxes: list[Pbx] = asterisks(toolchain, folder, [free_port(socket.SOCK_DGRAM) for _ in range(pbxes)])
        self.http_port = free_port()
        extra = "\n[monitoring]\nring_timeout_seconds = 5.0\n"
        self.conf = adapter_conf(folder, self.pbxes, self.http_port, extra)
        self.adapter = ForkedAdapter(self.conf, folder / "adapter.log")
        self._phones: dict[str, Phone] = {}
        self._clients: list[Client] = []

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Self]:
        """Everything but phones, for the length of a block."""
        try:
            with cheap_hashes():
                await people.seed(self.conf, len(self.pbxes))
            await asyncio.gather(*(pbx.start() for pbx in self.pbxes))
            await self.start_adapter()
            yield self
        finally:
            await self.close_clients()
            await asyncio.gather(*(phone.stop() for phone in self._phones.values()))
            await self.adapter.stop()
            await asyncio.gather(*(pbx.stop() for pbx in self.pbxes))

    async def start_adapter(self) -> None:
        """Start the adapter and wait until it is ready, and sees every PBX."""
        await self.adapter.start()
        assert await ready(self.http_port, asyncio.Event())

    @property
    def base(self) -> str:
        """Where the page is."""
        return f"http://127.0.0.1:{self.http_port}"

    async def phone(self, number: str, answer: Answer | None = None) -> Phone:
        """The phone of this number at its PBX, registered."""
        wanted: Answer = answer or ("asked" if number.startswith("3") else "auto")
        phone = self._phones.get(number)
        if phone is not None and phone.answer_mode == wanted and phone.running:
            return phone
        if phone is not None:
            await phone.stop()
        wav = self.folder / f"{number}.wav"
        if not wav.exists():
            tones.tone(wav, VOICES[number], self.seconds)
        stamp = f"{number}-{time.monotonic_ns()}"
        port = self.pbxes[node_of(number)].ports.sip
        phone = Phone(self.toolchain, self.folder / stamp, number, port, wav, wanted, listens=True)
        await phone.start()
        self._phones[number] = phone
        return phone

    async def phones(self, *numbers: str) -> list[Phone]:
        """Several phones, registered."""
        return list(await asyncio.gather(*(self.phone(number) for number in numbers)))

    async def talk(self, caller: str, called: str) -> tuple[Phone, Phone]:
        """One phone calls another, wherever it is, which answers."""
        a, b = await self.phones(caller, called)
        marks = a.mark(), b.mark()
        await a.dial(called)
        await asyncio.gather(a.seen("CALL_ESTABLISHED", marks[0]), b.seen("CALL_ESTABLISHED", marks[1]))
        return a, b

    async def client(self, username: str) -> Client:
        """A person, signed in."""
        client = Client(self.base)
        self._clients.append(client)
        return await client.sign_in(username, people.password(username))

    async def close_clients(self) -> None:
        """Nobody is signed in any more."""
        for client in self._clients:
            await client.close()
        self._clients.clear()

    async def tidy(self) -> None:
        """After a test: nobody talks anywhere, nobody is signed in."""
        await self.close_clients()
        for pbx in self.pbxes:
            pbx.signal(signal.SIGCONT)
            await pbx.cli("channel request hangup all")
        end = time.monotonic() + 15
        for pbx in self.pbxes:
            while "0 active channels" not in await pbx.cli("core show channels count"):
                assert time.monotonic() < end, "channels were left over"
                await asyncio.sleep(0.1)


async def listen(*phones: Phone, seconds: float = 0.8) -> dict[str, dict[str, float]]:
    """What each phone hears of each voice from now on (`tests.support.lab.listen`)."""
    return await lab.listen(*phones, seconds=seconds, voices=VOICES)
