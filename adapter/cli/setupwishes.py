"""What the setup was told by its options, with the defaults that depend on who runs it."""

import os
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import phonenumbers

from adapter.config.unit import default_state_home

SYSTEMD = Path("/etc/systemd/system")


@dataclass(frozen=True, slots=True)
class Wishes:
    """The options of `call-monitor setup`; folders are absolute."""

    etc: Path | None
    console: list[str]
    home: Path
    state: Path
    database: str
    user: str | None
    """The service's user; None where we are not root, and the service runs as ourselves."""
    agents: tuple[str, ...]
    country: str | None
    codes_context: str | None
    admin: str | None
    extension: str | None
    device: str | None
    password_stdin: bool
    replace: bool
    restart: bool
    service: bool
    yes: bool
    dry_run: bool
    undo: bool
    force: bool

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> "Wishes":
        """From click's options. Raises click.UsageError."""
        root = os.geteuid() == 0
        user_config = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "call-monitor"
        home = (given["home"] or (Path("/etc/call-monitor") if root else user_config)).absolute()
        state = (given["state"] or (Path("/var/lib") if root else default_state_home()) / "call-monitor").absolute()
        service = given["service"] if given["service"] is not None else root and SYSTEMD.is_dir()
        if given["force"] and not given["undo"]:
            raise click.UsageError("--force can only be used with --undo.")
        if given["country"] and given["country"].upper() not in phonenumbers.SUPPORTED_REGIONS:
            raise click.UsageError(f"{given['country']!r} is not an ISO 3166 country code such as US, DE or IL.")
        if (given["password_stdin"] or given["extension"] or given["device"]) and not given["admin"]:
            raise click.UsageError("--extension, --device and --password-stdin belong to --admin USERNAME.")
        taken = {name: given[name] for name in ("etc", "agents", "codes_context", "admin", "extension", "device")}
        taken |= {
            name: given[name] for name in ("password_stdin", "replace", "restart", "yes", "dry_run", "undo", "force")
        }
        return cls(
            **taken,
            console=shlex.split(given["console"]),
            home=home,
            state=state,
            database=given["database"] or f"sqlite+aiosqlite:///{state}/adapter.sqlite",
            user=(given["account"] or None) if root else None,
            country=given["country"].upper() if given["country"] else None,
            service=service,
        )

    @property
    def config(self) -> Path:
        """The configuration's file."""
        return self.home / "config.toml"
