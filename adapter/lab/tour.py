"""`make try`: a one-minute tour of the demo: finds a call, listens, whispers, joins, and shows the confirmations."""

import asyncio
import os
import sys
import time
from typing import Any

import aiohttp

from adapter.lab import people

PAUSE = 3.0
"""Seconds in each mode, so that people can follow."""
WORDS = {
    "silent": "nobody hears you",
    "whisper": "only the agent hears you",
    "barge": "agent and customer hear you",
}


async def tour(base: str, pause: float = PAUSE) -> None:
    """Walk through one monitor, `pause` seconds in each mode. Raises aiohttp.ClientError if it fails."""
    timeout = aiohttp.ClientTimeout(total=15)
    jar = aiohttp.CookieJar(unsafe=True)  # the lab is reached by its IP address
    async with aiohttp.ClientSession(base, timeout=timeout, cookie_jar=jar) as http:
        await _ask(http, "POST", "/api/v1/session", {"username": "admin", "password": people.password("admin")})
        call = await _a_call(http)
        agent, customer = call["agent"], call["customer"]
        _say(f"{agent['name']} ({agent['extension']}) talks with {customer['number']} ({call['direction']}).")
        monitor = await _ask(http, "POST", "/api/v1/monitors", {"call_id": call["id"]})
        path = f"/api/v1/monitors/{monitor['id']}"
        while (monitor := await _ask(http, "GET", path))["state"] == "connecting":  # noqa: ASYNC110
            await asyncio.sleep(0.02)
        _say(f"Phone {monitor['device']} was rung and listens: {monitor['mode']}, {WORDS[monitor['mode']]}.")
        for mode in ("whisper", "barge", "silent"):
            await asyncio.sleep(pause)
            began = time.perf_counter()
            monitor = await _ask(http, "PATCH", path, {"mode": mode})
            took = 1000 * (time.perf_counter() - began)
            _say(f"{monitor['mode']:<8} confirmed by Asterisk after {took:5.1f} ms: {WORDS[mode]}.")
        await asyncio.sleep(pause)
        await _ask(http, "DELETE", path)
        monitor = await _ask(http, "GET", path)
        _say(f"Ended: {monitor['ended_reason']}. The call goes on.")


async def _a_call(http: aiohttp.ClientSession) -> Any:
    for _ in range(100):
        answer = await _ask(http, "GET", "/api/v1/calls")
        active = [call for call in answer["calls"] if call["state"] == "active"]
        if active:
            return active[-1]
        await asyncio.sleep(0.2)
    raise aiohttp.ClientError("no call is active; is this the demo?")


async def _ask(http: aiohttp.ClientSession, method: str, path: str, body: Any = None) -> Any:
    async with http.request(method, path, json=body) as response:
        answer = await response.json(content_type=None) if response.status != 204 else {}
        if response.status >= 400:
            raise aiohttp.ClientError(answer.get("detail", f"HTTP {response.status}"))
        return answer


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def main() -> None:
    """Run the tour against the lab at LAB_HTTP_PORT."""
    base = f"http://127.0.0.1:{os.environ.get('LAB_HTTP_PORT', '8080')}"
    try:
        asyncio.run(tour(base))
    except (aiohttp.ClientError, TimeoutError) as problem:
        sys.exit(f"The lab at {base} did not answer as expected: {problem} Start it with: make demo")


if __name__ == "__main__":
    main()
