"""The lab for these tests."""

from tests.support.fixtures import lab, running_lab, toolchain

__all__ = ["lab", "running_lab", "toolchain"]
