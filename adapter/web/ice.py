"""STUN and TURN servers for pages, with short-lived TURN credentials."""

import base64
import hashlib
import hmac
from dataclasses import dataclass

from adapter.core.views import Json


@dataclass(frozen=True, slots=True)
class Ice:
    """STUN and TURN servers, and the secret for short-lived TURN credentials."""

    stun: tuple[str, ...] = ()
    turn: tuple[str, ...] = ()
    turn_secret: str = ""

    def servers(self, user: str, until: int) -> list[Json]:
        """RTCIceServer dictionaries, valid until `until` (seconds since 1970).

        TURN's user is `expiry:name` (draft-uberti-behave-turn-rest).
        """
        found: list[Json] = [{"urls": list(self.stun)}] if self.stun else []
        if self.turn:
            name = f"{until}:{user}"
            digest = hmac.new(self.turn_secret.encode(), name.encode(), hashlib.sha1).digest()
            found.append({"urls": list(self.turn), "username": name, "credential": base64.b64encode(digest).decode()})
        return found
