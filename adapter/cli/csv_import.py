"""Import of accounts from CSV: everything is read, checked and planned before anything changes."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, ValidationError, field_validator

from adapter.core.audit import SYSTEM, By
from adapter.core.modes import ALL_MODES, Mode
from adapter.core.people import Role, User
from adapter.core.views import modes_view
from adapter.errors import Invalid
from adapter.store.people import NewUser, People, UserChange
from adapter.web.fields import Device, Extension, Name, Password, Username, not_the_name


class Row(BaseModel):
    """One line. A missing column leaves its field unchanged; an empty one clears it."""

    model_config = ConfigDict(extra="forbid")

    username: Username
    name: Name | None = None
    role: Role | None = None
    extension: Extension | None = None
    device: Device | None = None
    can_monitor: bool | None = None
    modes: frozenset[Mode] | None = None
    active: bool | None = None
    password: Password | None = None

    _not_the_name = field_validator("password")(not_the_name)

    @field_validator("modes", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return frozenset(value.replace(",", " ").split()) | {"silent"} if isinstance(value, str) else value


@dataclass(frozen=True, slots=True)
class Planned:
    """What one line will do."""

    row: Row
    known: User | None
    differences: tuple[str, ...]

    def __str__(self) -> str:
        if self.known is None:
            return f"add     {self.row.username}"
        if not self.differences:
            return f"same    {self.row.username}"
        return f"change  {self.row.username}: {', '.join(self.differences)}"


def read(text: str) -> list[Row]:
    """The lines of a CSV with a header. Raises Invalid with a list of all wrong lines."""
    reader = csv.DictReader(io.StringIO(text.removeprefix("\ufeff")), strict=True)
    rows, problems = [], []
    try:
        for values in reader:
            try:
                rows.append(Row.model_validate(_given(values)))
            except ValidationError as problem:
                problems += [_message(reader.line_num, error) for error in problem.errors()]
    except csv.Error as problem:
        problems.append(f"line {reader.line_num}: {problem}")
    if not problems and not rows:
        problems.append("it has no lines; the first must name the columns, for example: username,name,extension,device")
    problems += _duplicates(rows)
    if problems:
        raise Invalid("Nothing was changed:\n  " + "\n  ".join(problems))
    return rows


def _given(values: dict[str, str | None]) -> dict[str, object]:
    """Empty cells of extension and device clear them; other empty cells are ignored."""
    cleared = {"extension", "device"}
    found: dict[str, object] = {}
    for column, value in values.items():
        if value is None or column is None:
            found[str(column)] = value
        elif value.strip():
            found[column.strip()] = value.strip()
        elif column.strip() in cleared:
            found[column.strip()] = None
    return found


def _message(line: int, error: object) -> str:
    where = ".".join(str(part) for part in error["loc"])  # type: ignore[index]
    return f"line {line}: {where}: {error['msg'].removeprefix('Value error, ')}"  # type: ignore[index]


def _duplicates(rows: Sequence[Row]) -> Iterator[str]:
    for field in ("username", "extension", "device"):
        seen: set[str] = set()
        for row in rows:
            value = getattr(row, field)
            key = value.casefold() if value else None
            if key in seen:
                yield f"{field} {value} occurs twice"
            elif key:
                seen.add(key)


def plan(rows: Sequence[Row], people: Iterable[User]) -> list[Planned]:
    """What the lines would do. Raises Invalid when a line can't be done."""
    known = {user.username.casefold(): user for user in people}
    planned, problems = [], []
    taken = {
        (field, value): user.username.casefold()
        for user in known.values()
        for field in ("extension", "device")
        if (value := getattr(user, field))
    }
    named = {row.username.casefold() for row in rows}
    for row in rows:
        user = known.get(row.username.casefold())
        if user is None and (row.password is None or row.name is None):
            problems.append(f"{row.username}: a new account needs name and password")
        for field in ("extension", "device"):
            owner = taken.get((field, getattr(row, field)))
            if owner and owner != row.username.casefold() and owner not in named:
                problems.append(f"{row.username}: {field} {getattr(row, field)} belongs to {owner}")
        planned.append(Planned(row, user, tuple(_differences(row, user)) if user else ()))
    if problems:
        raise Invalid("Nothing was changed:\n  " + "\n  ".join(problems))
    return planned


def _differences(row: Row, user: User) -> Iterator[str]:
    for field in row.model_fields_set - {"username", "password"}:
        before = user.granted if field == "modes" else getattr(user, field)
        after = getattr(row, field)
        if before != after:
            yield f"{field} {_shown(before)} -> {_shown(after)}"
    if row.password is not None:
        yield "password"


def _shown(value: object) -> str:
    if isinstance(value, frozenset):
        return " ".join(modes_view(value))
    return {None: "-", True: "yes", False: "no"}.get(value, str(value))  # type: ignore[call-overload, no-any-return]


async def carry_out(planned: Sequence[Planned], people: People, by: By = SYSTEM) -> None:
    """Make the planned changes. Raises Conflict if somebody else made a conflicting change in the meantime."""
    for item in planned:
        row = item.row
        if item.known is None:
            await people.create(
                NewUser(
                    username=row.username,
                    name=row.name or row.username,
                    role=row.role or Role.AGENT,
                    password=row.password or "",
                    extension=row.extension,
                    device=row.device,
                    can_monitor=bool(row.can_monitor),
                    modes=row.modes or ALL_MODES,
                    by=by,
                )
            )
        elif item.differences:
            given = {field: getattr(row, field) for field in row.model_fields_set}
            await people.change(item.known.id, UserChange(**given, by=by))
