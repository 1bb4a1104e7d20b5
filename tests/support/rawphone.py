"""A SIP phone written by hand, for what others don't do on demand: it registers, forwards by 302, sends MESSAGE."""

import asyncio
import hashlib
import re
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.support.lab import Lab

HEADERS = re.compile(r"^(?:Via|From|To|Call-ID|CSeq):.*$", re.M | re.I)


class RawPhone(asyncio.DatagramProtocol):
    """One phone of the lab (RFC 3261; digest by RFC 2617), not registered yet."""

    def __init__(self, number: str, port: int) -> None:
        self.number, self._there = number, ("127.0.0.1", port)
        self.forwards_to = ""
        """Where an INVITE is sent on to by 302; empty: it rings for ever."""
        self.rang = 0
        """How often somebody called this phone."""
        self._answers: asyncio.Queue[str] = asyncio.Queue()
        self._transport: asyncio.DatagramTransport

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override]
        """The socket is there."""
        self._transport = transport

    @property
    def _port(self) -> int:
        return int(self._transport.get_extra_info("sockname")[1])

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """An answer, or a request of Asterisk's."""
        text = data.decode(errors="replace")
        if text.startswith("SIP/2.0"):
            if not text.startswith("SIP/2.0 1"):
                self._answers.put_nowait(text)
        elif text.startswith("INVITE"):
            self.rang += 1
            if self.forwards_to:
                contact = f"Contact: <sip:{self.forwards_to}@127.0.0.1:{self._there[1]}>\r\n"
                self._transport.sendto(self._reply("302 Moved Temporarily", text, contact), addr)
            else:
                self._transport.sendto(self._reply("180 Ringing", text), addr)
        elif not text.startswith("ACK"):
            self._transport.sendto(self._reply("200 OK", text), addr)

    def _reply(self, status: str, request: str, more: str = "") -> bytes:
        lines = [line.strip() for line in HEADERS.findall(request)]
        lines = [
            f"{line};tag=here" if line.lower().startswith("to:") and "tag=" not in line else line for line in lines
        ]
        return (f"SIP/2.0 {status}\r\n" + "\r\n".join(lines) + f"\r\n{more}Content-Length: 0\r\n\r\n").encode()

    async def _ask(self, method: str, uri: str, to: str, body: str = "") -> str:
        call, more, answer = secrets.token_hex(8), "", ""
        for sequence in (1, 2):
            head = (
                f"{method} {uri} SIP/2.0\r\n"
                f"Via: SIP/2.0/UDP 127.0.0.1:{self._port};branch=z9hG4bK{secrets.token_hex(6)};rport\r\n"
                f"Max-Forwards: 70\r\nFrom: <sip:{self.number}@127.0.0.1>;tag={call}\r\nTo: <{to}>\r\n"
                f"Call-ID: {call}\r\nCSeq: {sequence} {method}\r\n"
                f"Contact: <sip:{self.number}@127.0.0.1:{self._port}>\r\n"
            )
            kind = "Content-Type: text/plain\r\n" if body else "Expires: 300\r\n"
            self._transport.sendto(f"{head}{more}{kind}Content-Length: {len(body)}\r\n\r\n{body}".encode(), self._there)
            answer = await asyncio.wait_for(self._answers.get(), 10)
            if not answer.startswith("SIP/2.0 401"):
                break
            more = self._credentials(method, uri, answer)
        return answer.split("\r\n", 1)[0]

    def _credentials(self, method: str, uri: str, challenge: str) -> str:
        asked = dict(re.findall(r'(realm|nonce|opaque)="([^"]*)"', challenge))
        first = _md5(f"{self.number}:{asked['realm']}:lab-{self.number}")
        response = _md5(f"{first}:{asked['nonce']}:00000001:abc:auth:{_md5(f'{method}:{uri}')}")
        fields = {"username": self.number, **asked, "uri": uri, "response": response, "cnonce": "abc"}
        quoted = ", ".join(f'{name}="{value}"' for name, value in fields.items())
        return f"Authorization: Digest {quoted}, algorithm=MD5, qop=auth, nc=00000001\r\n"

    async def register(self) -> None:
        """Take this number's calls."""
        answer = await self._ask("REGISTER", f"sip:127.0.0.1:{self._there[1]}", f"sip:{self.number}@127.0.0.1")
        assert answer.startswith("SIP/2.0 200"), answer

    async def message(self, number: str) -> None:
        """Send a SIP MESSAGE (RFC 3428) to a number."""
        uri = f"sip:{number}@127.0.0.1:{self._there[1]}"
        answer = await self._ask("MESSAGE", uri, uri, "hello")
        assert answer.startswith("SIP/2.0 202"), answer


def _md5(text: str) -> str:
    return hashlib.md5(text.encode()).hexdigest()  # noqa: S324 - what RFC 2617 asks for


@asynccontextmanager
async def raw_phone(lab: Lab, number: str) -> AsyncIterator[RawPhone]:
    """A phone in the place of the lab's own of this number, registered."""
    await lab.unregister(number)
    transport, phone = await asyncio.get_running_loop().create_datagram_endpoint(
        lambda: RawPhone(number, lab.pbx.ports.sip), local_addr=("127.0.0.1", 0)
    )
    try:
        await phone.register()
        yield phone
    finally:
        transport.close()
