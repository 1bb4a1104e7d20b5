"""The devices of accounts in the database: each belongs to one person, whatever the case it is written in."""

from collections.abc import Sequence

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from adapter.core.devices import key_of
from adapter.store.tables import DeviceRow


async def devices_of(session: AsyncSession, user_id: str) -> tuple[str, ...]:
    query = select(DeviceRow.device).where(DeviceRow.user_id == user_id).order_by(DeviceRow.position)
    return tuple(await session.scalars(query))


async def put_devices(session: AsyncSession, user_id: str, devices: Sequence[str]) -> None:
    await session.execute(delete(DeviceRow).where(DeviceRow.user_id == user_id))
    rows = [
        {"key": key_of(device), "user_id": user_id, "position": position, "device": device}
        for position, device in enumerate(devices)
    ]
    if rows:
        await session.execute(insert(DeviceRow), rows)


async def all_devices(session: AsyncSession) -> dict[str, list[str]]:
    """Everybody's devices in their order, by the user's id."""
    found: dict[str, list[str]] = {}
    for device in await session.scalars(select(DeviceRow).order_by(DeviceRow.position)):
        found.setdefault(device.user_id, []).append(device.device)
    return found
