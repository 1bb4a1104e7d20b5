"""The Stasis application: calls that the dialplan hands over, over ARI's WebSocket, and handing them back.

While nobody is connected, Asterisk does not know the application and its dialplan goes on by itself: fail closed.
Whoever registers the same name takes it away, and when they go it is gone for us too, without a word. So both are
looked for: the loss is told, and the application registered anew.
"""

import asyncio
import json
from collections import OrderedDict
from collections.abc import Callable, Coroutine
from typing import Any

import aiohttp
import structlog

from adapter.asterisk.ari import Ari
from adapter.asterisk.fence import UNFENCED, Fence
from adapter.core.events import endpoint_of
from adapter.core.legs import HandedCall
from adapter.errors import AdapterError, PbxUnavailable
from adapter.tasks import BackgroundTasks

log = structlog.get_logger(__name__)

APPLICATION = "call-monitor"
"""The name in the dialplan: Stasis(call-monitor,…)."""
HEARTBEAT = 5.0
"""Seconds between pings of the WebSocket."""
PAUSE = 1.0
"""Seconds between attempts to connect, and the first pause before the application is taken back."""
LONGEST_PAUSE = 30.0
"""Seconds of the longest such pause: two programs that take it from each other in turn do so seldom."""
QUIET = 60.0
"""Seconds after which a loss counts as the first one again."""
CHECK = 3.0
"""Seconds between looks whether Asterisk still knows our application."""
MANY_CALLS = 500
"""Calls that are remembered as taken: those of which Asterisk may tell twice."""
TAKEN = "another program took our Stasis application away; see `ari show apps` and who else uses ARI"
GONE = "Asterisk does not know our Stasis application any more"
CLOSED = "ARI closed the connection"
UNREGISTERED = "the Stasis application is not registered yet"

Handler = Callable[[HandedCall], Coroutine[Any, Any, None]]


class Stasis:
    """Kept registered; every call that comes in is handled by `on_call`, each in a task of its own."""

    def __init__(self, ari: Ari, on_call: Handler, fence: Fence = UNFENCED) -> None:
        self._ari, self._on_call, self._fence = ari, on_call, fence
        self.problem: str | None = UNREGISTERED
        """Why calls don't reach us; None while they do."""
        self.tried = asyncio.Event()
        """It was registered for the first time, or could not be."""
        self._taken: OrderedDict[str, bool] = OrderedDict()
        """Calls that were begun, and whether Asterisk told of them by itself, not by our asking."""
        self._lost = (0, -QUIET)
        """How often it was taken from us in a row, and when last, by the event loop's clock."""
        self._tasks = BackgroundTasks("stasis")

    def start(self) -> None:
        """Register the application with Asterisk, and again after every loss."""
        self._tasks.keep(self._keep_registered, "connection")

    def give_up(self) -> None:
        """Another adapter is to have it: it is not registered any more. What runs is ended by `close`."""
        self._fence = Fence(need=_never)

    async def close(self) -> None:
        """Stop; Asterisk's dialplan goes on with what comes in after."""
        await self._tasks.close()

    async def _keep_registered(self) -> None:
        while True:
            pause = PAUSE
            try:
                self._fence.need()
                async with self._ari.events(APPLICATION, HEARTBEAT) as socket:
                    self._tell(None)
                    self.tried.set()
                    why = await self._stand(socket)
                if why in (TAKEN, GONE):
                    pause = self._pause()
                self._tell(why)
            except AdapterError as problem:
                self._tell(str(problem))
            self.tried.set()
            await asyncio.sleep(pause)

    def _tell(self, problem: str | None) -> None:
        if problem is None:
            log.info("the Stasis application is registered", application=APPLICATION)
        elif self.problem in (None, UNREGISTERED):
            log.warning("star codes do not work until the Stasis application is registered again", why=problem)
        self.problem = problem

    def _pause(self) -> float:
        """None the first time it is taken away, then longer and longer."""
        now = asyncio.get_running_loop().time()
        times = self._lost[0] + 1 if now - self._lost[1] < QUIET else 0
        self._lost = (times, now)
        return min(LONGEST_PAUSE, PAUSE * 2 ** (times - 1)) if times else 0.0

    async def _stand(self, socket: aiohttp.ClientWebSocketResponse) -> str:
        """Take calls until that ends. Returns why it did."""
        both = (self._tasks.start(self._watch(), "watch"), self._tasks.start(self._listen(socket), "listen"))
        try:
            done, _ = await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
            return str(done.pop().result())
        finally:
            for task in both:
                task.cancel()

    async def _listen(self, socket: aiohttp.ClientWebSocketResponse) -> str:
        async for message in socket:
            if message.type is not aiohttp.WSMsgType.TEXT:
                continue
            if (call := _call(message.data)) is not None:
                self._begin(call, told=True)
            elif _is_replaced(message.data):
                self._fence.doubt()
                return TAKEN
        return CLOSED

    async def _watch(self) -> str:
        """Whether Asterisk still knows it; and who waits in it without our having been told: a former owner was."""
        while True:
            try:
                found = await self._ari.waiting(APPLICATION)
                if found is None:
                    return GONE
                for uniqueid in found:
                    await self._find(uniqueid)
            except AdapterError as problem:
                log.debug("the Stasis application could not be looked at", why=str(problem))
            await asyncio.sleep(CHECK)

    async def _find(self, uniqueid: str) -> None:
        if uniqueid in self._taken:
            return
        call = _waiting(await self._ari.channel(uniqueid))
        if call is not None and uniqueid not in self._taken:
            log.info("a call waited for us", uniqueid=uniqueid)
            self._begin(call, told=False)

    def _begin(self, call: HandedCall, *, told: bool) -> None:
        """Handle a call, unless it is one that we found just before Asterisk's word of it reached us."""
        found = self._taken.get(call.uniqueid)
        self._taken[call.uniqueid] = told
        if len(self._taken) > MANY_CALLS:
            self._taken.popitem(last=False)
        if found is None or (found and told):
            self._tasks.start(self._on_call(call), f"call {call.uniqueid}")


def _never() -> None:
    raise PbxUnavailable("Another adapter looks after this PBX.")


def _call(text: str) -> HandedCall | None:
    """A StasisStart in our words; None for everything else."""
    try:
        event: Any = json.loads(text)
        if event["type"] != "StasisStart":
            return None
        channel = event["channel"]
        return HandedCall(
            str(channel["id"]),
            endpoint_of(str(channel["name"])),
            tuple(map(str, event["args"])),
            str(channel["dialplan"]["exten"]),
            str(event["replace_channel"]["name"]) if "replace_channel" in event else "",
        )
    except (ValueError, KeyError, TypeError, RecursionError):
        return None


def _waiting(channel: Any) -> HandedCall | None:
    """A channel that is in the application, as a StasisStart would have told of it; None for any other.

    Whose place it took ARI can't say any more; what the model knows of its beginning decides
    (`adapter.phones.own_call`).
    """
    try:
        plan = channel["dialplan"]
        name, *arguments = str(plan["app_data"]).split(",")
        if (plan["app_name"], name) != ("Stasis", APPLICATION):
            return None
        return HandedCall(str(channel["id"]), endpoint_of(str(channel["name"])), tuple(arguments), str(plan["exten"]))
    except (KeyError, TypeError):
        return None


def _is_replaced(text: str) -> bool:
    """Whether Asterisk says that another connection has our application now."""
    try:
        event: Any = json.loads(text)
        return event["type"] == "ApplicationReplaced" and event["application"] == APPLICATION  # type: ignore[no-any-return]
    except (ValueError, KeyError, TypeError, RecursionError):
        return False
