"""A tap on a real phone's line: relays its SIP and media, and keeps the header of every RTP packet that it is sent.

The phone takes the tap for Asterisk, and Asterisk takes it for the phone. Only ports are changed in what passes: those
of SIP, and in SDP (RFC 4566) the audio's, so that every packet comes by here. A capture would need root, this does not.
A thread of its own: a test that computes must not hold up the sound.
"""

import re
import selectors
import socket
import threading
from collections.abc import Callable
from typing import Self

from adapter.lab.ports import free_block
from tests.support.rtp import Packet, Trace, parse, traced

HOST = "127.0.0.1"
MEDIA = re.compile(rb"(?m)^m=audio (\d+) ")
RTCP = re.compile(rb"(?m)^a=rtcp:\d+.*\r?\n")
LENGTH = re.compile(rb"(?mi)^(Content-Length|l)( *: *)\d+")
CALL_ID = re.compile(rb"(?mi)^(?:Call-ID|i) *: *(\S+)")
LARGEST = 65535
PAIR = 2
"""RTP and RTCP (RFC 3550, section 11)."""


def udp(port: int = 0) -> socket.socket:
    """A UDP socket here."""
    opened = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    opened.bind((HOST, port))
    return opened


class Media:
    """The relay of one call's sound: a pair of ports that Asterisk sends to, and a pair that the phone sends to."""

    def __init__(self, watch: Callable[[socket.socket, Callable[[bytes], None]], None]) -> None:
        self.packets: list[Packet] = []
        """What the phone was sent, in its order."""
        start = free_block(2 * PAIR)
        self.for_asterisk, self.for_phone = start, start + PAIR
        self.phone = self.asterisk = 0
        """Their own ports, once their SDP told them."""
        sockets = [udp(port) for port in range(start, start + 2 * PAIR)]
        for number in range(PAIR):
            theirs, ours = sockets[number], sockets[PAIR + number]
            watch(theirs, lambda data, via=ours, n=number: self._to_phone(data, via, n))  # type: ignore[misc]
            watch(ours, lambda data, via=theirs, n=number: self._to_asterisk(data, via, n))  # type: ignore[misc]

    def _to_phone(self, data: bytes, via: socket.socket, number: int) -> None:
        if not number and (packet := parse(data)) is not None:
            self.packets.append(packet)
        if self.phone:
            via.sendto(data, (HOST, self.phone + number))

    def _to_asterisk(self, data: bytes, via: socket.socket, number: int) -> None:
        if self.asterisk:
            via.sendto(data, (HOST, self.asterisk + number))


class Tap:
    """The line of one phone to the Asterisk at `sip_port`; the phone is to register at `port`."""

    def __init__(self, sip_port: int) -> None:
        self._asterisk, self._phone = sip_port, 0
        self._inside, self._outside = udp(), udp()
        self.port: int = self._inside.getsockname()[1]
        self._seen_by_asterisk: int = self._outside.getsockname()[1]
        self._calls: dict[bytes, Media] = {}
        self._selector = selectors.DefaultSelector()
        self._over = threading.Event()
        self.faults: list[BaseException] = []
        """What went wrong in the thread: a test that looks at packets looks here too."""
        self._selector.register(self._inside, selectors.EVENT_READ, None)
        self._watch(self._outside, self._from_asterisk)
        self._thread = threading.Thread(target=self._run, name=f"tap {self.port}", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        for key in list(self._selector.get_map().values()):
            key.fileobj.close()  # type: ignore[union-attr]
        self._selector.close()

    def _watch(self, sock: socket.socket, take: Callable[[bytes], None]) -> None:
        self._selector.register(sock, selectors.EVENT_READ, take)

    def _run(self) -> None:
        try:
            while not self._over.is_set():
                for key, _ in self._selector.select(0.2):
                    data, sender = key.fileobj.recvfrom(LARGEST)  # type: ignore[union-attr]
                    if key.data is None:
                        self._phone = sender[1]
                        self._from_phone(data)
                    else:
                        key.data(data)
        except BaseException as problem:  # noqa: BLE001 - told by `trace`, in the test's own thread
            self.faults.append(problem)

    # --- SIP

    def _from_phone(self, data: bytes) -> None:
        # The request's target stays as the phone wrote it: it is part of the digest (RFC 2617), and Asterisk takes any.
        text = self._renumbered(data, self._phone, self._seen_by_asterisk)
        self._outside.sendto(self._sdp(text, from_phone=True), (HOST, self._asterisk))

    def _from_asterisk(self, data: bytes) -> None:
        text = self._renumbered(data, self._seen_by_asterisk, self._phone)
        text = text.replace(b"%s:%d" % (HOST.encode(), self._asterisk), b"%s:%d" % (HOST.encode(), self.port))
        if self._phone:
            self._inside.sendto(self._sdp(text, from_phone=False), (HOST, self._phone))

    def _renumbered(self, data: bytes, old: int, new: int) -> bytes:
        """One side's own address as the other side is to know it; also the rport of a Via (RFC 3581)."""
        host = HOST.encode()
        text = data.replace(b"%s:%d" % (host, old), b"%s:%d" % (host, new))
        return text.replace(b"rport=%d" % old, b"rport=%d" % new)

    def _sdp(self, text: bytes, *, from_phone: bool) -> bytes:
        """The same message with our port for the audio's."""
        head, gap, body = text.partition(b"\r\n\r\n")
        audio, call = MEDIA.search(body), CALL_ID.search(head)
        if audio is None or call is None:
            return text
        media = self._calls.get(call[1]) or self._calls.setdefault(call[1], Media(self._watch))
        if from_phone:
            media.phone, port = int(audio[1]), media.for_asterisk
        else:
            media.asterisk, port = int(audio[1]), media.for_phone
        body = RTCP.sub(b"", MEDIA.sub(b"m=audio %d " % port, body))
        return LENGTH.sub(rb"\g<1>\g<2>%d" % len(body), head) + gap + body

    # --- what came by

    @property
    def packets(self) -> list[Packet]:
        """What the phone was sent so far in its newest call."""
        assert not self.faults, self.faults
        newest = list(self._calls.values())[-1:]
        return list(newest[0].packets) if newest else []

    def mark(self) -> int:
        """A place in the newest call's packets, for `trace` to begin at."""
        return len(self.packets)

    def trace(self, since: int = 0) -> Trace:
        """What the newest call's packets show from a place on, compared with the one before that place."""
        return traced(self.packets[max(0, since - 1) :])
