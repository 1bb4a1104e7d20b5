"""Two real Asterisks joined by a trunk, and one adapter: shared by the tests of this folder, left empty by each."""

from collections.abc import AsyncIterator

import pytest

from adapter.lab.provision import Toolchain
from tests.support.pbxes import Several


@pytest.fixture(scope="package")
async def running_pair(toolchain: Toolchain, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Several]:
    """Both Asterisks and the adapter."""
    async with Several(toolchain, tmp_path_factory.mktemp("pbxes")).running() as pair:
        yield pair


@pytest.fixture
async def pair(running_pair: Several) -> AsyncIterator[Several]:
    """The two, empty before and after."""
    yield running_pair
    await running_pair.tidy()
