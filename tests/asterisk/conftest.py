"""The lab for these tests."""

from tests.support.fixtures import lab, own, running_lab, toolchain

__all__ = ["lab", "own", "running_lab", "toolchain"]
