"""The doctor's own test call: an agent, a customer and a supervisor, all made of Local channels.

Each party is a Local channel: one half takes part in the call as a phone's channel would, the other half is the phone.
Both are passed to the doctor's Stasis application, through the context that Asterisk creates for it. The supervisor's
channel is originated into the monitor dialplan with exactly the adapter's own action. Its other half is bridged with a
second Local channel, the handset, because a Local channel with a generator at both ends transmits nothing
(main/core_unreal.c, unreal_queue_frame), and ChanSpy is a generator. Names and uniqueids begin with TEST_PREFIX: a
running adapter ignores them.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from urllib.parse import quote

from adapter.asterisk import chanspy
from adapter.core.legs import TEST_PREFIX
from adapter.core.modes import Mode
from adapter.doctor.hearing import AGENT, CUSTOMER, SUPERVISOR
from adapter.doctor.pbx import LONGEST_LIFE, STAMP, PbxProbe, is_event, need
from adapter.errors import AdapterError

CONFIRM = 5.0
"""Seconds within which Asterisk must confirm a step of a test call; milliseconds are usual."""
LONGEST_RUN = 600.0
"""Maximum run time of a doctor in seconds: names with an older start time are leftovers."""
END = 30.0
"""Seconds for removing a test call; each request also has its own deadline."""
LIFE = "TIMEOUT(absolute)"
HANDSET = "handset"
"""The party that represents the supervisor's phone."""


class TrialCall:
    """One test call. Create it with `trial_call`, which also removes it."""

    def __init__(self, probe: PbxProbe, name: str) -> None:
        self.probe, self.name = probe, name
        self.ears: dict[str, str] = {}
        """By party: the snoop channel that receives what its phone hears."""
        self._made: list[str] = []
        self._bridges: list[str] = []
        self._playing: list[str] = []
        self._count = 0
        self.recordings: list[str] = []
        """Recordings that may exist at the PBX now."""

    def channel(self, party: str) -> str:
        """The uniqueid of a party's channel in the call."""
        return f"{self.name}-{party}"

    def _other(self, party: str) -> str:
        return f"{self.name}-{party}-phone"

    def phone(self, party: str) -> str:
        """The uniqueid of the channel that represents a party's phone."""
        return self._other(HANDSET if party == SUPERVISOR else party)

    async def begin(self) -> None:
        """Create agent and customer, and connect them in a bridge. Raises PbxUnavailable, PbxTimeout, PbxRefused."""
        await self._dial(AGENT)
        await self._dial(CUSTOMER)
        await self._bridge("call", self.channel(AGENT), self.channel(CUSTOMER))

    async def _dial(self, party: str) -> None:
        """Create a party, and answer its phone."""
        self._made += [self.channel(party), self._other(party)]
        body = {
            "endpoint": f"Local/{party}@stasis-{self.probe.app}/n",
            "app": self.probe.app,
            "channelId": self.channel(party),
            "otherChannelId": self._other(party),
            "variables": {LIFE: str(LONGEST_LIFE)},
        }
        await self.probe.rest("POST", "channels", body)
        await self._answer(party)
        await self._started(self.channel(party))
        # A phone sends frames even when nobody speaks: ChanSpy needs the supervisor's, and tones are mixed into them.
        await self.probe.rest("POST", f"channels/{self._other(party)}/silence")

    async def _answer(self, party: str) -> None:
        await self._started(self._other(party))
        await self.probe.rest("POST", f"channels/{self._other(party)}/answer")

    async def _started(self, channel: str) -> None:
        what = f"the channel {channel} of the test call"
        await need(self.probe.received, is_event("ari:StasisStart", channel=channel), CONFIRM, what)

    async def _bridge(self, kind: str, *channels: str) -> None:
        bridge = f"{self.name}-{kind}"
        self._bridges.append(bridge)
        await self.probe.rest("POST", f"bridges?type=mixing&bridgeId={bridge}")
        await self.probe.rest("POST", f"bridges/{bridge}/addChannel?channel={','.join(channels)}")
        for channel in channels:
            wanted = is_event("ari:ChannelEnteredBridge", channel=channel)
            await need(self.probe.received, wanted, CONFIRM, f"{channel} in its bridge")

    async def supervise(self, mode: Mode, *, keypad: bool) -> None:
        """Call the supervisor's phone, which answers, into the monitor dialplan with the adapter's own Originate.

        Raises the errors of `begin`. `spies` tells whether ChanSpy has started.
        """
        await self._dial(HANDSET)
        self._made += [self.channel(SUPERVISOR), self._other(SUPERVISOR)]
        await self.probe.act(
            "Originate",
            ("Channel", f"Local/{SUPERVISOR}@stasis-{self.probe.app}/n"),
            ("Context", self.probe.settings.context),
            ("Exten", chanspy.extension(mode, keypad=keypad)),
            ("Priority", "1"),
            ("ChannelId", self.channel(SUPERVISOR)),
            ("OtherChannelId", self._other(SUPERVISOR)),
            ("CallerID", '"Doctor" <0>'),
            ("Timeout", str(round(CONFIRM * 1000))),
            ("Async", "true"),
            ("Variable", f"CM_TARGET={self.channel(AGENT)}"),
            ("Variable", f"{LIFE}={LONGEST_LIFE}"),
        )
        await self._answer(SUPERVISOR)
        await self._bridge("line", self._other(SUPERVISOR), self.channel(HANDSET))

    async def user_event(self, name: str) -> None:
        """Let a channel of its own run UserEvent, as the feature code does. Raises the errors of `begin`."""
        party = "event"
        self._made += [self.channel(party), self._other(party)]
        await self.probe.act(
            "Originate",
            ("Channel", f"Local/{party}@stasis-{self.probe.app}/n"),
            ("Application", "UserEvent"),
            ("Data", name),
            ("ChannelId", self.channel(party)),
            ("OtherChannelId", self._other(party)),
            ("CallerID", '"Doctor" <0>'),
            ("Timeout", str(round(CONFIRM * 1000))),
            ("Async", "true"),
            ("Variable", f"{LIFE}={LONGEST_LIFE}"),
        )
        await self._answer(party)

    async def spies(self, mode: Mode, *, keypad: bool, since: int = 0, deadline: float = CONFIRM) -> bool:
        """Whether Asterisk confirms, after position `since`, that the leg listens to the agent in this mode."""
        extension = chanspy.extension(mode, keypad=keypad)
        leg, target = self.channel(SUPERVISOR), self.channel(AGENT)
        wanted = is_event("ChanSpyStart", SpyerUniqueid=leg, SpyeeUniqueid=target, SpyerExten=extension)
        return await self.probe.received.wait_for(wanted, deadline, since) is not None

    async def tap(self, digit: str) -> None:
        """Send the leg a digit, as from its keypad. Raises the errors of `begin`."""
        fields = (("Digit", digit), ("Duration", "1"), ("Receive", "true"))
        await self.probe.act("PlayDTMF", ("Channel", self.channel(SUPERVISOR)), *fields)

    async def press(self, digit: str) -> bool:
        """Send the leg a digit, and return whether Asterisk confirmed it. Raises the errors of `begin`."""
        since = self.probe.received.mark()
        await self.tap(digit)
        wanted = is_event("DTMFEnd", Uniqueid=self.channel(SUPERVISOR), Digit=digit, Direction="Received")
        return await self.probe.received.wait_for(wanted, CONFIRM, since) is not None

    async def move(self, mode: Mode, *, keypad: bool) -> bool:
        """Redirect the leg to another mode's extension; return whether Asterisk confirmed it. Raises as `begin`."""
        since = self.probe.received.mark()
        where = (("Context", self.probe.settings.context), ("Exten", chanspy.extension(mode, keypad=keypad)))
        await self.probe.act("Redirect", ("Channel", self.channel(SUPERVISOR)), *where, ("Priority", "1"))
        return await self.spies(mode, keypad=keypad, since=since)

    async def leg_is_over(self) -> bool:
        """Whether the supervisor's leg ended in the extension for legs whose call is over."""
        wanted = is_event("Hangup", Uniqueid=self.channel(SUPERVISOR))
        gone = await self.probe.received.wait_for(wanted, CONFIRM)
        return gone is not None and gone.get("Exten") == chanspy.OVER

    async def snoop(self, party: str, use: str, how: str) -> str:
        """Create a snoop channel at a party's phone (`how`: ARI's spy or whisper); return its id. Raises as `begin`."""
        channel = f"{self.name}-{party}-{use}"
        self._made.append(channel)
        await self.probe.rest("POST", f"channels/{self.phone(party)}/snoop/{channel}?{how}&app={self.probe.app}")
        await self._started(channel)
        return channel

    def plays(self, playback: str) -> None:
        """Remember a playback that must be stopped before its channel is hung up; otherwise Asterisk logs a warning."""
        self._playing.append(playback)

    def recording(self, party: str) -> str:
        """A name for a new recording; `end` removes it if it still exists."""
        self._count += 1
        self.recordings.append(f"{self.name}-{party}-{self._count}")
        return self.recordings[-1]

    async def set_variable(self, party: str, name: str, value: str) -> None:
        """Set a variable or function of a party's channel. Raises the errors of `begin`."""
        where = f"channels/{self.channel(party)}/variable"
        await self.probe.rest("POST", f"{where}?variable={quote(name, safe='')}&value={quote(value, safe='')}")

    async def hang_up(self, party: str) -> None:
        """Stop a party's playback, then hang up its channel. Raises the errors of `begin`."""
        for playback in [playback for playback in self._playing if f"-{party}-" in playback]:
            self._playing.remove(playback)
            await self.probe.rest("DELETE", f"playbacks/{playback}")
        await self.probe.rest("DELETE", f"channels/{self.channel(party)}")

    async def end(self) -> list[str]:
        """Remove everything within END seconds. Returns a description of what could not be removed."""
        left: list[str] = []
        due = asyncio.get_running_loop().time() + END
        playbacks = (f"playbacks/{playback}" for playback in self._playing)
        channels = (f"channels/{channel}" for channel in reversed(self._made))
        recordings = (f"recordings/{kind}/{name}" for name in self.recordings for kind in ("live", "stored"))
        bridges = (f"bridges/{bridge}" for bridge in self._bridges)
        for path in (*playbacks, *recordings, *channels, *bridges):
            if asyncio.get_running_loop().time() > due:
                return [*left, "and more"]
            try:
                status, _ = await self.probe.ari.ask("DELETE", path)
                if status not in (204, 404):
                    left.append(f"{path} ({status})")
            except AdapterError as problem:
                left.append(f"{path} ({problem.detail})")
        return left


@asynccontextmanager
async def trial_call(probe: PbxProbe, name: str) -> AsyncIterator[TrialCall]:
    """A test call with its agent and its customer, which is always removed, also on Ctrl-C.

    What could not be removed is added to `probe.left`. Raises PbxUnavailable, PbxTimeout, PbxRefused.
    """
    call = TrialCall(probe, name)
    try:
        await call.begin()
        yield call
    finally:
        probe.left += await asyncio.shield(call.end())


async def sweep(probe: PbxProbe) -> None:
    """Remove what a killed doctor may have left: channels end by their timeout, but bridges and recordings don't.

    Raises PbxUnavailable, PbxTimeout, PbxRefused.
    """
    for kind, key in (("bridges", "id"), ("recordings/stored", "name")):
        names = [str(found.get(key, "")) for found in await probe.get(kind) or ()]
        for name in names:
            if is_left_over(name, datetime.now(UTC)):
                await probe.ari.ask("DELETE", f"{kind}/{name}")


def is_left_over(name: str, now: datetime) -> bool:
    """Whether a name belongs to a doctor's run that must have ended. Pure."""
    stamp = name.removeprefix(TEST_PREFIX).partition("-")[0]
    if not name.startswith(TEST_PREFIX):
        return False
    try:
        began = datetime.strptime(stamp, STAMP).replace(tzinfo=UTC)
    except ValueError:
        return False
    return (now - began).total_seconds() > LONGEST_RUN
