"""Programs at the contract: with a token, and with a receiver of hooks."""

from typing import Any

from tests.support.client import Client
from tests.support.receiver import EVERYTHING, Receiver
from tests.support.site import Site


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
