"""Imports run downwards only, the core is pure, tasks have owners, and no file names a registry."""

import ast
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ADAPTER = ROOT / "adapter"
FILES = sorted(file for file in ADAPTER.rglob("*.py") if "node_modules" not in file.parts)
FLOOR = {"__init__", "errors", "log", "tasks"}
"""What everybody may use."""

MAY_USE: dict[str, set[str]] = {
    "shipped": set(),
    "core": set(),
    "config": set(),
    "setup": {"config"},
    "store": {"core"},
    "asterisk": {"core"},
    "monitoring": {"core"},
    "webhooks": {"store", "core"},
    "health": {"monitoring", "store", "core"},
    "phones": {"monitoring", "core"},
    "fleet": {"phones", "health", "monitoring", "core"},
    "web": {"fleet", "webhooks", "health", "phones", "monitoring", "store", "core"},
    "wiring": {"web", "fleet", "phones", "health", "monitoring", "asterisk", "config", "core"},
    "cluster": {"wiring", "fleet", "health", "monitoring", "store", "config", "core"},
    "service": {
        *("cluster", "wiring", "web", "fleet", "webhooks", "health", "phones", "monitoring", "store", "config", "core"),
    },
    "serving": {"service", "cluster", "wiring", "web", "fleet", "store", "config", "core"},
    "doctor": {"wiring", "fleet", "phones", "asterisk", "store", "config", "core"},
    "lab": {"shipped", "asterisk", "store", "config", "core"},
    "cli": {
        *(
            "serving",
            "service",
            "wiring",
            "doctor",
            "lab",
            "web",
            "asterisk",
            "store",
            "setup",
            "config",
            "shipped",
            "core",
        ),
    },
    "__main__": {"cli"},
}
"""Every room of the house, lowest first, and the rooms below it that it may use."""
LOGLESS = {"core"}
PHONES_KNOW = {"adapter.monitoring.ports"}
"""The only part of the use case that phones know."""
DOCTORS_PURE = set("findings report hearing dialplan rights endpoints freepbx helpcode consent".split())
"""Parts of the doctor that judge what others asked: no I/O, no clock."""
SETUPS_PURE = set("asteriskconf toml model plan helpcode adapterfiles".split())
"""Parts of the setup that decide what files are to become: they read and write none."""
IMPURE = set("asyncio aiohttp socket time random os structlog sqlalchemy pydantic logging prometheus_client".split())


def imports(tree: ast.AST) -> set[str]:
    """The modules that a file imports, and what it imports from them."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {f"{node.module}.{alias.name}" for alias in node.names} | {node.module}
    return found


def rooms_of(found: set[str]) -> set[str]:
    """The rooms of ours among them."""
    parts = (name.split(".") for name in found if name.startswith("adapter."))
    return {part[1] for part in parts if not part[1].startswith("__")}


def wrong(room: str, tree: ast.AST) -> set[str]:
    """What a file in this room imports and may not."""
    floor = {"errors"} if room in LOGLESS else FLOOR
    if room in FLOOR:
        return rooms_of(imports(tree)) - {"errors"}
    found = rooms_of(imports(tree)) - MAY_USE[room] - floor - {room}
    if room == "phones":
        use_case = {name for name in imports(tree) if name.startswith("adapter.monitoring.")}
        found |= {name for name in use_case if not any(name.startswith(known) for known in PHONES_KNOW)}
    return found


def test_every_room_has_a_row_and_only_lower_ones_in_it() -> None:
    rooms = {path.relative_to(ADAPTER).with_suffix("").parts[0] for path in FILES}
    assert rooms == MAY_USE.keys() | FLOOR
    order = list(MAY_USE)
    for room, below in MAY_USE.items():
        assert all(order.index(other) < order.index(room) for other in below), room


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_run_downwards(path: Path) -> None:
    parts = path.relative_to(ADAPTER).with_suffix("").parts
    text = path.read_text()
    tree = ast.parse(text)
    assert not wrong(parts[0], tree)
    packages = {name.split(".")[0] for name in imports(tree)}
    pure = {"doctor": DOCTORS_PURE, "setup": SETUPS_PURE}.get(parts[0], set())
    if parts[0] == "core" or parts[-1] in pure:
        assert not packages & IMPURE
    assert "panoramisk" not in packages or path.name == "ami.py"
    assert "nats" not in packages or path.name == "natsbus.py"
    if path.name != "tasks.py":
        assert "create_task" not in text
        assert "ensure_future" not in text
    assert "pbx[0]" not in text, "there are several PBXes"


@pytest.mark.parametrize("room", MAY_USE)
def test_an_import_upwards_is_noticed(room: str) -> None:
    above = list(MAY_USE)[list(MAY_USE).index(room) + 1 :] or ["__nowhere"]
    for other in above:
        line = f"from adapter.{other} import something"
        assert (wrong(room, ast.parse(line)) == {other}) is not other.startswith("__"), (room, other)


def test_phones_know_only_the_ports() -> None:
    assert wrong("phones", ast.parse("from adapter.monitoring.ports import Pbx")) == set()
    assert wrong("phones", ast.parse("from adapter.monitoring.supervise import Supervision"))
    assert wrong("phones", ast.parse("from adapter.asterisk.link import Link")) == {"asterisk"}


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
