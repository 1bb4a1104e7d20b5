"""Writes the embedded Asterisk's configuration: only what is specific to one lab; the rest is included."""

import math
import struct
import wave
from collections.abc import Mapping
from pathlib import Path

from adapter import shipped
from adapter.lab import several
from adapter.lab.ports import Ports
from adapter.lab.provision import Toolchain

EMPTY = ("acl", "udptl", "pjproject", "websocket_client", "chan_websocket")
"""Files for which Asterisk logs a warning if they are missing."""
FLOWS = ("queues", "features", "res_parking", "agents", "confbridge")
"""Files of asterisk-conf/lab, included as they are: what agents can do with a call."""


def operator_conf() -> Path:
    """The folder asterisk-conf/, of the checkout or of the installed wheel. Raises ConfigError if there is none."""
    return shipped.root() / "asterisk-conf"


def write(
    folder: Path,
    toolchain: Toolchain,
    ports: Ports,
    ami_secret: str,
    ari_secret: str,
    run: Path,
    more: Mapping[str, str],
    node: int = 0,
) -> Path:
    """Write all files into `folder`; returns the path of asterisk.conf.

    `run` holds the control socket; `more` is appended to the files of these names (`pjsip`, `extensions`, `asterisk`);
    `node`: which of several it is.
    """
    etc, conf = folder / "etc", operator_conf()
    for name in ("etc", "var/keys", "spool/recording", "log", "moh"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    run.mkdir(parents=True, exist_ok=True)
    _hold_tone(folder / "moh/hold.wav")
    for name in EMPTY:
        (etc / f"{name}.conf").write_text("")
    lab = several.lab_files(conf / "lab", etc / "lab", node)
    for name, text in _files(conf, lab, folder, ports).items():
        (etc / f"{name}.conf").write_text(text + more.get(name, ""))
    _secret(etc / "call_monitor_manager_secret.conf", f"secret = {ami_secret}\n")
    _secret(etc / "call_monitor_ari_secret.conf", f"password = {ari_secret}\n")
    main = etc / "asterisk.conf"
    main.write_text(_asterisk(folder, etc, toolchain, run) + more.get("asterisk", ""))
    return main


def _secret(path: Path, text: str) -> None:
    path.touch(mode=0o600)
    path.write_text(text)


def _asterisk(folder: Path, etc: Path, toolchain: Toolchain, run: Path) -> str:
    share = toolchain.prefix / "usr/share/asterisk"
    places = {
        "astetcdir": etc,
        "astmoddir": toolchain.asterisk_modules,
        "astvarlibdir": share,
        "astdatadir": share,
        "astdbdir": folder / "var",
        "astkeydir": folder / "var",
        "astspooldir": folder / "spool",
        "astrundir": run,
        "astlogdir": folder / "log",
    }
    lines = "".join(f"{name} => {path}\n" for name, path in places.items())
    return f"[directories]\n{lines}\n[options]\nverbose = 0\ndebug = 0\nnocolor = yes\ndocumentation_language = en_US\n"


def _files(conf: Path, lab: Path, folder: Path, ports: Ports) -> dict[str, str]:
    return {
        "modules": f'#include "{lab}/modules.conf"\n',
        "logger": "[general]\n[logfiles]\nmessages => notice,warning,error\n",
        "extensions": (f'#include "{lab}/extensions.conf"\n#include "{conf}/extensions_call_monitor.conf"\n'),
        **{name: f'#include "{lab}/{name}.conf"\n' for name in FLOWS},
        "features": f'#include "{lab}/features.conf"\n#include "{conf}/features_call_monitor.conf"\n',
        "manager": (
            f"[general]\nenabled = yes\nwebenabled = no\nport = {ports.ami}\nbindaddr = 127.0.0.1\n"
            f'displayconnects = no\n#include "{conf}/manager_call_monitor.conf"\n'
        ),
        "http": f"[general]\nenabled = yes\nbindaddr = 127.0.0.1\nbindport = {ports.http}\n",
        "ari": f'[general]\nenabled = yes\n#include "{conf}/ari_call_monitor.conf"\n',
        "pjsip": (
            "[global]\ntype = global\nuser_agent = call-monitor-lab\n"
            "[transport-ws]\ntype = transport\nprotocol = ws\nbind = 127.0.0.1\n"
            f"[transport-udp]\ntype = transport\nprotocol = udp\nbind = 127.0.0.1:{ports.sip}\n"
            f'#include "{conf}/pjsip_call_monitor.conf"\n#include "{lab}/pjsip_phones.conf"\n'
            f"[lab-trunk]\ntype = aor\ncontact = sip:127.0.0.1:{ports.sip}\n"
        ),
        "sorcery": f'#include "{conf}/sorcery_call_monitor.conf"\n',
        "rtp": f"[general]\nrtpstart = {ports.rtp}\nrtpend = {ports.rtp + ports.rtp_count - 1}\nicesupport = yes\n",
        "musiconhold": f"[default]\nmode = files\ndirectory = {folder}/moh\n",
        "indications": (
            "[general]\ncountry = us\n[us]\ndescription = North America\nringcadence = 2000,4000\ndial = 350+440\n"
            "busy = 480+620/500,0/500\nring = 440+480/2000,0/4000\ncongestion = 480+620/250,0/250\n"
        ),
        "stasis": "[threadpool]\n",
        "ccss": "[general]\n",
        "cdr": "[general]\nenable = no\n",
        "cel": "[general]\nenable = no\n",
    }


def _hold_tone(path: Path) -> None:
    """Two seconds of a quiet 350 Hz tone: music on hold, and not a harmonic of any tone that the tests measure."""
    samples = (int(800 * math.sin(2 * math.pi * 350 * n / 8000)) for n in range(16000))
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(b"".join(struct.pack("<h", sample) for sample in samples))
