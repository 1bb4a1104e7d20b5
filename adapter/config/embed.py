"""Which sites may show a call in a frame of theirs: `[embed]`."""

import re
from typing import Annotated

from pydantic import AfterValidator, Field

from adapter.config.section import Section

ORIGIN = re.compile(r"(https?)://([a-z0-9](?:[a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:]+\])(?::([1-9][0-9]{0,4}))?")
"""As a browser writes an origin (RFC 6454, section 6.2). Nothing else gets into a Content-Security-Policy."""
USUAL = {"http": "80", "https": "443"}
"""Ports that a browser leaves out."""


def _origin(value: str) -> str:
    found = ORIGIN.fullmatch(value)
    if found is None or int(found[3] or 0) > 65535:
        raise ValueError(f"{value!r} is no origin such as https://crm.example: scheme and host, in lower case, no path")
    if found[3] == USUAL[found[1]]:
        raise ValueError(f"{value!r}: leave out :{found[3]}, as browsers do")
    return value


Origin = Annotated[str, AfterValidator(_origin)]


class Embed(Section):
    """Frames of single calls in a CRM's pages (docs/crm.md)."""

    origins: list[Origin] = Field(
        [], description="Origins of the pages that may show them, such as https://crm.example; empty: none may."
    )
    ancestors: list[Origin] = Field(
        [], description="Origins of the pages around those, where they are frames themselves."
    )
