"""The configuration: the sample is true and whole, wrong keys get a suggestion, secrets stay hidden."""

import re
import tomllib
from pathlib import Path

import pytest
from pydantic import BaseModel
from structlog.testing import capture_logs

from adapter import config, wiring
from adapter.config.pbx import INHERITED
from adapter.errors import ConfigError

SAMPLE = Path(__file__).parents[2] / "config.sample.toml"
SECOND = """[[pbx]]
id = "{}"
ami = {{ secret = "your own" }}
ari = {{ secret = "your own" }}
"""
YOUR_OWN = {"pbx.ami.secret", "pbx.ari.secret"}
EXAMPLES = {"queue.name"}
"""Needed in tables of which the sample has an example only."""


def write(tmp_path: Path, old: str = "", new: str = "") -> Path:
    """The sample with one change."""
    text = SAMPLE.read_text()
    assert old in text
    path = tmp_path / "config.toml"
    path.write_text(text.replace(old, new) if old else text)
    return path


def settings_of(model: type[BaseModel], prefix: str = "") -> dict[str, object]:
    """Every setting by its dotted name, with its default."""
    found: dict[str, object] = {}
    for name, field in model.model_fields.items():
        annotation = field.annotation
        inner = getattr(annotation, "__args__", (annotation,))[0]
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            found |= settings_of(inner, f"{prefix}{name}.")
        else:
            found[prefix + name] = field.default
    return found


def test_the_sample_names_every_setting_with_its_default() -> None:
    text = SAMPLE.read_text()
    given: dict[str, object] = {}
    for section, values in tomllib.loads(text).items():
        for table in values if isinstance(values, list) else [values]:
            for name, value in table.items():
                if isinstance(value, dict) and value:
                    given |= {f"{section}.{name}.{key}": inner for key, inner in value.items()}
                else:
                    given[f"{section}.{name}"] = value
    for name, default in settings_of(config.Settings).items():
        if name.startswith(tuple(f"pbx.{section}." for section in INHERITED)):
            assert f"[pbx.{name.split('.')[1]}]" in text, "a PBX's own sections are named where the common ones are"
        elif default is None or name in EXAMPLES:
            assert re.search(rf"\b{name.rpartition('.')[2]} = ", text), f"{name} is not in the sample"
        else:
            assert name in YOUR_OWN or given[name] == default, name
    assert given.keys() <= settings_of(config.Settings).keys()


def test_the_sample_loads(tmp_path: Path) -> None:
    settings = config.load(SAMPLE)
    with capture_logs() as logs:
        assert settings.pbx[0].ami.reveal() == "your own"
    assert [entry["event"] for entry in logs] == ["a secret is a placeholder"]
    assert "your own" not in repr(settings)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("country =", "contry =", r"numbering\.contry: unknown key; did you mean 'country'"),
        ("[log]", "[logs]", r"logs: unknown key; did you mean 'log'"),
        ("port = 5038", "prot = 5038", r"pbx\.0\.ami\.prot: unknown key; did you mean 'port'"),
        ("port = 8080", 'port = "many"', r"http\.port"),
        ('country = "US"', 'country = "XX"', r"ISO 3166"),
        ("countries = {}", 'countries = {"PJSIP/t" = "XX"}', r"numbering\.countries.*ISO 3166"),
        ("outside_prefixes = []", 'outside_prefixes = ["0-"]', r"numbering\.outside_prefixes"),
        ('secret = "your own"', "", r"exactly one of secret and secret_file"),
        ("ring_timeout_seconds = 20.0", "ring_timeout_seconds = -1", r"ring_timeout_seconds"),
        ("[http]", "[http", r"is not valid TOML"),
        ('level = "info"', 'level = "loud"', r"log\.level"),
        ('style = "generic"', 'style = "loud"', r"used:\n  auto_answer\.style: [^\n]*$"),
        ("[log]", "[cluster]\nx = 1\n[log]", r"cluster: several adapters .* are not in this version"),
        (
            "reach = {}",
            'reach = {x = "PJSIP/{extension}@to-x"}',
            r"pbx: reach of main names 'x', which is no other",
        ),
        ("reach = {}", 'reach = {x = "PJSIP/301@to-x"}', r"pbx\.0\.reach\.x"),
        ("[endpoints]", SECOND.format("main") + "[endpoints]", r"pbx: each PBX needs its own id"),
        (
            "[endpoints]",
            SECOND.format("b") + "[pbx.endpoints]\nagent = []\n[endpoints]",
            r"pbx\.1\.endpoints\.agent: unknown",
        ),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, old: str, new: str, told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        config.load(write(tmp_path, old, new))


def test_each_pbx_can_be_read_in_a_way_of_its_own(tmp_path: Path) -> None:
    own = SECOND.format("b") + ('[pbx.endpoints]\nagents = ["SIP/*"]\n[pbx.star_codes]\nbarge = "*99"\n[endpoints]')
    one, other = config.load(write(tmp_path, "[endpoints]", own)).pbx
    assert (one.endpoints.agents, other.endpoints.agents) == (["PJSIP/*"], ["SIP/*"])
    assert (one.star_codes.barge, other.star_codes.barge, other.star_codes.silent) == ("*57", "*99", "*55")
    common = write(tmp_path, 'silent = "*55"', 'silent = "*45"')
    assert config.load(common).pbx[0].star_codes.silent == "*45"
    common.write_text(common.read_text().replace("[endpoints]", own, 1))
    assert [pbx.star_codes.silent for pbx in config.load(common).pbx] == ["*45", "*45"]


def test_numbers_behind_a_trunk_have_the_country_of_the_first_pattern_that_matches(tmp_path: Path) -> None:
    mine = 'countries = {"PJSIP/mx-*" = "MX", "PJSIP/*" = "DE"}'
    chosen = config.load(write(tmp_path, "countries = {}", mine))
    numbers = wiring.numbering(chosen.pbx[0], b"k", chosen.numbering)
    assert [numbers.country_of(name) for name in ("PJSIP/mx-1", "PJSIP/x", "DAHDI/1")] == ["MX", "DE", ""]


def test_a_turn_secret_of_one_pbx_takes_the_common_ones_place(tmp_path: Path) -> None:
    path = write(tmp_path, '# turn_secret = "your own"', 'turn_secret = "common"')
    own = SECOND.format("b") + '[pbx.softphone]\nturn_secret_file = "/x"\n[endpoints]'
    path.write_text(path.read_text().replace("[endpoints]", own, 1))
    one, other = config.load(path).pbx
    assert one.softphone.turn_secret is not None
    assert (other.softphone.turn_secret, other.softphone.turn_secret_file) == (None, Path("/x"))


def test_secrets_from_files(tmp_path: Path) -> None:
    secret = tmp_path / "ami.secret"
    path = write(tmp_path, 'secret = "your own"', f'secret_file = "{secret}"')
    settings = config.load(path)
    with pytest.raises(ConfigError, match="can't be read"):
        settings.pbx[0].ami.reveal()
    secret.write_text("from a file\n")
    assert settings.pbx[0].ami.reveal() == "from a file"


def test_the_environment_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CALL_MONITOR_HTTP__PORT", "9123")
    assert config.load(SAMPLE).http.port == 9123


def test_where_it_is_looked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    if config.default_path() is None:
        with pytest.raises(ConfigError, match=r"config\.sample\.toml"):
            config.load(None)
    (tmp_path / "call-monitor").mkdir()
    (tmp_path / "call-monitor/config.toml").write_text(SAMPLE.read_text())
    assert config.load(None).database_url == f"sqlite+aiosqlite:///{tmp_path}/state/call-monitor/adapter.sqlite"


@pytest.mark.parametrize(
    ("table", "told"),
    [
        ('[[queue]]\nname = "a"\n', "waiting"),
        ('[[queue]]\nname = "a"\nwaiting = 0\n', "waiting"),
        ('[[queue]]\nname = "a"\nwaiting = 1\n[[queue]]\nname = "a"\nwaiting = 2\n', "named once"),
    ],
)
def test_limits_of_queues_that_mean_nothing_are_refused(tmp_path: Path, table: str, told: str) -> None:
    path = tmp_path / "config.toml"
    path.write_text(SAMPLE.read_text() + table)
    with pytest.raises(ConfigError, match=told):
        config.load(path)
