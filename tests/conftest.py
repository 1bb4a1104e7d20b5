"""Settings for all tests, the lab that all of a worker's share, and how tests are dealt to several workers."""

import logging
import os
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from hypothesis import HealthCheck, settings

from adapter.store import budget, database, durability, standing
from tests.support.fixtures import database_url, lab, own, receiver, running_lab, toolchain
from tests.support.order import dealt

__all__ = ["database_url", "lab", "own", "receiver", "running_lab", "toolchain"]

_configure = structlog.configure


def _for_now(**given: Any) -> None:
    """Loggers must not keep what one test configured."""
    _configure(**{**given, "cache_logger_on_first_use": False})


structlog.configure = _for_now  # type: ignore[assignment]


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    """What a command that is called in a test does to logging is undone."""
    root = logging.getLogger()
    handlers, level, before = root.handlers, root.level, structlog.get_config()
    yield
    if structlog.get_config() != before:
        root.handlers = handlers
        root.setLevel(level)
        _configure(**before)


PATIENCE = {
    (durability, "IDLE_IN_TRANSACTION"): "60s",
    (durability, "BUSY_TIMEOUT"): 60_000,
    (database, "DEADLINE"): 60.0,
    (budget, "REQUEST"): 60.0,
    (standing, "LOCK_TIMEOUT"): "60s",
}
"""What a database may take in a test: a worker that gets no processor for two seconds is no fault of the database."""
AS_SHIPPED = {(module, name): getattr(module, name) for module, name in PATIENCE}


@pytest.fixture(autouse=True)
def patient_databases(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test fails because the machine was busy."""
    for (module, name), value in PATIENCE.items():
        monkeypatch.setattr(module, name, value)


@pytest.fixture
def database_deadlines(patient_databases: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """The deadlines as they are shipped, for those who test just that."""
    for (module, name), value in AS_SHIPPED.items():
        monkeypatch.setattr(module, name, value)


WORKERS = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))

settings.register_profile("house", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("house")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Deal them, where there are workers (each collects for itself, and all must come to the same)."""
    if WORKERS > 1:
        items[:] = dealt(items, WORKERS)
