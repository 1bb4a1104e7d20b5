"""Two adapters over two real Asterisks, shared by the tests that want them; each leaves them as they were."""

from collections.abc import AsyncIterator

import pytest

from adapter.lab.provision import Toolchain
from tests.support.adapters import Adapters


@pytest.fixture(scope="package")
async def running_adapters(toolchain: Toolchain, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Adapters]:
    """All of it. A proxy on this machine is believed whom it brings."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("CALL_MONITOR_HTTP__TRUSTED_PROXIES", '["127.0.0.1"]')
        adapters = Adapters(toolchain, tmp_path_factory.mktemp("adapters"))
    async with adapters.running() as both:
        yield both


@pytest.fixture
async def both(running_adapters: Adapters) -> AsyncIterator[Adapters]:
    """The two, empty before and after, and alive."""
    yield running_adapters
    await running_adapters.mend()
    await running_adapters.tidy()
