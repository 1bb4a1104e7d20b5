"""Values in AMI messages, as text that can be shown. Pure."""

import re
from collections.abc import Mapping

Fields = Mapping[str, str]

ESCAPED = re.compile(r"\\(.)", re.DOTALL)
ESCAPES = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
"""AMI writes names as C writes strings (main/utils.c, ast_escape_c); any other character stands for itself."""
NOTHING = frozenset({"", "<unknown>", "<null>"})
"""How AMI writes an empty value (main/manager_channels.c)."""


def text_in(value: str) -> str:
    """A value without what can't be shown."""
    if value in NOTHING:
        return ""
    return value if value.isprintable() else "".join(c for c in value if c.isprintable())


def name_in(value: str) -> str:
    """A name in an event, likewise."""
    if value in NOTHING:
        return ""
    if "\\" in value:
        value = ESCAPED.sub(lambda found: ESCAPES.get(found[1], found[1]), value)
    return value if value.isprintable() else "".join(c for c in value if c.isprintable())
