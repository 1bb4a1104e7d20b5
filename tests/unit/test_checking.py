"""`config check`: all that is wrong at once with the line to write, placeholders, credentials of the systemd unit."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from adapter import config
from adapter.cli import checking
from adapter.cli.main import cli
from adapter.config import modes, unit
from adapter.config.placeholders import find, is_placeholder
from adapter.doctor.files import check_files
from adapter.doctor.findings import Verdict
from adapter.errors import ConfigError

SAMPLE = (Path(__file__).parents[2] / "config.sample.toml").read_text()


def check(path: Path) -> Result:
    """The command."""
    return CliRunner().invoke(cli, ["config", "check", "--config", str(path)])


@pytest.fixture
def conf(tmp_path: Path) -> Path:
    """A configuration with secrets in files, which can be used."""
    for kind in ("ami", "ari"):
        file = tmp_path / f"{kind}.secret"
        file.touch(mode=0o600)
        file.write_text("5d0c7a4b\n")
    path = tmp_path / "config.toml"
    text = SAMPLE.replace('url = "" ', f'url = "sqlite+aiosqlite:///{tmp_path}/db.sqlite" ', 1)
    for kind in ("ami", "ari"):
        text = text.replace('secret = "your own"', f'secret_file = "{tmp_path}/{kind}.secret"', 1)
    path.write_text(text)
    return path


def test_one_that_can_be_used(conf: Path) -> None:
    done = check(conf)
    assert (done.exit_code, "warning" in done.output) == (0, False), done.output
    assert f"SQLite, {conf.parent}/db.sqlite" in done.output
    assert not (conf.parent / "db.sqlite").exists()


def test_the_sample_is_refused_with_the_lines_to_write(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(SAMPLE)
    done = check(path)
    assert done.exit_code == checking.WRONG
    for kind in ("ami", "ari"):
        assert f'pbx.0.{kind}.secret: "your own" is a placeholder' in done.output
        assert f'[pbx.{kind}]  secret_file = "{tmp_path}/{kind}.secret"' in done.output


def test_all_at_once(conf: Path) -> None:
    text = conf.read_text().replace("country =", "contry =").replace("port = 8080", 'port = "many"')
    text = text.replace(f'secret_file = "{conf.parent}/ami.secret"', 'secret = "<secret>"')
    conf.write_text(
        text.replace('# public_origin = "https://calls.example"', 'public_origin = "https://calls.example"')
    )
    done = check(conf)
    assert done.exit_code == checking.WRONG
    for told in ("did you mean 'country'", "http.port", "port = 8080 (the default)", "<secret>", "calls.example"):
        assert told in done.output, told
    conf.write_text(text.replace("contry", "country").replace('port = "many"', "port = 8080"))
    (conf.parent / "ari.secret").unlink()
    done = check(conf)
    for told in ("<secret>", "ari.secret can't be read"):
        assert told in done.output, told
    (conf.parent / "ari.secret").write_text("changeme\n")
    assert 'is the placeholder "changeme"' in check(conf).output


def test_a_database_whose_password_is_the_samples(conf: Path) -> None:
    conf.write_text(conf.read_text().replace("sqlite+aiosqlite:///", "postgresql+asyncpg://user:secret@host/name#"))
    done = check(conf)
    assert (done.exit_code, "url_file" in done.output) == (checking.WRONG, True)


def test_unreadable_and_no_toml(tmp_path: Path) -> None:
    for text, told in ((None, "can't be read"), ("[http", "not valid TOML")):
        if text is not None:
            (tmp_path / "c.toml").write_text(text)
        done = check(tmp_path / "c.toml")
        assert isinstance(done.exception, ConfigError)
        assert told in done.exception.detail


@pytest.mark.parametrize(
    "text", ["your own", "Changeme", "<AMI secret>", "${AMI_SECRET}", "xxxx", "...", "your-secret"]
)
def test_placeholders(text: str) -> None:
    assert is_placeholder(text)
    assert list(find({"pbx": [{"ami": {"secret": text}}], "numbering": {"country": "US"}}))


@pytest.mark.parametrize("text", ["5d0c7a4b", "sesame-open", "secretary", "not used", "x"])
def test_secrets_that_are_none(text: str) -> None:
    assert not is_placeholder(text)
    assert not list(
        find({"pbx": [{"ami": {"secret": text, "host": "pbx.lan"}}], "http": {"public_origin": "https://a.b"}})
    )


def test_modes_are_judged_as_the_doctor_does(conf: Path) -> None:
    (conf.parent / "ami.secret").chmod(0o644)
    done = check(conf)
    advice = modes.advice(conf.parent / "ami.secret", modes.service_group())
    assert (done.exit_code, "everybody on this machine" in done.output, advice in done.output) == (0, True, True)
    wrong = [one for one in check_files(config.load(conf), conf) if one.verdict is Verdict.WRONG]
    assert [one.remedy.lines for one in wrong if one.remedy] == [(advice,)]


def test_credentials_of_the_unit_outside_it(conf: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    units = tmp_path / "units"
    (units / "cm-test.service.d").mkdir(parents=True)
    monkeypatch.setattr(unit.source_of, "__defaults__", ((str(units),),))
    text = conf.read_text()
    for kind in ("ami", "ari"):
        text = text.replace(f"{tmp_path}/{kind}.secret", f"/run/credentials/cm-test.service/{kind}.secret")
    conf.write_text(text)
    done = check(conf)
    assert (done.exit_code, "LoadCredential=ami.secret:/etc" in done.output) == (checking.WRONG, True)
    (units / "cm-test.service").write_text(f"[Service]\nLoadCredential=ami.secret:{tmp_path}/ami.secret\n")
    drop_in = units / "cm-test.service.d/own.conf"
    drop_in.write_text(f"[Service]\nLoadCredential=ari.secret:{tmp_path}/ari.secret\n")
    done = check(conf)
    assert done.exit_code == 0, done.output
    assert config.load(conf).pbx[0].ari.reveal() == "5d0c7a4b"
    drop_in.write_text("[Service]\nLoadCredentialEncrypted=ari.secret:/x\n")
    assert "encrypted credential" in check(conf).output
