"""One lab for all tests against the real thing; each test leaves it empty."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from adapter.lab.provision import Toolchain, provision
from tests.support.lab import Lab
from tests.support.receiver import Receiver


@pytest.fixture(scope="session")
def toolchain() -> Toolchain:
    """A real Asterisk and real phones; provisioned if need be."""
    return provision()


@pytest.fixture(scope="session")
async def running_lab(toolchain: Toolchain, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Lab]:
    """Asterisk and the adapter."""
    async with Lab(toolchain, tmp_path_factory.mktemp("lab")).running() as lab:
        yield lab


@pytest.fixture
async def lab(running_lab: Lab) -> AsyncIterator[Lab]:
    """The lab, empty before and after."""
    yield running_lab
    await running_lab.tidy()


@pytest.fixture
async def own(toolchain: Toolchain, tmp_path: Path) -> AsyncIterator[Lab]:
    """A lab that this test may break."""
    async with Lab(toolchain, tmp_path).running() as lab:
        yield lab


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    """An empty database, where its kind isn't the point."""
    return f"sqlite+aiosqlite:///{tmp_path}/test.sqlite"


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    """A receiver of webhooks, as a CRM has one."""
    receiver = Receiver()
    await receiver.start()
    yield receiver
    await receiver.stop()
