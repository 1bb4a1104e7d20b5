"""The demo's phones: agents and customers make real calls with speech, which start and end automatically."""

import array
import asyncio
import contextlib
import random
from functools import partial
from pathlib import Path

from adapter.asterisk import tones
from adapter.errors import LabError
from adapter.lab import several
from adapter.lab.pbx import Pbx
from adapter.lab.phones import Answer, Phone
from adapter.tasks import BackgroundTasks

AGENTS, CUSTOMERS, SUPERVISORS = ("101", "102", "103", "104"), ("201", "202", "203"), ("301", "302")
PLANS = {"201": ("101",), "202": ("500", "510"), "103": ("203",), "104": ("102", "203")}
"""Who calls whom: an agent directly, through one of two queues, an outbound call, and an internal one."""
ACROSS = {"124": ("204",), "144": ("204",)}
"""The same from the other PBXes: an agent there talks with somebody at the first."""
FIRST_CALLS = 1.5
"""Seconds until the first calls must be established."""
SPEECH_SECONDS = 75
"""Length of a voice's recording in seconds; a phone hangs up at its end, so this is the longest call."""
LEAST_SECONDS = 25
"""The shortest call."""
PROMPTS = 25
"""How many of Asterisk's prompts are spoken: each takes a command of its own to convert."""
LEAST_BYTES = 5000
"""The shortest of them: three seconds of GSM, at 1,650 bytes a second (ETSI EN 300 961)."""


class Demo:
    """Phones in `folder`, registered at one of the lab's `pbxes` PBXes: which, says `node`."""

    def __init__(self, pbx: Pbx, folder: Path, node: int = 0, pbxes: int = 1) -> None:
        self._pbx, self._folder = pbx, folder
        here = partial(several.renumbered, node=node)
        if node == 0:
            self._numbers = [*AGENTS, *CUSTOMERS, *SUPERVISORS, *(["204"] if pbxes > 1 else [])]
            self._plans = PLANS
        else:
            self._numbers = [here(number) for number in (*AGENTS, *CUSTOMERS[:2], SUPERVISORS[0])]
            own = {here(caller): tuple(map(here, PLANS[caller])) for caller in CUSTOMERS[:2]}
            self._plans = own | {caller: ACROSS[caller] for caller in ACROSS if caller in self._numbers}
        self._phones: dict[str, Phone] = {}
        self._tasks = BackgroundTasks("demo")
        self._chance = random.SystemRandom()

    async def register(self) -> None:
        """Start the phones, and wait until all are registered."""
        self._folder.mkdir(parents=True, exist_ok=True)
        spoken = await self._spoken()
        for number in self._numbers:
            wav = self._voice(number, spoken)
            mode: Answer = "asked" if number.startswith("3") else "auto"
            sip_port = self._pbx.ports.sip
            self._phones[number] = Phone(self._pbx.toolchain, self._folder / number, number, sip_port, wav, mode)
        await asyncio.gather(*(phone.start() for phone in self._phones.values()))

    async def start(self) -> None:
        """Begin the calls, and wait until the first are established."""
        for caller, targets in self._plans.items():
            self._tasks.start(self._talk(caller, targets), f"talk {caller}")
        await asyncio.sleep(FIRST_CALLS)

    async def stop(self) -> None:
        """Hang up, and stop all phones."""
        await self._tasks.close()
        await asyncio.gather(*(phone.stop() for phone in self._phones.values()))

    async def _spoken(self) -> list["array.array[int]"]:
        """Some of the prompts that Asterisk brings along, as samples; Asterisk itself converts them (res_convert)."""
        sounds = sorted((self._pbx.toolchain.prefix / "usr/share/asterisk/sounds/en").glob("*.gsm"))
        long = [prompt for prompt in sounds if prompt.stat().st_size > LEAST_BYTES]
        found = []
        for prompt in random.Random(1).sample(long, min(PROMPTS, len(long))):  # noqa: S311 - no secret
            wav = self._folder / f"{prompt.stem}.wav"
            await self._pbx.cli(f"file convert {prompt} {wav}")
            if wav.exists():
                found.append(tones.read(wav))
        return found

    def _voice(self, number: str, spoken: list["array.array[int]"]) -> Path:
        """A person's own words: the prompts in an own order, again and again."""
        chance = random.Random(number)  # noqa: S311 - the same voice at each start, no secret
        samples = array.array("h")
        while spoken and len(samples) < SPEECH_SECONDS * tones.RATE:
            samples.extend(chance.choice(spoken))
            samples.extend([0] * (tones.RATE // 2))
        path = self._folder / f"{number}.wav"
        tones.write(path, samples[: SPEECH_SECONDS * tones.RATE])
        return path

    async def _talk(self, caller: str, targets: tuple[str, ...]) -> None:
        """Call, talk for a while, hang up, and repeat."""
        phone = self._phones[caller]
        while True:
            mark = phone.mark()
            with contextlib.suppress(LabError):
                await phone.dial(self._chance.choice(targets))
                await phone.seen("CALL_ESTABLISHED", mark)
                with contextlib.suppress(LabError):
                    await phone.seen("CALL_CLOSED", mark, self._chance.uniform(LEAST_SECONDS, SPEECH_SECONDS))
                await phone.hangup()
            await asyncio.sleep(self._chance.uniform(1.0, 4.0))
