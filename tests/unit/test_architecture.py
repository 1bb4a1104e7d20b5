"""Imports point one way, the core is pure, tasks have owners, and no file names a registry."""

import ast
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FILES = sorted(path for path in (ROOT / "adapter").rglob("*.py") if "node_modules" not in path.parts)

USE_CASE = "core errors tasks board confirm decide devices ending ledger limits orders ports takeover turns"
MAY_USE = {
    "core": {"core"},
    "asterisk": {"asterisk", "core", "errors", "tasks"},
    "store": {"store", "core", "errors"},
    "crm": {"crm", "store", "core", "errors", "tasks"},
    "ledger": {"core", "board"},
    "takeover": {"core", "board", "confirm", "errors", "ports"},
    "metrics": {"core", "board"},
    "web": {
        "__version__",
        "turns",
        "web",
        "core",
        "errors",
        "fields",
        "store",
        "board",
        "decide",
        "monitoring",
        "recorder",
        "softphones",
        "tasks",
        "crm",
        "metrics",
    },
    "monitoring": set(USE_CASE.split()),
    "board": {"core"},
    "sound": set(),
    "doctor": {
        "doctor",
        "asterisk",
        "core",
        "store",
        "config",
        "errors",
        "parts",
        "softphones",
        "sound",
        "tasks",
    },
}
DOCTORS_PURE = "findings report hearing dialplan rights endpoints"
"""Parts of the doctor that judge what others asked: no I/O, no clock."""
PURE = {
    "asyncio",
    "aiohttp",
    "socket",
    "time",
    "random",
    "os",
    "structlog",
    "sqlalchemy",
    "pydantic",
    "logging",
    "prometheus_client",
}


def imports(path: Path) -> set[str]:
    """The modules that a file imports."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {f"{node.module}.{alias.name}" for alias in node.names} | {node.module}
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_point_one_way(path: Path) -> None:
    parts = path.relative_to(ROOT / "adapter").with_suffix("").parts
    allowed = MAY_USE.get(parts[0])
    ours = {name.split(".")[1] for name in imports(path) if name.startswith("adapter.")}
    assert allowed is None or ours <= allowed, f"{path} imports {ours - allowed}"
    if parts[0] == "core" or (parts[0] == "doctor" and parts[-1] in DOCTORS_PURE.split()):
        assert not {name.split(".")[0] for name in imports(path)} & PURE
    if "panoramisk" in {name.split(".")[0] for name in imports(path)}:
        assert path.name == "ami.py"
    if path.name != "tasks.py":
        assert "create_task" not in path.read_text()
        assert "ensure_future" not in path.read_text()


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_files_say_what_they_are_for_and_stay_short(path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_text()))
    assert len(path.read_text().splitlines()) <= 320


def test_no_file_names_a_registry() -> None:
    names = ["pypi" + ".org", "pythonhosted" + ".org", "deb." + "debian.org", "registry." + "npmjs"]
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for file in listed.split():
        text = (ROOT / file).read_text(errors="replace")
        assert not [name for name in names if name in text], file
