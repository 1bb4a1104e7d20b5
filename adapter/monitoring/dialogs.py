"""Asks of which SIP dialogs the channels of one PBX are ends, since no event tells, and tells its board.

While that isn't answered, what came in over a trunk is no call, and silent monitors there are their supervisors' secret
(`adapter.core.trunks`). What Asterisk does not say after some tries stays so for as long as the channel lives.
"""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime

import structlog

from adapter.core.events import DialogTold
from adapter.core.trunks import Question
from adapter.errors import AdapterError, PbxUnavailable
from adapter.monitoring.board import Board
from adapter.monitoring.ports import Pbx
from adapter.tasks import BackgroundTasks

log = structlog.get_logger(__name__)

AT_ONCE = 50
"""Channels that are asked about at the same time: after a lost connection there are many."""
AGAIN = (0.0, 0.1, 0.5)
"""Seconds before each try: a channel may be told of a moment before its SIP session can be asked."""


class Dialogs:
    """Asks for one board."""

    def __init__(self, board: Board, pbx: Pbx, clock: Callable[[], datetime]) -> None:
        self._board, self._pbx, self._clock = board, pbx, clock
        self._tasks = BackgroundTasks("dialogs")
        self._turns = asyncio.Semaphore(AT_ONCE)
        board.trunks.questions.subscribe(self._ask_all)

    def _ask_all(self, questions: Sequence[Question]) -> None:
        for question in questions:
            self._tasks.start(self._ask(question), question.uniqueid)

    async def _ask(self, question: Question) -> None:
        async with self._turns:
            await self._ask_in_turn(question)

    async def _ask_in_turn(self, question: Question) -> None:
        call_id, leg = "", ""
        for pause in AGAIN:
            await asyncio.sleep(pause)
            if question.uniqueid not in self._board.channels():
                return
            try:
                call_id, leg = await self._pbx.dialog(question.uniqueid, header=question.header)
            except PbxUnavailable:
                return  # once it is back everything is listed, and asked again
            except AdapterError as problem:
                log.info("where a channel leads is not known", uniqueid=question.uniqueid, why=str(problem))
            if call_id:
                break
        self._board.apply([DialogTold(self._clock(), question.uniqueid, call_id, leg)])

    async def close(self) -> None:
        """Ask nothing more."""
        await self._tasks.close()
