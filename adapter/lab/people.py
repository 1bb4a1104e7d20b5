"""The lab's accounts, as defined in the contract. Their passwords exist only in the lab."""

from datetime import UTC, datetime
from pathlib import Path

from adapter import config
from adapter.core.people import Role
from adapter.store import Store
from adapter.store.people import NewUser

PEOPLE = {"admin": "301", "sam": "101", "ana": "102", "lee": "103", "kim": "104", "mona": "302"}
"""Username to number: extension, device and, with `lab-`, the phone's password."""


def password(username: str) -> str:
    """The lab password of a person."""
    return f"lab-{username}"


async def seed(config_path: Path) -> None:
    """Make the accounts that are not there yet."""
    store = await Store.open(config.load(config_path).database_url, clock=lambda: datetime.now(UTC))
    try:
        for username, number in PEOPLE.items():
            if await store.people.by_username(username) is None:
                await store.people.create(
                    NewUser(
                        username=username,
                        name=username.capitalize(),
                        role=Role.ADMINISTRATOR if username == "admin" else Role.AGENT,
                        password=password(username),
                        extension=number,
                        device=f"PJSIP/{number}",
                        can_monitor=username == "mona",
                    )
                )
    finally:
        await store.close()
