"""Checks of AMI, ARI, Asterisk's version and the clocks; the rights are judged by rights.py, which is pure."""

import time
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

from adapter import config
from adapter.asterisk import versions
from adapter.asterisk.ami import AuthenticationFailed
from adapter.asterisk.stasis import APPLICATION
from adapter.config import unit
from adapter.core.legs import TEST_PREFIX
from adapter.doctor import rights
from adapter.doctor.findings import Area, Finding, Remedy, reload_of
from adapter.doctor.pbx import PbxProbe
from adapter.errors import AdapterError

ASTERISK, ARI, CLOCK = Area("asterisk"), Area("ari"), Area("clock")
CLOCK_SKEW = 2.0
"""Seconds by which the clocks may differ: times of calls in the audit, webhooks and CDRs then still agree."""
RUNNING = 'Does Asterisk run (asterisk -rx "core show uptime")? If it does, it needs:'
LOCAL = ("127.", "localhost", "::1", "[::1]")


def is_local(host: str) -> bool:
    """Whether an address is on this machine."""
    return host.startswith(LOCAL)


async def connect(probe: PbxProbe, pbx: config.Pbx) -> list[Finding]:
    """Connect to AMI, and check the login and TLS."""
    ami = pbx.ami
    try:
        await probe.connect()
    except AuthenticationFailed as problem:
        lines: tuple[str, ...] = ("secret = <the secret of pbx.ami in the adapter's configuration>",)
        where = f"call_monitor_manager_secret.conf, [{ami.username}]"
        return [rights.AMI.wrong("login", problem.detail, Remedy(where, lines, rights.RELOAD))]
    except AdapterError as problem:
        lines = ("[general]", "enabled = yes", f"port = {ami.port}", f"bindaddr = {ami.host}")
        what = f"{problem.detail} {RUNNING}"
        return [rights.AMI.wrong("connection", what, Remedy("manager.conf", lines, rights.RELOAD))]
    found = [rights.AMI.ok("login", f"{ami.username!r} at {ami.host}:{ami.port}.")]
    if not ami.tls and not is_local(ami.host):
        what = "the secret and every call's numbers are sent unencrypted over the network."
        lines = ("[pbx.ami]", "tls = true", 'tls_ca = "/etc/call-monitor/ca.pem"')
        found.append(rights.AMI.warning("TLS", what, Remedy("the adapter's configuration (and manager.conf)", lines)))
    return found


async def check_write(probe: PbxProbe, username: str) -> list[Finding]:
    """Check the AMI user's write classes."""
    try:
        return rights.check_write(await probe.act("ListCommands"), username)
    except AdapterError as problem:
        return [rights.AMI.unknown("write", problem.detail)]


async def check_ari(probe: PbxProbe, pbx: config.Pbx) -> tuple[list[Finding], bool]:
    """Check ARI's connection, login and write access, and Asterisk's version. Returns also whether ARI can be used."""
    ari = pbx.ari
    try:
        status, answer = await probe.ari.ask("GET", "asterisk/info?only=system")
    except AdapterError as problem:
        return [ARI.wrong("connection", f"{ari.url}: {problem.detail} {RUNNING}", _http(pbx))], False
    if status == 401:
        lines: tuple[str, ...] = ("password = <the secret of pbx.ari in the adapter's configuration>",)
        where = f"call_monitor_ari_secret.conf, [{ari.username}]"
        what = f"Asterisk refused the ARI user {ari.username!r} or its password."
        return [ARI.wrong("login", what, Remedy(where, lines, reload_of("ari reload")))], False
    if status != 200 or not isinstance(answer, dict):
        return [ARI.wrong("connection", f"{ari.url} answered {status}: this is not ARI.", _http(pbx))], False
    found = [ARI.ok("login", f"{ari.username!r} at {ari.url}.")]
    if not ari.url.startswith("https") and not is_local(ari.url.partition("//")[2]):
        lines = ("tlsenable = yes", "tlscertfile = /etc/asterisk/keys/asterisk.pem")
        found.append(
            ARI.warning("TLS", "the password is sent unencrypted over the network.", Remedy("http.conf", lines))
        )
    found.append(await _writable(probe, ari.username))
    return [*found, judge_version(str(answer.get("system", {}).get("version", "")))], True


def _http(pbx: config.Pbx) -> Remedy:
    port = urlsplit(pbx.ari.url).port or 80
    lines = ("[general]", "enabled = yes", "bindaddr = 127.0.0.1", f"bindport = {port}")
    return Remedy("http.conf (and [general] enabled = yes in ari.conf)", lines, reload_of("module reload http"))


async def _writable(probe: PbxProbe, username: str) -> Finding:
    """For a read-only user Asterisk answers 403 to every request that changes something, before it handles it.

    Source: res/res_ari.c.
    """
    try:
        status, _ = await probe.ari.ask("DELETE", f"channels/{TEST_PREFIX}nobody")
    except AdapterError as problem:
        return ARI.unknown("write", problem.detail)
    if status == 404:
        return ARI.ok("write", "the user has write access, which star codes and softphones need.")
    what = f"the user is read-only (answer {status}): star codes and softphones don't work."
    remedy = Remedy(f"ari_call_monitor.conf, [{username}]", ("read_only = no",), reload_of("ari reload"))
    return ARI.wrong("write", what, remedy)


def judge_version(version: str) -> Finding:
    """Whether this version of Asterisk is supported. Pure."""
    reason = versions.check(version)
    if reason is None:
        return ASTERISK.ok("version", f"{version} is supported.")
    if versions.parse(version) is None:
        return ASTERISK.unknown("version", reason)
    lines = (f"install Asterisk {versions.OLDEST} or later, none of: {_bad()}",)
    return ASTERISK.wrong("version", reason, Remedy("a shell on the PBX", lines))


def _bad() -> str:
    return ", ".join(".".join(map(str, numbers)) for numbers in versions.KNOWN_BAD)


async def check_modules(probe: PbxProbe, *, softphone: bool, audio: bool) -> list[Finding]:
    """Check that the modules are loaded that the adapter and the doctor need."""
    try:
        return rights.check_modules(await probe.get("asterisk/modules") or (), softphone=softphone, audio=audio)
    except AdapterError as problem:
        return [rights.MODULES.unknown("modules", problem.detail)]


async def check_service(probe: PbxProbe, path: Path | None) -> Finding:
    """Whether an adapter is connected. `path`: of the configuration."""
    try:
        running = {found.get("name") for found in await probe.get("applications") or ()}
    except (AdapterError, AttributeError) as problem:
        return ARI.unknown("adapter", str(problem))
    if APPLICATION in running:
        return ARI.ok("adapter", "an adapter is connected: star codes work.")
    what = "no adapter is connected: star codes don't work until one is running."
    return ARI.warning("adapter", what, Remedy("a shell", (start_command(path),)))


def start_command(path: Path | None, folders: Sequence[str] = unit.FOLDERS) -> str:
    """What starts the adapter here: its unit, if one is installed; else with the same configuration."""
    if unit.is_installed(folders):
        return f"systemctl daemon-reload; systemctl enable --now {unit.UNIT.removesuffix('.service')}"
    return f"call-monitor serve{f' --config {path.absolute()}' if path else ''}"


async def check_clock(probe: PbxProbe) -> Finding:
    """Compare Asterisk's clock with ours, at the middle of the request."""
    before = time.time()
    try:
        text = await probe.value("STRFTIME(,,%s.%3q)")
    except AdapterError as problem:
        return CLOCK.unknown("clock", problem.detail)
    return judge_clock(text, (before + time.time()) / 2)


def judge_clock(text: str, ours: float) -> Finding:
    """What the difference of two clocks means; both in seconds since 1970. Pure."""
    try:
        ahead = float(text) - ours
    except ValueError:
        remedy = Remedy("modules.conf, [modules]", ("load = func_strings.so",))
        return CLOCK.unknown("clock", "Asterisk's clock could not be read.", remedy)
    if abs(ahead) <= CLOCK_SKEW:
        return CLOCK.ok("clock", f"Asterisk's clock and this machine's differ by {abs(ahead):.1f} s.")
    side = "ahead of" if ahead > 0 else "behind"
    what = f"Asterisk's clock is {abs(ahead):.1f} s {side} this machine's: times of calls will not agree."
    return CLOCK.warning("clock", what, Remedy("a shell on both machines", ("timedatectl set-ntp true",)))
