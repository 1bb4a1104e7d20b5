"""Reads and edits Asterisk's configuration files line by line, so that everything else stays as it is. Pure.

The format: Asterisk's doc "Config File Format" and main/config.c: `[section](options)`, `key = value` or
`key => value`, `;` begins a comment (`\\;` does not), `;--` … `--;` encloses a block of it, `#include "file"`.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

SECTION = re.compile(r"\s*\[([^\]]+)\]\s*(?:\(([^)]*)\))?")
SETTING = re.compile(r"\s*([^\s=;#\[][^=;]*?)\s*=>?\s*(.*)$")
INCLUDE = re.compile(r"\s*#\s*(?:try)?include\s+[\"<]?([^\s\">;]+)", re.IGNORECASE)
TEMPLATE = "!"
MARK = "; call-monitor"
"""Ends each line that the setup adds or changes."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line that means something: number (from 0), the section that it is in (empty: before the first)."""

    number: int
    section: str
    text: str


def _meaning(line: str, block: bool) -> tuple[str, bool]:
    """The line without comments, and whether a block of comment goes on behind it."""
    kept = ""
    while line:
        if block:
            _, end, line = line.partition("--;")
            if not end:
                return kept, True
            block = False
            continue
        found = re.search(r"(?<!\\);", line)
        if found is None:
            return kept + line, False
        kept += line[: found.start()]
        rest = line[found.start() :]
        if not re.match(r";--(?!-)", rest):
            return kept, False
        block, line = True, rest[3:]
    return kept, block


def lines(text: str) -> Iterator[Line]:
    """Every line that is more than a comment."""
    section, block = "", False
    for number, raw in enumerate(_rows(text)):
        meant, block = _meaning(raw, block)
        if not meant.strip():
            continue
        if found := SECTION.match(meant):
            section = found[1]
        yield Line(number, section, meant)


def setting(line: Line) -> tuple[str, str] | None:
    """The key, in lower case, and the value; None if the line is none."""
    found = SETTING.match(line.text)
    return (found[1].strip().lower(), found[2].strip()) if found and not SECTION.match(line.text) else None


def value(text: str, section: str, key: str) -> str | None:
    """What a section says of this key; of several lines the last counts, as for Asterisk's own options."""
    found = None
    for line in lines(text):
        pair = setting(line) if line.section == section else None
        if pair and pair[0] == key:
            found = pair[1]
    return found


def includes(text: str) -> list[str]:
    """The files that it includes, as written."""
    found = (INCLUDE.match(line.text) for line in lines(text))
    return [match[1] for match in found if match]


def is_yes(text: str | None) -> bool:
    """What Asterisk takes for true (main/utils.c, ast_true)."""
    return (text or "").lower() in ("yes", "true", "y", "t", "1", "on")


def has_section(text: str, section: str) -> bool:
    """Whether the file has it."""
    return any(line.section == section for line in lines(text))


def escaped(text: str) -> str:
    """A value in which a semicolon begins no comment."""
    return text.replace(";", "\\;")


def with_setting(text: str, section: str, key: str, wanted: str) -> str:
    """The text with `key = wanted` in this section, which is added at the end if there is none."""
    if value(text, section, key) == wanted:
        return text
    all_lines = _rows(text)
    found = [line for line in lines(text) if line.section == section]
    same = [line for line in found if (pair := setting(line)) and pair[0] == key]
    new = f"{key} = {wanted}  {MARK}"
    if same:
        was = all_lines[same[-1].number].strip()
        all_lines[same[-1].number] = f"{new}; it was: {was}"
    elif found:
        all_lines.insert(found[0].number + 1, new)
    else:
        all_lines += ["", f"[{section}]  {MARK}", new]
    return _joined(all_lines)


def with_include(text: str, file: str, section: str | None = None, *, first: bool = False) -> str:
    """The text with `#include "file"` as its last line, its first one, or as the last one of a section."""
    if file in includes(text):
        return text
    all_lines, new = _rows(text), f'#include "{file}"  {MARK}'
    if section is None:
        return _joined([new, *all_lines] if first else [*all_lines, new])
    found = [line for line in lines(text) if line.section == section]
    if not found:
        return _joined([*all_lines, f"[{section}]  {MARK}", new])
    all_lines.insert(found[-1].number + 1, new)
    return _joined(all_lines)


def with_lines(text: str, section: str, wanted: Sequence[str]) -> str:
    """The text with these lines in a section: those that it lacks, at the section's end."""
    found = [line for line in lines(text) if line.section == section]
    known = {setting(line) for line in found}
    new = [line for line in wanted if setting(Line(0, section, line)) not in known]
    if not new:
        return text
    all_lines, marked = _rows(text), [f"{line}  {MARK}" for line in new]
    if not found:
        return _joined([*all_lines, f"[{section}]  {MARK}", *marked])
    at = found[-1].number + 1
    return _joined([*all_lines[:at], *marked, *all_lines[at:]])


def _rows(text: str) -> list[str]:
    """Its lines, split at line feeds only: Asterisk knows no other."""
    rows = text.split("\n")
    return rows[:-1] if rows[-1] == "" else rows


def _joined(all_lines: Sequence[str]) -> str:
    return "\n".join(all_lines) + "\n"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An endpoint of pjsip.conf: its name, where it begins, and what it or its templates say."""

    name: str
    line: int
    settings: tuple[tuple[str, str], ...]

    def says(self, key: str) -> str | None:
        """The last value counts."""
        return next((value for name, value in reversed(self.settings) if name == key), None)


def endpoints(texts: Sequence[str]) -> list[list[Endpoint]]:
    """The endpoints of each of these texts, which Asterisk reads as one. Templates are none."""
    templates: dict[str, list[tuple[str, str]]] = {}
    for _ in texts:  # a template may come from a text that was read before, whatever their order here
        for text in texts:
            for name, _number, options, own in _sections(text):
                if TEMPLATE in options:
                    templates[name] = _with_inherited(templates, options, own)
    found = []
    for text in texts:
        here = []
        for name, number, options, own in _sections(text):
            every = _with_inherited(templates, options, own)
            if TEMPLATE not in options and ("type", "endpoint") in every:
                here.append(Endpoint(name, number, tuple(every)))
        found.append(here)
    return found


def _with_inherited(
    templates: dict[str, list[tuple[str, str]]], options: list[str], own: list[tuple[str, str]]
) -> list[tuple[str, str]]:
    return [*(pair for option in options for pair in templates.get(option, [])), *own]


def _sections(text: str) -> Iterator[tuple[str, int, list[str], list[tuple[str, str]]]]:
    """Each section's name, line, options and settings."""
    current: tuple[str, int, list[str], list[tuple[str, str]]] | None = None
    for line in lines(text):
        if head := SECTION.match(line.text):
            if current:
                yield current
            options = [option.strip() for option in (head[2] or "").split(",") if option.strip()]
            current = (head[1], line.number, options, [])
        elif current and (pair := setting(line)):
            current[3].append(pair)
    if current:
        yield current


def with_endpoint_setting(text: str, endpoint: Endpoint, key: str, wanted: str) -> str:
    """The text in which this endpoint (of this text) has `key = wanted`.

    In place, and never as `[101](+)`: if the endpoint is removed later, that makes Asterisk refuse all of pjsip.conf
    ("Category addition requested, but category '101' does not exist", measured on 22.10.1).
    """
    all_lines, new = _rows(text), f"{key} = {wanted}  {MARK}"
    own = [line for line in _lines_from(text, endpoint.line) if (pair := setting(line)) and pair[0] == key]
    if own:
        all_lines[own[-1].number] = f"{new}; it was: {all_lines[own[-1].number].strip()}"
    else:
        all_lines.insert(endpoint.line + 1, new)
    return _joined(all_lines)


def with_endpoint_line(text: str, endpoint: Endpoint, line: str) -> str:
    """The text in which this endpoint (of this text) has this line too, beside others of its key (`set_var`)."""
    all_lines = _rows(text)
    all_lines.insert(endpoint.line + 1, f"{line}  {MARK}")
    return _joined(all_lines)


def _lines_from(text: str, start: int) -> Iterator[Line]:
    """The lines of the section that begins at this line, without the first."""
    for line in lines("\n".join(_rows(text)[start:])):
        if line.number > 0 and SECTION.match(line.text):
            return
        if line.number > 0:
            yield Line(line.number + start, line.section, line.text)
