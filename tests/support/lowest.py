"""`make lock`: what the tests without Asterisk need beside pyproject.toml, as requirements-dev.lock pins it.

Of what pyproject.toml names the lowest versions are wanted, of these tools the ones that we use.
"""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
TOOLS = (
    "pytest pytest-asyncio pytest-timeout pytest-xdist hypothesis pgserver psutil schemathesis pyyaml setuptools "
    "trustme".split()
)
"""setuptools: a test builds the wheel."""


def pins(text: str) -> dict[str, str]:
    """Versions by package, as a lock file says them."""
    return dict(re.findall(r"^([a-z0-9-]+)==([^ \\;]+)", text, re.M))


def main() -> None:
    """Print the pins."""
    locked = pins((ROOT / "requirements-dev.lock").read_text())
    sys.stdout.writelines(f"{name}=={locked[name]}\n" for name in TOOLS)


if __name__ == "__main__":
    main()
