"""Ephemeral WebRTC endpoints through ARI's push configuration: only in Asterisk's memory, so a restart removes them.

sorcery.conf must have a memory wizard for endpoint, auth and aor: asterisk-conf/sorcery_call_monitor.conf.
"""

from collections.abc import Mapping

from adapter.asterisk.ari import Ari
from adapter.errors import PbxRefused

KINDS = ("endpoint", "aor", "auth")


class Endpoints:
    """Creates and deletes endpoints by name. `context`: a dialplan context in which nothing can be dialled."""

    def __init__(self, ari: Ari, context: str) -> None:
        self._ari, self._context = ari, context

    def _fields(self, name: str, password: str) -> Mapping[str, Mapping[str, str]]:
        return {
            "auth": {"auth_type": "userpass", "username": name, "password": password},
            "aor": {"max_contacts": "1", "remove_existing": "yes", "qualify_frequency": "0"},
            "endpoint": {
                "auth": name,
                "aors": name,
                "context": self._context,
                "webrtc": "yes",
                "disallow": "all",
                "allow": "opus,ulaw",
                "direct_media": "no",
                "rtp_timeout": "20",
                "rtp_timeout_hold": "20",
                "allow_subscribe": "no",
                "message_context": self._context,
            },
        }

    async def put(self, endpoint: str, password: str) -> None:
        """Create or replace an endpoint. Raises PbxUnavailable, PbxTimeout, PbxRefused."""
        for kind, fields in self._fields(endpoint, password).items():
            listed = [{"attribute": name, "value": value} for name, value in fields.items()]
            await self._ari.configure("PUT", kind, endpoint, {"fields": listed})

    async def listed(self) -> list[str]:
        """Names of all PJSIP endpoints."""
        return await self._ari.endpoints("PJSIP")

    async def close(self) -> None:
        """Give the connections up."""
        await self._ari.close()

    async def remove(self, endpoint: str) -> None:
        """Delete an endpoint; it is no error if it does not exist. Raises PbxUnavailable, PbxTimeout."""
        for kind in KINDS:
            try:
                await self._ari.configure("DELETE", kind, endpoint)
            except PbxRefused:
                continue
