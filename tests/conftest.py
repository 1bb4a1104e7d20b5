"""Settings for all tests, the lab that all of a worker's share, and how tests are dealt to several workers."""

import os

import pytest
from hypothesis import HealthCheck, settings

from tests.support.fixtures import database_url, lab, own, receiver, running_lab, toolchain
from tests.support.order import dealt

__all__ = ["database_url", "lab", "own", "receiver", "running_lab", "toolchain"]

settings.register_profile("house", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("house")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Deal them, where there are workers (each collects for itself, and all must come to the same)."""
    if (workers := int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))) > 1:
        items[:] = dealt(items, workers)
