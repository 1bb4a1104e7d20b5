"""How a NATS server is reached: where it is, by TLS, and who we are to it, from files."""

import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from adapter.errors import ConfigError

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


@dataclass(frozen=True, slots=True)
class NatsAccess:
    """Where the servers are, and who we are to them. Files are read anew for each connection: they may be renewed."""

    urls: Sequence[str]
    """`tls://host:4222`; without TLS (`nats://`) only at this machine's own addresses."""
    user: str = ""
    password_file: Path | None = None
    tls_ca: Path | None = None
    """Whom to believe; None: the system's authorities."""
    tls_certificate: Path | None = None
    tls_key: Path | None = None
    """Our own certificate, where the server wants one."""

    def need_safe(self) -> None:
        """Raise ConfigError where calls and clicks would be readable on a network."""
        if not self.urls:
            raise ConfigError("No NATS server is named.")
        for url in self.urls:
            parts = urlsplit(url)
            if parts.scheme not in ("tls", "nats") or not parts.hostname or parts.username or parts.password:
                raise ConfigError(f"Write a NATS server as tls://host:4222, without user and password: {url}")
            if parts.scheme != "tls" and parts.hostname not in LOOPBACK:
                raise ConfigError(f"{url}: only tls:// protects what is said on a network.")
        if len({urlsplit(url).scheme for url in self.urls}) > 1:
            raise ConfigError("Write all NATS servers as tls://, or all as nats://.")

    @property
    def secure(self) -> bool:
        """Whether it is by TLS."""
        return urlsplit(self.urls[0]).scheme == "tls"

    def context(self) -> ssl.SSLContext | None:
        """How TLS is spoken; None without it. Raises OSError and ssl.SSLError for files that can't be used."""
        if not self.secure:
            return None
        context = ssl.create_default_context(cafile=str(self.tls_ca) if self.tls_ca else None)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if self.tls_certificate:
            context.load_cert_chain(self.tls_certificate, self.tls_key)
        return context

    def password(self) -> str | None:
        """Raises OSError."""
        return self.password_file.read_text().strip() if self.password_file else None
