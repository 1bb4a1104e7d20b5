"""What docs/consent.md shows for the dialplan, tried: who hears an announcement or beep that Asterisk plays itself."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from adapter.asterisk import tones
from adapter.lab.provision import Toolchain
from tests.asterisk.coaching.test_consent import BEEP, BEEP_SECONDS, SAID, SAID_SECONDS, heard, silent
from tests.support.lab import Lab

EXTENSIONS = """
[lab-outside]
exten => 801,1,Answer()
 same => n,Playback({said})
 same => n,Dial(PJSIP/101,60)
exten => 802,1,Answer()
 same => n,Dial(PJSIP/101,60,A({said}:{said}))
exten => 803,1,Answer()
 same => n,Queue(announced)
exten => 804,1,Set(LIMIT_PLAYAUDIO_CALLER=yes)
 same => n,Set(LIMIT_PLAYAUDIO_CALLEE=yes)
 same => n,Set(LIMIT_WARNING_FILE={beep})
 same => n,Dial(PJSIP/101,60,L(36000000:35998000:3000))
"""
QUEUES = """
[announced]
strategy = ringall
announce = {said}
member => PJSIP/101
"""


@pytest.fixture
async def asterisk(toolchain: Toolchain, tmp_path: Path) -> AsyncIterator[Lab]:
    """A lab with the extensions of the documentation."""
    for name, hertz, seconds in (("beep", BEEP, BEEP_SECONDS), ("said", SAID, SAID_SECONDS)):
        whole = tones.read(tones.tone(tmp_path / "whole.wav", hertz, seconds))
        tones.write(tmp_path / f"{name}.wav", whole[: round(seconds * tones.RATE)])
    files = {"said": f"{tmp_path}/said", "beep": f"{tmp_path}/beep"}
    more = {"extensions": EXTENSIONS.format(**files), "queues": QUEUES.format(**files)}
    async with Lab(toolchain, tmp_path, more).running() as lab:
        yield lab


@pytest.mark.timeout(120)
@pytest.mark.parametrize(
    ("number", "customer_hears", "agent_hears"),
    [("801", {SAID: 1}, {}), ("802", {SAID: 1}, {SAID: 1}), ("803", {}, {SAID: 1}), ("804", {BEEP: 2}, {BEEP: 2})],
)
async def test_what_the_documentation_shows(
    asterisk: Lab, number: str, customer_hears: dict[int, int], agent_hears: dict[int, int]
) -> None:
    customer, agent = await asterisk.phones("201", "101")
    mark = agent.mark()
    await customer.dial(number)
    await agent.seen("CALL_ESTABLISHED", mark)
    for phone, expected in ((customer, customer_hears), (agent, agent_hears)):
        for hertz, times in expected.items():
            await heard(phone, (None, 0), hertz, times, 15)
        silent(phone, (None, 0), *({SAID, BEEP} - expected.keys()))
