"""Everything of JsSIP that the page uses or may come to use, through the page's SIP socket, at a real Asterisk."""

import asyncio
import os
import subprocess
import sys
import time
from pathlib import Path

from playwright.async_api import Browser, WebSocket

from tests.support.lab import Lab

PAGE = Path(__file__).parents[2] / "adapter/web/page"
PHONE = """async () => {
  const answer = await fetch("/api/v1/softphone", {method: "POST", headers: {"Content-Type": "application/json"}});
  const given = await answer.json();
  const ua = new JsSIP.UA({
    sockets: [new JsSIP.WebSocketInterface(given.sip_url)], uri: `sip:${given.endpoint}@call-monitor.invalid`,
    password: given.password, register_expires: 120, session_timers: false,
  });
  window.told = [];
  const tell = word => () => told.push(word);
  const tone = new AudioContext().createMediaStreamDestination().stream;
  for (const word of ["registered", "unregistered", "registrationFailed", "disconnected"]) ua.on(word, tell(word));
  ua.on("newRTCSession", ({session}) => {
    window.session = session;
    for (const word of ["confirmed", "hold", "unhold", "ended", "failed"]) session.on(word, tell(word));
    session.answer({mediaStream: tone});
  });
  ua.start();
  window.ua = ua;
}"""


def bundle() -> str:
    """JsSIP for a browser, out of what the page is built with."""
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
    argv = ["node_modules/.bin/esbuild", "--bundle", "--define:global=window", "--global-name=JsSIP"]
    entry = PAGE / "node_modules/jssip/lib/JsSIP.js"
    done = subprocess.run(
        [*argv, str(entry)], cwd=PAGE, env={**os.environ, "PATH": path}, capture_output=True, check=True, text=True
    )
    return done.stdout


async def test_hold_digits_and_hanging_up_pass(lab: Lab, chromium: Browser) -> None:
    await lab.talk("201", "101")
    mona = await lab.client("mona")
    context = await chromium.new_context(base_url=lab.base, bypass_csp=True)
    cookies = [{"name": one.key, "value": one.value, "url": lab.base} for one in mona.http.cookie_jar]
    await context.add_cookies(cookies)  # type: ignore[arg-type]
    page = await context.new_page()
    frames: list[tuple[bool, str]] = []

    def follow(socket: WebSocket) -> None:
        socket.on("framesent", lambda text: frames.append((True, str(text))))
        socket.on("framereceived", lambda text: frames.append((False, str(text))))

    page.on("websocket", follow)
    await page.goto("/openapi.json")
    await page.evaluate(bundle() + ";window.JsSIP = JsSIP")
    await page.evaluate(PHONE)
    await page.wait_for_function("told.includes('registered')")
    status, monitor = await mona.post("/monitors", {"agent_extension": "101", "device": "browser"})
    assert status == 201, monitor
    await page.wait_for_function("told.includes('confirmed')")
    await page.evaluate("new Promise(done => session.hold({}, done))")
    await page.evaluate("new Promise(done => session.unhold({}, done))")
    await page.evaluate("session.sendDTMF('0', {transportType: 'INFO'})")
    end = time.monotonic() + 10
    while not any(not sent and "SIP/2.0 200" in text and " INFO\r\n" in text for sent, text in frames):
        assert time.monotonic() < end, "Asterisk did not take the digit"
        await asyncio.sleep(0.1)
    await page.evaluate("session.terminate()")
    assert (await mona.until_ended(monitor))["ended_reason"] == "supervisor_hung_up"
    await page.evaluate("ua.unregister()")
    await page.wait_for_function("told.includes('unregistered')")
    told = await page.evaluate("told")
    assert told == ["registered", "confirmed", "hold", "unhold", "ended", "unregistered"]
    sent = {text.split(" ", 1)[0] for page_sent, text in frames if page_sent}
    assert {"REGISTER", "SIP/2.0", "INVITE", "ACK", "INFO", "BYE"} <= sent
    await context.close()
