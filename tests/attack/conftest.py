"""What the attacks share: the whole application on a real socket, and cheap passwords where they aren't the point."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from adapter.store import Store
from tests.support.fixtures import lab, own, running_lab, toolchain
from tests.support.site import Site
from tests.unit.conftest import cheap_passwords
from tests.unit.test_softphones import Memory

__all__ = ["cheap_passwords", "lab", "own", "running_lab", "toolchain"]


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    """A fresh site for each test, where pages may be phones."""
    site = Site(await Store.open(f"sqlite+aiosqlite:///{tmp_path}/test.sqlite"), Memory())
    runner = await site.start()
    yield site
    await site.close(runner)
