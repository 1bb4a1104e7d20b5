"""Variables CALL_MONITOR_… of the environment that are no setting: they change nothing, which nobody would notice."""

import difflib
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel

SEPARATOR = "__"
OTHERS = frozenset({"CALL_MONITOR_BOOT_ID"})
"""Variables that are read elsewhere (`adapter.fleet.process`)."""


def unknown(model: type[BaseModel], prefix: str, environment: Mapping[str, str]) -> list[str]:
    """What is wrong with each that is no setting of `model`, in words.

    Told and not refused: Kubernetes gives every container variables like CALL_MONITOR_PORT for a service of that name.
    """
    known = {name.upper(): name for name in names(model, prefix)}
    found = []
    for name in sorted(environment):
        if not name.upper().startswith(prefix) or name.upper() in OTHERS or _is_known(model, name[len(prefix) :]):
            continue
        close = difflib.get_close_matches(name.upper(), known, n=1, cutoff=0.7)
        found.append(f"{name} is no setting and changes nothing{f'; did you mean {close[0]}?' if close else ''}")
    return found


def names(model: type[BaseModel], prefix: str) -> Iterator[str]:
    """The variables of all settings."""
    for name, field in model.model_fields.items():
        yield (prefix + name).upper()
        if (inner := _section(field.annotation)) is not None:
            yield from names(inner, f"{prefix}{name}{SEPARATOR}")


def _is_known(model: type[BaseModel], rest: str) -> bool:
    """Whether the loader reads it. What it reads and can't use, it refuses."""
    first = rest.lower().split(SEPARATOR)[0]
    return first in model.model_fields


def _section(annotation: Any) -> type[BaseModel] | None:
    return annotation if isinstance(annotation, type) and issubclass(annotation, BaseModel) else None
