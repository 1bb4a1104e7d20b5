"""A private apt that needs no root: resolves, downloads and unpacks Debian packages into our own folder.

It never changes the host's own state; it uses only the host's mirror, keys and Acquire settings.
"""

import os
import re
import subprocess
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from adapter.errors import LabError

ALTERNATIVES = (
    "Alternatives: run the containers (docker compose -f docker/compose.yaml up), or use your own Asterisk with "
    "the files in asterisk-conf/ and `call-monitor serve`. LAB_DEBIAN_MIRROR and LAB_DEBIAN_SUITE choose another "
    "archive."
)
KEYRINGS = (
    "/usr/share/keyrings/debian-archive-keyring.gpg",
    "/usr/share/keyrings/debian-archive-keyring.pgp",
)


@dataclass(frozen=True, slots=True)
class Source:
    """One archive: its URI, suite and components, and the keyring that must have signed it."""

    uri: str
    suite: str
    components: tuple[str, ...]
    signed_by: str | None = None

    def line(self) -> str:
        """The one-line form (sources.list(5))."""
        options = f"[signed-by={self.signed_by}] " if self.signed_by else ""
        return f"deb {options}{self.uri} {self.suite} {' '.join(self.components)}"


def parse_sources(text: str, *, deb822: bool) -> list[Source]:
    """The binary archives in a file under /etc/apt (sources.list(5), both styles)."""
    return list(_stanzas(text) if deb822 else _lines(text))


def _lines(text: str) -> Iterable[Source]:
    for line in text.splitlines():
        found = re.match(r"deb\s+(?:\[(.*?)\]\s+)?(\S+)\s+(\S+)\s+(.+)", line.partition("#")[0].strip())
        if found:
            options, uri, suite, components = found.groups()
            key = re.search(r"signed-by=(\S+)", options or "")
            yield Source(uri, suite, tuple(components.split()), key[1] if key else None)


def _stanzas(text: str) -> Iterable[Source]:
    for stanza in re.split(r"\n\s*\n", text):
        lines = "\n".join(line for line in stanza.splitlines() if not line.startswith("#"))
        fields = {k.lower(): v for k, v in re.findall(r"^(\S+?):[ \t]*(.*(?:\n[ \t].*)*)", lines, re.M)}
        if "deb" not in fields.get("types", "").split() or fields.get("enabled", "yes").strip() == "no":
            continue
        key = fields.get("signed-by", "").strip()
        for uri in fields.get("uris", "").split():
            for suite in fields.get("suites", "").split():
                signed_by = key if key.startswith("/") else None
                yield Source(uri, suite, tuple(fields.get("components", "").split()), signed_by)


def host_sources(etc: Path = Path("/etc/apt"), os_release: Path = Path("/etc/os-release")) -> list[Source]:
    """The archives of the host's own distribution, without third parties."""
    release = _os_release(os_release)
    files = [etc / "sources.list", *sorted((etc / "sources.list.d").glob("*"))]
    found = []
    for file in files:
        if file.suffix in {".list", ".sources"} and file.is_file():
            found += parse_sources(file.read_text(errors="replace"), deb822=file.suffix == ".sources")
    return [s for s in found if release and re.match(rf"{re.escape(release)}(-|$)", s.suite)]


def _os_release(path: Path) -> str:
    try:
        text = path.read_text()
    except OSError:
        return ""
    found = re.search(r"^VERSION_CODENAME=\"?([\w-]+)", text, re.M)
    return found[1] if found else ""


def debian_source(sources: Sequence[Source]) -> Source:
    """The suite that has Asterisk, on the host's own Debian mirror or the one in LAB_DEBIAN_MIRROR."""
    suite = os.environ.get("LAB_DEBIAN_SUITE", "forky")
    mirror = os.environ.get("LAB_DEBIAN_MIRROR")
    if mirror is None:
        main = [s for s in sources if "main" in s.components and "ubuntu" not in s.uri and "-" not in s.suite]
        if not main:
            raise LabError(
                f"This host has no Debian mirror configured, and its own archives have no Asterisk 20. {ALTERNATIVES}"
            )
        mirror = main[0].uri
    keyring = next((ring for ring in KEYRINGS if Path(ring).exists()), None)
    return Source(mirror, suite, ("main",), keyring)


class Apt:
    """apt-get with all its directories in `folder`."""

    def __init__(self, folder: Path, sources: Sequence[Source], provided: Sequence[str] = ()) -> None:
        self._folder = folder
        for name in ("state/lists/partial", "cache/archives/partial"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        (folder / "sources.list").write_text("".join(source.line() + "\n" for source in sources))
        (folder / "status").write_text(_status(provided))
        (folder / "apt.conf").write_text(self._conf())

    def _conf(self) -> str:
        folder = self._folder
        acquire = [line for line in _run(["apt-config", "dump"]).splitlines() if line.startswith("Acquire::")]
        own = {
            "Dir::Etc::main": "-",
            "Dir::Etc::parts": "-",
            "Dir::Etc::sourcelist": folder / "sources.list",
            "Dir::Etc::sourceparts": "-",
            "Dir::Etc::preferences": "-",
            "Dir::Etc::preferencesparts": "-",
            "Dir::State": folder / "state",
            "Dir::State::status": folder / "status",
            "Dir::Cache": folder / "cache",
            "APT::Install-Recommends": "false",
            "APT::Sandbox::User": "",
            "Acquire::Languages": "none",
            "Debug::NoLocking": "true",
        }
        return "\n".join([*acquire, *(f'{key} "{value}";' for key, value in own.items()), ""])

    def _env(self) -> dict[str, str]:
        return {**os.environ, "APT_CONFIG": str(self._folder / "apt.conf"), "LC_ALL": "C"}

    def update(self) -> None:
        """Fetch the index. Raises LabError, with apt's output, if it can't be fetched or isn't signed."""
        _run(["apt-get", "-q", "-o", "APT::Update::Error-Mode=any", "update"], env=self._env())

    def candidate(self, package: str) -> str | None:
        """The version that would be installed."""
        found = re.search(r"Candidate: (\S+)", _run(["apt-cache", "policy", package], env=self._env()))
        return found[1] if found and found[1] != "(none)" else None

    def download(self, packages: Sequence[str], progress: Callable[[float, str], None]) -> list[Path]:
        """Download the packages and their dependencies; calls `progress` with the percentage and the current item."""
        read, write = os.pipe()
        command = ["apt-get", "-q", "-y", "--download-only", "-o", f"APT::Status-Fd={write}", "install", *packages]
        with subprocess.Popen(
            command, env=self._env(), pass_fds=[write], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        ) as process:
            os.close(write)
            with os.fdopen(read, errors="replace") as status:
                for line in status:
                    kind, _, rest = line.partition(":")
                    fields = rest.split(":", 2)
                    if kind == "dlstatus" and len(fields) == 3:
                        progress(float(fields[1]), fields[2].strip())
            output = process.communicate()[0]
        if process.returncode != 0:
            raise LabError(f"The packages could not be downloaded:\n{_tail(output)}\n{ALTERNATIVES}")
        return sorted((self._folder / "cache/archives").glob("*.deb"))


def unpack(packages: Iterable[Path], prefix: Path, progress: Callable[[float, str], None]) -> None:
    """Unpack .deb files into a folder; no maintainer script is run."""
    packages = list(packages)
    prefix.mkdir(parents=True, exist_ok=True)
    for number, package in enumerate(packages):
        progress(100 * number / len(packages), package.name.partition("_")[0])
        _run(["dpkg-deb", "-x", str(package), str(prefix)])


def with_keyring(source: Source, folder: Path, sources: Sequence[Source]) -> Source:
    """The source with Debian's keys; if the host has none, they are fetched from its own signed archives."""
    if source.signed_by is not None:
        return source
    apt = Apt(folder / "keys", sources)
    apt.update()
    unpack(apt.download(["debian-archive-keyring"], lambda percent, what: None), folder / "keys/root", _quiet)
    ring = next(iter(sorted((folder / "keys/root/usr/share/keyrings").glob("debian-archive-keyring.*"))), None)
    if ring is None:
        raise LabError(f"Debian's archive keys are not on this host and could not be fetched. {ALTERNATIVES}")
    return replace(source, signed_by=str(ring))


def _quiet(percent: float, what: str) -> None:
    pass


def _status(provided: Sequence[str]) -> str:
    """A dpkg status with one fake package that provides what we don't need, to keep the dependencies few."""
    if not provided:
        return ""
    provides = ", ".join(f"{name} (= 9999:0)" for name in provided)
    return (
        "Package: call-monitor-lab-not-needed\nStatus: install ok installed\nVersion: 1\nArchitecture: all\n"
        "Multi-Arch: allowed\n"  # so that it also satisfies python3:any
        f"Maintainer: lab\nDescription: stands for what the lab does not load\nProvides: {provides}\n\n"
    )


def _run(command: Sequence[str], env: dict[str, str] | None = None) -> str:
    try:
        done = subprocess.run(
            command, check=False, env=env, capture_output=True, text=True, errors="replace", timeout=600
        )
    except FileNotFoundError:
        raise LabError(f"{command[0]} is not installed, so Asterisk can't be provisioned. {ALTERNATIVES}") from None
    except subprocess.TimeoutExpired:
        raise LabError(f"{command[0]} took longer than ten minutes. {ALTERNATIVES}") from None
    if done.returncode != 0:
        raise LabError(f"{' '.join(command[:2])} failed:\n{_tail(done.stderr + done.stdout)}\n{ALTERNATIVES}")
    return done.stdout


def _tail(text: str, lines: int = 6) -> str:
    return "\n".join(text.strip().splitlines()[-lines:])
