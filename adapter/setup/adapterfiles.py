"""Decides what the adapter's own files are to become: config.toml, the secrets, the systemd unit. Pure."""

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from adapter.config.placeholders import is_placeholder
from adapter.setup import plan, toml
from adapter.setup.model import Choices, Edit, Found, Owner

DEFAULT_AGENTS = ["PJSIP/*"]
"""As config.sample.toml has it: every endpoint, trunks too."""


def secrets(choices: Choices, before: Mapping[str, str]) -> list[Edit]:
    """ami.secret and ari.secret, as far as they differ. `before`: the files that exist, by name."""
    wanted = {"ami.secret": choices.ami_secret, "ari.secret": choices.ari_secret}
    return [
        Edit(choices.home / name, before.get(name), f"{secret}\n", Owner.ADAPTER, 0o640, secret=True)
        for name, secret in wanted.items()
        if before.get(name, "").strip() != secret
    ]


def given(values: Mapping[str, Any], section: str, key: str) -> Any:
    """What a configuration says, if that is more than the sample's placeholder."""
    found = toml.read(values, section, key)
    return None if found in ("", None) or (isinstance(found, str) and is_placeholder(found)) else found


def configuration(found: Found, choices: Choices, sample: str, before: str | None) -> Edit | None:
    """config.toml: the annotated sample with this PBX's values. One that exists keeps what was set in it.

    Raises ValueError if that is not TOML, or has several [[pbx]].
    """
    text = sample if before is None else before
    values = tomllib.loads(text)
    if isinstance(values.get("pbx"), list) and len(values["pbx"]) > 1:
        raise ValueError("it has several [[pbx]], and the setup knows one; add the others' values by hand")
    after = toml.filled(text, _changes(found, choices, values))
    if after == before:
        return None
    return Edit(choices.home / "config.toml", before, after, Owner.ADAPTER, 0o640)


def _changes(found: Found, choices: Choices, values: Mapping[str, Any]) -> toml.Changes:
    changes: dict[tuple[str, str], toml.Value] = {}
    for kind in ("ami", "ari"):
        section = f"pbx.{kind}"
        if given(values, section, "secret") is None and given(values, section, "secret_file") is None:
            if toml.read(values, section, "secret") is not None:
                changes[section, "secret"] = None
            changes[section, "secret_file"] = str(choices.home / f"{kind}.secret")
    host, port = plan.ami_at(found)
    if toml.read(values, "pbx.ami", "port") in (None, 5038) and port != 5038:
        changes["pbx.ami", "port"] = port
    if toml.read(values, "pbx.ami", "host") in (None, "127.0.0.1") and host != "127.0.0.1":
        changes["pbx.ami", "host"] = host
    url = plan.ari_at(found)
    if (
        toml.read(values, "pbx.ari", "url") in (None, "http://127.0.0.1:8088/ari")
        and url != "http://127.0.0.1:8088/ari"
    ):
        changes["pbx.ari", "url"] = url
    if given(values, "database", "url") is None and given(values, "database", "url_file") is None:
        changes["database", "url"] = choices.database
    if choices.agents and toml.read(values, "endpoints", "agents") in (None, DEFAULT_AGENTS):
        changes["endpoints", "agents"] = list(choices.agents)
    if choices.country and toml.read(values, "numbering", "country") in (None, "US"):
        changes["numbering", "country"] = choices.country
    return {place: value for place, value in changes.items() if toml.read(values, *place) != value}


STATE = Path("/var/lib/call-monitor")
"""Where the unit that comes with the program keeps its state (StateDirectory)."""


def unit(text: str, program: Path, config: Path, state: Path, user: str, *, credentials: bool) -> str:
    """The systemd unit with this installation's paths and user.

    `credentials`: whether the configuration reads them from /run/credentials; otherwise the unit loads none, since it
    doesn't start where their files are missing.
    """

    def put(key: str, value: str) -> None:
        nonlocal text
        text = re.sub(rf"^{key}=.*$", lambda _: f"{key}={value}", text, flags=re.MULTILINE)

    put("ExecStart", f"{program} serve --config {config}")
    put("User", user)
    put("Group", user)
    if state != STATE:  # ProtectSystem=strict: nothing else may be written
        put("Environment=XDG_STATE_HOME", f"{state.parent}\nReadWritePaths={state}")
    if credentials:
        text = re.sub(r"^(LoadCredential=\w+\.secret:).*/", rf"\g<1>{config.parent}/", text, flags=re.MULTILINE)
        return text
    return re.sub(r"^(?:# Secrets reach only this unit.*\n)?LoadCredential=.*\n", "", text, flags=re.MULTILINE)
