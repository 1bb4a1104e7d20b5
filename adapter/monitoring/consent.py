"""Has the calls of one PBX hear their announcement or beeps, by the rules of consent, whether anybody listens or not.

Each sound is a short-lived channel of its own (`adapter.asterisk.consent`): it is hung up as soon as other people are
in the call, and the next comes when every monitor that there might be has attached anew.
"""

import asyncio
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import structlog

from adapter.core.audit import SYSTEM, Action, Entry, Result
from adapter.core.call import Call
from adapter.core.changes import Changes
from adapter.core.consent import Announcement, Sound, Turn, want_of
from adapter.core.consentschedule import Schedule
from adapter.core.events import Event
from adapter.core.journal import subject_of
from adapter.core.pbx import LinkState
from adapter.core.record import Record
from adapter.core.userevents import ToneNews, ToneTold
from adapter.errors import AdapterError
from adapter.monitoring.board import Board
from adapter.monitoring.consentports import Figures, Outcome, Sounds, ToneActions
from adapter.monitoring.consentrules import ConsentRules
from adapter.tasks import BackgroundTasks

log = structlog.get_logger(__name__)

AT_ONCE = 8
"""Sounds that are begun at the same time at one PBX: after a start all calls are due."""
SOON = 0.05
"""Seconds between attempts to hang a channel up that Asterisk has not made yet."""
ATTEMPTS = 20
SETTLES = 0.5
"""Seconds until Asterisk has told why a sound broke off, where the call ended or others came."""
LOOK_AGAIN = 2.0
"""Seconds until it is asked again whether an announcement that a former run began is over."""
OVER = 100
"""After so many calls, what is known of channels that are gone is forgotten."""
NO_FILE = "there is no announcement in this adapter's configuration ([consent] announcement)"
NOT_PLAYED = "Asterisk could not play the sound"
TOO_LATE = "Asterisk did not confirm in time that it was played"


@dataclass(slots=True)
class _Playing:
    """One sound at one channel."""

    turn: Turn
    over: asyncio.Future[Outcome]
    attached: asyncio.Event = field(default_factory=asyncio.Event)
    """Set also when it is over."""

    def tell(self, outcome: Outcome) -> None:
        if not self.over.done():
            self.over.set_result(outcome)
        self.attached.set()

    @property
    def heard(self) -> bool:
        """Whether the channel was heard by then; where Asterisk is so busy that it came late, not the first moment."""
        return self.attached.is_set()


class ConsentTones:
    """Of one PBX."""

    def __init__(
        self,
        board: Board,
        actions: ToneActions,
        rules: ConsentRules,
        sounds: Sounds,
        note: Callable[[Record], None],
        figures: Figures,
        clock: Callable[[], datetime],
        settle: float,
    ) -> None:
        """`settle`: seconds from a change of the people in a call until the next sound in it."""
        self._board, self._actions, self._rules, self._sounds = board, actions, rules, sounds
        self._note, self._figures, self._clock = note, figures, clock
        self._schedule = Schedule(settle)
        self._playing: dict[str, _Playing] = {}
        """By the channel that plays."""
        self._over = 0
        self._news = asyncio.Event()
        self._places = asyncio.Semaphore(AT_ONCE)
        self._tasks = BackgroundTasks("consent")
        self._ends = [board.subscribe(self._changed), rules.changed.subscribe(self._look_at_all)]

    def start(self) -> None:
        """Play from now on."""
        self._tasks.keep(self._run, "play")

    async def close(self) -> None:
        """Begin nothing more. What plays is played to its end: it is short, and the next run finds what was heard."""
        for end in self._ends:
            end()
        await self._tasks.close()

    # --- told

    def heard(self, events: Sequence[Event]) -> None:
        """What Asterisk tells of our sounds."""
        for event in events:
            if type(event) is ToneTold and (playing := self._playing.get(event.tone)) is not None:
                if event.news is ToneNews.ATTACHED:
                    playing.attached.set()
                elif event.news is ToneNews.PLAYED and playing.heard:
                    playing.tell(Outcome.PLAYED)
                else:  # gone before it was played: the call is over or changes, else it failed
                    playing.tell(Outcome.FAILED)

    def _changed(self, changes: Changes) -> None:
        if changes.link and self._board.pbx_state.state is not LinkState.CONNECTED:
            self._out_of_sight()
            return
        for call_id in changes.calls:
            self._look_at(call_id)
        if changes.people or changes.resynced:
            self._look_at_all()

    def _out_of_sight(self) -> None:
        """What is heard meanwhile is not known; after it, everything is due again but what was announced."""
        for call_id in {one.turn.call_id for one in self._playing.values()}:
            self._cut_short(call_id, hang_up=False)
        self._schedule.clear()

    def _look_at_all(self) -> None:
        for call in list(self._board.calls()):
            self._look_at(call.id)
        if self._board.complete:
            self._schedule.keep_only(self._board.channels())

    def _look_at(self, call_id: str) -> None:
        call, now = self._board.call(call_id), asyncio.get_running_loop().time()
        want = want_of(self._rules.rules, call, self._teams(call)) if call is not None else None
        if self._schedule.follow(call_id, want, now):
            self._cut_short(call_id)
        if call is None:
            self._schedule.forget(call_id)
            self._over += 1
            if self._over % OVER == 0 and self._board.complete:
                self._schedule.keep_only(self._board.channels())
        self._news.set()

    def _teams(self, call: Call) -> frozenset[str]:
        user = self._board.directory.users.get(call.agent.user_id or "")
        return user.teams if user is not None else frozenset()

    def _cut_short(self, call_id: str, *, hang_up: bool = True) -> None:
        for tone, one in self._playing.items():
            if one.turn.call_id == call_id and not one.over.done():
                one.tell(Outcome.CUT_SHORT)
                if hang_up:
                    self._tasks.start(self._stop(tone), f"stop {tone}")

    # --- done

    async def _run(self) -> None:
        clock = asyncio.get_running_loop()
        while True:
            self._news.clear()
            for turn in self._schedule.take(clock.time()):
                self._tasks.start(self._play(turn), f"play to {turn.call_id}")
            due = self._schedule.next_at()
            try:
                async with asyncio.timeout_at(due):
                    await self._news.wait()
            except TimeoutError:
                pass

    async def _play(self, turn: Turn) -> None:
        outcome: Outcome | None = Outcome.FAILED
        why = NOT_PLAYED
        try:
            outcome, why = await self._played(turn)
        except AdapterError as problem:
            why = problem.detail
        finally:
            self._schedule.over(turn)
        if outcome is not None:
            self._figures.sounded(turn.sound, outcome)
        if outcome is Outcome.FAILED:
            self._failed(turn, why)
        elif outcome is Outcome.PLAYED and turn.sound is Sound.ANNOUNCEMENT:
            self._schedule.had(turn)
        self._news.set()

    async def _played(self, turn: Turn) -> tuple[Outcome | None, str]:
        """Play it to all who are to hear it; None: there was nothing to play now.

        Raises AdapterError where Asterisk could not be asked.
        """
        file = self._sounds.file(turn.sound)
        if not file:
            return Outcome.FAILED, NO_FILE
        if turn.sound is Sound.ANNOUNCEMENT:
            known = await self._actions.announcement(turn.want.far)
            if known is Announcement.PLAYS:
                self._schedule.again(turn, asyncio.get_running_loop().time() + LOOK_AGAIN)
                return None, ""
            if known is Announcement.HEARD:
                self._schedule.had(turn)
                return None, ""
        found = await asyncio.gather(*(self._to(channel, turn, file) for channel in turn.channels))
        worst = next((one for one in found if one[0] is not Outcome.PLAYED), (Outcome.PLAYED, ""))
        if turn.sound is Sound.ANNOUNCEMENT and worst[0] is Outcome.PLAYED:
            await self._keep(turn)
        return worst

    async def _keep(self, turn: Turn) -> None:
        """At its channels, for the next run. It was played, whatever becomes of this."""
        try:
            await asyncio.gather(*(self._actions.announced(channel) for channel in {turn.want.far, *turn.channels}))
        except AdapterError as problem:
            log.warning("that an announcement was heard is not kept at Asterisk", why=problem.detail)

    async def _to(self, channel: str, turn: Turn, file: str) -> tuple[Outcome, str]:
        tone = self._board.legs.tone_id(uuid.uuid4().hex)
        playing, why = _Playing(turn, asyncio.get_running_loop().create_future()), NOT_PLAYED
        try:
            async with asyncio.timeout(None) as limit:
                async with self._places:
                    if not self._schedule.holds(turn):
                        return Outcome.CUT_SHORT, ""
                    limit.reschedule(asyncio.get_running_loop().time() + self._sounds.deadline(turn.sound))
                    self._playing[tone] = playing
                    await self._actions.play(tone, channel, file, keepers=turn.keepers(channel))
                    await playing.attached.wait()
                outcome = await playing.over
            if outcome is Outcome.FAILED:
                await asyncio.sleep(SETTLES)
        except TimeoutError:
            outcome, why = Outcome.FAILED, TOO_LATE
            await self._stop(tone)
        except AdapterError as problem:  # where it was not answered, it may play all the same
            outcome, why = Outcome.FAILED, problem.detail
            await self._stop(tone)
        finally:
            self._playing.pop(tone, None)
        if outcome is Outcome.FAILED and not self._schedule.holds(turn):
            outcome = Outcome.CUT_SHORT
        return outcome, why

    async def _stop(self, tone: str) -> None:
        """Hang it up, also where Asterisk has yet to make it."""
        try:
            for _ in range(ATTEMPTS):
                if await self._actions.stop(tone):
                    return
                await asyncio.sleep(SOON)
        except AdapterError as problem:
            log.warning("a sound of consent could not be ended", pbx=self._board.id, why=problem.detail)

    def _failed(self, turn: Turn, why: str) -> None:
        first = self._schedule.failed(turn, asyncio.get_running_loop().time())
        log.error("a call did not hear its sound of consent", pbx=self._board.id, call_id=turn.call_id, why=why)
        call = self._board.call(turn.call_id)
        if not first or call is None:
            return
        entry = Entry(
            at=self._clock(),
            by=SYSTEM,
            action=Action.CONSENT_FAILED,
            result=Result.FAILED,
            reason=why[:200],
            target=turn.sound.value,
            call_id=call.id,
            subject=subject_of(call, self._board.directory.users),
        )
        self._note(Record(entries=[entry], pbxes={self._board.id}))
