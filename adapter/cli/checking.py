"""`call-monitor config check`: everything that is wrong with a configuration at once, each with the line to write."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import click
from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from adapter import config, wiring
from adapter.config import modes, placeholders
from adapter.config.section import secret_of
from adapter.config.settings import read, validated
from adapter.config.tls import Certificate, client_context
from adapter.config.unit import source_of
from adapter.errors import ConfigError
from adapter.store import address
from adapter.store.address import in_words

WRONG = 2
"""Exit status of a configuration that can't be used."""
KINDS = {"ami": "call_monitor_manager_secret.conf", "ari": "call_monitor_ari_secret.conf"}
"""Where Asterisk has its side of a secret."""


@dataclass(frozen=True, slots=True)
class Mistake:
    """One thing that is wrong: the key (as in pbx.0.ami.secret), what, and the lines that put it right."""

    where: str
    what: str
    write: tuple[str, ...] = ()


def check(path: Path | None) -> int:
    """Print what is wrong, or that nothing is; returns the exit status. Raises ConfigError if it can't be read."""
    place, values = read(path)
    found = mistakes(place, values)
    for mistake in found:
        click.echo(f"wrong    {mistake.where}: {mistake.what}" if mistake.where else f"wrong    {mistake.what}")
        for line in mistake.write:
            click.echo(f"         -> {line}")
    if found:
        click.echo(f"{place} can't be used: {len(found)} to put right.", err=True)
        return WRONG
    settings = config.load(place)
    for what in config.unknown_variables():
        click.echo(f"warning  {what}")
    for warning in (*open_files(settings, place), *same_twice(settings)):
        click.echo(f"warning  {warning.what}")
        for line in warning.write:
            click.echo(f"         -> {line}")
    click.echo(f"{place} is valid. Database: {in_words(settings.database_url)}.")
    return 0


def mistakes(place: Path, values: dict[str, Any]) -> list[Mistake]:
    """All of them: placeholders, what doesn't validate, and files that it names and that can't be used."""
    found = [Mistake(where, what, _instead(where, place)) for where, what in placeholders.find(values)]
    settings = validated(values)
    if not isinstance(settings, config.Settings):
        return found + [Mistake(where, what, _line(where, place)) for where, what in settings]
    known = {mistake.where for mistake in found}
    for where, attempt in _attempts(settings):
        try:
            if isinstance(secret := attempt(), str) and placeholders.is_placeholder(secret) and where not in known:
                found.append(Mistake(where, f'the secret in its file is the placeholder "{secret}"'))
        except (ConfigError, OSError) as problem:
            what = problem.detail if isinstance(problem, ConfigError) else str(problem)
            if where not in known:  # of the database's URL it is said there what to write
                found.append(Mistake(where, what, () if where == "database.url" else _instead(where, place)))
    return found


def _attempts(settings: config.Settings) -> Iterator[tuple[str, Callable[[], object]]]:
    """What must succeed when the adapter starts, by key."""
    for number, pbx in enumerate(settings.pbx):
        yield f"pbx.{number}.ami.secret", partial(secret_of, pbx.ami.secret, pbx.ami.secret_file)
        yield f"pbx.{number}.ari.secret", partial(secret_of, pbx.ari.secret, pbx.ari.secret_file)
        if pbx.ami.tls:
            yield f"pbx.{number}.ami.tls_ca", partial(client_context, pbx.ami.tls_ca)
        yield f"pbx.{number}.ari.tls_ca", partial(wiring.ari_tls, pbx)
        phone = pbx.softphone
        yield "softphone.turn_secret", partial(secret_of, phone.turn_secret, phone.turn_secret_file)
    yield "http.tls_certificate", lambda: wiring.certificate(settings.http)
    yield "database.url", lambda: address.check(settings.database_url)
    cluster = settings.cluster
    if cluster.enabled:
        yield "cluster.nats", partial(wiring.nats, settings)
        yield "cluster.password_file", partial(secret_of, None, cluster.password_file)
        if cluster.uses_tls:
            yield "cluster.tls_ca", partial(client_context, cluster.tls_ca)
        if cluster.tls_certificate is not None and cluster.tls_key is not None:
            yield "cluster.tls_certificate", partial(Certificate, cluster.tls_certificate, source_of(cluster.tls_key))


def open_files(settings: config.Settings, place: Path) -> Iterator[Mistake]:
    """Files with secrets that somebody else can read, by the doctor's rule."""
    secrets = [pbx.ami.secret for pbx in settings.pbx] + [pbx.ari.secret for pbx in settings.pbx]
    holds = any(secret is not None for secret in secrets) or "@" in settings.database.url
    files = [place] if holds else []
    for pbx in settings.pbx:
        named = (pbx.ami.secret_file, pbx.ari.secret_file, pbx.softphone.turn_secret_file)
        files += [source_of(file) for file in named if file is not None]
    files += [file for file in (settings.database.url_file, settings.http.tls_key) if file is not None]
    if settings.cluster.enabled:
        ours = (settings.cluster.password_file, settings.cluster.tls_key)
        files += [source_of(file) for file in ours if file is not None]
    for file in dict.fromkeys(files):
        openness, mode = modes.openness(file)
        if not openness.fine:
            yield Mistake("", f"{openness.value} {file} ({mode:04o}).", (modes.advice(file, modes.service_group()),))


def same_twice(settings: config.Settings) -> Iterator[Mistake]:
    """PBXes that are one Asterisk: its calls would be shown twice, and each copy would end the other's monitors."""
    ways: dict[str, str] = {}
    for pbx in settings.pbx:
        for way in (f"AMI at {pbx.ami.host}:{pbx.ami.port}", f"ARI at {pbx.ari.url}"):
            if (first := ways.setdefault(way, pbx.id)) != pbx.id:
                yield Mistake("", f"the PBXes {first} and {pbx.id} are the same Asterisk: both have their {way}.")


def _instead(where: str, place: Path) -> tuple[str, ...]:
    """What to write instead of a placeholder, or of a secret that isn't there."""
    section, _, key = where.rpartition(".")
    kind = section.rpartition(".")[2]
    if kind in KINDS and key == "secret":
        file = place.absolute().parent / f"{kind}.secret"
        return (
            f'[pbx.{kind}]  secret_file = "{file}"',
            f"the same secret in that file and in Asterisk's {KINDS[kind]}; call-monitor setup makes both",
        )
    if key == "turn_secret":
        return (f'[softphone]  turn_secret_file = "{place.absolute().parent}/turn.secret"',)
    if where == "database.url":
        return (f'[database]  url_file = "{place.absolute().parent}/database.url"', "and the whole URL in that file")
    if key in ("tls_ca", "tls_certificate", "nats", "password_file"):
        return ()
    return (f"[{section}]  {key} = your own, or leave the line out",)


def _line(where: str, place: Path) -> tuple[str, ...]:
    """A line that is right in the place of one that is not: with the default, where there is one."""
    parts = where.split(".")
    if parts[-1] in KINDS and parts[0] == "pbx":
        return _instead(f"{where}.secret", place)
    if parts == ["pbx"]:
        return (
            '[[pbx]]  id = "main"',
            *_instead("pbx.0.ami.secret", place)[:1],
            *_instead("pbx.0.ari.secret", place)[:1],
        )
    model: type[BaseModel] = config.Settings
    for part in parts[:-1]:
        field = model.model_fields.get(part)
        inner: Any = getattr(field.annotation, "__args__", (field.annotation,))[0] if field else None
        if part.isdigit():
            continue
        if not (isinstance(inner, type) and issubclass(inner, BaseModel)):
            return ()
        model = inner
    field = model.model_fields.get(parts[-1])
    if field is None or field.default is None or field.default is PydanticUndefined or _is_section(field.default):
        return ()
    section = ".".join(part for part in parts[:-1] if not part.isdigit())
    return (f"[{section}]  {parts[-1]} = {json.dumps(field.default, ensure_ascii=False)} (the default)",)


def _is_section(default: object) -> bool:
    return isinstance(default, BaseModel | Mapping)
