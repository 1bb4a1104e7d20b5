"""Real SIP phones without people: baresip processes that play a WAV file, record what they hear, and take commands."""

import asyncio
import contextlib
import json
import re
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeVar
from urllib.parse import quote

from adapter.errors import LabError
from adapter.lab.ports import free_port
from adapter.lab.provision import Toolchain
from adapter.tasks import BackgroundTasks

T = TypeVar("T")
MODULES = "g711 aufile aubridge uuid".split()
EAR = "sndfile"
"""The module that writes down what is heard: 16 kB a second in each call."""
APPS = "account menu ctrl_tcp".split()
WAV_HEADER = 44
"""Size of a canonical WAV header in bytes; a recording's header is completed only when the call ends."""
DEADLINE = 30.0
"""Default deadline for everything that a phone does, in seconds."""

Answer = Literal["auto", "asked", "manual"]
"""`asked`: answers automatically if the INVITE's Call-Info or Alert-Info asks for it, as desk phones do."""


@dataclass(frozen=True, slots=True)
class SipMessage:
    """One SIP message of a phone's own trace."""

    sent: bool
    first_line: str
    text: str

    @property
    def method(self) -> str:
        """The request's method, or the status code of a response."""
        first, second, *_ = self.first_line.split()
        return second if first.startswith("SIP/") else first


@dataclass
class Phone:
    """One phone, registered as `number` at 127.0.0.1:`sip_port`, that plays `wav` on every call."""

    toolchain: Toolchain
    folder: Path
    number: str
    sip_port: int
    wav: Path
    answer_mode: Answer = "auto"
    listens: bool = False
    """Whether what it hears is written down, for `heard`."""
    name: str = ""
    """What it calls itself in its requests' From header."""
    events: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._process: asyncio.subprocess.Process | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._tasks = BackgroundTasks(f"phone {self.number}")
        self._news = asyncio.Condition()
        self._ctrl_port = free_port()

    # --- life

    async def start(self) -> None:
        """Start, and wait until it is registered. Raises LabError if that takes too long."""
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "config").write_text(self._config())
        (self.folder / "accounts").write_text(self._account())
        (self.folder / "contacts").write_text("")
        with (self.folder / "log").open("wb") as log:
            self._process = await asyncio.create_subprocess_exec(
                *self.toolchain.baresip_argv(self.folder),
                "-s",
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        await self._within(self._connect(), "start")
        await self._within(self._registered(), "register")

    @property
    def running(self) -> bool:
        """Whether its process is running."""
        return self._process is not None and self._process.returncode is None

    def _config(self) -> str:
        return "\n".join(
            [
                f"module_path {self.toolchain.baresip_modules}",
                *(f"module {name}.so" for name in (*MODULES, *([EAR] if self.listens else []))),
                *(f"module_app {name}.so" for name in APPS),
                "sip_listen 127.0.0.1:0",
                f"audio_source aufile,{self.wav}",
                "audio_player aubridge,speaker",
                "audio_alert aubridge,ringer",
                f"snd_path {self.folder}",
                "sip_autoanswer_beep no",
                f"ctrl_tcp_listen 127.0.0.1:{self._ctrl_port}",
                "",
            ]
        )

    def _account(self) -> str:
        mode = "auto" if self.answer_mode == "auto" else "manual"
        asked = "yes" if self.answer_mode == "asked" else "no"
        name = f'"{self.name}" ' if self.name else ""
        return (
            f"{name}<sip:{self.number}@127.0.0.1:{self.sip_port}>;auth_user={self.number};auth_pass=lab-{self.number};"
            f"answermode={mode};sip_autoanswer={asked};regint=60\n"
        )

    async def _connect(self) -> None:
        while True:
            try:
                reader, self._writer = await asyncio.open_connection("127.0.0.1", self._ctrl_port)
                break
            except OSError:
                if self._process is None or self._process.returncode is not None:
                    raise LabError(f"Phone {self.number} exited at once; see {self.folder}/log.") from None
                await asyncio.sleep(0.05)
        self._tasks.start(self._listen(reader), "listen")

    async def _registered(self) -> None:
        log = self.folder / "log"
        while "1 binding" not in log.read_text(errors="replace"):  # noqa: ASYNC110 - a log file has no event
            await asyncio.sleep(0.05)

    async def _listen(self, reader: asyncio.StreamReader) -> None:
        """Read netstrings of JSON: events and answers to commands."""
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                length = int((await reader.readuntil(b":"))[:-1])
                message = json.loads((await reader.readexactly(length + 1))[:-1])
                async with self._news:
                    self.events.append({**message, "heard_at": time.monotonic()})
                    self._news.notify_all()

    async def stop(self) -> None:
        """Stop it: hang up and unregister. Without its registrar baresip ignores SIGTERM and is killed."""
        if self._process is None:
            return
        if self._process.returncode is None:
            self._process.terminate()
            try:
                await asyncio.wait_for(self._process.wait(), 2.0)
            except TimeoutError:
                await self.kill()
        await self._close()

    async def kill(self) -> None:
        """Kill it without hanging up or unregistering, as if its plug was pulled."""
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()
        await self._close()

    async def _close(self) -> None:
        if self._writer is not None:
            self._writer.close()
            self._writer = None
        await self._tasks.close()

    # --- commands

    async def command(self, name: str, params: str = "") -> None:
        """One of baresip's commands (its `help`)."""
        if self._writer is None:
            raise LabError(f"Phone {self.number} is not running.")
        text = json.dumps({"command": name, "params": params}).encode()
        self._writer.write(b"%d:%s," % (len(text), text))
        await self._writer.drain()

    def _uri(self, number: str) -> str:
        return f"sip:{number}@127.0.0.1:{self.sip_port}"

    async def dial(self, number: str) -> None:
        """Call a number."""
        await self.command("dial", self._uri(number))

    async def answer(self) -> None:
        """Answer the ringing call."""
        await self.command("accept")

    async def hangup(self) -> None:
        """Hang up the current call."""
        await self.command("hangup")

    async def hold(self) -> None:
        """Put the other side on hold."""
        await self._talks()
        await self.command("hold")

    async def resume(self) -> None:
        """Resume the held call."""
        await self.command("resume")

    async def transfer(self, number: str) -> None:
        """Blind transfer by REFER (RFC 3515)."""
        await self._talks()
        await self.command("transfer", self._uri(number))

    async def transfer_to_consulted(self, number: str) -> None:
        """Attended transfer (RFC 3891): the held call goes to the party of the current call, which this replaces.

        baresip has no command for it, but sends a REFER to any given target; the dialog is read from its own trace.
        """
        dialog = await self._newest_dialog(number)
        replaces = quote(f"{dialog['call-id']};to-tag={dialog['to']};from-tag={dialog['from']}", safe="")
        await self.command("line", "1")
        await self.command("transfer", f"{self._uri(number)}?Replaces={replaces}")

    def _answers(self, number: str) -> list[str]:
        answers = [m.text for m in self.sip_trace() if not m.sent and m.method == "200" and f"<sip:{number}@" in m.text]
        return [text for text in answers if re.search(r"^CSeq: \d+ INVITE", text, re.M)]

    async def _newest_dialog(self, number: str) -> dict[str, str]:
        for _ in range(40):  # the trace is written a little after the event that we saw
            if answers := self._answers(number):
                break
            await asyncio.sleep(0.05)
        else:
            raise LabError(f"Phone {self.number} has no call with {number}.")
        found = {"call-id": re.search(r"^Call-ID: (\S+)", answers[-1], re.M)}
        found |= {k: re.search(rf"^{k}:.*;tag=(\S+)", answers[-1], re.M | re.I) for k in ("from", "to")}
        return {name: match[1] for name, match in found.items() if match}

    async def dtmf(self, digit: str) -> None:
        """Press one digit (RFC 4733)."""
        await self._talks()
        await self.command("sndcode", digit)

    async def _talks(self) -> None:
        """Wait until the newest call is established at this end too: baresip drops what is asked of it before."""
        await self._when(self._newest_call, f"a call at phone {self.number}", DEADLINE)

    def _newest_call(self) -> dict[str, Any] | None:
        """The event that established the newest call that goes on; None while it is not established."""
        calls: dict[str, dict[str, Any] | None] = {}
        for event in self.events:
            match event.get("type"):
                case "CALL_INCOMING" | "CALL_OUTGOING" | "CALL_RINGING":
                    calls.setdefault(event.get("id", ""), None)
                case "CALL_ESTABLISHED":
                    calls[event.get("id", "")] = event
                case "CALL_CLOSED":
                    calls.pop(event.get("id", ""), None)
        return next(reversed(calls.values()), None)

    # --- what happened

    def mark(self) -> int:
        """The current position in the list of events, for `seen` and `calls` to start from."""
        return len(self.events)

    async def seen(self, kind: str, since: int = 0, deadline: float = DEADLINE) -> dict[str, Any]:
        """The first event of this type (e.g. CALL_ESTABLISHED) after a mark. Raises LabError if none arrives."""

        def find() -> dict[str, Any] | None:
            return next((event for event in self.events[since:] if event.get("type") == kind), None)

        return await self._when(find, f"{kind} at phone {self.number}", deadline)

    async def _when(self, look: Callable[[], dict[str, Any] | None], what: str, deadline: float) -> dict[str, Any]:
        async def wait() -> dict[str, Any]:
            async with self._news:
                while (found := look()) is None:
                    await self._news.wait()
                return found

        return await self._within(wait(), what, deadline)

    def rang(self, since: int = 0) -> int:
        """How often somebody called this phone."""
        return sum(event.get("type") == "CALL_INCOMING" for event in self.events[since:])

    async def _within(self, work: Coroutine[Any, Any, T], what: str, deadline: float = DEADLINE) -> T:
        try:
            return await asyncio.wait_for(work, deadline)
        except TimeoutError:
            raise LabError(f"Phone {self.number}: {what} took longer than {deadline:.0f} s.") from None

    def sip_trace(self) -> list[SipMessage]:
        """Every SIP message so far, as the phone itself logged it (baresip -s)."""
        text = re.sub(r"\x1b\[[0-9;]*m", "\x1b", (self.folder / "log").read_text(errors="replace"))
        found = re.findall(r"\x1b#\nUDP (\S+) -> (\S+)\n(.*?)\n\x1b", text, re.S)
        return [
            SipMessage(sent=not source.endswith(f":{self.sip_port}"), first_line=body.split("\n", 1)[0], text=body)
            for source, _, body in found
        ]

    # --- what was heard

    def _dump(self) -> Path | None:
        if not self.listens:
            raise LabError(f"Phone {self.number} does not write down what it hears.")
        dumps = sorted(self.folder.glob("dump-*-dec.wav"), key=lambda path: path.stat().st_mtime_ns)
        return dumps[-1] if dumps else None

    def ear(self) -> tuple[Path | None, int]:
        """The current position in what the phone hears, for `heard` to start from."""
        dump = self._dump()
        return dump, dump.stat().st_size if dump else WAV_HEADER

    def heard(self, since: tuple[Path | None, int] | None = None) -> bytes:
        """The 16-bit PCM that the phone heard in its current or latest call, from a position on, even during it."""
        dump = self._dump()
        if dump is None:
            return b""
        start = since[1] if since and since[0] == dump else WAV_HEADER
        return dump.read_bytes()[max(start, WAV_HEADER) :]
