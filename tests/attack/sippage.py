"""A page's phone by hand: a WebSocket to the adapter or to Asterisk, and messages as JsSIP writes them."""

import hashlib
import re
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp

from tests.fuzz.sip import ENDPOINT, RECORDED
from tests.support.client import Client
from tests.support.lab import Lab

REGISTER = RECORDED[0][1]
ANSWER = next(text for who, text in RECORDED if who == "page" and text.startswith("SIP/2.0 200"))
BYE = next(text for who, text in RECORDED if who == "page" and text.startswith("BYE"))
SDP = ANSWER.partition("\r\n\r\n")[2]


def header(text: str, name: str) -> str:
    """A header's value."""
    found = re.search(rf"^{name}: +(.*)\r$", text, re.M)
    assert found, (name, text)
    return found[1]


def fresh(text: str) -> str:
    """The same in a new transaction."""
    return re.sub(r"branch=z9hG4bK\d+", f"branch=z9hG4bK{secrets.randbelow(10**9)}", text, count=1)


def register(endpoint: str, call_id: str) -> str:
    """REGISTER as JsSIP writes it."""
    return fresh(REGISTER).replace(ENDPOINT, endpoint).replace(header(REGISTER, "Call-ID"), call_id)


def signed(request: str, challenge: str, username: str, password: str) -> str:
    """The same request with the answer to a challenge (RFC 2617, without qop, as Asterisk takes it too)."""
    given = dict(re.findall(r'(\w+)="([^"]*)"', header(challenge, "WWW-Authenticate")))
    uri = "sip:call-monitor.invalid"
    one, two = (
        hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
        for text in (f"{username}:{given['realm']}:{password}", f"REGISTER:{uri}")
    )
    count, own = "00000001", "0a4f113b"
    whole = f"{one}:{given['nonce']}:{count}:{own}:auth:{two}"
    response = hashlib.md5(whole.encode(), usedforsecurity=False).hexdigest()
    fields = (
        f'algorithm=MD5, username="{username}", realm="{given["realm"]}", nonce="{given["nonce"]}", uri="{uri}", '
        f'response="{response}", opaque="{given["opaque"]}", qop=auth, cnonce="{own}", nc={count}'
    )
    again = fresh(request).replace("CSeq: 1 ", "CSeq: 2 ")
    return again.replace("Expires: ", f"Authorization: Digest {fields}\r\nExpires: ", 1)


class SipPage:
    """One socket. `endpoint` and `password` are those that the session was given."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse, endpoint: str, password: str) -> None:
        self.socket, self.endpoint, self.password = socket, endpoint, password
        self.call_id = secrets.token_hex(11)

    async def send(self, text: str) -> None:
        """One message."""
        await self.socket.send_str(text)

    async def heard(self, start: str) -> str:
        """The next message that begins so."""
        while True:
            message = await self.socket.receive(timeout=10)
            assert message.type is aiohttp.WSMsgType.TEXT, (message, self.socket.close_code)
            if re.match(start, message.data):
                return str(message.data)

    async def ended(self) -> int | None:
        """How the other side closed it."""
        while (await self.socket.receive(timeout=10)).type is aiohttp.WSMsgType.TEXT:
            continue
        return self.socket.close_code

    async def registered(self, username: str = "", password: str = "") -> str:
        """Register, as the page's own phone or another; Asterisk's answer."""
        request = register(username or self.endpoint, self.call_id)
        await self.send(request)
        challenge = await self.heard("SIP/2.0 401")
        await self.send(signed(request, challenge, username or self.endpoint, password or self.password))
        return await self.heard("SIP/2.0 ")

    async def answered(self) -> str:
        """Wait for Asterisk's INVITE and answer it; a BYE for this dialog, not sent yet."""
        call = await self.heard("INVITE ")
        to = f"{header(call, 'To')};tag=p7je0lg6uu"
        answer = ANSWER
        for name in ("Via", "From", "Call-ID", "CSeq"):
            answer = answer.replace(f"{name}: {header(ANSWER, name)}", f"{name}: {header(call, name)}", 1)
        await self.send(answer.replace(f"To: {header(ANSWER, 'To')}", f"To: {to}", 1))
        await self.heard("ACK ")
        request = fresh(BYE)
        sender = re.sub(r'^".*" *', "", header(call, "From"))
        for name, value in (("To", sender), ("From", to), ("Call-ID", header(call, "Call-ID"))):
            request = request.replace(f"{name}: {header(BYE, name)}", f"{name}: {value}", 1)
        return request


@asynccontextmanager
async def through_us(lab: Lab, client: Client) -> AsyncIterator[SipPage]:
    """A page's socket at the adapter."""
    status, phone = await client.post("/softphone", {})
    assert status == 200, phone
    async with client.http.ws_connect(client.base + "/sip", protocols=("sip",), headers={"Origin": lab.base}) as socket:
        yield SipPage(socket, phone["endpoint"], phone["password"])


@asynccontextmanager
async def straight(lab: Lab) -> AsyncIterator[SipPage]:
    """Asterisk's own socket, which the adapter stands before: what an attack would do there."""
    url = f"http://127.0.0.1:{lab.pbx.ports.http}/ws"
    async with aiohttp.ClientSession() as http, http.ws_connect(url, protocols=("sip",)) as socket:
        yield SipPage(socket, "", "")
