"""The wheel is whole: what an operator needs is in it, the same as in the checkout, and `files` copies it."""

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from click.testing import CliRunner

from adapter import shipped
from adapter.cli.files import files
from adapter.errors import Conflict

ROOT = Path(__file__).parents[2]


def tracked() -> list[str]:
    """The files of the checkout that are to be shipped, as git knows them."""
    listed = subprocess.run(
        ["git", "ls-files", *shipped.CONTENTS], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return listed.stdout.splitlines()


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel of this checkout, built in a copy of it."""
    copy, out = tmp_path_factory.mktemp("checkout"), tmp_path_factory.mktemp("dist")
    leave = shutil.ignore_patterns("node_modules", "__pycache__", "pictures")
    for name in ("adapter", *shipped.CONTENTS, "setup.py", "pyproject.toml", "MANIFEST.in"):
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, copy / name, ignore=leave)
        else:
            shutil.copy2(source, copy / name)
    command = [
        sys.executable,
        "-c",
        "from setuptools import build_meta; import sys; build_meta.build_wheel(sys.argv[1])",
    ]
    environment = {**os.environ, "PYTHONWARNINGS": "ignore"}
    done = subprocess.run([*command, str(out)], cwd=copy, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return next(out.glob("*.whl"))


def test_the_wheel_is_whole(wheel: Path, tmp_path: Path) -> None:
    zipfile.ZipFile(wheel).extractall(tmp_path)
    expected = {name for name in tracked() if "/pictures/" not in name}
    assert len(expected) > 20
    for name in expected:
        assert (tmp_path / "adapter/shipped" / name).read_bytes() == (ROOT / name).read_bytes(), name
    script = "from adapter import shipped; print(shipped.root()); print(len(list(shipped.names())))"
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", script], cwd="/", env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == [str(tmp_path / "adapter/shipped"), str(len(expected))]
    assert any(name.endswith("call-monitor = adapter.__main__:main\n") for name in _entry_points(tmp_path))


def test_the_image_is_built_from_all_of_it() -> None:
    copied = [
        line.split()[1:-1]
        for line in (ROOT / "docker/adapter.Dockerfile").read_text().splitlines()
        if line.startswith("COPY") and "--from" not in line
    ]
    names = {name for line in copied for name in line}
    assert names >= {*shipped.CONTENTS, "setup.py", "pyproject.toml", "adapter"}


def _entry_points(folder: Path) -> list[str]:
    return [path.read_text() for path in folder.glob("*.dist-info/entry_points.txt")]


def test_files_copies_all_and_replaces_nothing_unasked(tmp_path: Path) -> None:
    there = tmp_path / "here"
    done = CliRunner().invoke(files, ["--to", str(there)])
    assert done.exit_code == 0, done.output
    assert sorted(str(path.relative_to(there)) for path in there.rglob("*") if path.is_file()) == sorted(tracked())
    assert shipped.UNIT in tracked()
    assert CliRunner().invoke(files, ["--to", str(there)]).exit_code == 0, "the same again is no harm"
    (there / "config.sample.toml").write_text("my own")
    refused = CliRunner().invoke(files, ["--to", str(there)])
    assert isinstance(refused.exception, Conflict)
    assert (there / "config.sample.toml").read_text() == "my own"
    assert CliRunner().invoke(files, ["--to", str(there), "--force"]).exit_code == 0
    assert (there / "config.sample.toml").read_text() == (ROOT / "config.sample.toml").read_text()
