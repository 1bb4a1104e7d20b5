"""The rules for what people may enter, once for the web and the command line."""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated, Any, LiteralString

from pydantic import AfterValidator, Field, GetCoreSchemaHandler, GetJsonSchemaHandler, ValidationInfo
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from adapter.core.messages import LONGEST
from adapter.core.passwords import MIN_LENGTH, Weak, is_name, weakness
from adapter.errors import Invalid

COMMON = frozenset(
    line
    for line in (Path(__file__).parent / "common_passwords.txt").read_text("utf-8").splitlines()
    if not line.startswith("#")
)
"""Passwords, and words that people add digits to, in lower case."""


def _weak(what: Weak) -> PydanticCustomError:
    more = {"limit": MIN_LENGTH} if what is Weak.SHORT else {}
    return PydanticCustomError(what.value, "{told}", {"told": what.told, **more})


def _hard_to_guess(value: str) -> str:
    if problem := weakness(value, COMMON):
        raise _weak(problem)
    return value


def not_the_name(password: str | None, info: ValidationInfo) -> str | None:
    """For models with a username before the password."""
    if password is not None and is_name(password, info.data.get("username") or ""):
        raise _weak(Weak.USERNAME)
    return password


class Matching:
    """A pattern with a hint that people understand; the pattern itself stands in the API's description.

    `kind`: the error's stable `type` (docs/errors.md).
    """

    def __init__(self, pattern: str, hint: str, kind: LiteralString) -> None:
        self._pattern, self._hint, self._kind = re.compile(pattern), hint, kind

    def _check(self, value: str) -> str:
        if not self._pattern.fullmatch(value):
            raise PydanticCustomError(self._kind, "{told}", {"told": self._hint})
        return value

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self._check, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        found = handler(schema)
        # One of two rules would be a description that allows what is refused.
        before = f"(?={found['pattern'][1:]})" if "pattern" in found else ""
        return {**found, "pattern": f"^{before}{self._pattern.pattern}$"}


Username = Annotated[
    str, Matching(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}", "letters, digits and . _ @ - only", "username_form")
]
Printable = Matching(
    r"[^\x00-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff]*",
    "control characters can't be used here",
    "control_characters",
)
"""No control characters, and nothing that hides or turns text around (Unicode Technical Report 36)."""


class _AlsoMatching(Matching):
    """A second pattern of the same field. A class of its own: pydantic 2.11 keeps only the last piece of metadata of
    each class where a field is declared with `= Field(...)`: the first pattern would not be looked at."""


Visible = _AlsoMatching(
    r"[\s\S]*[^\s\u00ad\u115f\u1160\u2800\u3164\uffa0][\s\S]*", "this is empty: blanks only can't be used here", "blank"
)
"""Something that can be seen: not blanks alone, nor what only looks like them."""
Name = Annotated[str, Field(min_length=1, max_length=100), Printable, Visible]
Password = Annotated[
    str,
    Field(
        max_length=200,
        json_schema_extra={"minLength": MIN_LENGTH},
        description="At least ten characters; the commonest, repetitions, sequences and the username are refused.",
    ),
    AfterValidator(_hard_to_guess),
]
"""A new one. Those from before these rules are still good for signing in."""
Extension = Annotated[
    str, Matching(r"[A-Za-z0-9*#+_.-]{1,32}", "digits, letters and * # + _ . - only, 32 at most", "extension_form")
]
_ENDPOINT = r"[A-Za-z0-9]{1,16}/[A-Za-z0-9_+-][A-Za-z0-9_.+-]{0,79}"
_DEVICE = "an Asterisk endpoint with its technology, such as PJSIP/101"
Device = Annotated[str, Matching(_ENDPOINT, _DEVICE, "device_form")]
Ringing = Annotated[str, Matching(f"(?:browser|{_ENDPOINT})", f"{_DEVICE}, or browser", "device_form")]
"""What may be asked to ring: an endpoint, or the page itself."""
Devices = Annotated[list[Device], Field(max_length=10)]
"""All of one person's; the first rings."""
PhoneNumber = Annotated[str, Field(min_length=1, max_length=64), Printable]
Reason = Annotated[str, Field(min_length=1, max_length=200), Printable, Visible]
"""Why something is done, for people who read the audit."""
Lines = Matching(
    r"[^\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff]*",
    "control characters can't be used here",
    "control_characters",
)
"""As `Printable`, in several lines, with tabs."""
Words = Annotated[str, Field(min_length=1, max_length=4000), Lines, Visible]
"""What somebody writes, in lines."""
Message = Annotated[str, Field(min_length=1, max_length=LONGEST), Lines, Visible]
"""What supervisor and agent write to each other during a talk, in lines."""
Identifier = Annotated[str, Field(min_length=1, max_length=200), Printable]


PhonesPbx = Annotated[
    str,
    Field(max_length=32, description="Id of the PBX at which the phone registers, where there are several."),
    Printable,
]


def known_pbx(pbx: str | None, known: Sequence[str]) -> str | None:
    """The PBX of somebody's phone as it is kept: None where there is one anyway. Raises Invalid for an unknown one."""
    if pbx is not None and pbx not in known:
        raise Invalid.at("pbx", f"there is no such PBX; known are {', '.join(known)}")
    return pbx if len(known) > 1 else None


def refuse_star_code(extension: str | None, codes: Iterable[str]) -> None:
    """An extension that a star code begins could not be called: dialling it would monitor somebody. Raises Invalid."""
    code = next((code for code in codes if extension is not None and extension.startswith(code)), None)
    if code is not None:
        what = f"{code} is a star code of monitoring ([star_codes]), so no extension can begin with it"
        raise Invalid.at("extension", what, "star_code")
