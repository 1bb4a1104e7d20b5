"""The supported Asterisk versions: 20 and later, except those known to be bad. Pure."""

import re

OLDEST = 20
"""The first version whose ChanSpy, AMI event filters and ARI are what we rely on (UPGRADE-20.txt)."""

KNOWN_BAD = {
    (22, 11, 0): "it is reported to break bridging after spying (asterisk issues 2134 and 2171)",
}

_VERSION = re.compile(r"(?:\d+:)?(\d+)\.(\d+)(?:\.(\d+))?")


def parse(version: str) -> tuple[int, int, int] | None:
    """`1:22.10.1+dfsg-1` or `22.10.1` as (22, 10, 1); None if it is not a version."""
    found = _VERSION.match(version.strip().removeprefix("Asterisk "))
    return (int(found[1]), int(found[2]), int(found[3] or 0)) if found else None


def check(version: str) -> str | None:
    """Why this Asterisk can't be used, as a message for an operator; None if it can."""
    numbers = parse(version)
    if numbers is None:
        return f"Asterisk's version {version!r} could not be read."
    if numbers[0] < OLDEST:
        return f"Asterisk {version} is too old: {OLDEST} or later is needed."
    if reason := KNOWN_BAD.get(numbers):
        return f"Asterisk {version} can't be used: {reason}. Use another release."
    return None
