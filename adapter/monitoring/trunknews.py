"""What one board tells of its trunks, once everybody knows what has changed."""

from collections.abc import Sequence

from adapter.core.calls import Calls
from adapter.core.trunks import Half, Question
from adapter.tasks import Listeners


class TrunkNews:
    """Told where there is another PBX only."""

    def __init__(self) -> None:
        self.questions: Listeners[[Sequence[Question]]] = Listeners()
        """Who asks Asterisk where channels lead, and tells the board (`core.events.DialogTold`)."""
        self.halves: Listeners[[Half]] = Listeners()
        """Who looks at far halves of other PBXes' legs."""

    def tell(self, calls: Calls) -> None:
        """What the last `settle` left to be told."""
        if (trunks := calls.trunks) is None:
            return
        questions, trunks.questions = trunks.questions, []
        halves, calls.halves = calls.halves, []
        if questions:
            self.questions.tell(questions)
        for half in halves:
            self.halves.tell(half)
