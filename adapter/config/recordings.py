"""The template of the addresses at which the operator's recordings are found."""

import re
from string import Formatter

KNOWN = frozenset({"uniqueid", "extension", "date"})


def recording_template(value: str) -> str:
    """As it was, or ValueError with what is wrong."""
    if not value:
        return value
    if not re.match(r"https?://[^\s{}]+/", value) or re.search(r"[\s\x00-\x1f\x7f]", value):
        raise ValueError(
            "an address that begins with https:// and a host, such as https://recordings.example/{uniqueid}"
        )
    try:
        parts = list(Formatter().parse(value))
    except ValueError:
        raise ValueError("braces stand around names only: {uniqueid}") from None
    names = {name for _, name, _, _ in parts if name is not None}
    if not names <= KNOWN or any(form or conversion for _, _, form, conversion in parts):
        raise ValueError(f"it may have {', '.join(f'{{{one}}}' for one in sorted(KNOWN))}")
    if "uniqueid" not in names:
        raise ValueError("without {uniqueid} every call would have the same recording")
    return value
