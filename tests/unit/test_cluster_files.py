"""What ships for a cluster: the template unit is as closed as the unit, the compose file names what there is."""

from pathlib import Path

import yaml

from adapter import config
from adapter.config import environment

ROOT = Path(__file__).parents[2]
OPERATIONS = ROOT / "docs/operations"


def settings_of(unit: str) -> list[str]:
    """The lines that set something, in order."""
    lines = (OPERATIONS / unit).read_text().splitlines()
    return [line for line in lines if line and not line.startswith(("#", "["))]


def test_the_template_unit_differs_where_it_must() -> None:
    one, template = settings_of("call-monitor.service"), settings_of("call-monitor@.service")
    only = [line for line in one if line not in template]
    assert [line.partition("=")[0] for line in only] == ["Description", "LoadCredential", "LoadCredential"]
    added = [line for line in template if line not in one]
    assert added == [
        "Description=call-monitor: live call coaching on Asterisk (port %i)",
        "Environment=CALL_MONITOR_HTTP__PORT=%i",
    ]


def test_the_compose_file_sets_what_there_is() -> None:
    services = yaml.safe_load((ROOT / "docker/cluster.yaml").read_text())["services"]
    assert set(services) == {"adapter0", "adapter1", "database", "nats"}
    ports = set()
    for name in ("adapter0", "adapter1"):
        given = services[name]["environment"]
        assert environment.unknown(config.Settings, config.ENV_PREFIX, given) == []
        ports.add(given.pop("CALL_MONITOR_HTTP__PORT"))
        assert services[name]["read_only"]
        assert services[name]["cap_drop"] == ["ALL"]
        assert set(given) == set(environment.names(config.Settings, config.ENV_PREFIX)) & set(given)
    assert ports == {"8080", "8081"}


def test_every_service_stays_on_this_machine() -> None:
    services = yaml.safe_load((ROOT / "docker/cluster.yaml").read_text())["services"]
    assert "listen_addresses=127.0.0.1" in services["database"]["command"]
    assert 'listen: "127.0.0.1:4222"' in (ROOT / "docker/nats.conf").read_text()
