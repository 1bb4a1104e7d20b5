"""What a load run is played on: Asterisk with many phones, the adapter, its people, and crowds of calls."""

import asyncio
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from adapter import config
from adapter.asterisk.ami import AmiAddress, AmiConnection
from adapter.asterisk.splitter import Message
from adapter.core.people import Role
from adapter.lab import people
from adapter.lab.claims import Claim
from adapter.lab.pbx import Pbx
from adapter.lab.ports import Ports, chosen_block, free_port
from adapter.lab.provision import provision
from adapter.lab.run import Adapter, adapter_conf, ready
from adapter.store import Store
from adapter.store.people import NewUser
from tests.load.sipp import Crowd, sipp, voice
from tests.support.cheap import cheap_hashes
from tests.support.client import Client, Json
from tests.support.clock import real

AGENTS, BRIEF, DESKS = 1000, 1500, 3000
"""First numbers of agents with standing calls, of agents who are called again and again, of supervisors' phones."""
FOR_EVER = 24 * 3600.0
"""Seconds; longer than any run."""
PORTS_OF_A_PARTY = 4
"""Media ports for each: RTP and RTCP (RFC 3550), and as many again for those who have just hung up."""
DIALPLAN = """
[load]                                  ; customers reach agents
exten => _1XXX,1,Dial(PJSIP/${EXTEN},60)
"""
SIGN_INS_AT_ONCE = 4
"""Argon2 takes a core and 64 MB for each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How much of everything. Times in seconds."""

    calls: int
    """That stand at once, with sound both ways."""
    hold: float = FOR_EVER
    """How long each of them lasts."""
    churn: float
    """Further calls a second, each answered and soon over; the agent speaks."""
    churn_hold: float = 3.0
    monitors: int
    streams: int
    """Open pages of people who see everything."""
    pause: tuple[float, float] = (1.0, 3.0)
    """Between two switches of a supervisor."""
    patience: float = FOR_EVER
    """Until a supervisor's phone hangs up by itself."""
    reopen: float = 0.0
    """Mean life of a page; 0: for ever."""

    @property
    def brief(self) -> int:
        """How many calls of the churn stand at once."""
        return round(self.churn * (self.churn_hold + 1)) + 2


def numbers(first: int, count: int) -> list[str]:
    """So many numbers from one on."""
    return [str(number) for number in range(first, first + count)]


class Stage:
    """Everything that runs beside the actors. Start it, and stop it whatever happened."""

    def __init__(self, folder: Path, plan: Plan) -> None:
        self.folder, self.plan = folder, plan
        self.http_port, self.metrics_port = free_port(), free_port()
        self.base = f"http://127.0.0.1:{self.http_port}"
        self._tool, toolchain, sound = sipp(), provision(), voice(folder / "voice.ulaw")
        parties = [plan.calls + plan.brief, plan.monitors, plan.calls]
        media: list[range] = []
        self._claims: list[Claim] = []
        for count in (*parties, 2 * parties[0] + parties[1]):
            size = PORTS_OF_A_PARTY * count + 40
            start, claim = chosen_block(size)
            self._claims.append(claim)
            media.append(range(start, start + size))
        self.agents = self._crowd("agents", "phone", FOR_EVER, sound=sound, media=media[0])
        self.desks = self._crowd("desks", "phone", plan.patience, sound=sound, media=media[1])
        self.customers = self._crowd("customers", "customer", plan.hold, prefix="+12025", sound=sound, media=media[2])
        self.churn = self._crowd("churn", "customer", plan.churn_hold, prefix="+12027")
        ports = Ports(free_port(socket.SOCK_DGRAM), free_port(), free_port(), media[3].start, len(media[3]))
        self.pbx = Pbx(toolchain, folder / "asterisk", ports, {"pjsip": self._phones(), "extensions": DIALPLAN})
        extra = f'\n[metrics]\nport = {self.metrics_port}\n\n[log]\nformat = "json"\n'
        self.conf = adapter_conf(folder, self.pbx, self.http_port, extra, agents="PJSIP/1[0-9][0-9][0-9]")
        self.adapter = Adapter(self.conf, folder / "adapter.log")
        self.supervisors: list[Client] = []
        self.admin = Client(self.base)
        self._ami: list[AmiConnection] = []

    def _crowd(self, name: str, scenario: str, hold: float, **values: Any) -> Crowd:
        return Crowd(self._tool, self.folder / name, scenario, hold_ms=round(hold * 1000), **values)

    def _phones(self) -> str:
        """pjsip.conf: agents and supervisors where SIPp answers, and one endpoint that all customers call through."""
        plan = self.plan
        agents = numbers(AGENTS, plan.calls) + numbers(BRIEF, plan.brief)
        phones = [("lab-phone", number, self.agents.port) for number in agents]
        phones += [
            ("call-monitor-supervisor,lab-phone", number, self.desks.port) for number in numbers(DESKS, plan.monitors)
        ]
        customer = "[load-customer](lab-phone)\ncontext = load\ntrust_id_inbound = yes\n"
        return customer + "".join(
            f"[{number}]({template})\ncontext = load\naors = {number}\ncallerid = {number} <{number}>\n"
            f"[{number}]\ntype = aor\ncontact = sip:{number}@127.0.0.1:{port}\n"
            for template, number, port in phones
        )

    @property
    def crowds(self) -> dict[str, Crowd]:
        """SIPp's processes by name."""
        return {"agents": self.agents, "desks": self.desks, "customers": self.customers, "churn": self.churn}

    # --- start and stop

    async def start(self) -> None:
        """Everything but calls and actors."""
        with cheap_hashes():
            await people.seed(self.conf)
            await self._seed()
        await self.pbx.start()
        await self.agents.start()
        await self.desks.start()
        await self.adapter.start()
        assert await ready(self.http_port, asyncio.Event())
        await self.admin.sign_in("admin", people.password("admin"))
        turns = asyncio.Semaphore(SIGN_INS_AT_ONCE)
        self.supervisors = await asyncio.gather(
            *(self._sign_in(number, turns) for number in numbers(DESKS, self.plan.monitors))
        )

    async def _seed(self) -> None:
        store = await Store.open(config.load(self.conf).database_url, clock=real)
        try:
            for number in numbers(DESKS, self.plan.monitors):
                device, secret = f"PJSIP/{number}", f"load-{number}"
                new = NewUser(
                    username=f"sup{number}",
                    name=f"Supervisor {number}",
                    role=Role.AGENT,
                    password=secret,
                    extension=number,
                    device=device,
                    can_monitor=True,
                )
                await store.people.create(new)
        finally:
            await store.close()

    async def _sign_in(self, number: str, turns: asyncio.Semaphore) -> Client:
        async with turns:
            return await Client(self.base).sign_in(f"sup{number}", f"load-{number}")

    async def stop(self) -> None:
        """End everything; nothing is left running."""
        for ami in self._ami:
            ami.close()
        for client in (*self.supervisors, self.admin):
            await client.close()
        await asyncio.gather(*(crowd.stop() for crowd in (self.customers, self.churn)))
        await self.adapter.stop()
        await self.pbx.stop()
        await asyncio.gather(*(crowd.stop() for crowd in (self.agents, self.desks)))

    async def ami(self, heard: Callable[[list[Message]], None]) -> AmiConnection:
        """AMI without the adapter between: what Asterisk itself says, and how fast it is by itself."""
        ports, secret = self.pbx.ports, self.pbx.ami_secret
        address = AmiAddress("127.0.0.1", ports.ami, self.pbx.username, secret)
        self._ami.append(await AmiConnection.open(address, heard, lambda why: None, 5))
        return self._ami[-1]

    # --- calls

    async def calls_stand(self, deadline: float) -> None:
        """Let the standing calls come up, and wait until the adapter shows all of them as talking."""
        plan = self.plan
        await self.customers.call(
            self.pbx.ports.sip,
            numbers(AGENTS, plan.calls),
            rate=min(20.0, plan.calls),
            most=plan.calls,
            total=plan.calls if plan.hold == FOR_EVER else 0,
        )
        await self._until(lambda shown: sum(call["state"] == "active" for call in shown) >= plan.calls, deadline)

    async def begin_churn(self) -> None:
        """Calls that come and go, from now on."""
        plan = self.plan
        await self.churn.call(self.pbx.ports.sip, numbers(BRIEF, plan.brief), rate=plan.churn, most=plan.brief)

    async def end_churn(self) -> None:
        """No new ones; returns when SIPp has ended the last."""
        await self.churn.no_more()
        if self.churn.process is not None:
            await asyncio.wait_for(self.churn.process.wait(), self.plan.churn_hold + 30)

    async def calls_end(self, ami: AmiConnection, deadline: float) -> None:
        """All customers are hung up on; wait until the adapter shows no call."""
        await self.customers.no_more()
        await ami.action("Hangup", [("Channel", "/^PJSIP\\/load-customer-/"), ("Cause", "16")], deadline=10)
        await self._until(lambda shown: not shown, deadline)

    async def _until(self, wanted: Callable[[list[Json]], bool], deadline: float) -> None:
        end = time.monotonic() + deadline
        while not wanted(shown := await self.admin.calls()):
            for crowd in self.crowds.values():
                crowd.check()
            assert time.monotonic() < end, f"{len(shown)} calls are shown after {deadline:.0f} s"
            await asyncio.sleep(0.5)

    async def channels(self) -> int:
        """How many channels Asterisk has."""
        return int((await self.pbx.cli("core show channels count")).split(maxsplit=1)[0])
