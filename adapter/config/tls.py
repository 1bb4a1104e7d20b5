"""TLS: our own certificate, taken up again when it was renewed, and whom we believe at the PBX."""

import asyncio
import ssl
from pathlib import Path

import structlog

from adapter.config.section import warn_if_open
from adapter.errors import ConfigError

log = structlog.get_logger(__name__)

POLL = 30.0
"""Seconds between looks at the certificate's files."""


class Certificate:
    """A certificate and its key in files. `context` serves new connections with what the files last held."""

    def __init__(self, chain: Path, key: Path) -> None:
        """Raises ConfigError when they can't be used."""
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
            raise ConfigError(f"{self._chain} and {self._key} are no certificate and its key: {problem}.") from None
        except OSError as problem:
            raise ConfigError(f"{self._chain} or {self._key} can't be read: {problem.strerror}.") from None
        return context

    def _stamp(self) -> tuple[int, ...]:
        """What is another when a file was replaced."""
        try:
            return tuple(part for path in (self._chain, self._key) for part in (_mark(path)))
        except OSError:
            return ()

    def refresh(self) -> bool:
        """Take up a renewed certificate. False when there is none, or none that can be used: the old one serves on."""
        stamp = self._stamp()
        if stamp == self._seen:
            return False
        self._seen = stamp
        try:
            self._load()  # into a context of its own first: half a renewal must not spoil the one that serves
            self._load(self.context)
        except ConfigError as problem:
            log.error("the renewed certificate can't be used; the old one serves on", why=problem.detail)
            return False
        log.info("the renewed certificate is in use", certificate=str(self._chain))
        return True

    async def follow(self) -> None:
        """Look for renewals for ever."""
        while True:
            await asyncio.sleep(POLL)
            self.refresh()


def _mark(path: Path) -> tuple[int, int, int]:
    found = path.stat()
    return found.st_mtime_ns, found.st_size, found.st_ino


def client_context(ca: Path | None) -> ssl.SSLContext:
    """For connections to the PBX: certificate and host name are checked, against this authority where one is given.

    Raises ConfigError when its file can't be used.
    """
    try:
        context = ssl.create_default_context(cafile=ca)
    except ssl.SSLError as problem:
        raise ConfigError(f"{ca} holds no certificate authority: {problem}.") from None
    except OSError as problem:
        raise ConfigError(f"{ca} can't be read: {problem.strerror}.") from None
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context
