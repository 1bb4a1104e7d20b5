"""A lab for tests: its own Asterisk, the adapter as a process, phones that speak tones, and ears to measure."""

import asyncio
import signal
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Self

from adapter.asterisk import tones
from adapter.lab import people
from adapter.lab.pbx import Pbx
from adapter.lab.phones import Answer, Phone
from adapter.lab.ports import Ports, free_port
from adapter.lab.provision import Toolchain
from adapter.lab.run import adapter_conf, ready
from tests.support.cheap import cheap_hashes
from tests.support.client import Client
from tests.support.forkserver import ForkedAdapter
from tests.support.tap import Tap

TONES = {
    "101": 701,
    "102": 977,
    "103": 1153,
    "104": 1289,
    "201": 1447,
    "202": 1693,
    "203": 1831,
    "204": 2003,
    "301": 2243,
    "302": 2459,
}
"""Each phone's voice, in hertz: primes, so that none is another's harmonic."""
SECONDS = 170
"""How long a voice lasts, after which its phone hangs up; longer than any test but those that say so."""
QUIET = 0.02 * tones.FULL
"""What must not be heard stays under 2 % of full level."""
LOUD = 0.5 * tones.FULL
"""What must be heard is over this (two tones added may clip a little)."""


class Lab:
    """Asterisk, adapter, phones and clients of one test session."""

    def __init__(self, toolchain: Toolchain, folder: Path, more: Mapping[str, str] = MappingProxyType({})) -> None:
        """`more` is appended to files of Asterisk's configuration."""
        self.toolchain, self.folder, self.seconds = toolchain, folder, SECONDS
        self.pbx = Pbx(toolchain, folder / "asterisk", Ports.choose(), more)
        self.http_port = free_port()
        self.base = f"http://127.0.0.1:{self.http_port}"
        self.crm_port = free_port()
        """Where a CRM's page would be that may show frames."""
        extra = "\n[monitoring]\nring_timeout_seconds = 3.0\n\n[coaching]\nshield_answer_seconds = 1.5\n"
        extra += f'\n[embed]\norigins = ["http://localhost:{self.crm_port}"]\n'
        self.conf = adapter_conf(folder, self.pbx, self.http_port, extra)
        self.adapter = ForkedAdapter(self.conf, folder / "adapter.log")
        self._conf = self.conf.read_text()
        self._pbx_pid = 0
        self._phones: dict[str, Phone] = {}
        self._clients: list[Client] = []

    async def start(self) -> None:
        """Everything but phones."""
        with cheap_hashes():
            await people.seed(self.conf)
        await self.pbx.start()
        self._pbx_pid = self.pbx.process.pid if self.pbx.process else 0
        await self.start_adapter()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Self]:
        """Everything but phones, for the length of a block."""
        try:
            await self.start()
            yield self
        finally:
            await self.close_clients()
            await self.stop()

    async def start_adapter(self) -> None:
        """Start the adapter and wait until it is ready."""
        await self.adapter.start()
        assert await ready(self.http_port, asyncio.Event())

    async def stop(self) -> None:
        """End everything, phones first."""
        await asyncio.gather(*(phone.stop() for phone in self._phones.values()))
        await self.adapter.stop()
        await self.pbx.stop()

    @asynccontextmanager
    async def tapped(self, *numbers: str) -> AsyncIterator[list[Tap]]:
        """These phones on lines that are watched, for the length of a block; `talk` and `phone` give them out."""
        with ExitStack() as stack:
            taps = [stack.enter_context(Tap(self.pbx.ports.sip)) for _ in numbers]
            try:
                for number, tap in zip(numbers, taps, strict=True):
                    await self.unregister(number)
                    await self.phone(number, sip_port=tap.port)
                yield taps
            finally:
                for number in numbers:
                    await self.unregister(number)

    async def phone(
        self, number: str, answer: Answer | None = None, *, sip_port: int = 0, name: str | None = None
    ) -> Phone:
        """The phone of this number, registered; started anew when it is to answer differently, or has another name."""
        wanted: Answer = answer or ("asked" if number.startswith("3") else "auto")
        phone = self._phones.get(number)
        named = name is None or (phone is not None and phone.name == name)
        if phone is not None and phone.answer_mode == wanted and named and phone.running:
            return phone
        if phone is not None:
            await phone.stop()
        wav = self.folder / f"{TONES[number]}.wav"
        if not wav.exists():
            tones.tone(wav, TONES[number], self.seconds)
        stamp = f"{number}-{time.monotonic_ns()}"
        phone = Phone(
            *(self.toolchain, self.folder / stamp, number, sip_port or self.pbx.ports.sip, wav, wanted),
            listens=True,
            name=name or "",
        )
        await phone.start()
        self._phones[number] = phone
        return phone

    def known(self, number: str) -> Phone:
        """The phone of this number, which was started before."""
        return self._phones[number]

    async def phones(self, *numbers: str) -> list[Phone]:
        """Several phones, registered."""
        return list(await asyncio.gather(*(self.phone(number) for number in numbers)))

    async def client(self, username: str) -> Client:
        """A person, signed in."""
        client = Client(self.base)
        self._clients.append(client)
        return await client.sign_in(username, people.password(username))

    async def talk(self, caller: str, called: str) -> tuple[Phone, Phone]:
        """One phone calls another, which answers."""
        a, b = await self.phones(caller, called)
        marks = a.mark(), b.mark()
        await a.dial(called)
        await asyncio.gather(a.seen("CALL_ESTABLISHED", marks[0]), b.seen("CALL_ESTABLISHED", marks[1]))
        return a, b

    async def close_clients(self) -> None:
        """Nobody is signed in any more."""
        for client in self._clients:
            await client.close()
        self._clients.clear()

    async def tidy(self) -> None:
        """After a test: nobody talks, nobody is signed in."""
        await self.close_clients()
        await self.pbx.cli("channel request hangup all")
        end = time.monotonic() + 10
        while "0 active channels" not in await self.pbx.cli("core show channels count"):
            assert time.monotonic() < end, "channels were left over"
            await asyncio.sleep(0.1)

    async def mend(self) -> None:
        """After a test that broke something: all runs again as at the start, and nobody talks."""
        await self.close_clients()
        self.pbx.signal(signal.SIGCONT)
        if self.pbx.process is None or self.pbx.process.returncode is not None:
            await self.pbx.start()
        if self._pbx_pid != (self.pbx.process.pid if self.pbx.process else 0):
            for number in list(self._phones):
                await self.unregister(number)  # a new Asterisk knows nothing of them
            self._pbx_pid = self.pbx.process.pid if self.pbx.process else 0
        if self.conf.read_text() != self._conf:
            await self.adapter.stop()
            self.conf.write_text(self._conf)
        if self.adapter.process is None or self.adapter.process.returncode is not None:
            await self.start_adapter()
        await self.tidy()

    async def unregister(self, number: str) -> None:
        """This phone is switched off."""
        if (phone := self._phones.pop(number, None)) is not None:
            await phone.stop()


async def listen(
    *phones: Phone, seconds: float = 0.8, voices: Mapping[str, int] = TONES
) -> dict[str, dict[str, float]]:
    """What each phone hears of each voice from now on: amplitude by listener and speaker.

    The first 200 ms are left out: frames that were under way when the mode changed.
    """
    await asyncio.sleep(0.25)
    places = {phone.number: phone.ear() for phone in phones}
    await asyncio.sleep(seconds)
    heard = {}
    for phone in phones:
        levels = tones.levels(phone.heard(places[phone.number]), voices.values())
        heard[phone.number] = {number: levels[hertz] for number, hertz in voices.items()}
    return heard


def assert_hears(heard: dict[str, dict[str, float]], **expected: set[str]) -> None:
    """`p101={"201"}`: phone 101 hears 201, and nobody else."""
    for key, speakers in expected.items():
        listener = key.removeprefix("p")
        for speaker, level in heard[listener].items():
            if speaker in speakers:
                assert level > LOUD, f"{listener} does not hear {speaker}: {level:.0f} of {heard}"
            else:
                assert level < QUIET, f"{listener} hears {speaker}: {level:.0f} of {heard}"
