"""An account as its row keeps it, and what a change made another, in words."""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from adapter.core.modes import Mode
from adapter.core.people import Role, User
from adapter.core.teams import MonitorScope
from adapter.core.views import user_view
from adapter.store.devices import devices_of
from adapter.store.tables import UserRow
from adapter.store.team_rows import IN_NONE, InTeams, in_teams_of


def user_of(row: UserRow, devices: Sequence[str], teams: InTeams = IN_NONE) -> User:
    """The account of a row, with all its devices in their order. Without their teams they are shown less."""
    return User(
        id=row.id,
        username=row.username,
        name=row.name,
        role=Role(row.role),
        extension=row.extension,
        devices=tuple(devices),
        can_monitor=row.can_monitor,
        granted=frozenset(Mode(mode) for mode in row.modes.split(",")),
        active=row.active,
        granted_by=row.granted_by,
        phone_message=row.phone_message,
        pbx=row.pbx,
        scope=MonitorScope(row.scope),
        created_at=row.created_at,
        supervised=teams.supervised,
        teams=teams.member_of,
    )


async def account_of(session: AsyncSession, row: UserRow) -> User:
    """The account of a row, with its devices and teams."""
    return user_of(row, await devices_of(session, row.id), await in_teams_of(session, row.id))


def kept_modes(modes: frozenset[Mode]) -> str:
    """The granted modes as they are kept; silent is always among them."""
    return ",".join(mode.value for mode in Mode if mode in modes | {Mode.SILENT})


def differences(before: User | None, after: User) -> list[str]:
    """What is another now, in words: `can_monitor: false → true`."""
    old, new = user_view(before) if before else {}, user_view(after)
    names = "username name role extension devices pbx can_monitor modes scope active phone_message".split()
    if before is None:
        told = ("role", "devices", "can_monitor", "modes", *(["scope"] if after.scope is not MonitorScope.ALL else []))
        return [f"{name}: {_word(new[name])}" for name in told]
    return [f"{name}: {_word(old[name])} → {_word(new[name])}" for name in names if old[name] != new[name]]


def _word(value: object) -> str:
    if isinstance(value, list):
        return " ".join(str(item) for item in value) or "none"
    return {True: "true", False: "false", None: "none"}.get(value, str(value))  # type: ignore[call-overload, no-any-return]
