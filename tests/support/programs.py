"""Programs at the contract: with a token, and with a receiver of hooks."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.support.client import Client
from tests.support.receiver import EVERYTHING, Receiver
from tests.support.site import Site


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    """A CRM's receiver."""
    receiver = Receiver()
    await receiver.start()
    yield receiver
    await receiver.stop()


async def program(site: Site, **body: Any) -> tuple[Client, dict[str, Any]]:
    """A client that comes with a token, and the token's answer."""
    admin = await site.client("admin")
    status, made = await admin.post("/tokens", {"name": "crm", **body})
    assert status == 201, made
    client = await site.client()
    client.http.headers["Authorization"] = f"Bearer {made['token']}"
    return client, made


async def hook(admin: Client, receiver: Receiver, **more: Any) -> dict[str, Any]:
    """A receiver, entered."""
    status, made = await admin.post("/webhooks", {"url": receiver.url(), "events": EVERYTHING, **more})
    assert status == 201, made
    receiver.secrets["hook"] = made["secret"]
    return made
