"""ARI for what REST does better: whether a device is registered and free, and which Asterisk this is."""

import asyncio
import json
import re
import ssl
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import quote

import aiohttp

from adapter.asterisk import sockets
from adapter.core.pbx import DeviceState
from adapter.errors import Invalid, PbxRefused, PbxTimeout, PbxUnavailable, of_system

DEVICE = re.compile(r"[A-Za-z0-9]+/[A-Za-z0-9_+-][A-Za-z0-9_.+-]*")
"""Technology and resource, as in `PJSIP/301`."""


def _part(text: str) -> str:
    """One part of a path. Raises Invalid for what would lead to another one (RFC 3986, section 5.2.4)."""
    if text in ("", ".", ".."):
        raise Invalid(f"{text!r} is not a valid name at Asterisk.")
    return quote(text, safe="")


def _why(problem: BaseException) -> str:
    """What hinders, without the peer's words, except what is wrong with its certificate."""
    inner = getattr(problem, "certificate_error", None)
    if isinstance(inner, ssl.SSLCertVerificationError):
        return f"its certificate is not believed: {inner.verify_message}. See pbx.ari.tls_ca and url"
    if isinstance(problem, aiohttp.ClientConnectorError):
        return f"no connection ({of_system(problem.os_error)})"
    return type(problem).__name__


class Ari:
    """Asks Asterisk's REST interface. `deadline`: seconds for each request; `tls`: whom to believe with https."""

    def __init__(
        self, url: str, username: str, password: str, deadline: float, tls: ssl.SSLContext | None = None
    ) -> None:
        self._url, self._tls = url.rstrip("/"), tls
        self._auth = aiohttp.encode_basic_auth(username, password)
        self._deadline = deadline
        self._session: aiohttp.ClientSession | None = None
        self._given_up = False

    def give_up(self) -> None:
        """Another adapter asks this Asterisk now: from here nothing is asked any more."""
        self._given_up = True

    async def close(self) -> None:
        """Give the connections back."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    def _open(self) -> aiohttp.ClientSession:
        if self._given_up:
            raise PbxUnavailable("Another adapter looks after this PBX.")
        if self._session is None:
            timeout = aiohttp.ClientTimeout(total=self._deadline)
            connector = aiohttp.TCPConnector(ssl=self._tls or True, socket_factory=sockets.made)
            self._session = aiohttp.ClientSession(
                connector=connector, timeout=timeout, headers={"Authorization": self._auth}
            )
        return self._session

    async def ask(self, method: str, path: str, body: object = None) -> tuple[int, Any]:
        """One request: its status and its JSON. Raises PbxUnavailable or PbxTimeout, never for a status."""
        options: dict[str, Any] = {"allow_redirects": False, **({"json": body} if body is not None else {})}
        try:
            async with self._open().request(method, f"{self._url}/{path}", **options) as response:
                text = await response.text()
                return response.status, json.loads(text) if text else None
        except TimeoutError:
            raise PbxTimeout(f"ARI did not answer in {self._deadline:g} s.") from None
        except (aiohttp.ClientError, ValueError, RecursionError, OSError) as problem:
            raise PbxUnavailable(f"ARI is not usable: {_why(problem)}.") from None

    async def _get(self, path: str) -> tuple[int, Any]:
        return await self.ask("GET", path)

    async def recording(self, name: str) -> bytes:
        """A stored recording's file. Raises also PbxRefused where there is none."""
        try:
            async with self._open().get(f"{self._url}/recordings/stored/{_part(name)}/file") as response:
                found = await response.read()
        except TimeoutError:
            raise PbxTimeout(f"ARI did not answer in {self._deadline:g} s.") from None
        except (aiohttp.ClientError, OSError) as problem:
            raise PbxUnavailable(f"ARI is not usable: {_why(problem)}.") from None
        await self._need((response.status, None))
        return found

    @asynccontextmanager
    async def events(self, application: str, heartbeat: float) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
        """The application's WebSocket; while it stands, Asterisk knows the application.

        `heartbeat`: seconds between pings. Raises PbxUnavailable or PbxTimeout when it can't be opened.
        """
        connecting = self._open().ws_connect(f"{self._url}/events?app={application}", heartbeat=heartbeat)
        try:
            socket = await asyncio.wait_for(connecting, self._deadline)
        except TimeoutError:
            raise PbxTimeout(f"ARI did not answer in {self._deadline:g} s.") from None
        except (aiohttp.ClientError, OSError) as problem:
            raise PbxUnavailable(f"ARI's events are not usable: {_why(problem)}.") from None
        try:
            yield socket
        finally:
            await socket.close()

    async def waiting(self, application: str) -> list[str] | None:
        """Uniqueids of the channels in an application; None where Asterisk does not know it. Raises also PbxRefused."""
        status, answer = await self._get(f"applications/{_part(application)}")
        if status == 404:
            return None
        await self._need((status, answer))
        found = answer.get("channel_ids") if isinstance(answer, dict) else None
        return [name for name in found if isinstance(name, str)] if isinstance(found, list) else []

    async def channel(self, uniqueid: str) -> object:
        """A channel as ARI describes it; None where there is none. Raises also PbxRefused."""
        status, answer = await self._get(f"channels/{_part(uniqueid)}")
        if status == 404:
            return None
        await self._need((status, answer))
        return answer

    async def message(self, device: str, text: str) -> None:
        """Send a SIP MESSAGE to an endpoint. Raises also PbxRefused where it can't be sent."""
        technology, _, resource = device.partition("/")
        where = f"endpoints/{_part(technology)}/{_part(resource)}/sendMessage"
        sender = quote("sip:call-monitor@localhost", safe="")
        await self._need(await self.ask("PUT", f"{where}?from={sender}&body={quote(text, safe='')}"))

    async def endpoints(self, technology: str) -> list[str]:
        """Names of all endpoints of a technology."""
        status, answer = await self._get(f"endpoints/{_part(technology)}")
        await self._need((status, answer))
        return [str(found.get("resource")) for found in answer or () if isinstance(found, dict)]

    async def configure(self, method: str, kind: str, name: str, body: object = None) -> None:
        """Push configuration of res_pjsip: an object of this kind. Raises also PbxRefused."""
        path = f"asterisk/config/dynamic/res_pjsip/{kind}/{_part(name)}"
        await self._need(await self.ask(method, path, body))

    async def hand_back(self, channel: str, context: str, extension: str, variables: Mapping[str, str]) -> None:
        """Let a channel that is in our application go on in the dialplan. Raises also PbxRefused."""
        path = f"channels/{_part(channel)}"
        for name, value in variables.items():
            await self._need(await self.ask("POST", f"{path}/variable?variable={name}&value={quote(value, safe='')}"))
        where = f"context={quote(context, safe='')}&extension={quote(extension, safe='')}&priority=1"
        await self._need(await self.ask("POST", f"{path}/continue?{where}"))

    async def variables(self, channel: str, names: Sequence[str]) -> dict[str, str]:
        """Variables and functions of a channel that is in our application. Raises also PbxRefused.

        One that is not set is empty; Asterisk answers 404 for it as for a channel that it doesn't find.
        """
        path = f"channels/{_part(channel)}"
        answers = await asyncio.gather(
            *(self._get(f"{path}/variable?variable={quote(name, safe='')}") for name in names), self._get(path)
        )
        await self._need(answers[-1])
        found = {}
        for name, (status, answer) in zip(names, answers[:-1], strict=True):
            if status != 404:
                await self._need((status, answer))
            found[name] = str(answer.get("value", "")) if status != 404 and isinstance(answer, dict) else ""
        return found

    async def _need(self, answer: tuple[int, Any]) -> None:
        if not 200 <= answer[0] < 300:
            raise PbxRefused(f"ARI refused: {answer[0]}.")

    async def version(self) -> str:
        """Asterisk's version. Raises PbxUnavailable or PbxTimeout when ARI is not usable, and says why."""
        status, answer = await self._get("asterisk/info?only=system")
        if status == 401:
            raise PbxUnavailable("ARI refused the user or password; compare ari.conf with the configuration.")
        system = answer.get("system") if isinstance(answer, dict) else None
        if status != 200 or not isinstance(system, dict):
            raise PbxUnavailable(f"ARI answered {status}.")
        return str(system.get("version", ""))

    async def device_state(self, device: str) -> DeviceState:
        """Whether the endpoint is registered, and free. What ARI can't tell is UNKNOWN, never a yes or a no."""
        if not DEVICE.fullmatch(device):
            return DeviceState.UNKNOWN
        technology, _, resource = device.partition("/")
        try:
            status, answer = await self._get(f"endpoints/{_part(technology)}/{_part(resource)}")
        except (PbxUnavailable, PbxTimeout):
            return DeviceState.UNKNOWN
        if status == 404:
            return DeviceState.UNREGISTERED
        if status != 200 or not isinstance(answer, dict):
            return DeviceState.UNKNOWN
        if answer.get("state") == "offline":
            return DeviceState.UNREGISTERED
        if answer.get("state") != "online":
            return DeviceState.UNKNOWN
        return DeviceState.BUSY if answer.get("channel_ids") else DeviceState.AVAILABLE
