"""The configuration's section [http]: listening address, host names, trusted proxies, TLS."""

import ipaddress
from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, field_validator, model_validator

from adapter.config.section import Port, Section


class Http(Section):
    """Where the adapter listens. docs/tls.md shows it with its own TLS and behind a proxy."""

    host: str = Field("127.0.0.1", description="Address to listen on; 127.0.0.1 keeps it on this machine.")
    port: Port = Field(8080, description="TCP port.")
    tls_certificate: Path | None = Field(None, description="Certificate chain (PEM): listen with TLS.")
    tls_key: Path | None = Field(None, description="Its private key (PEM).")
    public_origin: str | None = Field(
        None,
        pattern=r"^https?://[^/?#@\s]+$",
        description="The origin in users' address bar, if it contains a host name: https://calls.example",
    )
    hosts: list[str] = Field([], description="Other host names by which browsers reach the adapter.")
    trusted_proxies: list[str] = Field(
        [],
        description="Proxies whose X-Forwarded-For and -Proto are trusted: addresses, or networks such as 10.0.0.0/8.",
    )
    secure_cookies: bool = Field(False, description="Mark cookies Secure even if the adapter can't detect TLS.")
    max_connections: Annotated[int, Field(ge=50, le=100_000)] = Field(
        4000, description="Connections at once, in total."
    )
    max_connections_each: Annotated[int, Field(ge=10, le=100_000)] = Field(
        1000, description="Connections from one address; trusted proxies may use all."
    )

    @field_validator("trusted_proxies")
    @classmethod
    def _networks(cls, value: list[str]) -> list[str]:
        for text in value:
            try:
                ipaddress.ip_network(text, strict=False)
            except ValueError:
                raise ValueError(f"{text!r} is not an address or a network such as 10.0.0.0/8") from None
        return value

    @model_validator(mode="after")
    def _both(self) -> Self:
        if (self.tls_certificate is None) != (self.tls_key is None):
            raise ValueError("give both of tls_certificate and tls_key, or none")
        return self

    @property
    def plain_and_open(self) -> bool:
        """Whether passwords would cross a network unencrypted: no TLS, no proxy, and reachable from other machines."""
        if self.tls_certificate or self.trusted_proxies or self.host == "localhost":
            return False
        try:
            return not ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return True
