"""The first half of `call-monitor setup`: look at what is there, ask what no option says, plan. Changes nothing."""

import asyncio
import secrets
import sys
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import click
import phonenumbers

from adapter import shipped
from adapter.cli.asking import EXTENSION, USERNAME
from adapter.cli.setupwishes import SYSTEMD, Wishes
from adapter.config.section import secret_of
from adapter.config.unit import UNIT, source_of
from adapter.core.people import Role, User
from adapter.errors import ConfigError, StoreUnavailable
from adapter.setup import adapterfiles, asteriskconf, look, plan
from adapter.setup.model import Choices, Edit, Found, Owner, Plan
from adapter.store.address import sqlite_file
from adapter.store.database import Database
from adapter.store.people import everybody


@dataclass(frozen=True, slots=True)
class Site:
    """What is there."""

    found: Found
    config: str | None
    """The text of config.toml; None if there is none."""
    values: Mapping[str, Any]
    """The same, parsed; of the sample if there is none."""
    people: Sequence[User]


@dataclass(frozen=True, slots=True)
class Prepared:
    """What would be done."""

    edits: Sequence[Edit]
    plan: Plan
    admin: str | None
    """The administrator to be added; None if there are accounts already, or nobody was named."""
    extension: str | None
    device: str | None
    folder: Path | None
    """The folder of Asterisk's recordings, if it is to be made."""


def look_around(wishes: Wishes) -> Site:
    """Read everything, and change nothing. Raises ConfigError."""
    found = look.found_in(look.asterisk_folder(wishes.etc))
    click.echo(f"Asterisk: {found.etc}{' (FreePBX)' if found.freepbx else ''}")
    text = look.read(wishes.config)
    try:
        values = tomllib.loads(text if text is not None else shipped.text(shipped.SAMPLE))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
        raise ConfigError(f"{wishes.config} is not valid TOML: {problem}. Mend it, or move it away.") from None
    return Site(found, text, values, _people(wishes, values))


def _people(wishes: Wishes, values: Mapping[str, Any]) -> Sequence[User]:
    """The accounts that exist; none where the database is not there, or can't be read yet. Raises ConfigError."""
    named = adapterfiles.given(values, "database", "url_file")
    url = secret_of(None, Path(named)) if named else adapterfiles.given(values, "database", "url") or wishes.database
    file = sqlite_file(url)
    if file is not None and not file.exists():
        return ()

    async def read() -> Sequence[User]:
        database = Database(url)
        try:
            current, newest = await database.revisions()
            return await everybody(database) if current == newest else ()
        finally:
            await database.close()

    try:
        return asyncio.run(read())
    except StoreUnavailable as problem:
        click.echo(f"Accounts could not be read: {problem.detail}")
        return ()


def prepare(site: Site, wishes: Wishes) -> Prepared:
    """Ask what no option says, and plan. Raises ConfigError."""
    admin, extension, device = _administrator(site, wishes)
    supervisors = {device} if device else set()
    for person in site.people:
        if person.can_monitor or person.role is Role.ADMINISTRATOR:
            supervisors.update(person.devices)
    choices = Choices(
        home=wishes.home,
        database=wishes.database,
        ami_secret=_secret(site, wishes, "ami"),
        ari_secret=_secret(site, wishes, "ari"),
        agents=_agents(site, wishes),
        country=_country(site, wishes),
        supervisors=sorted(supervisors),
        replace=wishes.replace,
    )
    choices = replace(choices, codes_context=_codes_context(site, wishes, choices))
    planned = plan.plan(site.found, choices, shipped.text)
    edits = [*_own_edits(site, wishes, choices), *planned.edits]
    edits += _unit(wishes, credentials="/run/credentials/" in (site.config or ""))
    recordings = plan.recordings(site.found)
    folder = recordings if recordings.parent.is_dir() and not recordings.exists() else None
    return Prepared(edits, planned, admin, extension, device, folder)


def _own_edits(site: Site, wishes: Wishes, choices: Choices) -> list[Edit]:
    """The adapter's own files: secrets where the configuration looks for them, and the configuration."""
    try:
        changed = adapterfiles.configuration(site.found, choices, shipped.text(shipped.SAMPLE), site.config)
    except ValueError as problem:
        raise ConfigError(f"{wishes.config} can't be filled in: {problem}.") from None
    after = tomllib.loads(changed.after) if changed else site.values
    places = {kind: adapterfiles.given(after, f"pbx.{kind}", "secret_file") for kind in ("ami", "ari")}
    used = {source_of(Path(place)) for place in places.values() if place}
    before = {
        name: text for name in ("ami.secret", "ari.secret") if (text := look.read(wishes.home / name)) is not None
    }
    own = [edit for edit in adapterfiles.secrets(choices, before) if edit.path in used]
    return [*own, *([changed] if changed else [])]


def _secret(site: Site, wishes: Wishes, kind: str) -> str:
    """The secret that the configuration has, else one that lies there already, else a new one."""
    section = f"pbx.{kind}"
    if isinstance(said := adapterfiles.given(site.values, section, "secret"), str):
        return said
    file = adapterfiles.given(site.values, section, "secret_file")
    place = source_of(Path(file)) if file else wishes.home / f"{kind}.secret"
    return (look.read(place) or "").strip() or secrets.token_hex(24)


def _unit(wishes: Wishes, *, credentials: bool) -> list[Edit]:
    """The systemd unit. One that is there may have been edited, so it stays unless it is to be replaced."""
    if not wishes.service:
        return []
    path, called = SYSTEMD / UNIT, Path(sys.argv[0]).absolute()
    program = called if called.name == "call-monitor" else Path(sys.prefix, "bin/call-monitor")
    user = wishes.user or "root"
    unit = shipped.text(shipped.UNIT)
    text = adapterfiles.unit(unit, program, wishes.config, wishes.state, user, credentials=credentials)
    before = look.read(path)
    if before == text or (before is not None and not wishes.replace):
        return []
    return [Edit(path, before, text, Owner.ROOT, 0o644)]


def _ask(wishes: Wishes, question: str, default: str, rule: click.ParamType[str] | None = None) -> str:
    """An answer; with --yes the default, without a question. What breaks the rule is asked again; - breaks none."""
    if wishes.yes:
        return default

    def checked(text: str) -> str:
        text = text.strip()
        return text if rule is None or text == "-" else rule.convert(text, None, None)

    answer: str = click.prompt(question, default=default, value_proc=checked, show_default=bool(default))
    return answer


def _administrator(site: Site, wishes: Wishes) -> tuple[str | None, str | None, str | None]:
    """Username, extension and device of the first administrator, unless there are accounts."""
    if site.people:
        if wishes.admin:
            click.echo("There are accounts already, so no administrator is added: call-monitor user add does it.")
        return None, None, None
    default = "-" if wishes.yes else "admin"
    admin = wishes.admin or _ask(wishes, "Username of the first administrator (- for none)", default, USERNAME)
    if admin == "-":
        return None, None, None
    extension = wishes.extension
    if extension is None and not wishes.admin:
        answer = _ask(wishes, "Extension of their desk phone (- for none: they listen in the browser)", "-", EXTENSION)
        extension = None if answer == "-" else answer
    return admin, extension, wishes.device or (f"PJSIP/{extension}" if extension else None)


def _agents(site: Site, wishes: Wishes) -> tuple[str, ...]:
    if wishes.agents:
        return wishes.agents
    said = adapterfiles.given(site.values, "endpoints", "agents") or adapterfiles.DEFAULT_AGENTS
    likely = list(said) if said != adapterfiles.DEFAULT_AGENTS else plan.likely_agents(site.found)
    if site.config is not None and said != adapterfiles.DEFAULT_AGENTS:
        return tuple(said)
    answer = _ask(wishes, "Agents' phones, as patterns of endpoints; no trunks", " ".join(likely) or "PJSIP/*")
    return tuple(answer.split())


def _country(site: Site, wishes: Wishes) -> str:
    said = str(adapterfiles.given(site.values, "numbering", "country") or "US")
    if wishes.country or site.config is not None:
        return wishes.country or said
    while (answer := _ask(wishes, "Country, for numbers without a country code", said).upper()) not in (
        phonenumbers.SUPPORTED_REGIONS
    ):
        click.echo(f"{answer} is not an ISO 3166 country code such as US, DE or IL.")
    return answer


def _codes_context(site: Site, wishes: Wishes, choices: Choices) -> str:
    """The context for star codes. FreePBX has one for such includes (from-internal-custom)."""
    if wishes.codes_context is not None or _has_codes(site.found):
        return wishes.codes_context or ""
    supervisors = (one for one in plan.all_endpoints(site.found) if f"PJSIP/{one.name}" in choices.supervisors)
    likely = next((one.says("context") or "" for one in supervisors), "")
    if site.found.freepbx:
        likely = "from-internal-custom"
    answer = _ask(wishes, "Dialplan context of supervisors' phones, for star codes (- for none)", likely or "-")
    return "" if answer == "-" else answer


def _has_codes(found: Found) -> bool:
    """Whether the dialplan includes the star codes already."""
    texts = (text for name, text in found.texts.items() if "call_monitor" not in name)
    pairs = (asteriskconf.setting(line) for text in texts if plan.CODES in text for line in asteriskconf.lines(text))
    return ("include", plan.CODES) in pairs
