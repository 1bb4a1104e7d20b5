"""The calls of a simulated PBX, as the AMI events that Asterisk 22.10.1 sends of them (as in tests/recordings)."""

from collections.abc import Iterator
from dataclasses import dataclass

AGENTS = 1000
"""First number of the agents; call `n` is with agent `AGENTS + n`."""
EVENTS = 17
"""Of one call, with the filters of asterisk-conf/manager_call_monitor.conf."""


def event(name: str, *bodies: str) -> str:
    """One event as it is written."""
    return f"Event: {name}\r\nPrivilege: call,all\r\n{''.join(bodies)}\r\n"


@dataclass(slots=True)
class SimulatedCall:
    """One call, and where it stands. `serial`: of all calls of its PBX; `place`: which agent's it is; `began`: by the
    machine's monotonic clock, which is the customer's name, too."""

    serial: int
    place: int
    began: float
    up: bool = False

    @property
    def agent(self) -> str:
        """The agent's number."""
        return str(AGENTS + self.place)

    def uniqueid(self, agent: bool) -> str:
        """Of one of its channels."""
        return f"1795522786.{2 * self.serial + agent}"

    def channel(self, agent: bool, state: str) -> str:
        """A channel's headers."""
        number = self.agent if agent else f"2{self.place:09d}"
        shown = number if agent else f"{self.began:.6f}"  # so that whoever sees it knows how long ago it was told
        name = f"PJSIP/{self.agent if agent else 'trunk'}-{2 * self.serial + agent:08x}"
        text = {"0": "Down", "4": "Ring", "5": "Ringing", "6": "Up"}[state]
        return (
            f"Channel: {name}\r\nChannelState: {state}\r\nChannelStateDesc: {text}\r\n"
            f"CallerIDNum: {number}\r\nCallerIDName: {shown}\r\nConnectedLineNum: <unknown>\r\n"
            "ConnectedLineName: <unknown>\r\nLanguage: en\r\nAccountCode: \r\nContext: phones\r\n"
            f"Exten: {'' if agent else self.agent}\r\nPriority: 1\r\nUniqueid: {self.uniqueid(agent)}\r\n"
            f"Linkedid: {self.uniqueid(False)}\r\n"
        )

    @property
    def bridge_id(self) -> str:
        """Its bridge's."""
        return f"7779528b-e7f8-45dd-b6ec-{self.serial:012d}"

    @property
    def bridge(self) -> str:
        """Its bridge's headers."""
        return (
            f"BridgeUniqueid: {self.bridge_id}\r\nBridgeType: basic\r\nBridgeTechnology: simple_bridge\r\n"
            "BridgeCreator: <unknown>\r\nBridgeName: <unknown>\r\nBridgeNumChannels: 2\r\n"
            "BridgeVideoSourceMode: none\r\n"
        )

    def answered(self) -> str:
        """It comes in and is answered: 11 events."""
        dest = "".join(f"Dest{line}\r\n" for line in self.channel(True, "5").strip().split("\r\n"))
        steps = [
            ("Newchannel", self.channel(False, "4")),
            ("Newchannel", self.channel(True, "0")),
            ("NewConnectedLine", self.channel(True, "0")),
            ("DialBegin", self.channel(False, "4") + dest + f"DialString: {self.agent}\r\n"),
            ("Newstate", self.channel(True, "5")),
            ("NewConnectedLine", self.channel(False, "4")),
            ("Newstate", self.channel(True, "6")),
            ("DialEnd", self.channel(False, "4") + dest + "DialStatus: ANSWER\r\n"),
            ("Newstate", self.channel(False, "6")),
            ("BridgeEnter", self.bridge + self.channel(True, "6")),
            ("BridgeEnter", self.bridge + self.channel(False, "6")),
        ]
        return "".join(event(name, body) for name, body in steps)

    def held(self, on: bool) -> str:
        """The agent holds it, or no longer."""
        return event("Hold" if on else "Unhold", self.channel(True, "6"))

    def ended(self) -> str:
        """Both hang up: 4 events."""
        hangup = "Cause: 16\r\nCause-txt: Normal Clearing\r\n"
        return "".join(
            event("BridgeLeave", self.bridge, self.channel(side, "6"))
            + event("Hangup", self.channel(side, "6"), hangup)
            for side in (False, True)
        )

    def listed(self) -> Iterator[str]:
        """Its channels as CoreShowChannels lists them."""
        for side, application in ((False, "Dial"), (True, "AppDial")):
            yield (
                f"Event: CoreShowChannel\r\n{self.channel(side, '6')}BridgeId: {self.bridge_id}\r\n"
                f"Application: {application}\r\nApplicationData: (Outgoing Line)\r\nDuration: 00:00:30\r\n"
            )
