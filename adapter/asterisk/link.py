"""The link to one PBX: the actions on supervisors' legs, over the connection that is kept."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence

from adapter.asterisk import autoanswer, chanspy, dialog, marks
from adapter.asterisk.connection import Connection, LinkSettings, allowed
from adapter.core.events import KnownChannel
from adapter.core.legs import LegRequest, Refusal
from adapter.core.modes import Mode
from adapter.core.pbx import DeviceState, PbxState
from adapter.errors import Invalid, PbxRefused

DIGIT_GAP = 0.045
"""Seconds between digits: AST_MIN_DTMF_GAP (main/channel.c); closer ones Asterisk itself holds back."""
MANY_DIGITS = 200
"""Legs whose last digit is remembered before those are forgotten that may have another at once."""
NO_CHANNEL = ("no such channel", "channel not found", "channel does not exist")
"""How Hangup, PlayDTMF and Redirect say that a channel is no more (main/manager.c)."""
NOWHERE = "call-monitor-nowhere"
"""Where a phone that answers the ringing with a SIP 302 sends it: main/dial.c (handle_call_forward) dials
`Local/<number>@<FORWARD_CONTEXT>`, and there nobody is rung, whether the dialplan has this context or not."""
UNIQUEID = re.compile(r"[A-Za-z0-9._:-]{1,150}")
"""AST_MAX_PUBLIC_UNIQUEID is 150 (include/asterisk/channel.h)."""


class Link:
    """Acts at one PBX. Implements `adapter.monitoring.ports.Pbx`."""

    def __init__(self, settings: LinkSettings, connection: Connection) -> None:
        self._settings, self._connection = settings, connection
        self._digits: dict[str, float] = {}
        """When each leg may get its next digit, by the event loop's clock."""

    @property
    def id(self) -> str:
        """The PBX's id in the configuration."""
        return self._settings.id

    @property
    def state(self) -> PbxState:
        """The connection as it is now."""
        return self._connection.state

    async def list_channels(self) -> Sequence[KnownChannel]:
        """All channels now."""
        return await self._connection.list_channels()

    def reconnect(self, why: str) -> None:
        """Give the connection up, and begin anew with a snapshot."""
        self._connection.reconnect(why)

    async def device_state(self, device: str) -> DeviceState:
        """Whether the endpoint is registered and free, asked now."""
        return await self._connection.ari.device_state(device)

    async def start_leg(self, request: LegRequest) -> None:
        """Originate into the monitor dialplan; returns once it is queued."""
        leg = _uniqueid(request.leg)
        extension, variables = _begins(request)
        phone = request.far or request.device
        asked = autoanswer.headers(phone, self._settings.answer_styles, self._settings.answer_style)
        marks = [dialog.marked(leg)] if request.far else []
        headers = [("Variable", f"PJSIP_HEADER(add,{name})={value}") for name, value in (*asked, *marks)]
        await self._connection.act_now(
            "Originate",
            ("Channel", request.device),
            ("Context", self._settings.context),
            ("Exten", extension),
            ("Priority", "1"),
            ("ChannelId", leg),
            ("CallerID", f'"{_plain(request.shown_name)}" <{_plain(request.shown_number)}>'),
            ("Timeout", str(round(request.ring_timeout * 1000))),
            ("Async", "true"),
            *(("Variable", f"{name}={value}") for name, value in variables.items()),
            ("Variable", chanspy.NO_CDR),
            ("Variable", f"FORWARD_CONTEXT={NOWHERE}"),
            *headers,
        )

    async def switch_leg(
        self, leg: str, mode: Mode, *, keypad: bool, reattach: bool, need: Callable[[], None] = allowed
    ) -> bool:
        """Ask for a mode by digit, or by moving the leg; returns once Asterisk has taken it. False: no such channel."""
        if keypad and not reattach:
            return await _is_there(self._press(leg, mode, need))
        extension = chanspy.extension(mode, keypad=keypad)
        fields = (("Channel", _uniqueid(leg)), *self._place(extension))
        if mode.talks:
            return await _is_there(self._connection.act_now("Redirect", *fields, need=need))
        return await _is_there(self._connection.act("Redirect", *fields))

    def _place(self, extension: str) -> Sequence[tuple[str, str]]:
        return ("Context", self._settings.context), ("Exten", extension), ("Priority", "1")

    async def shield_leg(self, leg: str) -> bool:
        """Move the leg to where it hears nothing and nobody hears it. False: no such channel."""
        return await _is_there(
            self._connection.act("Redirect", ("Channel", _uniqueid(leg)), *self._place(chanspy.SHIELDED))
        )

    async def mark(self, channel: str, text: str) -> bool:
        """Have a channel carry the mark of a shielded conversation; empty: no more. False: no such channel."""
        fields = ("Channel", _uniqueid(channel)), ("Variable", f"__{marks.MARK}"), ("Value", text)
        return await _is_there(self._connection.act("Setvar", *fields))

    async def tell_dialplan(self, channel: str, outcome: str) -> bool:
        """Tell the dialplan of a channel what became of what it asked for. False: no such channel."""
        fields = ("Channel", _uniqueid(channel)), ("Variable", marks.DONE), ("Value", outcome)
        return await _is_there(self._connection.act("Setvar", *fields))

    async def mute_recordings(self, channel: str, *, muted: bool) -> bool:
        """Let the MixMonitors of a channel record silence, or go on. False: there is none, or no such channel."""
        fields = ("Channel", _uniqueid(channel)), ("Direction", "both"), ("State", "1" if muted else "0")
        try:
            await self._connection.act("MixMonitorMute", *fields)
        except PbxRefused:
            return False
        return True

    async def _press(self, leg: str, mode: Mode, need: Callable[[], None]) -> None:
        channel, digit = ("Channel", _uniqueid(leg)), ("Digit", chanspy.DIGITS[mode])
        clock = asyncio.get_running_loop().time
        now = clock()
        due = max(now, self._digits.get(leg, 0.0) + DIGIT_GAP)
        if len(self._digits) >= MANY_DIGITS:  # legs that end by themselves leave theirs behind
            self._digits = {known: at for known, at in self._digits.items() if at + DIGIT_GAP > now}
        self._digits[leg] = due
        if due > now:
            await asyncio.sleep(due - now)
        fields = (channel, digit, ("Duration", "1"), ("Receive", "true"))
        if mode.talks:
            await self._connection.act_now("PlayDTMF", *fields, need=need)
        else:
            await self._connection.act("PlayDTMF", *fields)  # silence that comes late harms nobody

    async def join(self, leg: str, customer: str, need: Callable[[], None] = allowed) -> None:
        """Bridge the leg with the customer, without a tone for anybody."""
        fields = ("Channel1", _uniqueid(customer)), ("Channel2", _uniqueid(leg)), ("Tone", "no")
        await self._connection.act_now("Bridge", *fields, need=need)

    async def bridge_technology(self, bridge: str) -> str:
        """How Asterisk joins a bridge's channels now; empty where it is no more."""
        try:
            said = await self._connection.ask_list("BridgeInfo", ("BridgeUniqueid", _uniqueid(bridge)))
        except PbxRefused:
            return ""
        return said.get("BridgeTechnology", "")

    async def dialog(self, channel: str, *, header: bool) -> tuple[str, str]:
        """A channel's SIP Call-ID and, if asked for, what its INVITE said in our header; empty where there is none."""
        names = (dialog.CALL_ID, dialog.LEG) if header else (dialog.CALL_ID,)
        fields = [(("Channel", _uniqueid(channel)), ("Variable", name)) for name in names]
        said = await asyncio.gather(*(self._connection.act("Getvar", *each) for each in fields))
        call_id, leg = [*(one.get("Value", "") for one in said), ""][:2]
        return call_id, leg

    async def is_recorded(self, channel: str) -> bool:
        """Whether a MixMonitor was ever begun on this channel (app_mixmonitor.c sets the variable, stop leaves it)."""
        variable = ("Variable", "MIXMONITOR_FILENAME")
        return bool((await self._connection.act("Getvar", ("Channel", _uniqueid(channel)), variable)).get("Value"))

    async def variables(self, channel: str, names: Sequence[str]) -> Mapping[str, str]:
        """What they say of a channel that is in our Stasis application now."""
        return await self._connection.ari.variables(_uniqueid(channel), names)

    async def send_leg(self, leg: str, target: str, mode: Mode, *, keypad: bool) -> None:
        """Let a channel that waits in our Stasis application go on into the monitor dialplan."""
        extension, variables = chanspy.extension(mode, keypad=keypad), {chanspy.TARGET: _uniqueid(target)}
        self._connection.fence.need()
        await self._connection.ari.hand_back(_uniqueid(leg), self._settings.context, extension, variables)

    async def send_waiting(self, leg: str, tone: int) -> None:
        """Let such a channel go on to where it waits."""
        self._connection.fence.need()
        where = self._settings.context, chanspy.WAIT
        await self._connection.ari.hand_back(_uniqueid(leg), *where, chanspy.waiting(tone))

    async def listen(self, leg: str, target: str, *, keypad: bool, need: Callable[[], None] = allowed) -> bool:
        """Have a follow's leg listen: its target first, then the move. False: no such channel."""
        channel = ("Channel", _uniqueid(leg))
        target_now = (("Variable", chanspy.TARGET), ("Value", _uniqueid(target)))
        if not await _is_there(self._connection.act_now("Setvar", channel, *target_now, need=need)):
            return False
        extension = chanspy.extension(Mode.SILENT, keypad=keypad)
        return await _is_there(self._connection.act_now("Redirect", channel, *self._place(extension), need=need))

    async def release_leg(self, leg: str) -> bool:
        """Have a follow's leg wait. False: no such channel."""
        where = ("Channel", _uniqueid(leg)), *self._place(chanspy.WAIT)
        return await _is_there(self._connection.act("Redirect", *where))

    async def send_on(self, leg: str, dial: str) -> None:
        """Let such a channel go on over a trunk, to the PBX of its star code's call."""
        self._connection.fence.need()
        where = self._settings.context, chanspy.TICKET
        await self._connection.ari.hand_back(_uniqueid(leg), *where, {"CM_TICKET": dial})

    async def say(self, leg: str, why: Refusal) -> None:
        """Let such a channel hear why nothing comes of it, and end."""
        await self._connection.ari.hand_back(leg, self._settings.context, chanspy.said(why), {})

    async def end_leg(self, leg: str) -> bool:
        """Hang the leg up; False when there is no such channel."""
        self._digits.pop(leg, None)
        return await _is_there(self._connection.act("Hangup", ("Channel", _uniqueid(leg)), ("Cause", "16")))


def _begins(request: LegRequest) -> tuple[str, dict[str, str]]:
    """The extension at which a leg begins, and its variables."""
    if request.mode is None:
        return chanspy.WAIT, chanspy.waiting(request.tone)
    return chanspy.extension(request.mode, keypad=request.keypad), {chanspy.TARGET: _uniqueid(request.target)}


async def _is_there(action: Awaitable[object]) -> bool:
    """Carry an action on a channel out; False when there is no such channel. Raises as `Connection.act`."""
    try:
        await action
    except PbxRefused as refusal:
        if str(refusal).lower().startswith(NO_CHANNEL):
            return False
        raise
    return True


def _uniqueid(text: str) -> str:
    """A channel's uniqueid as it is. Raises Invalid for whatever else AMI would take for one: a name, a pattern.

    AMI's Hangup takes `/.*/` for every channel (main/manager.c, action_hangup), ChanSpy a comma for its options.
    """
    if not UNIQUEID.fullmatch(text):
        raise Invalid("This is not a channel's uniqueid.")
    return text


def _plain(text: str) -> str:
    """A caller id's name or number without what would end it (main/callerid.c, ast_callerid_parse)."""
    return "".join(c for c in text if c.isprintable() and c not in '"<>\\')[:80]
