"""Attack: words that reach Asterisk. Lines into AMI, options into ChanSpy, functions of the dialplan, other paths of
ARI, headers into SIP: refused at our door, refused again at the PBX's, and tried at a real one."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web

from adapter.asterisk.ami import AmiAddress, AmiConnection
from adapter.asterisk.ari import Ari
from adapter.asterisk.link import Link
from adapter.core.legs import LegRequest
from adapter.core.modes import Mode
from adapter.core.pbx import DeviceState, LinkState
from adapter.errors import AdapterError, Invalid
from adapter.lab.phones import Phone
from tests.attack.people import World as People
from tests.attack.sip import outside
from tests.fake.ami_server import AmiServer
from tests.fake.test_link import lists, world
from tests.support.lab import Lab
from tests.support.site import Site, is_problem

LINES = ["\r\nAction: Command\r\nCommand: core stop now", "\r", "\n", "\0", "\x0b", "\x85", "\u2028", "\x1b[2J"]
"""What ends a line somewhere."""
PARTS = [",qwB", "|B", "&PJSIP/101", ";x", "=y", "${SHELL(id)}", "/n@call-monitor", "*", "..", "\\", '"', "<", "'", " "]
"""What ends an argument, or begins another, somewhere."""
FIELDS = {
    "StartBody": ("call_id", "agent_extension", "customer_number", "device", "supervisor", "mode"),
    "UserBody": ("extension", "device", "username"),
}
"""Fields of requests whose words reach Asterisk, or choose what does."""


@pytest.mark.parametrize("field", FIELDS["StartBody"])
async def test_no_field_of_a_start_carries_another_line_or_argument(site: Site, field: str) -> None:
    people = await People(site).begin()
    service = await people.program("all", may_act_for=["coach"])
    wish = {"agent_extension": "101", "supervisor": "coach"}
    if field in ("call_id", "customer_number"):
        del wish["agent_extension"]
    before = await people.seen()
    good = {"device": "PJSIP/303", "call_id": people.things["calls"], "mode": "silent"}.get(field, "101")
    for bad in LINES + PARTS:
        for value in (good + bad, bad + good):
            answer = await service.post("/monitors", {**wish, field: value})
            if bad in LINES:
                is_problem(answer, 422, "invalid")
            else:  # or its characters are harmless: it is looked up among what there is, and found nowhere
                assert answer[0] in (403, 404, 422), (value, answer)
    assert await people.seen() == before


@pytest.mark.parametrize("field", FIELDS["UserBody"])
async def test_no_field_of_an_account_carries_another_line_or_argument(site: Site, field: str) -> None:
    admin = await site.client("admin")
    account = {"username": "new", "name": "New", "role": "agent", "password": "secret-new"}
    good = {"device": "PJSIP/105", "extension": "105", "username": "new"}[field]
    before = await site.store.people.all()
    for bad in LINES + PARTS:
        if field != "device" and bad in (".." if field == "username" else "..*"):
            continue  # characters of names and extensions, which mean nothing where these go
        value = good.replace("105", bad) if bad == ".." else good + bad
        is_problem(await admin.post("/users", {**account, field: value}), 422, "invalid")
    assert await site.store.people.all() == before


TARGETS = ["17.1,qw", "17.1|B", "*", "17.1\r\nX: y", "", "/.*/", "17.1&17.2", "PJSIP/101-00000001", "${X}", "1" * 151]


async def test_only_uniqueids_go_where_channels_are_named() -> None:
    """Chanspy's options follow a comma; AMI's Hangup takes a pattern between slashes."""
    server = AmiServer(lists())  # type: ignore[arg-type]
    async with world(server) as made:
        await made.until(LinkState.CONNECTED)
        before = len(server.actions)
        for bad in TARGETS:
            for attempt in actions(made.link, bad):
                with pytest.raises(Invalid):
                    await attempt
        assert len(server.actions) == before


def actions(link: Link, bad: str) -> list[Any]:
    """Every action that names a channel."""
    return [
        link.start_leg(LegRequest("cm-1", "PJSIP/301", bad, Mode.BARGE, True, "x", "1", 20)),
        link.start_leg(LegRequest(bad, "PJSIP/301", "17.1", Mode.BARGE, True, "x", "1", 20)),
        link.switch_leg(bad, Mode.BARGE, keypad=True, reattach=False),
        link.switch_leg(bad, Mode.BARGE, keypad=False, reattach=False),
        link.send_leg("cm-1", bad, Mode.BARGE, keypad=False),
        link.send_leg(bad, "17.1", Mode.BARGE, keypad=False),
        link.join(bad, "17.1"),
        link.join("cm-1", bad),
        link.end_leg(bad),
    ]


@asynccontextmanager
async def listening() -> AsyncIterator[tuple[Ari, list[str]]]:
    """An ARI whose server notes the paths it was asked for, as they came."""
    asked: list[str] = []

    async def note(request: web.BaseRequest) -> web.StreamResponse:
        asked.append(request.raw_path)
        return web.json_response({"state": "online", "channel_ids": []})

    runner = web.ServerRunner(web.Server(note))
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    ari = Ari(f"http://127.0.0.1:{runner.addresses[0][1]}/ari", "u", "p", 5)
    yield ari, asked
    await ari.close()
    await runner.cleanup()


async def test_no_name_leads_to_another_path_of_ari() -> None:
    names = [
        "..",
        ".",
        "../../asterisk/info",
        "a/b",
        "x?api_key=y",
        "x#y",
        "%2e%2e",
        "%2F",
        "x\r\nX-Y: z",
        "é",
        "a&b=c",
    ]
    async with listening() as (ari, asked):
        for name in names:
            for action, *arguments in (
                (ari.message, f"PJSIP/{name}", name),
                (ari.configure, "PUT", "auth", name, {}),
                (ari.hand_back, name, "c", "e", {"CM_TARGET": name}),
            ):
                if name in ("..", "."):
                    with pytest.raises(Invalid):
                        await action(*arguments)
                else:
                    await action(*arguments)
            assert await ari.device_state(f"PJSIP/{name}") is DeviceState.UNKNOWN
        assert len(asked) == 4 * (len(names) - 2)
        for path in asked:
            parts = path.partition("?")[0].split("/")
            assert parts[1:3] in (["ari", "endpoints"], ["ari", "asterisk"], ["ari", "channels"]), path
            assert len(parts) == {"endpoints": 6, "asterisk": 8, "channels": 5}[parts[2]], path
            assert ".." not in parts
            assert "api_key" not in path.partition("?")[0] or "%3F" in path


async def test_the_dialplan_evaluates_no_word_of_strangers(lab: Lab) -> None:
    """`${SHELL(…)}` in a caller's name, a supervisor's and an agent's name, a star code: each would touch a file."""
    folder = lab.folder / "touched"
    folder.mkdir(exist_ok=True)
    await lab.pbx.cli("module load func_shell.so")
    assert "SHELL(" in await lab.pbx.cli("core show function SHELL"), "else this could not fail"

    def evil(name: str) -> str:
        return f"${{SHELL(touch {folder}/{name})}}"

    agent, phone = await lab.phones("101", "302")
    admin, mona = await lab.client("admin"), await lab.client("mona")
    ids = {user["username"]: user["id"] for user in (await admin.get("/users"))[1]["users"]}
    bad = {"mona": f"M&from=sip:evil@x {evil('mona')}", "sam": f'S",<666>,|=^{evil("sam")}'}
    for username, name in bad.items():
        assert (await admin.patch(f"/users/{ids[username]}", {"name": name}))[0] == 200
    try:
        async with outside(lab) as caller:
            assert await caller.call("101", f'"{evil("caller")}"'.encode()) == 200
            monitor = await mona.monitor(await mona.call("101"), "whisper")
            call = await mona.call("101")
            assert call["customer"]["name"] == evil("caller")
            message = await sent_to(agent, "MESSAGE", bad["mona"])
            assert "From: <sip:call-monitor@" in message or 'From: "call-monitor"' in message, message
            invite = await sent_to(phone, "INVITE")
            assert "S,666,|=^${SHELL(touch" in invite, invite
            assert "<sip:666" not in invite
            assert (await mona.delete(f"/monitors/{monitor['id']}"))[0] == 204
            for code in (f"*55101${{SHELL(touch%20{folder}/code)}}", "*55101%2Cbarge", "*55101%2CB%2Cd"):
                await dialled(phone, code)
                assert (await mona.get("/monitors"))[1]["monitors"] == []
    finally:
        for username in bad:
            await admin.patch(f"/users/{ids[username]}", {"name": username.capitalize()})
    assert list(folder.iterdir()) == []


async def dialled(phone: Phone, code: str) -> None:
    """Dial, and hang up as soon as something is heard: what comes of a code is decided before that."""
    mark = phone.mark()
    await phone.dial(code)
    kinds = ("CALL_ESTABLISHED", "CALL_CLOSED")
    first = [asyncio.ensure_future(phone.seen(kind, mark, 30)) for kind in kinds]
    await asyncio.wait(first, return_when=asyncio.FIRST_COMPLETED)
    await phone.hangup()
    await phone.seen("CALL_CLOSED", mark, 30)
    for task in first:
        task.cancel()
    await asyncio.gather(*first, return_exceptions=True)


async def sent_to(phone: Phone, method: str, text: str = "") -> str:
    """The newest SIP request of this kind, with this text in it, that a phone received."""
    for _ in range(200):
        found = [message.text for message in phone.sip_trace() if not message.sent and message.method == method]
        found = [message for message in found if text in message]
        if found:
            return str(found[-1])
        await asyncio.sleep(0.05)
    raise AssertionError(f"no {method} at {phone.number}")


async def test_the_ami_user_may_do_no_more_than_it_must(lab: Lab) -> None:
    """Were a line ever injected: what the worst are answered (asterisk-conf/manager_call_monitor.conf)."""
    address = AmiAddress("127.0.0.1", lab.pbx.ports.ami, lab.pbx.username, lab.pbx.ami_secret)
    ami = await AmiConnection.open(address, lambda messages: None, lambda why: None, 5)
    folder = lab.folder / "ran"
    try:
        for name, *fields in (
            ("Command", ("Command", "core show channels")),
            ("GetConfig", ("Filename", "manager.conf")),
            ("UpdateConfig", ("SrcFilename", "x"), ("DstFilename", "x")),
            ("DBPut", ("Family", "x"), ("Key", "x")),
            ("ModuleLoad", ("LoadType", "reload")),
            ("Setvar", ("Variable", "SHELL(id)"), ("Value", "x")),
            ("Originate", ("Channel", "PJSIP/101"), ("Application", "System"), ("Data", f"touch {folder}")),
        ):
            with pytest.raises(AdapterError):
                await ami.action(name, fields, deadline=5)
    finally:
        ami.close()
    assert not folder.exists()
