"""Teams by the command line, and from a CSV: what is said, what is done, and that a wrong line changes nothing."""

from pathlib import Path

from tests.unit.test_cli import Call, call, conf

__all__ = ["call", "conf"]
PASSWORD = "long enough for all"


class Cli:
    """Commands with the configuration of this test."""

    def __init__(self, conf: Path, call: Call) -> None:
        self._conf, self._call = conf, call

    def __call__(self, *arguments: str, stdin: str = "") -> tuple[int, str]:
        return self._call(*arguments, "--config", str(self._conf), stdin=stdin)

    def done(self, *arguments: str, stdin: str = "") -> str:
        """What it says, where all went well."""
        status, text = self(*arguments, stdin=stdin)
        assert status == 0, text
        return text

    def people(self, *names: str) -> None:
        """Accounts."""
        for name in names:
            admin = ("--admin",) if name == "boss" else ()
            self.done("user", "add", name, *admin, "--password-stdin", stdin=f"{PASSWORD}-{name}\n")


def test_teams_from_the_first_to_the_last(conf: Path, call: Call) -> None:
    cli = Cli(conf, call)
    cli.people("boss", "sam", "ana", "mona")
    assert "There are no teams" in cli.done("team", "list")
    text = cli.done("team", "add", "Sales", "--member", "Sam", "--queue", "sales", "--supervisor", "mona")
    assert "Sales was added." in text
    assert cli("team", "add", "sales")[0] == 1
    status, text = cli("team", "add", "Other", "--member", "nobody")
    assert (status, "There is no user nobody" in text) == (1, True)
    cli.done("team", "change", "sales", "--name", "Sales North", "--add-member", "ana", "--remove-member", "sam")
    cli.done("team", "change", "sales north", "--add-queue", "Hotline", "--remove-queue", "SALES")
    listed = cli.done("team", "list")
    for line in ("Sales North", "  supervisors: mona", "  members:     ana", "  queues:      Hotline"):
        assert line in listed.splitlines()
    cli.done("team", "change", "sales north", "--pauses", "600")
    cli.done("team", "change", "sales north", "--name", "Sales North")
    assert "  pauses:      600 seconds for each member and day" in cli.done("team", "list").splitlines(), "it stays"
    cli.done("team", "change", "sales north", "--any-pauses")
    assert cli.done("team", "list") == listed
    assert cli("team", "change", "sales north", "--pauses", "-1")[0] == 2
    assert cli("team", "change", "sales north", "--pauses", "60", "--any-pauses")[0] == 2
    for option, name in (("--remove-member", "sam"), ("--remove-queue", "none"), ("--remove-supervisor", "ana")):
        status, text = cli("team", "change", "Sales North", option, name)
        assert (status, "Nothing was changed" in text) == (1, True)
    assert cli.done("team", "list") == listed
    text = cli.done("user", "grant", "mona", "--scope", "teams", "--modes", "whisper")
    assert "mona may monitor the calls of their teams: silent, whisper." in text
    assert "silent, whisper (their teams)" in cli.done("user", "list")
    assert "the calls of their teams" in cli.done("user", "grant", "mona"), "the scope stays"
    assert "mona may monitor any call" in cli.done("user", "grant", "mona", "--scope", "all")
    assert "Sales North was removed." in cli.done("team", "remove", "SALES NORTH")
    assert cli("team", "remove", "Sales North")[0] == 1


def test_help_says_how(call: Call) -> None:
    status, text = call("team", "--help")
    assert (status, "--scope teams" in text, "within a second" in text) == (0, True, True)
    for command in ("list", "add", "change", "remove"):
        assert call("team", command, "--help")[0] == 0


def test_a_csv_with_teams(conf: Path, call: Call, tmp_path: Path) -> None:
    cli, file = Cli(conf, call), tmp_path / "people.csv"
    cli.people("boss", "sam")
    cli.done("team", "add", "Sales", "--member", "sam")
    cli.done("team", "add", "Help Desk")
    file.write_text(
        "username,name,password,can_monitor,scope,teams,supervises\n"
        f"mona,Mona,{PASSWORD}-m,yes,teams,,Sales; help desk\n"
        f"ana,Ana,{PASSWORD}-a,,,Help Desk,\n"
        "sam,,,,,,\n"
    )
    said = cli.done("user", "import", str(file), "--dry-run")
    for line in (
        "add     mona",
        "same    sam",
        "team    Help Desk: members +ana; supervisors +mona",
        "team    Sales: members -sam; supervisors +mona",
    ):
        assert line in said.splitlines()
    assert "members:     sam" in cli.done("team", "list")
    cli.done("user", "import", str(file))
    listed = cli.done("team", "list")
    assert "Help Desk\n  supervisors: mona\n  members:     ana\n" in listed
    assert "Sales\n  supervisors: mona\n  members:     -\n" in listed
    assert "(their teams)" in cli.done("user", "list")
    file.write_text("username,teams\nsam,Sale\nana,Nothing like it\n")
    status, text = cli("user", "import", str(file))
    assert (status, "did you mean 'Sales'?" in text, "`call-monitor team add` makes one" in text) == (1, True, True)
    assert cli.done("team", "list") == listed
    file.write_text("username,name\nsam,Samuel\n")
    cli.done("user", "import", str(file))
    assert cli.done("team", "list") == listed, "a column that is missing changes nothing"
