"""The core's own types as JSON: bounded everywhere, checked, and what is unknown in an object is ignored.

Made from the types themselves, so that a new field travels as soon as it is there; where it has a default, an older
adapter's message lacks it without harm. Named tuples are objects too: as arrays they could never get another field.
"""

import dataclasses
import types
from collections.abc import Callable
from datetime import datetime
from enum import StrEnum
from typing import Any, Union, get_args, get_origin, get_type_hints

from pydantic_core import SchemaSerializer, SchemaValidator
from pydantic_core import core_schema as cs

LONGEST_TEXT = 16_384
"""Characters of the longest text. What phones send is far shorter (Asterisk's AST_MAX_EXTENSION and caller ids: 80)."""
MOST_ITEMS = 10_000
"""Items of the longest list."""
LARGEST = 2**53
"""Of whole numbers, either way: what JSON's readers agree on (RFC 8259, section 6)."""

_PLAIN: dict[Any, Callable[[], cs.CoreSchema]] = {
    str: lambda: cs.str_schema(max_length=LONGEST_TEXT),
    bool: lambda: cs.bool_schema(strict=True),
    int: lambda: cs.int_schema(strict=True, ge=-LARGEST, le=LARGEST),
    float: lambda: cs.float_schema(allow_inf_nan=False, strict=True),
    datetime: lambda: cs.datetime_schema(tz_constraint="aware"),
}


class Codec:
    """One kind of thing, as JSON."""

    def __init__(self, kind: Any) -> None:
        schema = schema_of(kind)
        self._read, self._write = SchemaValidator(schema), SchemaSerializer(schema)

    def encode(self, value: Any) -> bytes:
        """Compact JSON."""
        return self._write.to_json(value, exclude_defaults=True)

    def decode(self, data: bytes) -> Any:
        """The thing. Raises ValueError (pydantic's ValidationError is one) where it isn't one, or is beyond bounds."""
        return self._read.validate_json(data)


def schema_of(kind: Any) -> cs.CoreSchema:
    """How a type of ours is read and written. Raises TypeError for one that nothing is known of."""
    if kind in _PLAIN:
        return _PLAIN[kind]()
    origin, inner = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        (some,) = [one for one in inner if one is not type(None)]
        return cs.nullable_schema(schema_of(some))
    if origin is frozenset:
        return cs.frozenset_schema(schema_of(inner[0]), max_length=MOST_ITEMS)
    if origin is set:
        return cs.set_schema(schema_of(inner[0]), max_length=MOST_ITEMS)
    if origin is list:
        return cs.list_schema(schema_of(inner[0]), max_length=MOST_ITEMS)
    if origin is tuple and inner[-1] is ...:
        return cs.tuple_schema([schema_of(inner[0])], variadic_item_index=0, max_length=MOST_ITEMS)
    if origin is tuple:
        return cs.tuple_schema([schema_of(one) for one in inner])
    if origin is dict:
        return cs.dict_schema(schema_of(inner[0]), schema_of(inner[1]), max_length=MOST_ITEMS)
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return cs.enum_schema(kind, list(kind), sub_type="str")
    if dataclasses.is_dataclass(kind) and isinstance(kind, type):
        return _dataclass(kind)
    if isinstance(kind, type) and issubclass(kind, tuple) and hasattr(kind, "_fields"):
        return _named_tuple(kind)
    raise TypeError(f"nothing is known of {kind}")


def _dataclass(kind: type) -> cs.CoreSchema:
    hints, fields = get_type_hints(kind), [one for one in dataclasses.fields(kind) if one.init]
    args = [
        cs.dataclass_field(one.name, _with_default(schema_of(hints[one.name]), one), kw_only=True) for one in fields
    ]
    return cs.dataclass_schema(
        kind,
        cs.dataclass_args_schema(kind.__name__, args),
        [one.name for one in fields],
        slots=hasattr(kind, "__slots__"),
        config=cs.CoreConfig(extra_fields_behavior="ignore"),
    )


def _with_default(schema: cs.CoreSchema, field: "dataclasses.Field[Any]") -> cs.CoreSchema:
    if field.default is not dataclasses.MISSING:
        return cs.with_default_schema(schema, default=field.default)
    if field.default_factory is not dataclasses.MISSING:
        return cs.with_default_schema(schema, default_factory=field.default_factory)
    return schema


def _named_tuple(kind: Any) -> cs.CoreSchema:
    hints = get_type_hints(kind)
    fields = {
        name: cs.typed_dict_field(schema_of(hints[name]), required=name not in kind._field_defaults)
        for name in kind._fields
    }
    plain = cs.typed_dict_schema(fields, extra_behavior="ignore")
    return cs.no_info_after_validator_function(
        lambda values: kind(**values),
        plain,
        serialization=cs.plain_serializer_function_ser_schema(_told(kind), return_schema=plain),
    )


def _told(kind: Any) -> Callable[[Any], dict[str, Any]]:
    """What an object of it says: fields at their defaults say nothing."""
    defaults = kind._field_defaults

    def told(value: Any) -> dict[str, Any]:
        return {
            name: one
            for name, one in zip(kind._fields, value, strict=True)
            if name not in defaults or one != defaults[name]
        }

    return told
