"""Import of accounts from CSV: everything is read, checked and planned before anything changes."""

import csv
import difflib
import io
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from adapter.core.audit import SYSTEM, By
from adapter.core.devices import distinct, key_of
from adapter.core.modes import ALL_MODES, Mode
from adapter.core.people import Role, User
from adapter.core.teams import MonitorScope
from adapter.core.views import modes_view
from adapter.core.wording import wording
from adapter.errors import Invalid
from adapter.store.people import NewUser, People, UserChange
from adapter.web.fields import Device, Extension, Name, Password, Username, known_pbx, not_the_name, refuse_star_code


class Row(BaseModel):
    """One line. A missing column leaves its field unchanged; an empty one clears it."""

    model_config = ConfigDict(extra="forbid")

    username: Username
    name: Name | None = None
    role: Role | None = None
    extension: Extension | None = None
    devices: Annotated[tuple[Device, ...], Field(alias="device")] = ()
    """The column is `device`, and may have several, separated by spaces: the first rings."""
    pbx: str | None = None
    """The id of the PBX at which the devices register."""
    can_monitor: bool | None = None
    modes: frozenset[Mode] | None = None
    scope: MonitorScope | None = None
    teams: tuple[str, ...] | None = None
    """Names of all teams that they are in, separated by semicolons; of those that they supervise:"""
    supervises: tuple[str, ...] | None = None
    active: bool | None = None
    password: Password | None = None

    _not_the_name = field_validator("password")(not_the_name)

    @field_validator("devices", mode="before")
    @classmethod
    def _listed(cls, value: object) -> object:
        return tuple(value.split()) if isinstance(value, str) else () if value is None else value

    @field_validator("devices")
    @classmethod
    def _distinct(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return distinct(value)

    @field_validator("teams", "supervises", mode="before")
    @classmethod
    def _teams(cls, value: object) -> object:
        return tuple(name.strip() for name in str(value or "").split(";") if name.strip())

    @field_validator("modes", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return frozenset(value.replace(",", " ").split()) | {"silent"} if isinstance(value, str) else value


OF_TEAMS = {"teams", "supervises"}
"""What is said of teams: `adapter.cli.csv_teams`."""
COLUMNS = tuple(field.alias or name for name, field in Row.model_fields.items())


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
    rows: list[Row] = []
    problems: list[str] = []
    try:
        problems += _wrong_columns(reader.fieldnames or ())
        for values in reader if not problems else ():
            if None in values:
                problems.append(f"line {reader.line_num}: it has more fields than there are columns")
                continue
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


def _wrong_columns(names: Sequence[str]) -> Iterator[str]:
    """Of a column that is there twice only one would count, and nobody would know which."""
    found = [name.strip() for name in names]
    for name, count in Counter(found).items():
        if name not in COLUMNS:
            close = difflib.get_close_matches(name, COLUMNS, n=1)
            hint = f"did you mean {close[0]!r}?" if close else f"known are {', '.join(COLUMNS)}"
            yield f"line 1: there is no column {name!r}; {hint}"
        elif count > 1:
            yield f"line 1: the column {name!r} is there {'twice' if count == 2 else f'{count} times'}"
    if found and "username" not in found:
        yield "line 1: the column 'username' is missing"


def refuse_star_codes(rows: Iterable[Row], codes: Iterable[str]) -> None:
    """Raises Invalid for extensions that begin with one."""
    problems = []
    for row in rows:
        try:
            refuse_star_code(row.extension, codes)
        except Invalid as problem:
            problems.append(f"{row.username}: {problem.detail.rstrip('.')}")
    if problems:
        raise Invalid("Nothing was changed:\n  " + "\n  ".join(problems))


def with_known_pbxes(rows: Iterable[Row], known: Sequence[str]) -> list[Row]:
    """The rows with their PBX as it is kept (`adapter.web.fields.known_pbx`). Raises Invalid for unknown ones."""
    found, problems = [], []
    for row in rows:
        try:
            kept = known_pbx(row.pbx, known)
            found.append(row.model_copy(update={"pbx": kept}) if "pbx" in row.model_fields_set else row)
        except Invalid as problem:
            problems.append(f"{row.username}: {problem.detail.rstrip('.')}")
    if problems:
        raise Invalid("Nothing was changed:\n  " + "\n  ".join(problems))
    return found


def _given(values: dict[str, str | None]) -> dict[str, object]:
    """Empty cells of extension, device, pbx and teams clear them; other empty cells are ignored."""
    cleared = {"extension", "device", "pbx", *OF_TEAMS}
    found: dict[str, object] = {}
    for column, value in values.items():
        if value is None:  # the line is too short
            continue
        if value.strip():
            found[column.strip()] = value.strip()
        elif column.strip() in cleared:
            found[column.strip()] = None
    return found


def _message(line: int, error: Mapping[str, Any]) -> str:
    return f"line {line}: {'.'.join(str(part) for part in error['loc'])}: {wording(error)}"


def _duplicates(rows: Sequence[Row]) -> Iterator[str]:
    seen: set[tuple[str, str]] = set()
    for row in rows:
        for field, value in (("username", row.username), *_unique(row)):
            key = (field, value.casefold())
            if key in seen:
                yield f"{field} {value} occurs twice"
            seen.add(key)


def _unique(one: Row | User) -> list[tuple[str, str]]:
    """What nobody else may have, by the names of the columns."""
    extension = [("extension", one.extension)] if one.extension else []
    return extension + [("device", device) for device in one.devices]


def plan(rows: Sequence[Row], people: Iterable[User]) -> list[Planned]:
    """What the lines would do. Raises Invalid when a line can't be done."""
    known = {user.username.casefold(): user for user in people}
    planned, problems = [], []
    taken = {
        (field, key_of(value)): user.username.casefold() for user in known.values() for field, value in _unique(user)
    }
    named = {row.username.casefold() for row in rows}
    for row in rows:
        user = known.get(row.username.casefold())
        if user is None and (row.password is None or row.name is None):
            problems.append(f"{row.username}: a new account needs name and password")
        for field, value in _unique(row):
            owner = taken.get((field, key_of(value)))
            if owner and owner != row.username.casefold() and owner not in named:
                problems.append(f"{row.username}: {field} {value} belongs to {owner}")
        planned.append(Planned(row, user, tuple(_differences(row, user)) if user else ()))
    if problems:
        raise Invalid("Nothing was changed:\n  " + "\n  ".join(problems))
    return planned


def _differences(row: Row, user: User) -> Iterator[str]:
    for field in row.model_fields_set - {"username", "password", *OF_TEAMS}:
        before = user.granted if field == "modes" else getattr(user, field)
        after = getattr(row, field)
        if before != after:
            yield f"{field.removesuffix('s') if field == 'devices' else field} {_shown(before)} -> {_shown(after)}"
    if row.password is not None:
        yield "password"


def _shown(value: object) -> str:
    if isinstance(value, tuple):
        return " ".join(value) or "-"
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
                    devices=row.devices,
                    pbx=row.pbx,
                    can_monitor=bool(row.can_monitor),
                    modes=row.modes or ALL_MODES,
                    scope=row.scope or MonitorScope.ALL,
                    by=by,
                )
            )
        elif item.differences:
            given = {field: getattr(row, field) for field in row.model_fields_set - OF_TEAMS}
            await people.change(item.known.id, UserChange(**given, by=by))
