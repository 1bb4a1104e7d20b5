"""Accounts in the database. Every change leaves a new mark, so that a running adapter notices changes by others."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from adapter.core.audit import SYSTEM, Action, By, Entry
from adapter.core.clock import Clock
from adapter.core.devices import distinct, with_first
from adapter.core.passwords import Weak, is_name
from adapter.core.people import Role, User
from adapter.errors import WHOLE, Conflict, Invalid, NotAuthenticated, NotFound
from adapter.store.account import account_of, differences, kept_modes, user_of
from adapter.store.account_changes import UNCHANGED, NewUser, Unchanged, UserChange
from adapter.store.audit import append, take_chain
from adapter.store.database import Database, put_fact
from adapter.store.devices import all_devices, devices_of, put_devices
from adapter.store.embed_tables import EmbedRow
from adapter.store.passwords import hash_password, matches
from adapter.store.tables import FactRow, SessionRow, UserRow
from adapter.store.team_rows import IN_NONE, in_teams

__all__ = ["UNCHANGED", "Checked", "NewUser", "People", "Unchanged", "UserChange"]

VERSION = "people_version"


@dataclass(frozen=True, slots=True)
class Checked:
    """Somebody whose password was right a moment ago."""

    user: User
    password_hash: str = field(repr=False)


class People:
    """Reads and changes accounts; each change and its entry in the audit are one transaction.

    All methods raise StoreUnavailable when the database does not answer.
    """

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database, self._clock = database, clock

    async def all(self) -> list[User]:
        """Everybody, by username."""
        return await everybody(self._database)

    async def get(self, user_id: str) -> User | None:
        """One account."""
        async with self._database.read() as session:
            row = await session.get(UserRow, user_id)
            return await account_of(session, row) if row else None

    async def by_username(self, username: str) -> User | None:
        """One account by its name, in any case."""
        async with self._database.read() as session:
            row = await _by_name(session, username)
            return await account_of(session, row) if row else None

    async def version(self) -> str:
        """A mark that is another after every change of any account, whoever made it."""
        async with self._database.read() as session:
            fact = await session.get(FactRow, VERSION)
            return fact.value if fact else ""

    async def create(self, new: NewUser) -> User:
        """Make an account. Raises Conflict when the username, extension or device is taken, Invalid when the password
        is the username."""
        row = await new_row(new)
        try:
            async with self._database.work() as session:
                await take_chain(session)
                return await add_person(session, row, new, self._clock.now())
        except IntegrityError as problem:
            raise conflict(problem) from None

    async def change(self, user_id: str, change: UserChange) -> User:
        """Change an account. Raises NotFound, Invalid when the password is the username, and Conflict also for the last
        active administrator.

        A new password, or deactivation, ends all of the person's sessions, embeds too.
        """
        password = change.password
        password_hash = await hash_password(password) if isinstance(password, str) else None
        try:
            async with self._database.work() as session:
                await take_chain(session)
                row = await _existing(session, user_id)
                before = await account_of(session, row)
                _apply(row, change)
                if isinstance(password, str):
                    refuse_name(password, row.username)
                devices = _changed_devices(before.devices, change)
                if devices != before.devices:
                    row.device = devices[0] if devices else None
                    await put_devices(session, user_id, devices)
                if (before.can_monitor, before.granted) != (row.can_monitor, user_of(row, devices).granted):
                    row.granted_by = change.by.actor if row.can_monitor else None
                if password_hash is not None:
                    row.password_hash = password_hash
                await session.flush()
                await _need_administrator(session)
                if password_hash is not None or not row.active:
                    await _end_sessions(session, user_id)
                await changed(session)
                after = user_of(row, devices)
                what = differences(before, after) + (["password"] if password_hash else [])
                await _told(session, self._clock.now(), change.by, Action.USER_CHANGED, row.username, what)
                return after
        except IntegrityError as problem:
            raise conflict(problem) from None

    async def delete(self, user_id: str, by: By = SYSTEM) -> None:
        """Remove an account and its sessions. Raises NotFound, and Conflict for the last active administrator."""
        async with self._database.work() as session:
            await take_chain(session)
            row = await _existing(session, user_id)
            await _end_sessions(session, user_id)
            await session.delete(row)
            await session.flush()
            await _need_administrator(session)
            await changed(session)
            await _told(session, self._clock.now(), by, Action.USER_DELETED, row.username, [])

    async def check_password(self, username: str, password: str) -> Checked | None:
        """The active person with this name and password; None otherwise, after the same effort."""
        async with self._database.read() as session:
            row = await _by_name(session, username)
            devices = await devices_of(session, row.id if row else "")
        right = await matches(row.password_hash if row else None, password)
        return Checked(user_of(row, devices), row.password_hash) if row and right and row.active else None

    async def set_password(self, checked: Checked, password: str, keep_session: str, by: By = SYSTEM) -> None:
        """A person's own new password; their other sessions end.

        Raises NotAuthenticated where they may no longer; Invalid when it is the username.
        """
        user_id, password_hash = checked.user.id, await hash_password(password)
        async with self._database.work() as session:
            await take_chain(session)
            row = await still_so(session, checked)
            refuse_name(password, row.username)
            row.password_hash = password_hash
            await _end_sessions(session, user_id, keep=keep_session)
            await _told(session, self._clock.now(), by, Action.USER_CHANGED, row.username, ["password"])


async def everybody(database: Database) -> list[User]:
    """All accounts, by username. Raises StoreUnavailable."""
    async with database.read() as session:
        rows = await session.scalars(select(UserRow).order_by(UserRow.username_key))
        devices, teams = await all_devices(session), await in_teams(session)
        return [user_of(row, devices.get(row.id, ()), teams.get(row.id, IN_NONE)) for row in rows]


def refuse_name(password: str, username: str) -> None:
    """A new password must not be the username. Raises Invalid."""
    if is_name(password, username):
        raise Invalid.at("password", Weak.USERNAME.told, Weak.USERNAME)


def _changed_devices(before: tuple[str, ...], change: UserChange) -> tuple[str, ...]:
    if not isinstance(change.devices, Unchanged):
        return distinct(change.devices)
    return before if isinstance(change.device, Unchanged) else with_first(change.device, before)


async def new_row(new: NewUser) -> UserRow:
    """The account as its row; the password is hashed here, which takes a while, before anybody waits for it.

    Raises Invalid when the password is the username.
    """
    refuse_name(new.password, new.username)
    return UserRow(
        id=new.id,
        username=new.username,
        username_key=new.username.casefold(),
        name=new.name,
        role=new.role.value,
        extension=new.extension,
        device=None,
        pbx=new.pbx,
        can_monitor=new.can_monitor,
        modes=kept_modes(new.modes),
        scope=new.scope.value,
        active=True,
        phone_message=new.phone_message,
        password_hash=await hash_password(new.password),
        granted_by=new.by.actor if new.can_monitor else None,
    )


async def add_person(session: AsyncSession, row: UserRow, new: NewUser, at: datetime) -> User:
    """Make an account as part of a transaction; `row` is of `new_row`. IntegrityError passes (`conflict`)."""
    devices = distinct((*([new.device] if new.device else ()), *new.devices))
    row.device, row.created_at = devices[0] if devices else None, at
    session.add(row)
    await session.flush()
    await put_devices(session, row.id, devices)
    await changed(session)
    made = user_of(row, devices)
    await _told(session, at, new.by, Action.USER_CREATED, row.username, differences(None, made))
    return made


async def still_so(session: AsyncSession, checked: Checked) -> UserRow:
    """The account of somebody whose password was right. Raises NotAuthenticated where it no longer would be."""
    row = await session.get(UserRow, checked.user.id)
    if row is None or not row.active or row.password_hash != checked.password_hash:
        raise NotAuthenticated("This account was just changed. Sign in again.")
    return row


def _apply(row: UserRow, change: UserChange) -> None:
    for each in fields(change):
        value = getattr(change, each.name)
        if isinstance(value, Unchanged) or each.name in ("password", "by", "device", "devices"):
            continue
        if each.name == "modes":
            value = kept_modes(value)
        elif each.name in ("role", "scope"):
            value = value.value
        elif each.name == "username":
            row.username_key = value.casefold()
        setattr(row, each.name, value)


async def _told(session: AsyncSession, at: datetime, by: By, action: Action, username: str, what: list[str]) -> None:
    entry = Entry(at=at, by=by, action=action, target=username, reason="; ".join(what) or None)
    await append(session, [entry])


async def _existing(session: AsyncSession, user_id: str) -> UserRow:
    row = await session.get(UserRow, user_id)
    if row is None:
        raise NotFound("There is no such user.")
    return row


async def _by_name(session: AsyncSession, username: str) -> UserRow | None:
    found: UserRow | None = await session.scalar(select(UserRow).where(UserRow.username_key == username.casefold()))
    return found


async def _need_administrator(session: AsyncSession) -> None:
    active = select(func.count()).where(UserRow.role == Role.ADMINISTRATOR.value, UserRow.active)
    if not await session.scalar(active):
        why = "This is the last active administrator. Make somebody else administrator first."
        raise Conflict.at(WHOLE, "last_administrator", why)


async def _end_sessions(session: AsyncSession, user_id: str, keep: str | None = None) -> None:
    rows: Sequence[SessionRow] = (
        await session.scalars(select(SessionRow).where(SessionRow.user_id == user_id, SessionRow.id != keep))
    ).all()
    for row in rows:
        await session.delete(row)
    await session.execute(delete(EmbedRow).where(EmbedRow.user_id == user_id))


async def changed(session: AsyncSession) -> None:
    """Leave a new mark: whoever polls `version` looks at accounts, sessions and tokens again."""
    await session.run_sync(put_fact, VERSION, uuid.uuid4().hex)


def conflict(problem: IntegrityError) -> Conflict:
    """What is taken, in words."""
    text = str(problem.orig).lower()
    taken = next((name for name in ("username", "extension", "device") if name in text), "value")
    field = {"device": "devices", "value": WHOLE}.get(taken, taken)
    return Conflict.at(field, "taken", f"This {taken} is taken. Choose another.")
