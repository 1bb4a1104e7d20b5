"""TLS: the adapter's own certificate, reloaded after a renewal, and the CAs trusted for the PBX."""

import asyncio
import ssl
from pathlib import Path

import structlog

from adapter.config.section import warn_if_open
from adapter.errors import ConfigError

log = structlog.get_logger(__name__)

POLL = 30.0
"""Seconds between checks of the certificate's files."""


class Certificate:
    """A certificate and its key in files. New connections use `context`, which `refresh` updates."""

    def __init__(self, chain: Path, key: Path) -> None:
        """Raises ConfigError if they can't be used."""
        self._chain, self._key = chain, key
        self.context = self._load()
        self._seen = self._stamp()
        warn_if_open(key)

    def _load(self, into: ssl.SSLContext | None = None) -> ssl.SSLContext:
        context = into or ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        try:
            context.load_cert_chain(self._chain, self._key)
        except ssl.SSLError as problem:
            raise ConfigError(f"{self._chain} and {self._key} are not a certificate and its key: {problem}.") from None
        except OSError as problem:
            raise ConfigError(f"{self._chain} or {self._key} can't be read: {problem.strerror}.") from None
        return context

    def _stamp(self) -> tuple[int, ...]:
        """A value that changes when a file is replaced."""
        try:
            return tuple(part for path in (self._chain, self._key) for part in (_mark(path)))
        except OSError:
            return ()

    def refresh(self) -> bool:
        """Load a renewed certificate. False if there is none, or if it can't be used: then the old one stays in use."""
        stamp = self._stamp()
        if stamp == self._seen:
            return False
        self._seen = stamp
        try:
            self._load()  # into a new context first: a half-finished renewal must not break the one in use
            self._load(self.context)
        except ConfigError as problem:
            log.error("the renewed certificate can't be used; the old one stays in use", why=problem.detail)
            return False
        log.info("the renewed certificate is in use", certificate=str(self._chain))
        return True

    async def follow(self) -> None:
        """Check for renewals forever."""
        while True:
            await asyncio.sleep(POLL)
            self.refresh()


def _mark(path: Path) -> tuple[int, int, int]:
    found = path.stat()
    return found.st_mtime_ns, found.st_size, found.st_ino


def client_context(ca: Path | None) -> ssl.SSLContext:
    """The context for connections to the PBX: it checks certificate and host name, with this CA if one is given.

    Raises ConfigError if the CA file can't be used.
    """
    try:
        context = ssl.create_default_context(cafile=ca)
    except ssl.SSLError as problem:
        raise ConfigError(f"{ca} contains no certificate authority: {problem}.") from None
    except OSError as problem:
        raise ConfigError(f"{ca} can't be read: {problem.strerror}.") from None
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context
