"""The lock files: the lowest one is what pyproject.toml allows, and none names where packages come from."""

import re
import tomllib
from pathlib import Path

import pytest

from tests.support.lowest import TOOLS, pins

ROOT = Path(__file__).parents[2]
LOCKS = sorted(path.name for path in ROOT.glob("*.lock"))


def normal(name: str) -> str:
    """A package's name as lock files write it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def test_the_lowest_versions_are_those_that_pyproject_allows() -> None:
    named = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    locked = pins((ROOT / "requirements-lowest.lock").read_text())
    assert len(named) > 10
    for requirement in named:
        match = re.fullmatch(r"([\w.-]+)(?:\[\w+\])?[=>]=([\d.]+)", requirement)
        assert match, f"{requirement} has no lowest version"
        name, lowest = normal(match[1]), match[2]
        assert (locked[name] + ".0.0").startswith(lowest + "."), f"make lock: {name} is {locked[name]}, not {lowest}"
    tools = pins((ROOT / "requirements-dev.lock").read_text())
    assert {name: locked[name] for name in TOOLS} == {name: tools[name] for name in TOOLS}


def test_what_two_locks_name_has_one_version() -> None:
    every = {name: pins((ROOT / name).read_text()) for name in LOCKS if "lowest" not in name}
    assert len(every) == 4
    whole = every["requirements-dev.lock"]
    for name, found in every.items():
        assert found.items() <= whole.items(), name


@pytest.mark.parametrize("name", LOCKS)
def test_every_package_has_its_hashes_and_none_its_origin(name: str) -> None:
    text = (ROOT / name).read_text()
    assert "://" not in text
    assert [line for line in text.splitlines() if line.startswith("-")] == [], "options of pip"
    assert len(re.findall(r"^[a-z0-9-]+==.*\\$", text, re.M)) == len(pins(text))
