"""How channels came to be, asked of a scripted Asterisk: what is asked of which, and what a refusal leaves."""

from adapter.asterisk.ami import AmiAddress, AmiConnection
from adapter.asterisk.howcalled import statuses
from tests.fake.ami_server import Action, AmiServer, Peer

CHANNELS = {
    "PJSIP/101-1": {"DNID": "92025550101", "CallerIDNum": "101"},
    "PJSIP/front-desk-2": {"DNID": "92025550102", "CallerIDNum": "2025550100"},
    "PJSIP/trunk-3": {"DNID": "", "Application": "AppDial", "Variable": "DIALEDPEERNUMBER=2025550101@trunk"},
    "PJSIP/trunk-4": {"DNID": "", "Application": "Dial", "Variable": "DIALEDPEERNUMBER=102"},
    "PJSIP/trunk-5": {"DNID": "", "Application": "AppDial2", "Variable": "DIALEDPEERNUMBER="},
    "PJSIP/gone-6": {"DNID": "", "Application": "Dial"},
    "DAHDI/1-7": {"DNID": "", "Application": "Dial"},
}
TOLD = {
    "PJSIP/trunk-4 CHANNEL(pjsip,remote_uri)": "<sip:2025550102@sbc.example>",
    "PJSIP/trunk-5 CHANNEL(pjsip,remote_uri)": '"Name" <sip:2025550103@sbc.example>',
    " PJSIP_ENDPOINT(front-desk,callerid)": '"Front desk" <700>',
}


async def script(peer: Peer, action: Action) -> None:
    """Lists CHANNELS, and answers what is in TOLD."""
    mine = f"ActionID: {action['ActionID']}"
    if action["Action"] == "Status":
        assert action["Variables"] == "DIALEDPEERNUMBER"
        await peer.say("Response: Success", mine, "EventList: start")
        for name, more in CHANNELS.items():
            fields = (f"{key}: {value}" for key, value in more.items())
            await peer.say("Event: Status", f"Channel: {name}", f"Type: {name.partition('/')[0]}", *fields, mine)
        await peer.say("Event: StatusComplete", mine, "EventList: Complete", "ListItems: 7")
    elif (told := TOLD.get(f"{action.get('Channel', '')} {action['Variable']}")) is not None:
        await peer.say("Response: Success", mine, f"Variable: {action['Variable']}", f"Value: {told}")
    else:
        await peer.say("Response: Error", mine, "Message: No such channel")


async def test_only_what_status_does_not_tell_is_asked_and_a_refusal_leaves_it_open() -> None:
    async with AmiServer(script).running() as server:
        address = AmiAddress("127.0.0.1", server.port, "u", "s")
        ami = await AmiConnection.open(address, lambda events: None, lambda why: None, 2)
        found = {status["Channel"]: status for status in await statuses(ami, 2)}
        ami.close()
    assert {name: status.get("DialString") for name, status in found.items()} == {
        **dict.fromkeys(CHANNELS),
        "PJSIP/trunk-4": "sip:2025550102@sbc.example",
        "PJSIP/trunk-5": "sip:2025550103@sbc.example",
    }
    assert [name for name, status in found.items() if "OwnCallerid" in status] == ["PJSIP/front-desk-2"]
    assert found["PJSIP/front-desk-2"]["OwnCallerid"] == '"Front desk" <700>'
    assert len(server.heard("Getvar")) == 4
