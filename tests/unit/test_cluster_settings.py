"""The section [cluster]: nothing of it by default, PostgreSQL needed, TLS on networks, no password shown."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from adapter import config, wiring
from adapter.cli.main import cli
from adapter.errors import ConfigError

PBX = '[[pbx]]\n[pbx.ami]\nsecret = "5d0c7a4b"\n[pbx.ari]\nsecret = "5d0c7a4b"\n'
POSTGRESQL = 'url = "postgresql+asyncpg://u:5d0c7a4b@127.0.0.1/calls"'
TLS = 'nats = ["tls://nats1:4222", "tls://nats2:4222"]\n'


def write(folder: Path, cluster: str, database: str = POSTGRESQL) -> Path:
    """A configuration with these two sections."""
    path = folder / "config.toml"
    path.touch(mode=0o600)
    path.write_text(f"[database]\n{database}\n[cluster]\n{cluster}\n{PBX}")
    return path


def password(folder: Path) -> str:
    """The lines that say who the adapters are."""
    file = folder / "nats.password"
    file.touch(mode=0o600)
    file.write_text("7f3e91\n")
    return f'username = "call-monitor"\npassword_file = "{file}"\n'


def test_one_adapter_needs_nothing_of_it(tmp_path: Path) -> None:
    settings = config.load(write(tmp_path, "", ""))
    assert not settings.cluster.enabled
    assert wiring.nats(settings) is None


def test_all_of_it_is_what_the_bus_is_told(tmp_path: Path) -> None:
    files = "".join(f'tls_{name} = "{tmp_path}/{name}.pem"\n' for name in ("ca", "certificate", "key"))
    access = wiring.nats(config.load(write(tmp_path, TLS + password(tmp_path) + files)))
    assert access is not None
    assert (list(access.urls), access.user) == (["tls://nats1:4222", "tls://nats2:4222"], "call-monitor")
    assert (access.password(), access.secure) == ("7f3e91", True)
    named = (access.tls_ca, access.tls_certificate, access.tls_key)
    assert named == tuple(tmp_path / f"{name}.pem" for name in ("ca", "certificate", "key"))


def test_without_tls_on_this_machine_only(tmp_path: Path) -> None:
    access = wiring.nats(config.load(write(tmp_path, 'nats = ["nats://127.0.0.1:4222"]')))
    assert access is not None
    assert not access.secure


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("nats://10.0.0.9:4222", "only tls:// protects"),
        ("nats://127.0.0.1.example:4222", "only tls:// protects"),
        ("ws://nats1:443", "write a NATS server as tls://host:4222"),
        ("nats1:4222", "write a NATS server as tls://host:4222"),
        ("tls://:4222", "write a NATS server as tls://host:4222"),
        ("tls://nats1:port", "write a NATS server as tls://host:4222"),
        ("tls://[nats1", "write a NATS server as tls://host:4222"),
        ("tls://nats1:4222/calls", "write a NATS server as tls://host:4222"),
        ("tls://me:5d0c7a4b@nats1:4222", "without user and password: tls://…@nats1:4222"),
    ],
)
def test_servers_that_are_refused(tmp_path: Path, url: str, told: str) -> None:
    with pytest.raises(ConfigError) as refused:
        config.load(write(tmp_path, f'nats = ["{url}"]\n{password(tmp_path)}'))
    assert "cluster.nats: " in refused.value.detail
    assert told in refused.value.detail
    assert "5d0c7a4b" not in refused.value.detail


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ('nats = ["tls://nats1", "nats://127.0.0.1"]', "all NATS servers as tls://, or all as nats://"),
        (TLS, "give username and password_file"),
        (TLS + 'username = "call-monitor"', "both of username and password_file"),
        (TLS + 'password_file = "/x"', "both of username and password_file"),
        (TLS + 'tls_certificate = "/x"', "both of tls_certificate and tls_key"),
        ("nat = []", "did you mean 'nats'"),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, lines: str, told: str) -> None:
    with pytest.raises(ConfigError, match="cluster") as refused:
        config.load(write(tmp_path, lines))
    assert told in refused.value.detail


@pytest.mark.parametrize("database", ["", 'url = "sqlite+aiosqlite:////var/lib/x.sqlite"'])
def test_it_needs_postgresql(tmp_path: Path, database: str) -> None:
    with pytest.raises(ConfigError, match=r"cluster\.nats: several adapters share one PostgreSQL database"):
        config.load(write(tmp_path, TLS + password(tmp_path), database))


def test_it_needs_postgresql_also_if_the_url_is_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "database.url"
    file.touch(mode=0o600)
    path = write(tmp_path, TLS + password(tmp_path), f'url_file = "{file}"')
    file.write_text("sqlite+aiosqlite:////var/lib/x.sqlite")
    with pytest.raises(ConfigError, match="several adapters share one PostgreSQL database"):
        wiring.nats(config.load(path))
    assert "cluster.nats: several adapters share one PostgreSQL" in check(path, 2)
    file.write_text("postgresql+asyncpg://u:5d0c7a4b@127.0.0.1/calls")
    assert wiring.nats(config.load(path)) is not None


def check(path: Path, status: int) -> str:
    """What `config check` says, which ends with this status."""
    done = CliRunner().invoke(cli, ["config", "check", "--config", str(path)])
    assert done.exit_code == status, done.output
    return done.output


def test_config_check_reads_the_files(tmp_path: Path) -> None:
    path = write(tmp_path, TLS + password(tmp_path))
    assert f"{path} is valid" in check(path, 0)
    (tmp_path / "nats.password").write_text("changeme")
    assert 'cluster.password_file: the secret in its file is the placeholder "changeme"' in check(path, 2)
    (tmp_path / "nats.password").unlink()
    assert "cluster.password_file: The secret in" in check(path, 2)


def test_config_check_reads_the_certificates(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("no certificate")
    path = write(tmp_path, TLS + password(tmp_path) + f'tls_ca = "{tmp_path}/ca.pem"\n')
    assert "cluster.tls_ca: " in check(path, 2)
    path = write(tmp_path, TLS + f'tls_certificate = "{tmp_path}/x.pem"\ntls_key = "{tmp_path}/x.key"\n')
    assert "cluster.tls_certificate: " in check(path, 2)


def test_config_check_tells_who_else_can_read_the_password(tmp_path: Path) -> None:
    path = write(tmp_path, TLS + password(tmp_path))
    (tmp_path / "nats.password").chmod(0o644)
    told = check(path, 0)
    assert f"can read or change {tmp_path}/nats.password (0644)" in told
