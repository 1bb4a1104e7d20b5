"""The setup: what files are to become, for every shape that operators' files have; writing them and taking it back."""

import tomllib
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from adapter import config, shipped
from adapter.cli import setupsteps
from adapter.cli.setup import setup
from adapter.cli.setupwishes import Wishes
from adapter.doctor import helpcode as doctors
from adapter.errors import ConfigError, Conflict
from adapter.lab.ports import Ports
from adapter.setup import adapterfiles, apply, asteriskconf, helpcode, look, plan, toml
from adapter.setup.asterisk import Console
from adapter.setup.model import Choices, Edit, Found, Owner, Plan
from tests.support.operators import freepbx_files, plain_files

PORTS = Ports(sip=5060, ami=5038, http=8088, rtp=10000)
ETC = Path("/etc/asterisk")
NOW = datetime(2026, 3, 1, tzinfo=UTC)


def choices(**more: object) -> Choices:
    """What an operator wants."""
    wanted = {
        "home": Path("/etc/call-monitor"),
        "database": "sqlite+aiosqlite:////var/lib/call-monitor/adapter.sqlite",
        "ami_secret": "a" * 48,
        "ari_secret": "b" * 48,
        "agents": ("PJSIP/10?",),
        "country": "DE",
        "supervisors": ("PJSIP/301",),
        "codes_context": "from-internal",
    }
    return Choices(**{**wanted, **more})  # type: ignore[arg-type]


def site(files: dict[str, str]) -> Found:
    """That folder, as it is read."""
    return Found(ETC, files, plan.is_freepbx([files.get("extensions.conf", "")]))


def done(files: dict[str, str], wanted: Plan) -> dict[str, str]:
    """The files after it."""
    return {**files, **{edit.path.name: edit.after for edit in wanted.edits}}


@pytest.mark.parametrize("files", [plain_files(PORTS), freepbx_files(PORTS), {}], ids=["plain", "freepbx", "empty"])
def test_what_was_done_is_not_done_again(files: dict[str, str]) -> None:
    first = plan.plan(site(files), choices(), shipped.text)
    after = done(files, first)
    again = plan.plan(site(after), choices(), shipped.text)
    assert (list(again.edits), again.reload, again.restart) == ([], [], [])
    assert first.restart, "sorcery.conf, modules.conf"
    names = [edit.path.name for edit in first.edits]
    for edit in first.edits:
        for name in asteriskconf.includes(edit.after):
            if "call_monitor" in name:
                assert name in names[: names.index(edit.path.name)], "nothing includes what is not there yet"


def test_a_plain_one() -> None:
    files = plain_files(PORTS)
    after = done(files, plan.plan(site(files), choices(), shipped.text))
    found = site(after)
    assert found.value("manager.conf", "general", "enabled") == "yes"
    assert found.value("manager.conf", "general", "bindaddr") == "127.0.0.1", "AMI was off, so nobody relies on it"
    assert "it was: enabled = no ; nobody needs it" in after["manager.conf"]
    assert ";--\n[general]\nenabled = yes\n--;" in after["manager.conf"], "a comment stays one"
    assert found.value("http.conf", "general", "enabled") == "yes"
    assert asteriskconf.includes(after["modules.conf"]) == ["modules_call_monitor.conf"]
    by_name = {endpoint.name: endpoint for endpoint in plan.all_endpoints(found)}
    assert [by_name[name].says("direct_media") for name in ("101", "102", "301", "201", "carrier")] == [
        *("no", "no", "no"),
        *(None, None),
    ]
    assert (by_name["301"].says("rtp_timeout"), by_name["101"].says("rtp_timeout")) == ("60", None)
    assert after["pjsip.conf"].startswith('#include "pjsip_call_monitor.conf"')
    untouched = [row for row in files["pjsip.conf"].splitlines() if row not in after["pjsip.conf"].splitlines()]
    assert untouched == []
    assert plan.likely_agents(site(files)) == ["PJSIP/[0-9][0-9][0-9]"]


def test_star_codes_stay_in_their_context_at_the_end_of_a_file() -> None:
    files = plain_files(PORTS)
    after = done(files, plan.plan(site(files), choices(codes_context="from-trunk"), shipped.text))["extensions.conf"]
    assert after.endswith(
        'include => call-monitor-codes  ; call-monitor\n#include "extensions_call_monitor.conf"  ; call-monitor\n'
    )


def test_freepbx_gets_its_custom_files_and_no_other() -> None:
    files = freepbx_files(PORTS)
    wanted = plan.plan(site(files), choices(codes_context="from-internal-custom"), shipped.text)
    changed = {edit.path.name for edit in wanted.edits if edit.before is not None}
    assert changed == {"extensions_custom.conf", "manager_custom.conf", "ari_additional_custom.conf", "modules.conf"}
    after = done(files, wanted)
    assert "include => call-monitor-codes" in after["extensions_custom.conf"]
    assert "(+)" not in "".join(edit.after for edit in wanted.edits if edit.path.name.startswith("pjsip"))
    assert wanted.todo == []
    files["pjsip.endpoint.conf"] = files["pjsip.endpoint.conf"].replace("direct_media=no", "direct_media=yes")
    files["http_additional.conf"] = files["http_additional.conf"].replace("enabled=yes", "enabled=no")
    files["ari_general_additional.conf"] = "enabled=no\n"
    todo = "\n".join(plan.plan(site(files), choices(), shipped.text).todo)
    for text in ("mini-HTTP Server: yes", "REST Interface: yes", "Extensions -> Advanced: Direct Media: no, for 101"):
        assert text in todo


def test_what_an_operator_set_stays() -> None:
    files = {
        "manager.conf": "[general]\nenabled = yes\nport = 5039\nbindaddr = 10.0.0.5\n",
        "http.conf": "[general]\nenabled=true\nbindaddr=::\nbindport=8089\nprefix=asterisk\n",
        "ari.conf": "[general]\nenabled = yes\n",
        "sorcery.conf": "[res_pjsip]\nendpoint = realtime,ps_endpoints\n",
        "extensions_call_monitor.conf": "; with other codes\n[call-monitor]\n",
    }
    wanted = plan.plan(site(files), choices(), shipped.text)
    after = done(files, wanted)
    for name in ("manager.conf", "http.conf", "ari.conf"):
        assert after[name].startswith(files[name])
    assert "permit = 10.0.0.5/255.255.255.255" in after["call_monitor_manager_secret.conf"]
    assert (plan.ami_at(site(files)), plan.ari_at(site(files))) == (
        ("10.0.0.5", 5039),
        "http://127.0.0.1:8089/asterisk/ari",
    )
    assert "endpoint = config" not in after["sorcery.conf"], "their endpoints are not in pjsip.conf"
    assert "endpoint = memory" in after["sorcery.conf"]
    assert "aor = config,pjsip.conf,criteria=type=aor" in after["sorcery.conf"]
    assert after["extensions_call_monitor.conf"] == files["extensions_call_monitor.conf"]
    assert any("was kept" in text for text in wanted.todo)
    assert any("no context [from-internal]" in text for text in wanted.todo)
    replaced = done(files, plan.plan(site(files), choices(replace=True), shipped.text))
    assert replaced["extensions_call_monitor.conf"] == shipped.text("asterisk-conf/extensions_call_monitor.conf")


def test_a_secret_of_ones_own_is_whole_at_asterisk() -> None:
    after = done({}, plan.plan(site({}), choices(ami_secret="a;b"), shipped.text))
    assert after["call_monitor_manager_secret.conf"] == "secret = a\\;b\n"
    assert asteriskconf.value(after["call_monitor_manager_secret.conf"], "", "secret") == "a\\;b"


def test_a_star_code_that_is_taken_is_told() -> None:
    files = {"extensions.conf": "[from-internal]\nexten => _*56.,1,NoOp()\n"}
    assert any("uses *56 itself" in text for text in plan.plan(site(files), choices(), shipped.text).todo)


LINES = st.lists(
    st.sampled_from(
        "[general]|[a](!)|[b](a)|[general](+)|enabled = no|enabled=>yes|;enabled = yes|;-- x|--;|x ;-- y --; = 1|\\;|"
        "type = endpoint|#include other.conf|exten => 1,1,NoOp(\\;)|\t| ; c|a = b\r".split("|")
    )
)


@given(LINES, st.booleans())
def test_an_edit_adds_or_changes_one_line_and_says_what_it_should(rows: list[str], newline: bool) -> None:
    text = "\n".join(rows) + ("\n" if newline and rows else "")
    once = asteriskconf.with_setting(text, "general", "enabled", "yes")
    if ";--" not in text:
        assert asteriskconf.value(once, "general", "enabled") == "yes"
    assert asteriskconf.with_setting(once, "general", "enabled", "yes") == once or ";--" in text
    kept = [row for row in once.split("\n") if "; call-monitor" not in row]
    lost = [row for row in text.split("\n") if row.strip() and row not in kept]
    assert len(lost) <= 1
    assert not lost or f"it was: {lost[0].strip()}" in once


def test_the_configuration_is_the_sample_filled_in(tmp_path: Path) -> None:
    sample = shipped.text(shipped.SAMPLE)
    edit = adapterfiles.configuration(site(plain_files(Ports(5060, 5040, 8090, 10000))), choices(), sample, None)
    assert edit is not None
    path = tmp_path / "config.toml"
    path.write_text(edit.after)
    settings = config.load(path)
    assert settings.database.url == "sqlite+aiosqlite:////var/lib/call-monitor/adapter.sqlite"
    assert (settings.endpoints.agents, settings.numbering.country) == (["PJSIP/10?"], "DE")
    assert (settings.pbx[0].ami.port, settings.pbx[0].ari.url) == (5040, "http://127.0.0.1:8090/ari")
    assert settings.pbx[0].ami.secret_file == Path("/etc/call-monitor/ami.secret")
    assert len(edit.after.splitlines()) >= len(sample.splitlines()) - 2, "every setting is still explained"
    assert adapterfiles.configuration(site({}), choices(), sample, edit.after) is None
    own = edit.after.replace('country = "DE"', 'country = "FR"').replace("ami.secret", "other.secret")
    assert adapterfiles.configuration(site({}), choices(), sample, own) is None, "what was set stays"
    with pytest.raises(ValueError, match="several"):
        adapterfiles.configuration(site({}), choices(), sample, edit.after + "[[pbx]]\nid = 'b'\n")


def test_toml_that_is_written_in_another_way_is_not_damaged() -> None:
    with pytest.raises(ValueError, match=r"twice|could not be set"):
        toml.filled('pbx = [{ami = {host = "a"}}]\n', {("pbx.ami", "host"): "b"})
    text = '[a]\nb = "x # no comment"  # a comment\n# c = 1\n'
    assert tomllib.loads(toml.filled(text, {("a", "b"): 'q"#', ("a", "c"): ["d"], ("e", "f"): 5})) == {
        "a": {"b": 'q"#', "c": ["d"]},
        "e": {"f": 5},
    }


def test_the_unit_gets_this_installations_paths() -> None:
    def unit(*, state: str = "/var/lib/call-monitor", credentials: bool = False) -> str:
        paths = Path("/x/call-monitor"), Path("/y/config.toml"), Path(state)
        return adapterfiles.unit(shipped.text(shipped.UNIT), *paths, "cm", credentials=credentials)

    text = unit()
    assert "ExecStart=/x/call-monitor serve --config /y/config.toml\n" in text
    assert ("User=cm\nGroup=cm\n" in text, "LoadCredential" in text, "ReadWritePaths" in text) == (True, False, False)
    assert "LoadCredential=ami.secret:/y/ami.secret\nLoadCredential=ari.secret:/y/ari.secret\n" in unit(
        credentials=True
    )
    assert "XDG_STATE_HOME=/z\nReadWritePaths=/z/s\n" in unit(state="/z/s")


def test_files_that_are_included_by_a_pattern_count() -> None:
    files = {
        "manager.conf": '[general]\n#include "manager.d/*.conf"\n',
        "manager.d/a.conf": "[general]\nenabled = yes\nport = 5044\n",
        "pjsip.conf": "#include pjsip.d/*.conf\n",
        "pjsip.d/desk.conf": "[101]\ntype = endpoint\n",
        "pjsip.d/old/desk.conf": "[102]\ntype = endpoint\n",
    }
    found = site(files)
    assert plan.ami_at(found)[1] == 5044
    assert [endpoint.name for endpoint in plan.all_endpoints(found)] == ["101"]
    after = done(files, plan.plan(found, choices(), shipped.text))
    code = "set_var = DYNAMIC_FEATURES=call-monitor-help#call-monitor-shield  ; call-monitor"
    assert after["desk.conf"] == f"[101]\ndirect_media = no  ; call-monitor\n{code}\ntype = endpoint\n", "in that file"


def edits(folder: Path) -> list[Edit]:
    """A new file, and one that changes."""
    (folder / "old").write_text("before\n")
    (folder / "old").chmod(0o604)
    return [
        Edit(folder / "new", None, "new\n", Owner.ASTERISK, 0o640),
        Edit(folder / "old", "before\n", "after\n", Owner.ASTERISK, 0o640),
    ]


def test_written_and_taken_back(tmp_path: Path) -> None:
    home = tmp_path / "home"
    apply.apply(edits(tmp_path), home, apply.Owners(), NOW)
    assert ((tmp_path / "new").read_text(), (tmp_path / "old").read_text()) == ("new\n", "after\n")
    assert [(tmp_path / name).stat().st_mode & 0o777 for name in ("new", "old")] == [0o640, 0o604]
    assert (home / apply.BACKUPS).stat().st_mode & 0o777 == 0o700
    (tmp_path / "old").write_text("edited\n")
    with pytest.raises(Conflict, match="old changed since the setup"):
        apply.undo(apply.last_backup(home), force=False)
    assert (tmp_path / "new").exists(), "all or nothing"
    backup = apply.last_backup(home)
    apply.undo(backup, force=True)
    assert ((tmp_path / "new").exists(), (tmp_path / "old").read_text()) == (False, "before\n")
    assert (backup / "edited-old").read_text() == "edited\n"
    with pytest.raises(Conflict, match="nothing to undo"):
        apply.last_backup(home)


def test_a_setup_that_broke_off_can_be_taken_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted, write = edits(tmp_path), apply._write

    def full(path: Path, *rest: object) -> None:
        if path.name == "old":
            raise OSError(28, "No space left on device")
        write(path, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(apply, "_write", full)
    with pytest.raises(OSError, match="No space"):
        apply.apply(wanted, tmp_path / "home", apply.Owners(), NOW)
    monkeypatch.setattr(apply, "_write", write)
    assert apply.undo(apply.last_backup(tmp_path / "home"), force=False) == [f"removed   {tmp_path}/new"]
    assert (tmp_path / "old").read_text() == "before\n"


def test_nothing_is_written_over_what_changed_meanwhile(tmp_path: Path) -> None:
    wanted = edits(tmp_path)
    (tmp_path / "old").write_text("by somebody else\n")
    with pytest.raises(Conflict, match="changed meanwhile"):
        apply.apply(wanted, tmp_path / "home", apply.Owners(), NOW)
    assert not (tmp_path / "new").exists()


def test_files_are_asterisks_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apply, "group_of", {"asterisk": 4242, "call-monitor": 4343}.get)
    monkeypatch.setattr("os.geteuid", lambda: 0)
    (tmp_path / "manager.conf").touch()
    here = (tmp_path / "manager.conf").stat()
    group = 4242 if (here.st_uid, here.st_gid) == (0, 0) else here.st_gid
    assert apply.owners(tmp_path, "call-monitor") == apply.Owners((here.st_uid, group), (0, 4343))
    assert apply.owners(tmp_path, None).adapter is None
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    assert apply.owners(tmp_path, "call-monitor") == apply.Owners()


def test_where_asterisk_is(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="--asterisk DIR"):
        look.asterisk_folder(tmp_path)
    (tmp_path / "real").mkdir()
    (tmp_path / "real/pjsip.conf").write_bytes(b"; caf\xe9\n[101]\ntype=endpoint\n")
    (tmp_path / "asterisk.conf").write_text(f"[directories](!)\nastetcdir => {tmp_path}/real\n")
    found = look.found_in(look.asterisk_folder(tmp_path))
    assert found.etc == tmp_path / "real"
    latin = found.text("pjsip.conf")
    apply._write(tmp_path / "copy", latin, 0o600, None)
    assert (tmp_path / "copy").read_bytes() == b"; caf\xe9\n[101]\ntype=endpoint\n"


@pytest.mark.parametrize(
    ("row", "shown"),
    [
        (" secret = hunter2 ; of the panel", " secret = …"),
        ("+password=hunter2", "+password=…"),
        ('-secret = "hunter2"', "-secret = …"),
        ("+url = postgresql+asyncpg://cm:hunter2@db/calls", "+url = postgresql+asyncpg://cm:…@db/calls"),
        ('+secret_file = "/etc/call-monitor/ami.secret"', '+secret_file = "/etc/call-monitor/ami.secret"'),
        (" enabled = yes", " enabled = yes"),
    ],
)
def test_a_diff_shows_no_secret(row: str, shown: str) -> None:
    assert setupsteps._without_secrets(row) == shown


@pytest.mark.parametrize(
    ("options", "calls", "restarts"),
    [({"yes": True}, "0", False), ({"yes": True, "restart": True}, "3", True), ({}, "3", False)],
)
def test_asterisk_is_told_and_restarted_only_if_asked_to(
    tmp_path: Path, options: dict[str, bool], calls: str, restarts: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    program = tmp_path / "asterisk"
    program.write_text(
        f'#!/bin/sh\necho "$2" >> {tmp_path}/asked\n'
        f'case "$2" in *count) echo "{calls} active channels";; *) echo Fully Booted;; esac\n'
    )
    program.chmod(0o755)
    flags = dict.fromkeys("password_stdin replace restart yes dry_run undo force".split(), False) | options
    none = dict.fromkeys("etc home state database account country codes_context admin extension device".split())
    wishes = Wishes.of({**none, **flags, "agents": (), "console": str(program), "service": False})
    files = plain_files(PORTS)
    setupsteps.reload(plan.plan(site(files), choices(), shipped.text), Console(wishes.console), wishes, tmp_path)
    asked = (tmp_path / "asked").read_text().splitlines()
    assert set(plan.RELOADS.values()) < set(asked)
    assert ("core restart when convenient" in asked) is restarts
    assert ("core restart" in capsys.readouterr().out) is not restarts


def test_its_questions_and_a_no_at_the_end(tmp_path: Path) -> None:
    etc = tmp_path / "etc"
    etc.mkdir()
    for name, text in plain_files(PORTS).items():
        (etc / name).write_text(text)
    where = ["--asterisk", str(etc), "--home", str(tmp_path / "home"), "--state", str(tmp_path / "state"), "--user", ""]
    answers = "boss\n301\n\nde\n\nn\n"
    done = CliRunner().invoke(setup, [*where, "--no-service"], input=answers)
    for asked in ("[PJSIP/[0-9][0-9][0-9]]", "[US]", "[from-internal]", "Make these changes?"):
        assert asked in done.output, done.output
    assert '+country = "DE"' in done.output
    assert "include => call-monitor-codes" in done.output
    assert done.exit_code == 1
    assert {path.name: path.read_text() for path in etc.iterdir()} == plain_files(PORTS)
    assert not (tmp_path / "home").exists()


def test_agents_can_ask_for_help_by_phone() -> None:
    """The code, and the agents' endpoints that name it; one with features of its own is left alone, and told of."""
    files = plain_files(PORTS)
    own = "[109]\ntype = endpoint\nset_var = DYNAMIC_FEATURES=record\nset_var = A=1\ndirect_media = no\n"
    files["pjsip.conf"] = files.get("pjsip.conf", "") + own
    files["features.conf"] = "[applicationmap]\nrecord => *1,self,NoOp()\n"
    wanted = plan.plan(site(files), choices(), shipped.text)
    after = done(files, wanted)
    assert after["features.conf"].startswith(files["features.conf"])
    assert "features_call_monitor.conf" in asteriskconf.includes(after["features.conf"])
    assert "module reload features" in wanted.reload
    by_name = {one.name: one for one in plan.all_endpoints(site(after))}
    said = {name: [value for key, value in one.settings if key == "set_var"] for name, one in by_name.items()}
    assert said["101"] == ["DYNAMIC_FEATURES=call-monitor-help#call-monitor-shield"]
    assert said["301"] == [], "a supervisor's phone is no agent's"
    assert said["109"] == ["DYNAMIC_FEATURES=record", "A=1"]
    assert any("[109]" in one and "DYNAMIC_FEATURES=record#call-monitor-help" in one for one in wanted.todo)
    assert tuple(doctors.WHAT) == helpcode.NAMES
    assert all(f"{name} =>" in shipped.text("asterisk-conf/features_call_monitor.conf") for name in helpcode.NAMES)
