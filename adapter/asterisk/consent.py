"""Plays a sound to one channel of a call: a short-lived Local channel, of which one half plays and the other is heard.

The half that is heard runs ChanSpy with private whisper on the channel, so it hears nothing of the call itself. Nothing
stays on the channel afterwards: a hook that stays makes monitors half deaf after a transfer (docs/agents-and-queues).
"""

from collections.abc import Sequence
from typing import Protocol

from adapter.asterisk import chanspy
from adapter.asterisk.link import NO_CHANNEL, UNIQUEID
from adapter.asterisk.splitter import Message
from adapter.core.consent import Announcement
from adapter.core.legs import ear_of, tone_of
from adapter.errors import Invalid, PbxRefused

CONTEXT = "call-monitor-consent"
"""The dialplan (asterisk-conf/extensions_call_monitor.conf)."""
HEARD, PLAYS = "heard", "plays"
"""Its extensions, one for each half."""
SOUND = "CM_SOUND"
MARK = "CM_CONSENT"
"""The variable of a channel to which the announcement is played, or was: a new run of ours knows it by that. It has the
uniqueid of what plays it; afterwards ANNOUNCED, which the dialplan sets where Asterisk has func_export, or we."""
ANNOUNCED = "announced"
WHEN_PLAYED = "CM_MARK"
"""What the dialplan is to leave in MARK once it was played."""
FAR = "CM_FAR"
"""A second channel at which it leaves that: the customer's, where another one stands for it in the agent's bridge."""
ANSWER = 5.0
"""Seconds until both halves must be up: no phone is involved."""


class Actor(Protocol):
    """What acts (`adapter.asterisk.connection.Connection`)."""

    async def act(self, name: str, *fields: tuple[str, str]) -> Message:
        """One AMI action. Raises PbxUnavailable, PbxRefused, PbxTimeout."""

    async def act_now(self, name: str, *fields: tuple[str, str]) -> Message:
        """The same where Asterisk answers now, and we look after it."""


class Tones:
    """Acts at one PBX. All methods raise PbxUnavailable, PbxTimeout, PbxRefused."""

    def __init__(self, connection: Actor) -> None:
        self._connection = connection

    async def play(self, tone: str, channel: str, sound: str, *, keepers: Sequence[str] = ()) -> None:
        """Begin to play; events tell what became of it. `tone`: the uniqueid that the playing half is given.

        `keepers`: of an announcement, the channels that keep that it plays and was heard: this one, and one more.
        """
        for one in keepers:
            await self._of("Setvar", one, ("Variable", MARK), ("Value", tone))
        far = next((_uniqueid(one) for one in keepers if one != channel), "")
        await self._connection.act_now(
            "Originate",
            ("Channel", f"Local/{HEARD}@{CONTEXT}/n"),
            ("Context", CONTEXT),
            ("Exten", PLAYS),
            ("Priority", "1"),
            ("ChannelId", _uniqueid(tone)),
            ("OtherChannelId", _uniqueid(ear_of(tone))),
            ("Timeout", str(round(ANSWER * 1000))),
            ("Async", "true"),
            ("Variable", f"{chanspy.TARGET}={_uniqueid(channel)}"),
            ("Variable", f"{SOUND}={sound}"),
            ("Variable", f"{WHEN_PLAYED}={ANNOUNCED if keepers else ''}"),
            ("Variable", f"{FAR}={far}"),
            ("Variable", chanspy.NO_CDR),
        )

    async def stop(self, tone: str) -> bool:
        """Let it be heard no longer. False: there is no such channel, not yet or no more."""
        return await self._of("Hangup", ear_of(tone), ("Cause", "16")) is not None

    async def announcement(self, channel: str) -> Announcement:
        """Whether the party of this channel has heard it, from this run or a former one."""
        said = await self._of("Getvar", channel, ("Variable", MARK))
        mark = said.get("Value", "") if said is not None else ""
        if mark == ANNOUNCED:
            return Announcement.HEARD
        plays = tone_of(mark) is not None and await self._of("Getvar", mark, ("Variable", SOUND)) is not None
        return Announcement.PLAYS if plays else Announcement.NOT_HEARD

    async def announced(self, channel: str) -> bool:
        """Keep at the channel that its party has heard it. False: there is no such channel."""
        return await self._of("Setvar", channel, ("Variable", MARK), ("Value", ANNOUNCED)) is not None

    async def _of(self, action: str, channel: str, *fields: tuple[str, str]) -> Message | None:
        """Act on a channel; None: there is no such one."""
        try:
            return await self._connection.act(action, ("Channel", _uniqueid(channel)), *fields)
        except PbxRefused as refusal:
            if str(refusal).lower().startswith(NO_CHANNEL):
                return None
            raise


def _uniqueid(text: str) -> str:
    """As it is. Raises Invalid for whatever else AMI would take for one, a name or a pattern."""
    if not UNIQUEID.fullmatch(text):
        raise Invalid("This is not a channel's uniqueid.")
    return text
