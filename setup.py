"""Puts the files that an operator needs into the wheel; everything else about building is in pyproject.toml."""

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

HERE = Path(__file__).parent
SHIPPED = (
    "asterisk-conf",
    "docs",
    "config.sample.toml",
    "README.md",
    "SECURITY.md",
    "CHANGELOG.md",
    "requirements.lock",
)
"""What adapter/shipped offers, as it lies in the checkout."""


class BuildPy(build_py):
    """Copies them beside adapter/shipped/__init__.py, which looks there first."""

    def run(self) -> None:
        """Build, then copy; an editable installation reads the checkout itself."""
        super().run()
        if self.editable_mode:
            return
        if not (HERE / "adapter/web/static/index.html").exists():
            raise SystemExit("The page is missing, so the wheel would not be whole: run `make page` first.")
        target = Path(self.build_lib) / "adapter/shipped"
        for name in SHIPPED:
            source = HERE / name
            if source.is_dir():
                shutil.copytree(source, target / name, dirs_exist_ok=True)
            else:
                shutil.copy2(source, target / name)


setup(cmdclass={"build_py": BuildPy})
