"""The configuration's section [http]: where the adapter listens, by which names, through which proxies, with TLS."""

import ipaddress
from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, field_validator, model_validator

from adapter.config.section import Port, Section


class Http(Section):
    """Where the adapter listens. docs/tls.md shows it with TLS of its own and behind a proxy."""

    host: str = Field("127.0.0.1", description="Address to listen on; 127.0.0.1 keeps it on this machine.")
    port: Port = Field(8080, description="TCP port.")
    tls_certificate: Path | None = Field(None, description="Certificate chain (PEM): listen with TLS.")
    tls_key: Path | None = Field(None, description="Its private key (PEM).")
    public_origin: str | None = Field(
        None,
        pattern=r"^https?://[^/?#@\s]+$",
        description="The origin in people's address bar, where it has a name: https://calls.example",
    )
    hosts: list[str] = Field([], description="Further names by which browsers reach it.")
    trusted_proxies: list[str] = Field(
        [], description="Proxies whose X-Forwarded-For and -Proto are believed: addresses, or blocks as 10.0.0.0/8."
    )
    secure_cookies: bool = Field(False, description="Mark cookies Secure also where the adapter can't see the TLS.")
    max_connections: Annotated[int, Field(ge=50, le=100_000)] = Field(4000, description="Connections at once, in all.")
    max_connections_each: Annotated[int, Field(ge=10, le=100_000)] = Field(
        1000, description="Of these from one address; trusted proxies may have all."
    )

    @field_validator("trusted_proxies")
    @classmethod
    def _networks(cls, value: list[str]) -> list[str]:
        for text in value:
            try:
                ipaddress.ip_network(text, strict=False)
            except ValueError:
                raise ValueError(f"{text!r} is no address and no block such as 10.0.0.0/8") from None
        return value

    @model_validator(mode="after")
    def _both(self) -> Self:
        if (self.tls_certificate is None) != (self.tls_key is None):
            raise ValueError("give both of tls_certificate and tls_key, or none")
        return self

    @property
    def plain_and_open(self) -> bool:
        """Whether passwords would cross a network in plain text: no TLS, no proxy, and not this machine alone."""
        if self.tls_certificate or self.trusted_proxies or self.host == "localhost":
            return False
        try:
            return not ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return True
