"""Runs all checks in order, several PBXes side by side, and decides which can't run when an earlier one failed."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from adapter import config, wiring
from adapter.config.consent import Consent
from adapter.core.people import User
from adapter.doctor import (
    audio,
    checks,
    checks_cluster,
    checks_consent,
    checks_events,
    checks_help,
    checks_phones,
    checks_several,
    checks_traces,
    checks_trunks,
    files,
    systemname,
)
from adapter.doctor.findings import Area, Finding
from adapter.doctor.hearing import Row
from adapter.doctor.pbx import PbxProbe, name_of_run
from adapter.errors import AdapterError

Say = Callable[[str], None]
"""Shows the operator the progress: some steps take more than a second."""


@dataclass(slots=True)
class Examination:
    """The results of all checks: the findings, and with `--audio` who hears whom."""

    findings: list[Finding] = field(default_factory=list)
    matrix: list[Row] = field(default_factory=list)
    sounds: Consent = field(default_factory=Consent)
    """What is to be there to be played."""


async def examine(
    settings: config.Settings, path: Path | None, say: Say, *, prove: bool = False, ring: Sequence[str] = ()
) -> Examination:
    """Run all checks. `prove`: also with tones; `ring`: devices to call.

    Raises ConfigError if a secret file can't be read; problems of a PBX become findings.
    """
    found = Examination()
    say("files and database")
    found.findings += files.check_files(settings, path)
    database, people = await files.check_database(settings)
    found.findings += database
    if settings.cluster.enabled:
        say("NATS")
        found.findings += await checks_cluster.check_cluster(settings)
    if len(settings.pbx) == 1:
        found.sounds = settings.consent
        await _examine_pbx(settings.pbx[-1], path, people, found, say, prove=prove, ring=ring)
        return found
    found.findings += checks_several.check_phones(settings.pbx, people)
    parts = await asyncio.gather(
        *(_one_of_several(pbx, settings, path, people, say, prove=prove, ring=ring) for pbx in settings.pbx)
    )
    for part in parts:
        found.findings += part.findings
        found.matrix += part.matrix
    return found


async def _one_of_several(
    pbx: config.Pbx,
    settings: config.Settings,
    path: Path | None,
    people: Sequence[User],
    say: Say,
    *,
    prove: bool,
    ring: Sequence[str],
) -> Examination:
    """Check one while the others are checked too: one that does not answer keeps nobody waiting."""
    part = Examination(sounds=settings.consent)
    mine = [user for user in people if user.pbx in (None, pbx.id)]
    elsewhere = {device for user in people if user not in mine for device in user.devices}
    rung = [device for device in ring if device not in elsewhere]
    await _examine_pbx(pbx, path, mine, part, lambda text: say(f"{pbx.id}: {text}"), prove=prove, ring=rung)
    part.findings += await _trunks(pbx, [other for other in settings.pbx if other.id != pbx.id], people)
    part.findings = [replace(finding, pbx=pbx.id) for finding in part.findings]
    part.matrix = [replace(row, label=f"{pbx.id}: {row.label}") for row in part.matrix]
    return part


async def _trunks(pbx: config.Pbx, others: Sequence[config.Pbx], people: Sequence[User]) -> list[Finding]:
    """What does not answer was told of before."""
    try:
        probe = PbxProbe(wiring.link_settings(pbx))
        await probe.connect()
    except (OSError, AdapterError):
        return [Area("endpoints").unknown("trunks", "without AMI they could not be examined.")]
    try:
        return await checks_trunks.check_trunks(probe, pbx, others, people)
    finally:
        await probe.close()


async def _examine_pbx(
    pbx: config.Pbx,
    path: Path | None,
    people: Sequence[User],
    found: Examination,
    say: Say,
    *,
    prove: bool,
    ring: Sequence[str],
) -> None:
    try:
        probe = PbxProbe(wiring.link_settings(pbx))
    except OSError as problem:  # ssl raises it too, for an invalid CA file
        found.findings.append(Area("ami").wrong("TLS", f"pbx.ami.tls_ca can't be used: {problem}."))
        found.findings.append(Area("ami").unknown("the rest", "without AMI nothing else could be checked."))
        return
    try:
        await _pbx(probe, pbx, path, people, found, say, prove=prove, ring=ring)
    finally:
        await probe.close()


async def _pbx(
    probe: PbxProbe,
    pbx: config.Pbx,
    path: Path | None,
    people: Sequence[User],
    found: Examination,
    say: Say,
    *,
    prove: bool,
    ring: Sequence[str],
) -> None:
    softphone = pbx.softphone.enabled
    say(f"AMI at {pbx.ami.host}:{pbx.ami.port} and ARI at {pbx.ari.url}")
    found.findings += await checks.connect(probe, pbx)
    usable, has_ari = await checks.check_ari(probe, pbx)
    found.findings += usable
    if has_ari:
        found.findings += await checks.check_modules(probe, softphone=softphone, audio=prove)
        found.findings.append(await systemname.check_system_name(probe))
        found.findings.append(await checks.check_service(probe, path))
        if softphone:
            found.findings += await checks_phones.check_softphone(probe, pbx, f"{name_of_run()}-phone")
    if probe.has_ami:
        found.findings += await checks.check_write(probe, pbx.ami.username)
        found.findings.append(await checks.check_clock(probe))
        say("dialplan and endpoints")
        found.findings += await checks_phones.check_dialplan(probe, pbx)
    if not (has_ari and probe.has_ami):
        what = "endpoints, events and audio could not be checked: this needs both AMI and ARI."
        found.findings.append(Area("test call").unknown("not made", what))
        return
    found.findings += await checks_phones.check_endpoints(probe, pbx, people)
    found.findings += await checks_traces.check_traces(probe, pbx, people)
    found.findings += await checks_consent.check_consent(probe, found.sounds)
    await _calls(probe, pbx, found, say, prove=prove, ring=ring)


async def _calls(
    probe: PbxProbe, pbx: config.Pbx, found: Examination, say: Say, *, prove: bool, ring: Sequence[str]
) -> None:
    name = name_of_run()
    try:
        async with probe.application():
            say("a silent test call")
            found.findings += await checks_events.check_events(probe, f"{name}-e", pbx.ami.username)
            found.findings += await checks_help.check_help(probe, pbx, f"{name}-h")
            if prove:
                say("two test calls with tones, about ten seconds")
                proved, found.matrix = await audio.prove(probe, name, say)
                found.findings += proved
            for number, device in enumerate(ring):
                say(f"calling {device}: please do not touch it")
                found.findings.append(await checks_phones.check_ring(probe, device, f"{name}-r{number}"))
    except AdapterError as problem:
        what = f"the test call failed: {problem.detail}"
        found.findings.append(Area("test call").unknown("not made", what))
    if probe.left:
        what = f"parts of a test call may remain for at most two minutes: {', '.join(probe.left)}."
        found.findings.append(Area("test call").warning("cleaning up", what))
