"""One lab to break and to mend, and one whose cables to Asterisk can be pulled."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from adapter.lab.provision import Toolchain
from tests.asterisk.faults.support import command
from tests.support.cable import Cable
from tests.support.lab import Lab


@dataclass(frozen=True)
class Wired:
    """A lab, and the cables of AMI and ARI."""

    lab: Lab
    ami: Cable
    ari: Cable


@pytest.fixture(scope="session")
async def breakable(toolchain: Toolchain, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Lab]:
    """One lab for all faults; it is mended after each."""
    async with Lab(toolchain, tmp_path_factory.mktemp("breakable")).running() as lab:
        yield lab


@pytest.fixture
async def own(breakable: Lab) -> AsyncIterator[Lab]:
    """A lab that this test may break."""
    yield breakable
    await breakable.mend()


@pytest.fixture
async def mona_again(own: Lab) -> AsyncIterator[None]:
    """Mona's right is back after the test."""
    yield
    await command(own, "user", "grant", "mona")


@pytest.fixture
async def wired(own: Lab) -> AsyncIterator[Wired]:
    """A lab whose adapter reaches Asterisk over cables."""
    ami, ari = Cable(own.pbx.ports.ami), Cable(own.pbx.ports.http)
    await own.adapter.stop()
    await ami.plug()
    await ari.plug()
    text = own.conf.read_text()
    text = text.replace(f"port = {own.pbx.ports.ami}\n", f"port = {ami.port}\n")
    text = text.replace(f"127.0.0.1:{own.pbx.ports.http}/ari", f"127.0.0.1:{ari.port}/ari")
    own.conf.write_text(text)
    await own.start_adapter()
    yield Wired(own, ami, ari)
    await own.adapter.stop()
    await ami.close()
    await ari.close()
