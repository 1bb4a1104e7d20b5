"""Fills in the annotated configuration: single keys are changed, comments and everything else stay. Pure."""

import json
import re
import tomllib
from collections.abc import Mapping
from typing import Any

Value = str | int | list[str] | None
"""None takes the key away."""
Changes = Mapping[tuple[str, str], Value]
"""New values by section (`http`, `pbx`, `pbx.ami`) and key."""

WIDTH = 120
"""A comment that would make its line longer goes."""
HEAD = re.compile(r"\s*\[\[?\s*([\w.]+)\s*\]\]?\s*(#.*)?$")


def filled(text: str, changes: Changes) -> str:
    """The text with these values. Raises ValueError if the result doesn't say what it should.

    Sections are taken as the sample writes them: one `[section]` for each name, a key on one line.
    """
    for (section, key), value in changes.items():
        text = _with(text, section, key, value)
    _check(text, changes)
    return text


def _with(text: str, section: str, key: str, value: Value) -> str:
    rows = text.splitlines()
    start, end = _bounds(rows, section)
    if start is None:
        return text if value is None else "\n".join([*rows, "", _header(section), f"{key} = {_toml(value)}"]) + "\n"
    own = re.compile(rf"\s*{re.escape(key)}\s*=")
    commented = re.compile(rf"#\s*{re.escape(key)}\s*=")
    active = [number for number in range(start, end) if own.match(rows[number])]
    if value is None:
        rows = [row for number, row in enumerate(rows) if number not in active]
    elif active:
        rows[active[0]] = _line(key, value, rows[active[0]])
    elif spare := [number for number in range(start, end) if commented.match(rows[number])]:
        rows[spare[0]] = _line(key, value, rows[spare[0]].lstrip("# "))
    else:
        rows.insert(start, f"{key} = {_toml(value)}")
    return "\n".join(rows) + "\n"


def _header(section: str) -> str:
    return f"[[{section}]]" if section == "pbx" else f"[{section}]"


def _bounds(rows: list[str], section: str) -> tuple[int | None, int]:
    """The rows after the section's header, up to the next header."""
    heads = [(number, found[1]) for number, row in enumerate(rows) if (found := HEAD.match(row))]
    for place, (number, name) in enumerate(heads):
        if name == section:
            return number + 1, heads[place + 1][0] if place + 1 < len(heads) else len(rows)
    return None, 0


def _line(key: str, value: Value, before: str) -> str:
    """The line with its new value; a comment behind the old one stays in its column, if it does not name the key."""
    new = f"{key} = {_toml(value)}"
    found = re.search(r"\s#.*$", _without_strings(before))
    comment = before[found.start() :].strip() if found else ""
    whole = f"{new:<31} {comment}"
    return new if not comment or len(whole) > WIDTH else whole


def _without_strings(row: str) -> str:
    return re.sub(r'"(?:\\.|[^"\\])*"', lambda found: "x" * len(found[0]), row)


def _toml(value: Value) -> str:
    """A number, a string or a list of strings; JSON's notation of both is TOML's too (toml.io, String)."""
    return json.dumps(value, ensure_ascii=False)


def _check(text: str, changes: Changes) -> None:
    values = tomllib.loads(text)
    for (section, key), value in changes.items():
        if read(values, section, key) != value:
            raise ValueError(f"[{section}] {key} could not be set")


def read(values: Mapping[str, Any], section: str, key: str) -> Any:
    """What parsed TOML says of a section's key, of the first `[[pbx]]`; None if nothing."""
    found: Any = values
    for part in (*section.split("."), key):
        if isinstance(found, list):
            found = found[0] if found else None
        found = found.get(part) if isinstance(found, dict) else None
    return found
