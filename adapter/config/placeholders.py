"""Recognises what documentation writes where a value of one's own belongs. Pure."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

WORDS = frozenset(
    "your own|your secret|your password|yoursecret|yourpassword|changeme|change me|change-me|change_me|changeit|secret|"
    "password|passwd|replace me|replaceme|todo|tbd|fixme|example|placeholder|none|null".split("|")
)
"""As whole values, in any case."""
SHAPES = re.compile(
    r"<.*>|\{\{.*\}\}|\$\{?\w+\}?|x{3,}|\*{3,}|\.{3,}|…+|your[ _-].*|a long random string", re.IGNORECASE
)
"""As whole values: `<secret>`, `{{ secret }}`, `$SECRET`, `xxx`, `...`."""
EXAMPLE_HOST = re.compile(
    r"(?:^|[/@.:])(?:[\w-]+\.)+(?:example|invalid|test)(?=[:/?]|$)|\bexample\.(?:com|net|org)\b", re.I
)
"""Names that nobody can own (RFC 2606)."""
SAMPLE_URL = re.compile(r"//user:secret@host/name|//[^@/]*:(?:secret|password|changeme)@", re.IGNORECASE)
"""The sample's database, and passwords that are none."""
SECRETS = ("secret", "turn_secret")


def is_placeholder(text: str) -> bool:
    """Whether it stands for a secret that was never filled in."""
    text = text.strip()
    return text.lower() in WORDS or SHAPES.fullmatch(text) is not None


def find(values: Mapping[str, Any], where: str = "") -> Iterator[tuple[str, str]]:
    """The placeholders in a parsed configuration: the key (as in pbx.0.ami.secret), and what is wrong with it."""
    for key, value in values.items():
        place = f"{where}{key}"
        if isinstance(value, Mapping):
            yield from find(value, f"{place}.")
        for number, one in enumerate(value if isinstance(value, list) else [value]):
            if isinstance(one, Mapping) and isinstance(value, list):
                yield from find(one, f"{place}.{number}.")
            elif isinstance(one, str) and (why := _why(place, one)):
                yield place, why


def _why(place: str, text: str) -> str | None:
    key = place.rpartition(".")[2]
    if key in SECRETS and is_placeholder(text):
        return f'"{text}" is a placeholder' if text else None
    if place == "database.url" and SAMPLE_URL.search(text):
        return "its password is a placeholder"
    if (key in ("public_origin", "url", "websocket_url", "host") or key in ("stun", "turn")) and EXAMPLE_HOST.search(
        text
    ):
        return f"{text} is an example's address (RFC 2606)" if place != "database.url" else "it is an example's address"
    return None
