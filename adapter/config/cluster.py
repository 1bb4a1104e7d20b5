"""The configuration's section [cluster]: the NATS servers by which several adapters of one installation talk."""

from collections.abc import Sequence
from pathlib import Path
from typing import Self
from urllib.parse import SplitResult, urlsplit

from pydantic import Field, field_validator, model_validator

from adapter.config.section import Section

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
"""Where what is said crosses no network."""


class Cluster(Section):
    """Several adapters of one installation (docs/cluster.md). They need a PostgreSQL database, too."""

    nats: list[str] = Field([], description="NATS servers: tls://nats.example:4222. Empty: this adapter is alone.")
    username: str = Field("", max_length=200, description="The adapters' user at NATS.")
    password_file: Path | None = Field(None, description="A file that contains only that user's password.")
    tls_ca: Path | None = Field(None, description="Certificate authority file for NATS; without it: the system's.")
    tls_certificate: Path | None = Field(None, description="The adapters' certificate, if NATS asks for one (PEM).")
    tls_key: Path | None = Field(None, description="Its private key (PEM).")

    @field_validator("nats")
    @classmethod
    def _safe(cls, value: list[str]) -> list[str]:
        if wrong := what_is_wrong(value):
            raise ValueError(wrong)
        return value

    @model_validator(mode="after")
    def _who_we_are(self) -> Self:
        if (self.tls_certificate is None) != (self.tls_key is None):
            raise ValueError("give both of tls_certificate and tls_key, or none")
        if bool(self.username) != bool(self.password_file):
            raise ValueError("give both of username and password_file, or none")
        if self.uses_tls and not self.username and not self.tls_certificate:
            raise ValueError("a NATS server on a network must know its users: give username and password_file")
        return self

    @property
    def enabled(self) -> bool:
        """Whether this adapter is one of several."""
        return bool(self.nats)

    @property
    def uses_tls(self) -> bool:
        """Whether NATS is reached by TLS."""
        return any(url.startswith("tls:") for url in self.nats)


def what_is_wrong(urls: Sequence[str]) -> str | None:
    """Why calls and clicks must not be sent to these NATS servers, in words; None if they may be. Pure."""
    parts = []
    for url in urls:
        if (split := _parts(url)) is None:
            return f"write a NATS server as tls://host:4222, without user and password: {_without_user(url)}"
        if split.scheme != "tls" and split.hostname not in LOOPBACK:
            return f"{url}: only tls:// protects what is said on a network"
        parts.append(split)
    if len({split.scheme for split in parts}) > 1:
        return "write all NATS servers as tls://, or all as nats://"
    return None


def _parts(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:  # a port that is no number, a bracket that is not closed
        return None
    fine = parts.scheme in ("tls", "nats") and parts.hostname and port != 0
    return parts if fine and "@" not in parts.netloc and not parts.path.strip("/") and not parts.query else None


def _without_user(url: str) -> str:
    """For messages: a password in it is not shown."""
    return f"tls://…@{url.rpartition('@')[2]}" if "@" in url else url
