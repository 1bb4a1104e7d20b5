"""Installs programs without root, mainly Asterisk and baresip: downloaded once into a cache outside the checkout.

The cache has one folder for each recipe; it is created atomically (by rename).
"""

import fcntl
import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from adapter.asterisk import versions
from adapter.errors import LabError
from adapter.lab.apt import ALTERNATIVES, Apt, Source, debian_source, host_sources, unpack, with_keyring

NOT_NEEDED = tuple(
    "adduser asterisk-config-custom gnupg gpg perl-base debconf passwd libperl5.42 libsnmp45 libical3t64 libcodec2-1.2"
    " libcurl4t64 libgmime-3.0-0t64 libiksemel3 libjack-jackd2-0 libjack-0.125 libldap2 liblua5.1-0 libneon27t64"
    " libodbc2 libopencore-amrnb0 libopencore-amrwb0 libopusenc0 libopusfile0 libportaudio2 libpq5 libradcli4"
    " libspandsp2t64 libsybdb5 libunbound8 libvo-amrwbenc0 libvorbisfile3 libjwt2 libglib2.0-0t64 libmosquitto1"
    " libopenaptx0 libpng16-16t64 libsndio7.0 libtwolame0 libvpx12 openssl-provider-legacy tzdata libpam0g"
    " libc-gconv-modules-extra".split()
)
"""Dependencies of modules that the lab never loads. A fake status entry provides them; if a release renames one,
only more packages are downloaded."""

MACHINES = {
    "x86_64": ("x86_64-linux-gnu", "ld-linux-x86-64.so.2"),
    "aarch64": ("aarch64-linux-gnu", "ld-linux-aarch64.so.1"),
}
GENERATION = "2"
"""Increase it to make every cache stale."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """Programs that are provisioned together, from one archive."""

    title: str
    size: str
    """The approximate download size, including the index."""
    packages: tuple[str, ...]
    """The first is the main package, whose version counts."""
    check: Callable[[str], str | None] = lambda version: None
    """Returns why a version can't be used; None if it can."""
    not_needed: tuple[str, ...] = ()


ASTERISK = Recipe(
    "Asterisk", "40 MB", ("asterisk", "asterisk-core-sounds-en-gsm", "baresip-core"), versions.check, NOT_NEEDED
)


@dataclass(frozen=True, slots=True)
class Prefix:
    """A folder with provisioned programs, which run with their own loader and libraries."""

    prefix: Path
    version: str
    triplet: str
    loader: str

    @property
    def libraries(self) -> Path:
        """The folders with the shared libraries."""
        return self.prefix / "usr/lib" / self.triplet

    def argv(self, program: str) -> list[str]:
        """The command that runs a program (`usr/bin/…`)."""
        loader = self.libraries / self.loader
        return [str(loader), "--library-path", str(self.libraries), str(self.prefix / program)]


@dataclass(frozen=True, slots=True)
class Toolchain(Prefix):
    """A provisioned Asterisk and baresip."""

    @property
    def asterisk_modules(self) -> Path:
        """Asterisk's astmoddir."""
        return self.libraries / "asterisk/modules"

    @property
    def baresip_modules(self) -> Path:
        """baresip's module_path."""
        return self.prefix / "usr/lib/baresip/modules"

    def asterisk_argv(self, conf: Path, *more: str) -> list[str]:
        """The command that runs Asterisk with this asterisk.conf (absolute)."""
        return [*self.argv("usr/sbin/asterisk"), "-C", str(conf), *more]

    def baresip_argv(self, folder: Path) -> list[str]:
        """The command that runs baresip with the configuration in this folder."""
        return [*self.argv("usr/bin/baresip"), "-f", str(folder)]


def cache_folder() -> Path:
    """`$XDG_CACHE_HOME/call-monitor/lab` (XDG Base Directory Specification)."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "call-monitor" / "lab"


def provision() -> Toolchain:
    """Asterisk and baresip. Raises the errors of `prepare`."""
    found = prepare(ASTERISK)
    return Toolchain(found.prefix, found.version, found.triplet, found.loader)


def prepare(recipe: Recipe) -> Prefix:
    """A recipe's programs, from the cache or newly downloaded. Several processes may call it at once.

    Raises LabError, which names alternatives, if this machine can't run them.
    """
    if platform.machine() not in MACHINES:
        raise LabError(f"This machine's architecture ({platform.machine()}) is not supported. {ALTERNATIVES}")
    folder = cache_folder()
    folder.mkdir(parents=True, exist_ok=True)
    whole = repr((GENERATION, recipe.packages, recipe.not_needed, *_overrides(), platform.machine()))
    home = folder / hashlib.sha256(whole.encode()).hexdigest()[:16]
    with _lock(folder / f"{home.name}.lock", recipe.title):
        if (ready := _reuse(home, recipe)) is None:
            shutil.rmtree(home, ignore_errors=True)
            _build(home, recipe)
            ready = _reuse(home, recipe)
        if ready is None:
            raise LabError(
                f"The new {recipe.title} in {home} is incomplete. Remove the folder and try again. {ALTERNATIVES}"
            )
        return ready


def _overrides() -> tuple[str | None, str | None]:
    return os.environ.get("LAB_DEBIAN_MIRROR"), os.environ.get("LAB_DEBIAN_SUITE")


@contextmanager
def _lock(path: Path, name: str) -> Iterator[None]:
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            _say(f"Another start is provisioning {name}; waiting for it.")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _reuse(home: Path, recipe: Recipe) -> Prefix | None:
    """The cached programs, if every file in their manifest exists with the right size."""
    try:
        manifest = json.loads((home / "manifest.json").read_text())
        for name, size in manifest["files"].items():
            if os.lstat(home / name).st_size != size:
                return None
    except (OSError, ValueError, KeyError):
        return None
    if reason := recipe.check(manifest["version"]):
        raise LabError(f"{reason} {ALTERNATIVES}")
    return Prefix(home / "root", manifest["version"], *MACHINES[platform.machine()])


def _build(home: Path, recipe: Recipe) -> None:
    with tempfile.TemporaryDirectory(prefix="new-", dir=home.parent) as temporary:
        work = Path(temporary)
        apt, version = _choose(work, recipe)
        _say(f"Provisioning {recipe.title} {version} (about {recipe.size}, once).")
        packages = apt.download(recipe.packages, _Progress("Downloading"))
        fresh = work / "whole"
        unpack(packages, fresh / "root", _Progress("Unpacking"))
        _trim(fresh / "root")
        _link_sounds(fresh / "root/usr/share/asterisk/sounds")
        manifest = {"version": version, "files": _sizes(fresh)}
        (fresh / "manifest.json").write_text(json.dumps(manifest))
        fresh.rename(home)
    _say(f"{recipe.title} is ready.")


def _choose(work: Path, recipe: Recipe) -> tuple[Apt, str]:
    """The host's own archives if they have a suitable version, else the Debian suite that has one."""
    host = host_sources()
    if not any(_overrides()) and _host_has(recipe):
        apt = Apt(work / "apt", host, recipe.not_needed)
    else:
        apt = Apt(work / "apt", [_debian(host, work)], recipe.not_needed)
    _say("Reading the package index.")
    apt.update()
    version = apt.candidate(recipe.packages[0])
    if version is None:
        raise LabError(f"The archive has no {recipe.title}. {ALTERNATIVES}")
    if reason := recipe.check(version):
        raise LabError(f"{reason} {ALTERNATIVES}")
    return apt, version


def _debian(host: list[Source], work: Path) -> Source:
    return with_keyring(debian_source(host), work, host)


def _host_has(recipe: Recipe) -> bool:
    try:
        listing = subprocess.run(
            ["apt-cache", "madison", recipe.packages[0]], check=False, capture_output=True, text=True, timeout=60
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    found = [line.split("|")[1].strip() for line in listing.stdout.splitlines() if line.count("|") >= 2]
    return any(recipe.check(version) is None for version in found)


def _trim(root: Path) -> None:
    """Delete files that nobody needs here, so that checking the cache stays quick."""
    for name in ("usr/share/doc", "usr/share/man", "usr/share/locale", "usr/share/lintian", "var/cache", "etc"):
        shutil.rmtree(root / name, ignore_errors=True)


def _link_sounds(sounds: Path) -> None:
    """Create the folder `en` for Playback; Debian makes this link in a maintainer script, which we don't run."""
    voice = next((path for path in sorted(sounds.glob("en_*")) if path.is_dir()), None)
    if voice is not None and not (sounds / "en").exists():
        (sounds / "en").symlink_to(voice.name)


def _sizes(folder: Path) -> dict[str, int]:
    found = (path for path in sorted(folder.rglob("*")) if path.is_symlink() or path.is_file())
    return {str(path.relative_to(folder)): os.lstat(path).st_size for path in found}


def _say(text: str) -> None:
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


class _Progress:
    """Progress: a bar on a terminal, a line every few seconds elsewhere."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._tty = sys.stderr.isatty()
        self._last = 0.0

    def __call__(self, percent: float, detail: str) -> None:
        pause = 0.1 if self._tty else 3.0
        if time.monotonic() - self._last < pause:
            return
        self._last = time.monotonic()
        if self._tty:
            done = int(percent / 4)
            sys.stderr.write(f"\r{self._what} [{'#' * done}{'.' * (25 - done)}] {percent:3.0f}% {detail:<40.40}\r")
            sys.stderr.flush()
        else:
            _say(f"{self._what}: {percent:.0f}% {detail}")
