"""What acts on the calls of one PBX beside monitors, and the same whether there are any: who talks, and consent."""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime

from adapter.core.events import Event
from adapter.core.record import Record
from adapter.monitoring.board import Board
from adapter.monitoring.consent import ConsentTones
from adapter.monitoring.consentports import Figures, Sounds, ToneActions
from adapter.monitoring.consentrules import ConsentRules
from adapter.monitoring.talkdetect import TalkActions, TalkDetect, settling


class Beside:
    """Of one PBX. `talk`: None where Asterisk is not to tell who talks; `confirm`: seconds, as of `Limits`."""

    def __init__(
        self,
        board: Board,
        talk: TalkActions | None,
        tones: ToneActions,
        rules: ConsentRules,
        sounds: Sounds,
        note: Callable[[Record], None],
        figures: Figures,
        clock: Callable[[], datetime],
        confirm: float,
    ) -> None:
        settle = settling(confirm)
        self.talk = TalkDetect(board, talk, clock, settle) if talk is not None else None
        self.consent = ConsentTones(board, tones, rules, sounds, note, figures, clock, settle)

    def start(self) -> None:
        """Act from now on."""
        if self.talk is not None:
            self.talk.start()
        self.consent.start()

    def heard(self, events: Sequence[Event]) -> None:
        """What Asterisk tells."""
        if self.talk is not None:
            self.talk.heard(events)
        self.consent.heard(events)

    def remarks(self) -> Collection[str]:
        """What an administrator should know of though all is usable."""
        return self.talk.remarks() if self.talk is not None else []

    async def close(self) -> None:
        """Do nothing more."""
        if self.talk is not None:
            await self.talk.close()
        await self.consent.close()
