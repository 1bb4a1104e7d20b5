"""The lab's accounts, as defined in the contract. Their passwords exist only in the lab."""

from datetime import UTC, datetime
from pathlib import Path

from adapter import config
from adapter.core.people import Role
from adapter.lab import several
from adapter.store import Store
from adapter.store.people import NewUser

PEOPLE = {"admin": "301", "sam": "101", "ana": "102", "lee": "103", "kim": "104", "mona": "302"}
"""Username to number: extension, device and, with `lab-`, the phone's password."""
ELSEWHERE = {"sam": "101", "ana": "102", "lee": "103", "kim": "104", "max": "301"}
"""The same at the other PBXes of a lab, whose number is after the name and in the number (`adapter.lab.several`)."""
MONITORS = ("mona", "max")
"""Whose account may monitor, besides the administrator's."""


def everybody(pbxes: int = 1) -> dict[str, tuple[str, str | None]]:
    """By username: the number, and the PBX of the phone, where there are several."""
    found = {name: (number, several.pbx_id(0, pbxes) if pbxes > 1 else None) for name, number in PEOPLE.items()}
    for node in range(1, pbxes):
        here = several.pbx_id(node, pbxes)
        found |= {f"{name}{node}": (several.renumbered(number, node), here) for name, number in ELSEWHERE.items()}
    return found


def password(username: str) -> str:
    """The lab password of a person."""
    return f"lab-{username}"


async def seed(config_path: Path, pbxes: int = 1) -> None:
    """Make the accounts that are not there yet."""
    store = await Store.open(config.load(config_path).database_url, clock=lambda: datetime.now(UTC))
    try:
        for username, (number, pbx) in everybody(pbxes).items():
            if await store.people.by_username(username) is None:
                await store.people.create(
                    NewUser(
                        username=username,
                        name=username.capitalize(),
                        role=Role.ADMINISTRATOR if username == "admin" else Role.AGENT,
                        password=password(username),
                        extension=number,
                        device=f"PJSIP/{number}",
                        pbx=pbx,
                        can_monitor=username.startswith(MONITORS),
                    )
                )
    finally:
        await store.close()
