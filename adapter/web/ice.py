"""What a page is told of STUN and TURN servers."""

import base64
import hashlib
import hmac
from dataclasses import dataclass

from adapter.core.views import Json


@dataclass(frozen=True, slots=True)
class Ice:
    """STUN and TURN servers, and the secret for short-lived users of the latter."""

    stun: tuple[str, ...] = ()
    turn: tuple[str, ...] = ()
    turn_secret: str = ""

    def servers(self, user: str, until: int) -> list[Json]:
        """RTCIceServer dictionaries; TURN's user is `expiry:name` (draft-uberti-behave-turn-rest)."""
        found: list[Json] = [{"urls": list(self.stun)}] if self.stun else []
        if self.turn:
            name = f"{until}:{user}"
            digest = hmac.new(self.turn_secret.encode(), name.encode(), hashlib.sha1).digest()
            found.append({"urls": list(self.turn), "username": name, "credential": base64.b64encode(digest).decode()})
        return found
