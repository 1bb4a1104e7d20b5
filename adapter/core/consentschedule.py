"""When each call of a PBX has its next sound of consent. Pure; times are seconds of a clock that nobody can set."""

from collections.abc import Collection
from dataclasses import dataclass

from adapter.core.consent import Sound, Turn, Want

FIRST = 0.5
"""Seconds from the answer to the first sound: phones that have just answered drop what comes at once."""
AGAIN = 5.0
"""Seconds until an announcement that failed is played again."""
TRIES = 3
"""How often it is played at most."""


@dataclass(slots=True)
class _Plan:
    want: Want
    earliest: float
    """When the people in it are there for long enough."""
    due: float | None = None
    """When it plays next; None: never, or not before what plays now is over."""


class Schedule:
    """When each call of a PBX has its next sound.

    `settle`: seconds from a change of the people in a call until the next one. A channel on which a sound is played
    keeps what Asterisk has of the former party, and a monitor that attaches then would hear one side only
    (docs/agents-and-queues, "Who talks"); and it is the same whether there is a monitor or none.
    """

    def __init__(self, settle: float) -> None:
        self._settle = settle
        self._plans: dict[str, _Plan] = {}
        self._last: dict[str, float] = {}
        """By channel: when it last had a beep, whatever its call."""
        self._sounding: dict[str, tuple[Turn, float | None]] = {}
        """By channel that has a beep now: which, and when it had the one before."""
        self._met: dict[str, tuple[str, frozenset[str], str]] = {}
        """By call: who talked in it last."""
        self._claims: dict[tuple[Sound, str], dict[str, None]] = {}
        """By sound and channel: the calls that want it there, of which the first plays it: agents who talk with each
        other have a call each, and need one beep."""
        self._said: set[str] = set()
        self._failed: dict[str, int] = {}
        """By the customer's channel: how often its announcement failed."""

    def follow(self, call_id: str, want: Want | None, now: float) -> bool:
        """What this call is to have from now on. True: what is being played for it must end."""
        before = self._plans.get(call_id)
        if before is not None and before.want == want:
            return False
        if before is not None:
            self._release(call_id, before.want)
        if want is None:
            self._plans.pop(call_id, None)
            self._cut_short(call_id)
            return before is not None
        moved = self._met.get(call_id, want.parties) != want.parties
        self._met[call_id] = want.parties
        for channel in want.listeners:
            self._claims.setdefault((want.rule.sound, channel), {})[call_id] = None
        other = (want.parties, want.rule.sound)
        ends = before is not None and (before.want.parties, before.want.rule.sound) != other
        if ends:
            self._cut_short(call_id)
        plan = self._plans[call_id] = _Plan(want, now + (self._settle if moved else FIRST))
        plan.due = self._due(plan)
        return ends

    def _due(self, plan: _Plan) -> float | None:
        if plan.want.rule.sound is Sound.ANNOUNCEMENT:
            return None if self._had(plan.want.far) else plan.earliest
        return max(plan.earliest, min(self._next(plan.want, channel) for channel in plan.want.listeners))

    def _cut_short(self, call_id: str) -> None:
        """Whoever has a beep for this call now may not have heard it: as if it had not been."""
        cut = {one: before for one, (turn, before) in self._sounding.items() if turn.call_id == call_id}
        for channel, before in cut.items():
            del self._sounding[channel]
            self._last.pop(channel, None)
            if before is not None:
                self._last[channel] = before
        for plan in self._plans.values():
            if plan.want.rule.sound is Sound.BEEP and not plan.want.listeners.isdisjoint(cut):
                plan.due = self._due(plan)

    def over(self, turn: Turn) -> None:
        """What was played is over, whatever became of it; what was cut short is so already."""
        for channel in turn.channels:
            if self._sounding.get(channel, (None,))[0] is turn:
                del self._sounding[channel]

    def _next(self, want: Want, channel: str) -> float:
        """From when on this channel may have its next beep."""
        return self._last.get(channel, float("-inf")) + (want.rule.every_seconds or 0)

    def _had(self, far: str) -> bool:
        return far in self._said or self._failed.get(far, 0) >= TRIES

    def _release(self, call_id: str, want: Want) -> None:
        for channel in want.listeners:
            claims = self._claims.get((want.rule.sound, channel), {})
            claims.pop(call_id, None)
            if not claims:
                self._claims.pop((want.rule.sound, channel), None)

    def take(self, now: float) -> list[Turn]:
        """What is to be played now. Beeps are due again after their time; what was missed is not made up for."""
        found = []
        for call_id, plan in self._plans.items():
            if plan.due is None or plan.due > now:
                continue
            if plan.want.rule.sound is Sound.BEEP:
                channels = self._beep(call_id, plan, now)
            else:
                channels = self._announce(call_id, plan, now)
            if channels:
                found.append(turn := Turn(call_id, plan.want, channels))
                if turn.sound is Sound.BEEP:
                    self._sounds(turn, now)
        return found

    def _sounds(self, turn: Turn, now: float) -> None:
        self._sounding |= {one: (turn, self._last.get(one)) for one in turn.channels}
        self._last |= dict.fromkeys(turn.channels, now)

    def _beep(self, call_id: str, plan: _Plan, now: float) -> tuple[str, ...]:
        """To whom now. Who had one a moment ago, in another call or with others, has the next in their own time."""
        channels = tuple(one for one in self._mine(call_id, plan.want) if self._next(plan.want, one) <= now)
        every = plan.want.rule.every_seconds
        waits = [at for one in plan.want.listeners if (at := self._next(plan.want, one)) > now]
        plan.due = min(waits, default=now + every) if every else None
        return channels

    def _announce(self, call_id: str, plan: _Plan, now: float) -> tuple[str, ...]:
        plan.due = None
        if self._had(plan.want.far):
            return ()
        if not (channels := self._mine(call_id, plan.want)):  # another call plays it there: it may come to nothing
            plan.due = now + AGAIN
        return channels

    def _mine(self, call_id: str, want: Want) -> tuple[str, ...]:
        """The channels at which this call plays it, and no other that wants it there too."""
        first = {one: next(iter(self._claims[want.rule.sound, one])) for one in want.listeners}
        return tuple(sorted(one for one, by in first.items() if by == call_id))

    def next_at(self) -> float | None:
        """When something is due; None: nothing is."""
        return min((plan.due for plan in self._plans.values() if plan.due is not None), default=None)

    def holds(self, turn: Turn) -> bool:
        """Whether it may still be played."""
        plan = self._plans.get(turn.call_id)
        return plan is not None and plan.want is turn.want

    def had(self, turn: Turn) -> None:
        """Its announcement was heard: nobody in it needs it again."""
        self._said.update({turn.want.far, *turn.channels})

    def again(self, turn: Turn, at: float) -> None:
        """It is played already, by a former run: what became of it is looked at then."""
        plan = self._plans.get(turn.call_id)
        if plan is not None and plan.want == turn.want:
            plan.due = at

    def failed(self, turn: Turn, now: float) -> bool:
        """It could not be played; an announcement is tried again. True: this is the first that failed of the call."""
        far = turn.want.far
        self._failed[far] = self._failed.get(far, 0) + 1
        if turn.sound is Sound.ANNOUNCEMENT and not self._had(far):
            self.again(turn, now + AGAIN)
        return self._failed[far] == 1

    def forget(self, call_id: str) -> None:
        """The call is over."""
        plan = self._plans.pop(call_id, None)
        if plan is not None:
            self._release(call_id, plan.want)
        self._met.pop(call_id, None)

    def clear(self) -> None:
        """Nothing is known any more."""
        for known in (self._plans, self._last, self._sounding, self._met, self._claims, self._said, self._failed):
            known.clear()

    def keep_only(self, channels: Collection[str]) -> None:
        """These are all the channels that there are."""
        self._said.intersection_update(channels)
        self._last = {one: at for one, at in self._last.items() if one in channels}
        self._failed = {far: times for far, times in self._failed.items() if far in channels}

    @property
    def size(self) -> int:
        """How much is known: it must not grow."""
        by_call = len(self._plans) + len(self._met)
        by_channel = len(self._last) + len(self._sounding) + len(self._said) + len(self._failed)
        return by_call + by_channel + len(self._claims)
