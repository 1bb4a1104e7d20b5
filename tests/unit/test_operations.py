"""The dashboard and the alert rules ask for figures that exist."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml
from prometheus_client.parser import text_string_to_metric_families

from adapter.core import events as ev
from adapter.core import queueevents as qe
from adapter.core.modes import Mode
from adapter.health.metrics import PREFIX, Metrics, Readings
from tests.fake.pbx import alone
from tests.fake.world import World

FOLDER = Path(__file__).parents[2] / "docs/operations"
NAME = re.compile(rf"{PREFIX}\w+")


async def samples() -> dict[str, set[str]]:
    """Every sample of the exposition with its labels, after a little of everything."""
    world = World()
    metrics = Metrics(alone(world.board))
    monitor = await world.live(mode=Mode.WHISPER)
    metrics.applied([ev.BridgeGone(datetime.now(UTC), "b")], 0.001)
    metrics.switched(0.001)
    metrics.refused("forbidden")
    metrics.tried(delivered=True)
    waits = (qe.QueueCaller("9.9", "201", "", datetime.now(UTC)),)
    world.board.apply([qe.QueuesListed(datetime.now(UTC), (qe.QueueListed("agents", 0, 0, 0.0, (), waits),))])
    readings = Readings(1, 0, 0, 0, 0, True, [("hook", 3, datetime.now(UTC))], datetime.now(UTC))
    text = metrics.exposition(readings).decode()
    assert monitor.live
    found: dict[str, set[str]] = {}
    for family in text_string_to_metric_families(text):
        assert family.documentation.endswith(".")
        for sample in family.samples:
            found.setdefault(sample.name, set()).update(sample.labels)
    return found


def asked(expression: str) -> tuple[set[str], set[str]]:
    """Figures and labels that an expression names."""
    labels = re.findall(r"by \(([^)]*)\)", expression) + re.findall(r"{(\w+)=", expression)
    return set(NAME.findall(expression)), {label.strip() for part in labels for label in part.split(",")}


async def test_dashboard_and_alerts_ask_for_what_there_is() -> None:
    known = await samples()
    dashboard: dict[str, Any] = json.loads((FOLDER / "grafana-dashboard.json").read_text())
    expressions = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    rules = yaml.safe_load((FOLDER / "alerts.yml").read_text())
    alerts = [rule for group in rules["groups"] for rule in group["rules"]]
    expressions += [rule["expr"] for rule in alerts]
    assert len(expressions) > 20
    for expression in expressions:
        names, labels = asked(expression)
        assert names, expression
        for name in names:
            assert name in known, name
            assert labels <= known[name], expression
    assert all(rule["labels"]["severity"] in ("critical", "warning") for rule in alerts)
    assert all(rule["annotations"]["summary"].endswith(".") for rule in alerts)
