"""What validation finds, in plain words: what pydantic itself says is for programmers. Pure."""

from collections.abc import Callable, Mapping
from typing import Any

Context = Mapping[str, Any]
OTHER = "invalid"
"""The `type` of an error that has no stable one of its own."""

TIME = "a time with its time zone is needed, such as 2026-01-31T12:00:00Z"
WHOLE, NUMBER, YES_NO = "a whole number is needed", "a number is needed", "true or false is needed"
LIST, OBJECT, TEXT, FILE = "a list is needed", "an object is needed", "a text is needed", "a path is needed"

PLAIN = {
    "missing": "this is required",
    "extra_forbidden": "there is no such field",
    "string_type": TEXT,
    "string_sub_type": TEXT,
    "string_unicode": "half a character (a lone surrogate) can't be used here",
    **dict.fromkeys(("int_type", "int_parsing", "int_from_float", "int_parsing_size"), WHOLE),
    **dict.fromkeys(("float_type", "float_parsing", "finite_number"), NUMBER),
    **dict.fromkeys(("bool_type", "bool_parsing"), YES_NO),
    **dict.fromkeys(("list_type", "tuple_type", "set_type", "frozen_set_type"), LIST),
    **dict.fromkeys(("dict_type", "model_type", "model_attributes_type"), OBJECT),
    **dict.fromkeys(("path_type", "path_not_file", "path_not_directory"), FILE),
    **dict.fromkeys(
        (
            *("datetime_type", "datetime_parsing", "datetime_from_date_parsing", "datetime_object_invalid"),
            *("timezone_naive", "timezone_aware", "timezone_offset"),
        ),
        TIME,
    ),
}
"""By pydantic's types of errors (pydantic, Validation Errors)."""

COUNTED: dict[str, Callable[[Context], str]] = {
    "string_too_short": lambda c: "this is empty" if c["min_length"] == 1 else f"at least {c['min_length']} characters",
    "string_too_long": lambda c: f"{c['max_length']} characters at most",
    "string_pattern_mismatch": lambda c: f"this must have the form {c['pattern']}",
    "too_short": lambda c: "this is empty" if c["min_length"] == 1 else f"at least {c['min_length']} are needed",
    "too_long": lambda c: f"{c['max_length']} at most",
    "enum": lambda c: f"one of {c['expected']} is needed",
    "literal_error": lambda c: f"one of {c['expected']} is needed",
    "greater_than": lambda c: f"more than {c['gt']} is needed",
    "greater_than_equal": lambda c: f"{c['ge']} or more is needed",
    "less_than": lambda c: f"less than {c['lt']} is needed",
    "less_than_equal": lambda c: f"{c['le']} or less is needed",
}

REQUIRED, TOO_SHORT, TOO_LONG, WRONG_TYPE, CHOICE = "required", "too_short", "too_long", "wrong_type", "not_a_choice"
RANGE = ("greater_than", "greater_than_equal", "less_than", "less_than_equal")
TYPES: dict[str, str] = {
    **{name: WRONG_TYPE for name, plain in PLAIN.items() if plain is not TIME},
    **{name: "time" for name, plain in PLAIN.items() if plain is TIME},
    **dict.fromkeys(RANGE, "out_of_range"),
    **dict.fromkeys(("enum", "literal_error"), CHOICE),
    "missing": REQUIRED,
    "extra_forbidden": "unknown_field",
    "string_unicode": "control_characters",
}
"""The stable `type` (docs/errors.md) of pydantic's own types of errors."""
LIMITS = {
    "string_too_short": (TOO_SHORT, "min_length"),
    "too_short": (TOO_SHORT, "min_length"),
    "string_too_long": (TOO_LONG, "max_length"),
    "too_long": (TOO_LONG, "max_length"),
}
"""Those that have a number, and what pydantic calls it."""


def described(field: str, error: Mapping[str, Any]) -> dict[str, str | int]:
    """One of pydantic's `errors()` as the API tells it: `{field, message, type, limit?}`.

    What our own validators raise as a PydanticCustomError with `told` in its context has its `type` already.
    """
    kind, context = str(error["type"]), error.get("ctx") or {}
    found: dict[str, str | int] = {"field": field, "message": wording(error)}
    if kind in LIMITS:
        name, where = LIMITS[kind]
        limit = int(context[where])
        return found | ({"type": REQUIRED} if (name, limit) == (TOO_SHORT, 1) else {"type": name, "limit": limit})
    found["type"] = TYPES.get(kind, kind if "told" in context else OTHER)
    return found | ({"limit": context["limit"]} if "limit" in context else {})


def wording(error: Mapping[str, Any]) -> str:
    """What is wrong, of one of pydantic's `errors()`. What our own validators say is plain already."""
    kind = str(error["type"])
    if (plain := PLAIN.get(kind)) is not None:
        return plain
    if (counted := COUNTED.get(kind)) is not None:
        return counted(error["ctx"])
    return str(error["msg"]).removeprefix("Value error, ")
