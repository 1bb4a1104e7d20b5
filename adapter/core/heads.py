"""Heads of the audit's chains as they are sent out: sealed, so that they prove an end and tell nothing. Pure.

A head commits to the last entry's number and hash. Whoever sees heads, and may be barred from knowing that anything was
written, learns nothing: no number is in the clear, and two heads of one and the same end differ. Whoever has the
installation's key finds the entry of each at once, so that a whole file of heads is proven in one walk along the chain.
"""

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from adapter.core.audit import CHAIN as CHAIN
from adapter.core.record import EventType
from adapter.core.views import time_view

VERSION = "h1."
NONCE, NUMBER, PROOF = 16, 8, 32
"""Bytes of a head: random ones, the masked number, HMAC-SHA256 (RFC 2104)."""


class End(NamedTuple):
    """Where a chain ends: its last entry's number and hash."""

    chain: str
    seq: int
    hash: str


@dataclass(frozen=True, slots=True)
class SentHead:
    """A head as it was sent. `where`: the line that it was read from."""

    chain: str
    head: str
    at: datetime | None = None
    where: str = ""


@dataclass(frozen=True, slots=True)
class Claim:
    """A head that was unsealed: it says that the entry of this number had one certain hash."""

    sent: SentHead
    seq: int
    _key: bytes
    _nonce: bytes
    _proof: bytes

    def holds(self, seq: int, entry_hash: str) -> bool:
        """Whether it is this entry that the head was made of."""
        proof = _proof(self._key, self._nonce, End(self.sent.chain, seq, entry_hash))
        return hmac.compare_digest(self._proof, proof)


def seal(key: bytes, end: End, nonce: bytes) -> str:
    """A head. `key`: the installation's; `nonce`: 16 random bytes, others for each sending."""
    number = _masked(key, nonce, end.seq.to_bytes(NUMBER, "big"))
    return VERSION + base64.urlsafe_b64encode(nonce + number + _proof(key, nonce, end)).decode()


class NotAHead(ValueError):
    """What can't be a head, whatever the key: a slip of the pen, and no proof of anything."""


SEALED = f"a head that was sent is {VERSION} and 76 characters (letters, digits, - _ =), as audit.heads_file has it"
"""How it looks: 56 bytes in base64 (RFC 4648, section 5)."""


def opened(head: str) -> bytes:
    """The bytes of a head. Raises NotAHead."""
    if not head.startswith(VERSION):
        raise NotAHead(f"it is no head of this version: {SEALED}")
    try:
        data = base64.b64decode(head.removeprefix(VERSION), altchars=b"-_", validate=True)
    except ValueError:
        raise NotAHead(f"it is no head: {SEALED}") from None
    if len(data) != NONCE + NUMBER + PROOF:
        raise NotAHead(f"it is no whole head: {SEALED}")
    return data


def unseal(key: bytes, sent: SentHead) -> Claim:
    """What a head claims. With another key it claims nonsense, which no chain bears out. Raises NotAHead."""
    data = opened(sent.head)
    nonce, number, proof = data[:NONCE], data[NONCE : NONCE + NUMBER], data[NONCE + NUMBER :]
    return Claim(sent, int.from_bytes(_masked(key, nonce, number), "big"), key, nonce, proof)


def line(chain: str, head: str, at: datetime) -> str:
    """One line of a file of heads."""
    return json.dumps({"at": time_view(at), "chain": chain, "head": head}) + "\n"


def read_line(text: str, where: str) -> SentHead | None:
    """The head in a line of a file of heads, of webhooks' bodies or of the log; None when it has none.

    Raises NotAHead where it names a head that is none, and other ValueErrors for what is no JSON object.
    """
    found = json.loads(text)
    if not isinstance(found, dict):
        raise ValueError("it is no JSON object")
    at = found.get("at", found.get("timestamp"))
    data = found.get("data") if found.get("type") == EventType.AUDIT_HEAD else found
    if not isinstance(data, dict) or "head" not in data:
        return None
    chain, head = data.get("chain"), data["head"]
    if not isinstance(chain, str) or not isinstance(head, str):
        raise NotAHead(f"its head has no chain, or is no text: {SEALED}")
    opened(head)
    return SentHead(chain, head, _time(at), where)


def _time(text: Any) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return None
    return found if found.tzinfo is not None else None


def _derived(key: bytes, purpose: bytes) -> bytes:
    """A key for one purpose: the installation's is used for public ids too."""
    return hmac.digest(key, b"audit head " + purpose, hashlib.sha256)


def _masked(key: bytes, nonce: bytes, number: bytes) -> bytes:
    """The number, made unreadable, and readable again: XOR with what only the key gives for this nonce."""
    mask = hmac.digest(_derived(key, b"number"), nonce, hashlib.sha256)[:NUMBER]
    return bytes(a ^ b for a, b in zip(number, mask, strict=True))


def _proof(key: bytes, nonce: bytes, end: End) -> bytes:
    said = json.dumps([end.chain, end.seq, end.hash]).encode()
    return hmac.digest(_derived(key, b"proof"), nonce + said, hashlib.sha256)
