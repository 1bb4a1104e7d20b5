"""A caller who writes the INVITE by hand: whatever stands in its headers arrives at a real Asterisk as it is."""

import asyncio
import re
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.support.lab import Lab

NUMBER = "209"
"""An endpoint without a caller id of its own: the outside says who it is."""
ENDPOINT = f"\n[{NUMBER}](lab-phone)\ncontext = lab-outside\n"
SDP = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 40000 RTP/AVP 0\r\n"


class Caller(asyncio.DatagramProtocol):
    """One call (RFC 3261, by hand)."""

    def __init__(self, port: int) -> None:
        self._there, self._call = ("127.0.0.1", port), secrets.token_hex(8)
        self._news: asyncio.Queue[str] = asyncio.Queue()
        self._transport: asyncio.DatagramTransport

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override]
        """The socket is there."""
        self._transport = transport

    def datagram_received(self, data: bytes, addr: object) -> None:
        """An answer, or a request of Asterisk's."""
        self._news.put_nowait(data.decode(errors="replace"))

    def _send(self, method: str, called: str, sender: bytes, to_tag: str = "", body: str = "") -> None:
        port = self._transport.get_extra_info("sockname")[1]
        sequence = "1 " + method if method in ("INVITE", "ACK") else "2 " + method
        content = f"Content-Type: application/sdp\r\nContent-Length: {len(body)}\r\n\r\n{body}"
        head = (
            f"{method} sip:{called}@127.0.0.1:{self._there[1]} SIP/2.0\r\n"
            f"Via: SIP/2.0/UDP 127.0.0.1:{port};branch=z9hG4bK{secrets.token_hex(6)};rport\r\nMax-Forwards: 70\r\n"
            f"To: <sip:{called}@127.0.0.1>{to_tag}\r\nCall-ID: {self._call}\r\nCSeq: {sequence}\r\n"
            f"Contact: <sip:{NUMBER}@127.0.0.1:{port}>\r\n"
        )
        self._transport.sendto(head.encode() + b"From: " + sender + b"\r\n" + content.encode(), self._there)

    async def _final(self) -> str:
        while True:
            text = await asyncio.wait_for(self._news.get(), 15)
            if re.match(r"SIP/2.0 [2-6]", text):
                return text

    async def call(self, called: str, name: bytes) -> int:
        """Call somebody in this name (quoted as it is); the status that it comes to. 200: it is answered."""
        sender = name + f" <sip:{NUMBER}@127.0.0.1>;tag={self._call}".encode()
        self._send("INVITE", called, sender, body=SDP)
        answer = await self._final()
        tag = re.search(r"^To:.*(;tag=\S+)", answer, re.M | re.I)
        self._send("ACK", called, sender, tag[1].strip() if tag else "")
        return int(answer.split()[1])


@asynccontextmanager
async def outside(lab: Lab) -> AsyncIterator[Caller]:
    """A caller at this lab; Asterisk knows the endpoint as long."""
    conf = lab.pbx.folder / "etc/pjsip.conf"
    before = conf.read_text()
    conf.write_text(before + ENDPOINT)
    await lab.pbx.cli("module reload res_pjsip.so")
    transport, caller = await asyncio.get_running_loop().create_datagram_endpoint(
        lambda: Caller(lab.pbx.ports.sip), local_addr=("127.0.0.1", 0)
    )
    try:
        yield caller
    finally:
        transport.close()
        conf.write_text(before)
        await lab.pbx.cli("channel request hangup all")
        await lab.pbx.cli("module reload res_pjsip.so")
