"""One try: the event signed as Standard Webhooks says, sent, and the receiver's answer in our words."""

import asyncio
import base64
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import aiohttp
from standardwebhooks import Webhook as Signer

from adapter.webhooks.guard import Guard

READ = 4096
"""Bytes of an answer that are looked at; the rest is never received."""
AGENT = "call-monitor"


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of one try."""

    delivered: bool
    status: int | None
    """The HTTP status; None where there was no answer."""
    text: str
    """The beginning of the answer, or why there was none."""
    retry_after: float = 0.0
    """Seconds after which the receiver wants to be asked again."""

    @property
    def gone(self) -> bool:
        """Whether the receiver says that it does not want to hear any more (410, Standard Webhooks)."""
        return self.status == 410


def new_secret() -> str:
    """A secret as Standard Webhooks writes them: `whsec_` and 32 random bytes in base64."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()


class Sender:
    """Sends to receivers. `deadline`: seconds one try may take."""

    def __init__(self, guard: Guard, clock: Callable[[], datetime], deadline: float) -> None:
        self._guard, self._clock, self._deadline = guard, clock, deadline
        self._http: aiohttp.ClientSession | None = None

    def _session(self) -> aiohttp.ClientSession:
        if self._http is None:
            connector = aiohttp.TCPConnector(limit=0, socket_factory=self._guard.socket_for, ttl_dns_cache=30)
            timeout = aiohttp.ClientTimeout(total=self._deadline, connect=min(10.0, self._deadline))
            self._http = aiohttp.ClientSession(connector=connector, timeout=timeout, trust_env=False)
        return self._http

    async def close(self) -> None:
        """Give the connections back."""
        if self._http is not None:
            await self._http.close()

    async def send(self, url: str, secret: str, event_id: str, body: str) -> Answer:
        """Try once. Redirects are not followed: they are an answer that is no success."""
        at = self._clock()
        headers = {
            "Content-Type": "application/json",
            "User-Agent": AGENT,
            "webhook-id": event_id,
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": Signer(secret).sign(event_id, at, body),
        }
        try:
            post = self._session().post(url, data=body.encode(), headers=headers, allow_redirects=False)
            async with post as response:
                text = (await response.content.read(READ)).decode(errors="replace").replace("\0", "")
                return Answer(200 <= response.status < 300, response.status, _told(response, text), _pause(response))
        except TimeoutError:
            return Answer(False, None, f"no answer in {self._deadline:g} s")
        except (aiohttp.ClientError, OSError, asyncio.IncompleteReadError, ValueError) as problem:
            return Answer(False, None, _reason(problem))


def _told(response: aiohttp.ClientResponse, text: str) -> str:
    if 300 <= response.status < 400:
        return f"it redirects to {response.headers.get('Location', 'nowhere')}; enter the final address"
    return text


def _pause(response: aiohttp.ClientResponse) -> float:
    value = response.headers.get("Retry-After", "")
    return float(value) if value.isascii() and value.isdigit() and len(value) < 7 else 0.0


def _reason(problem: BaseException) -> str:
    inner = getattr(problem, "os_error", None)
    return str(inner or problem)[:300] or type(problem).__name__
