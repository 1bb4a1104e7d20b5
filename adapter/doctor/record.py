"""Writes down what AMI says at this PBX, masked, so that a bug report can be a file.

It connects as the adapter does: the same user, the same rights, the same snapshot, then every event that this user is
told of. It asks nothing else and changes nothing.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from adapter import __version__, config
from adapter.asterisk import howcalled, queuelist, versions
from adapter.asterisk.ami import AmiConnection
from adapter.asterisk.connection import LinkSettings
from adapter.asterisk.masking import AGENT, BROWSER, CONTEXT, INTERNAL, LINE, Masking
from adapter.asterisk.recording import FORMAT, LISTED, WANTED, Header, Person, Writer
from adapter.asterisk.splitter import Message
from adapter.core.calls import Numbering
from adapter.core.people import User
from adapter.doctor import files
from adapter.doctor.findings import Verdict
from adapter.doctor.recordfile import RecordFile
from adapter.errors import AdapterError, PbxRefused, PbxUnavailable
from adapter.phones.browser import PREFIX
from adapter.tasks import BackgroundTasks

MOST_WAITING = 50_000
"""Events that may wait for the disk; what comes then is missed, counted, and said in the file."""
GLANCE = 1.0
"""Seconds between looks at how far it is, where nothing happens."""

STOPPED, TIME_UP, FULL, LOST = "stopped", "time", "size", "lost"
"""Why a recording ended, as its last line says."""

Told = tuple[float, Sequence[Message] | int]
"""When, in seconds, and what: messages of one read, or how many were missed."""
Progress = Callable[[RecordFile, float], None]
"""Told now and then: the file, and the seconds so far."""


class Tap:
    """What AMI tells, between the connection, which must never wait, and the file, which may be slow."""

    def __init__(self, clock: Callable[[], float] = time.monotonic, most: int = MOST_WAITING) -> None:
        """`clock` gives seconds; `most` is how many events may wait."""
        self.clock, self._most = clock, most
        self._told: deque[Told] = deque()
        self._waiting = self._missed = 0
        self._news = asyncio.Event()
        self.over: str | None = None
        """Why it is to end; the first reason counts."""

    def heard(self, messages: list[Message]) -> None:
        """Take in what came in one read; never waits."""
        if self._waiting + len(messages) > self._most:
            self._missed += len(messages)
        else:
            self._told.append((self.clock(), messages))
            self._waiting += len(messages)
        self._news.set()

    def end(self, why: str) -> None:
        """No more."""
        self.over = self.over or why
        self._news.set()

    async def wait(self) -> None:
        """Until there is something, or it is over, or GLANCE has passed."""
        with suppress(TimeoutError):
            async with asyncio.timeout(GLANCE):
                await self._news.wait()
        self._news.clear()

    def take(self) -> list[Told]:
        """What waits. What was missed came after it."""
        told, self._told, self._waiting = list(self._told), deque(), 0
        if self._missed:
            told.append((self.clock(), self._missed))
            self._missed = 0
        return told


@dataclass(frozen=True, slots=True)
class RecordRequest:
    """What is to be recorded: where to, for how many seconds at most (None: until told), in how many bytes at most."""

    path: Path
    seconds: float | None
    most: int
    force: bool


@dataclass(frozen=True, slots=True)
class Recorded:
    """What became of it."""

    file: RecordFile
    seconds: float
    why: str
    people_known: bool


@dataclass(frozen=True, slots=True)
class Start:
    """What a recording begins with, and at which moment of the tap's clock."""

    at: float
    header: Header
    lists: Sequence[Sequence[Message]]
    backlog: Sequence[Told]


async def record(
    settings: config.Settings,
    pbx: config.Pbx,
    link: LinkSettings,
    numbering: Numbering,
    wanted: RecordRequest,
    tap: Tap,
    progress: Progress,
) -> Recorded:
    """Record at `pbx` until `tap` is told to end, the time is up, the file is full, or the connection is lost.

    `link` is where the PBX is, `numbering` how it is read. Raises PbxUnavailable, PbxTimeout, PbxRefused or
    AuthenticationFailed when it can't begin, ConfigError for a database's URL that can't be read, OSError when the
    disk fails.
    """
    found, people = await files.check_database(settings)
    known = all(finding.verdict is Verdict.OK for finding in found)
    ami = await AmiConnection.open(link.ami, tap.heard, lambda why: tap.end(LOST), link.connect_deadline, WANTED)
    tasks = BackgroundTasks("recording")
    try:
        version, lists = await _version(ami, link), await snapshot(ami, link.snapshot_deadline)
        if tap.over == LOST:
            raise PbxUnavailable("The connection was lost while the snapshot was taken.")
        # What came while the snapshot was taken is told with it, as `Connection` does.
        at, backlog = tap.clock(), [(0.0, what) for _, what in tap.take()]
        masking = masking_of(pbx, settings.numbering.country, numbering)
        header = header_of(pbx, settings.numbering.country, version, people, masking, people_known=known)
        file = await asyncio.to_thread(RecordFile, wanted.path, Writer(masking), wanted.most, force=wanted.force)
        tasks.start(_ping(ami, tap, link), "ping")
        if wanted.seconds is not None:
            asyncio.get_running_loop().call_later(wanted.seconds, tap.end, TIME_UP)
        seconds = await _write(file, Start(at, header, lists, backlog), tap, progress)
    finally:
        await tasks.close()
        ami.close()
    return Recorded(file, seconds, tap.over or STOPPED, known)


async def _write(file: RecordFile, start: Start, tap: Tap, progress: Progress) -> float:
    """Everything, to the end. Returns how many seconds it was."""
    began, ended = start.at, None
    try:
        await asyncio.to_thread(file.begin, start.header, start.lists)
        await asyncio.to_thread(file.add, start.backlog)
        while tap.over is None:
            progress(file, tap.clock() - began)
            await tap.wait()
            await asyncio.to_thread(file.add, [(at - began, what) for at, what in tap.take()])
            if file.full:
                tap.end(FULL)
        ended = tap.clock() - began
        await asyncio.to_thread(file.add, [(at - began, what) for at, what in tap.take()])
    finally:
        file.close(ended, tap.over or STOPPED)
    return ended


async def snapshot(ami: AmiConnection, deadline: float) -> list[list[Message]]:
    """What `Connection` asks when it connects, in the same order. Raises as `AmiConnection.action`."""
    await ami.action("CoreStatus", deadline=deadline)
    lists = [await ami.listing(action, deadline=deadline) for action in LISTED.values()]
    with suppress(PbxRefused):
        lists.append(await howcalled.statuses(ami, deadline))
        lists.append(list(await queuelist.queues(ami, deadline) or ()))
    return lists


async def _version(ami: AmiConnection, link: LinkSettings) -> str:
    """Numbers only: a build of somebody's own may carry their name."""
    try:
        said = (await ami.action("CoreSettings", deadline=link.action_deadline)).get("AsteriskVersion", "")
    except PbxRefused:
        return ""
    numbers = versions.parse(said)
    return ".".join(map(str, numbers)) if numbers else ""


async def _ping(ami: AmiConnection, tap: Tap, link: LinkSettings) -> None:
    """A half-open connection looks alive for ever."""
    while True:
        await asyncio.sleep(link.ping_interval)
        try:
            await ami.action("Ping", deadline=link.ping_deadline)
        except AdapterError:
            tap.end(LOST)
            return


def masking_of(pbx: config.Pbx, country: str, numbering: Numbering) -> Masking:
    """The masks for a recording at this PBX, which is read so."""

    def kind_of(endpoint: str) -> str:
        if endpoint.partition("/")[2].startswith(PREFIX):
            return BROWSER
        if numbering.is_agent(endpoint):
            return AGENT
        return INTERNAL if numbering.is_internal(endpoint) else LINE

    codes = pbx.star_codes.model_dump().values()
    return Masking(pbx.context, list(codes), country, kind_of)


def header_of(
    pbx: config.Pbx, country: str, asterisk: str, people: Sequence[User], masking: Masking, *, people_known: bool
) -> Header:
    """What decides how calls are read here, masked. In the order of accounts' random ids, not of their names."""
    active = sorted((person for person in people if person.active), key=lambda person: person.id)
    return Header(
        recording=FORMAT,
        call_monitor=__version__,
        asterisk=asterisk,
        country=country,
        context=CONTEXT,
        star_codes=pbx.star_codes.model_dump(),
        agents=[f"*/{AGENT}*"],
        internal=[f"*/{INTERNAL}*"],
        people=[
            Person(
                masking.name(person.name),
                masking.endpoint(person.device) if person.device else "",
                masking.extension(person.extension, "") if person.extension else "",
            )
            for person in active
        ],
        people_known=people_known,
    )
