"""What the attacks share: the whole application on a real socket, and cheap passwords where they aren't the point."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from adapter.store import Store
from tests.support.clock import real
from tests.support.endpoints import Memory
from tests.support.site import Site
from tests.unit.conftest import cheap_passwords

__all__ = ["cheap_passwords"]


class StandingStill:
    """Stands for the module `time` where attempts are slowed down."""

    @staticmethod
    def monotonic() -> float:
        """No time passes, however slow the machine is."""
        return 1000.0


@pytest.fixture(autouse=True)
def still(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pauses don't end by themselves."""
    monkeypatch.setattr("adapter.web.session.time", StandingStill)


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    """A fresh site for each test, where pages may be phones."""
    site = Site(await Store.open(f"sqlite+aiosqlite:///{tmp_path}/test.sqlite", clock=real), Memory())
    runner = await site.start()
    yield site
    await site.close(runner)
