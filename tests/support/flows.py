"""Call flows of real PBXes, played for a recording: transfers, parking, pick-up, rooms, logins, queues, trunks."""

import asyncio
from collections.abc import Awaitable, Callable

from adapter.lab.phones import Phone
from tests.support.scenarios import PAUSE, Stage
from tests.support.somebody import somebody_does

BETWEEN_KEYS = 0.25
"""Seconds between digits: each lasts 180 ms at baresip."""
WAITS = 3.0
"""Seconds that somebody waits in a queue before and after they are handed on: longer than lists are wrong by."""


async def keys(phone: Phone, digits: str) -> None:
    """Press keys in a call."""
    for digit in digits:
        await phone.dtmf(digit)
        await asyncio.sleep(BETWEEN_KEYS)


async def _talking(stage: Stage, customer: str, agent: str) -> tuple[Phone, Phone]:
    """A customer talks to an agent."""
    phones = await stage.lab.talk(customer, agent)
    await stage.until(agent, "active")
    return phones


async def _into(stage: Stage, number: str, code: str) -> Phone:
    """A phone dials a code or room, which answers."""
    phone = await stage.lab.phone(number)
    mark = phone.mark()
    await phone.dial(code)
    await phone.seen("CALL_ESTABLISHED", mark)
    await asyncio.sleep(PAUSE)
    return phone


async def attended(stage: Stage) -> None:
    """An agent consults another by *2, and connects the customer."""
    await stage.lab.phone("102")
    customer, agent = await _talking(stage, "201", "101")
    mark = stage.lab.known("102").mark()
    await keys(agent, "*2102")
    await stage.lab.known("102").seen("CALL_ESTABLISHED", mark)
    await asyncio.sleep(PAUSE)
    await agent.hangup()
    await stage.until("102", "active")
    await customer.hangup()
    await stage.over()


async def blind(stage: Stage) -> None:
    """An agent sends the customer on by ##."""
    await stage.lab.phone("102")
    customer, agent = await _talking(stage, "201", "101")
    await keys(agent, "##102")
    await stage.until("102", "active")
    await customer.hangup()
    await stage.over()


async def parked(stage: Stage) -> None:
    """An agent parks the customer, another takes them back."""
    other = await stage.lab.phone("102")
    customer, agent = await _talking(stage, "201", "101")
    mark = agent.mark()
    await agent.transfer("700")
    await agent.seen("CALL_CLOSED", mark)
    await other.dial("701")
    await stage.until("102", "active")
    await customer.hangup()
    await stage.over()


async def picked_up(stage: Stage) -> None:
    """It rings at one phone, and another takes it."""
    customer, _ = await stage.lab.phone("201"), await stage.lab.phone("101", "manual")
    other = await stage.lab.phone("102")
    await customer.dial("101")
    await stage.until("101", "ringing")
    await other.dial("*8")
    await stage.until("102", "active")
    await customer.hangup()
    await stage.over()


async def room(stage: Stage) -> None:
    """An agent in a room: a customer is sent there and leaves, then another."""
    await stage.lab.phones("101", "201", "202")
    agent = await _into(stage, "102", "600")
    for number in ("201", "202"):
        customer, other = await _talking(stage, number, "101")
        await other.transfer("600")
        await stage.until("102", "active")
        await customer.hangup()
        await stage.over()
    mark = agent.mark()
    await agent.hangup()
    await agent.seen("CALL_CLOSED", mark)
    await asyncio.sleep(PAUSE)


async def login(stage: Stage) -> None:
    """An agent logs in and waits: one customer by the number, another through the queue."""
    await stage.lab.phones("201", "202")
    agent = await _into(stage, "101", "*45")
    for number, dialled in (("201", "101"), ("202", "510")):
        customer = stage.lab.known(number)
        await customer.dial(dialled)
        await stage.until("101", "active")
        await customer.hangup()
        await stage.over()
    await agent.hangup()
    await asyncio.sleep(PAUSE)


async def local_queue(stage: Stage) -> None:
    """Two agents ring through Local channels, one answers."""
    customer, _ = await stage.lab.phone("203"), await stage.lab.phone("101", "manual")
    agent = await stage.lab.phone("102", "manual")
    await customer.dial("510")
    await asyncio.gather(stage.until("101", "ringing"), stage.until("102", "ringing"))
    await agent.answer()
    await stage.until("102", "active")
    await customer.hangup()
    await stage.over()


async def outside(stage: Stage) -> None:
    """An agent calls out through a trunk, and sends the customer on."""
    agent, customer = await stage.lab.phone("101"), await stage.lab.phone("202", "manual")
    await stage.lab.phone("102")
    await agent.dial("92025550102")
    await stage.until("101", "ringing")
    await customer.answer()
    await stage.until("101", "active")
    await agent.transfer("102")
    await stage.until("102", "active")
    await customer.hangup()
    await stage.over()


async def click(stage: Stage) -> None:
    """A program rings the agent first, and then the number that was clicked."""
    agent, customer = await stage.lab.phone("101", "manual"), await stage.lab.phone("202", "manual")
    mark = agent.mark()
    to = {"Context": "lab-agents", "Exten": "92025550102", "Priority": "1"}
    await somebody_does(stage.lab, "Originate", Channel="PJSIP/101", CallerID="2025550100", Async="true", **to)
    await agent.seen("CALL_INCOMING", mark)
    await agent.answer()
    await stage.until("101", "ringing")
    await customer.answer()
    await stage.until("101", "active")
    await customer.hangup()
    await stage.over()


async def _handed_to_queue(stage: Stage, *, by_keys: bool) -> None:
    """An agent asks in a queue for a customer, hands them over while they wait there, and somebody else answers."""
    lab = stage.lab
    await lab.pbx.cli("queue pause member PJSIP/101 queue agents reason asks")
    customer, agent = await _talking(stage, "201", "101")
    if by_keys:
        await keys(agent, "*2500")
        await asyncio.sleep(WAITS)
        await agent.hangup()
    else:
        await agent.hold()
        mark = agent.mark()
        await agent.dial("500")
        await agent.seen("CALL_ESTABLISHED", mark)
        await asyncio.sleep(WAITS)
        await agent.transfer_to_consulted("500")
    await asyncio.sleep(WAITS)
    other = await lab.phone("102", "manual")
    await stage.until("102", "ringing")
    await other.answer()
    await stage.until("102", "active")
    await asyncio.sleep(PAUSE)
    await customer.hangup()
    await stage.over()


async def queue_by_keys(stage: Stage) -> None:
    """By *2: a Local channel waits for the agent, and then for the customer."""
    await _handed_to_queue(stage, by_keys=True)


async def queue_by_phone(stage: Stage) -> None:
    """By the phone's own transfer: the agent's channel waits, and then the customer's in its place."""
    await _handed_to_queue(stage, by_keys=False)


FLOWS: dict[str, Callable[[Stage], Awaitable[None]]] = {
    "attended": attended,
    "blind": blind,
    "parked": parked,
    "picked_up": picked_up,
    "room": room,
    "login": login,
    "local_queue": local_queue,
    "outside": outside,
    "click": click,
    "queue_by_keys": queue_by_keys,
    "queue_by_phone": queue_by_phone,
}
"""By the names of their files in tests/recordings."""
