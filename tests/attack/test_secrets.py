"""Attack: reading secrets where they lie about: configuration, files, logs, the API, error messages."""

import asyncio
from pathlib import Path

import psutil
import pytest
from structlog.testing import capture_logs

from adapter import config, wiring
from adapter.asterisk.ami import AmiAddress
from adapter.errors import ConfigError
from adapter.lab.run import Adapter
from adapter.web.ice import Ice
from tests.support.lab import Lab
from tests.support.waiting import until
from tests.unit.test_config import write

SECRETS = {
    "ami": ('secret = "your own"             # or: secret_file = "/etc/call-monitor/ami.secret"', "secret_file"),
    "ari": ('secret = "your own"             # or: secret_file = "/etc/call-monitor/ari.secret"', "secret_file"),
    "turn": ("turn = [] ", 'turn = ["turn:t"]\nturn_secret_file'),
    "database": ('url = ""                        # empty', "url_file"),
}
"""Everything that is secret in the configuration: the sample's line, and the setting that takes a file."""


def revealed(name: str, settings: config.Settings) -> str:
    """The secret as the adapter uses it."""
    if name == "turn":
        found = wiring.ice(settings.pbx[0])
        assert found == Ice((), ("turn:t",), found.turn_secret)
        return found.turn_secret
    pbx = settings.pbx[0]
    return settings.database_url if name == "database" else (pbx.ami if name == "ami" else pbx.ari).reveal()


@pytest.mark.parametrize("name", SECRETS)
def test_every_secret_can_stand_in_a_file_of_its_own(tmp_path: Path, name: str) -> None:
    file = tmp_path / "secret"
    line, setting = SECRETS[name]
    comment = "  # was:" if name == "turn" else "  #"
    settings = config.load(write(tmp_path, line, f'{setting} = "{file}"{comment}'))
    with pytest.raises(ConfigError, match="can't be read"):
        revealed(name, settings)
    file.write_text("\n")
    with pytest.raises(ConfigError, match="is empty"):
        revealed(name, settings)
    file.write_text("s3cret value\n")
    file.chmod(0o640)
    with capture_logs() as logs:
        assert revealed(name, settings) == "s3cret value"
    assert logs == []
    file.chmod(0o644)
    with capture_logs() as logs:
        assert revealed(name, settings) == "s3cret value"
    assert [entry["log_level"] for entry in logs] == ["warning"]
    assert "s3cret" not in str(logs)
    assert "s3cret" not in repr(settings)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('url = ""  ', 'url_file = "/x"\nurl = "sqlite+aiosqlite:///x"  #', "one of url and url_file"),
        ("stun = [] ", 'turn_secret = "x"\nturn_secret_file = "/x"\nstun = [] ', "one of turn_secret"),
    ],
)
def test_one_secret_in_two_places_is_refused(tmp_path: Path, old: str, new: str, told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        config.load(write(tmp_path, old, new))


def test_no_secret_stands_in_what_is_printed(tmp_path: Path) -> None:
    settings = config.load(write(tmp_path, 'secret = "your own"', 'secret = "sesame"'))
    for shown in (settings, wiring.link_settings(settings.pbx[0]), AmiAddress("h", 1, "u", "sesame")):
        assert "sesame" not in repr(shown)


async def shown_in_the_process_list(lab: Lab) -> str:
    """What `ps` shows of an adapter that was started as operators start it; it waits for the lab's own to go."""
    log = lab.folder / "standby.log"
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            *Adapter.command("serve", "--standby", "--config", str(lab.conf)), stdout=output, stderr=output
        )
    try:
        await until(lambda: "waiting for the PBX" in log.read_text(), "it never waited")
        return " ".join(psutil.Process(process.pid).cmdline())
    finally:
        process.terminate()
        await process.wait()


async def test_no_secret_is_in_the_log_or_in_the_process_list(lab: Lab) -> None:
    admin = await lab.client("admin")
    _, token = await admin.post("/tokens", {"name": "t", "may_act_for": ["mona"]})
    _, phone = await admin.post("/softphone", {})
    secrets = {lab.pbx.ami_secret, lab.pbx.ari_secret, token["token"], phone["password"], "lab-admin"}
    secrets |= {cookie.value for cookie in admin.http.cookie_jar}
    log = (lab.folder / "adapter.log").read_text()
    command = await shown_in_the_process_list(lab)
    for secret in secrets:
        assert secret not in log
        assert secret not in command
    for path in ("/tokens", "/users", "/session", "/audit"):
        _, body = await admin.get(path)
        assert not [secret for secret in secrets if secret in str(body)], path
    database = (lab.folder / "adapter.sqlite").read_bytes() + (lab.folder / "adapter.sqlite-wal").read_bytes()
    assert b"token.created" in database
    for secret in secrets:
        assert secret.encode() not in database
    await admin.delete(f"/tokens/{token['id']}")
