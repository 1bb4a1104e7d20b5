"""Decides what files are to become, for a plain Asterisk and for FreePBX. Pure: it reads and writes nothing."""

from collections.abc import Callable, Iterable, Sequence
from fnmatch import fnmatchcase
from pathlib import Path

from adapter.setup import asteriskconf as conf
from adapter.setup import helpcode
from adapter.setup.model import Choices, Edit, Found, Owner, Plan

Shipped = Callable[[str], str]
"""Returns a file that comes with the program."""

OURS = "ari extensions features manager modules pjsip sorcery".split()
FREEPBX_OURS = "ari extensions manager".split()
"""Whose copies of asterisk-conf/NAME_call_monitor.conf are included."""
CODES = "call-monitor-codes"
MANAGER_SECRET, ARI_SECRET = "call_monitor_manager_secret.conf", "call_monitor_ari_secret.conf"
LOOPBACK = ("127.0.0.1", "localhost", "::1")
EVERYWHERE = ("", "0.0.0.0", "::")  # noqa: S104 - read, not bound
NOLOAD = "noload = bridge_native_rtp.so"
SORCERY = ("endpoint", "auth", "aor")
RELOADS = {
    "manager": "manager reload",
    "http": "module reload http",
    "ari": "module reload res_ari.so",
    "extensions": "dialplan reload",
    "features": "module reload features",
    "pjsip": "module reload res_pjsip.so",
}
"""How Asterisk is told of a changed file, by how the file's name begins."""
IN_FREEPBX = {"direct_media": "Direct Media", "rtp_timeout": "RTP Timeout", "rtp_timeout_hold": "RTP Hold Timeout"}
"""What FreePBX calls the settings of an endpoint."""
AT_START = ("sorcery", "modules")


def plan(found: Found, choices: Choices, shipped: Shipped) -> Plan:
    """The edits in Asterisk's folder. What is right already is none."""
    texts = dict(found.texts)
    todo: list[str] = []
    secrets = _secrets(found, choices)
    copies = _copies(found, choices, shipped, todo)
    (_freepbx if found.freepbx else _plain)(found, choices, texts, todo)
    edits = [*secrets, *copies]
    for name, after in texts.items():
        if after != found.texts.get(name):
            edits.append(Edit(found.etc / name, found.texts.get(name), after, Owner.ASTERISK, 0o640))
    changed = [edit.path.name.removeprefix("call_monitor_").replace("_call_monitor", "") for edit in edits]
    reload = [command for start, command in RELOADS.items() if any(name.startswith(start) for name in changed)]
    restart = [name for name in dict.fromkeys(changed) if name.startswith(AT_START)]
    todo += _codes_taken(found, choices)
    return Plan(edits, reload, restart, todo)


def _secrets(found: Found, choices: Choices) -> list[Edit]:
    """Asterisk's side of the secrets. AMI that listens at one address only is reached from that address."""
    address = found.value("manager.conf", "general", "bindaddr") or ""
    permit = "" if address in LOOPBACK + EVERYWHERE else f"permit = {address}/255.255.255.255\n"
    wanted = {
        MANAGER_SECRET: f"secret = {conf.escaped(choices.ami_secret)}\n{permit}",
        ARI_SECRET: f"password = {conf.escaped(choices.ari_secret)}\n",
    }
    return [
        Edit(found.etc / name, found.texts.get(name), text, Owner.ASTERISK, 0o640, secret=True)
        for name, text in wanted.items()
        if found.texts.get(name) != text
    ]


def _copies(found: Found, choices: Choices, shipped: Shipped, todo: list[str]) -> list[Edit]:
    """Copies of our files. One that differs may have been edited: it stays, unless it is to be replaced."""
    edits = []
    for kind in FREEPBX_OURS if found.freepbx else OURS:
        name = f"{kind}_call_monitor.conf"
        text, before = shipped(f"asterisk-conf/{name}"), found.texts.get(name)
        if before is None or (before != text and choices.replace):
            edits.append(Edit(found.etc / name, before, text, Owner.ASTERISK, 0o640))
        elif before != text:
            todo.append(f"{found.etc / name} differs from this version's and was kept; --replace takes this version's.")
    return edits


def _plain(found: Found, choices: Choices, texts: dict[str, str], todo: list[str]) -> None:
    """Includes at the end of Asterisk's own files, and what must be switched on."""
    for kind in ("manager", "http"):
        name = f"{kind}.conf"
        if not conf.is_yes(found.value(name, "general", "enabled")):
            texts[name] = conf.with_setting(texts.get(name, ""), "general", "enabled", "yes")
            if found.value(name, "general", "bindaddr") not in LOOPBACK:  # it was off, so nobody relies on it
                texts[name] = conf.with_setting(texts[name], "general", "bindaddr", "127.0.0.1")
    if not conf.is_yes(found.value("ari.conf", "general", "enabled")):
        texts["ari.conf"] = conf.with_setting(texts.get("ari.conf", ""), "general", "enabled", "yes")
    if choices.codes_context:
        _codes(texts, "extensions.conf", choices.codes_context, found, todo)
    for kind in ("manager", "ari", "extensions", "features"):  # at the end, when nothing more is added to a section
        texts[f"{kind}.conf"] = conf.with_include(texts.get(f"{kind}.conf", ""), f"{kind}_call_monitor.conf")
    texts["modules.conf"] = conf.with_include(texts.get("modules.conf", ""), "modules_call_monitor.conf", "modules")
    texts["pjsip.conf"] = conf.with_include(found.text("pjsip.conf"), "pjsip_call_monitor.conf", first=True)
    _sorcery(texts, included=True)
    _endpoints(found, choices, texts, todo)


def _freepbx(found: Found, choices: Choices, texts: dict[str, str], todo: list[str]) -> None:
    """FreePBX writes its files anew at each "Apply Config"; these it leaves alone."""
    if choices.codes_context:
        _codes(texts, "extensions_custom.conf", choices.codes_context, found, todo)
    for name, kind in (("extensions_custom", "extensions"), ("manager_custom", "manager")):
        texts[f"{name}.conf"] = conf.with_include(texts.get(f"{name}.conf", ""), f"{kind}_call_monitor.conf")
    name = "ari_additional_custom.conf"
    texts[name] = conf.with_include(texts.get(name, ""), "ari_call_monitor.conf")
    texts["modules.conf"] = conf.with_lines(texts.get("modules.conf", ""), "modules", [NOLOAD])
    _sorcery(texts, included=False)
    where = "FreePBX, Settings -> Advanced Settings:"
    if not conf.is_yes(found.value("http.conf", "general", "enabled")):
        todo.append(f"{where} Enable the mini-HTTP Server: yes; HTTP Bind Address: 127.0.0.1.")
    if not conf.is_yes(found.value("ari.conf", "general", "enabled")):
        todo.append(f"{where} Enable the Asterisk REST Interface: yes.")
    lacking: dict[tuple[str, str], list[str]] = {}
    for endpoint in wanted_endpoints(found, choices):
        for pair in lacks(endpoint, choices):
            lacking.setdefault(pair, []).append(endpoint.name)
    for (key, value), names in lacking.items():
        todo.append(f"FreePBX, Extensions -> Advanced: {IN_FREEPBX[key]}: {value}, for {', '.join(names)}.")


def _sorcery(texts: dict[str, str], *, included: bool) -> None:
    """The page's phones live in memory, beside what the file has."""
    text = texts.get("sorcery.conf", "")
    if included and not conf.has_section(text, "res_pjsip"):
        texts["sorcery.conf"] = conf.with_include(text, "sorcery_call_monitor.conf")
        return
    if "sorcery_call_monitor.conf" in conf.includes(text):
        return
    wanted = []
    for kind in SORCERY:
        if conf.value(text, "res_pjsip", kind) is None:
            wanted.append(f"{kind} = config,pjsip.conf,criteria=type={kind}")
        wanted.append(f"{kind} = memory")
    texts["sorcery.conf"] = conf.with_lines(text, "res_pjsip", wanted)


def _codes(texts: dict[str, str], name: str, context: str, found: Found, todo: list[str]) -> None:
    """Star codes in the context of supervisors' phones."""
    known = [one for one in found.with_includes("extensions.conf") if conf.has_section(found.texts[one], context)]
    if not known and not found.freepbx:
        todo.append(f"The dialplan has no context [{context}], so star codes were left out: --codes-context names it.")
        return
    if not found.freepbx:
        name = known[-1]
    texts[name] = conf.with_lines(texts.get(name, ""), context, [f"include => {CODES}"])


def _codes_taken(found: Found, choices: Choices) -> Iterable[str]:
    """Whether the PBX uses a star code itself."""
    if not choices.codes_context:
        return
    for name in found.with_includes("extensions.conf"):
        if "call_monitor" in name:
            continue
        for line in conf.lines(found.texts[name]):
            pair = conf.setting(line)
            code = next(
                (one for one in ("*55", "*56", "*57", "*58") if pair and pair[1].lstrip("_").startswith(one)), None
            )
            if pair and pair[0] == "exten" and code:
                yield (
                    f"{found.etc / name} uses {code} itself: choose other codes in extensions_call_monitor.conf and "
                    "under [star_codes] in config.toml."
                )
                return


def _endpoints(found: Found, choices: Choices, texts: dict[str, str], todo: list[str]) -> None:
    """What monitored endpoints and supervisors' phones need, in their own sections."""
    names = found.with_includes("pjsip.conf")
    for name, here in zip(names, conf.endpoints([found.texts[one] for one in names]), strict=True):
        text = found.texts[name]
        for endpoint in reversed(here):  # from the end: a line that is added moves those behind it
            if matches(endpoint.name, choices):
                text = helpcode.with_code(text, endpoint, choices.agents, todo)
                for key, value in reversed(lacks(endpoint, choices)):
                    text = conf.with_endpoint_setting(text, endpoint, key, value)
        if name == "pjsip.conf":
            text = conf.with_include(text, "pjsip_call_monitor.conf", first=True)
        texts[name] = text
    if not wanted_endpoints(found, choices):
        todo.append(
            "pjsip.conf has no endpoint that matches; where yours are kept, agents' need direct_media = no, and "
            "supervisors' also rtp_timeout = 60 and rtp_timeout_hold = 300 (the doctor checks it)."
        )


def matches(name: str, choices: Choices) -> bool:
    """Whether an endpoint is an agent's or a supervisor's."""
    device = f"PJSIP/{name}"
    return device in choices.supervisors or any(fnmatchcase(device, pattern) for pattern in choices.agents)


def wanted_endpoints(found: Found, choices: Choices) -> list[conf.Endpoint]:
    """The endpoints of pjsip.conf that are agents' or supervisors'."""
    return [endpoint for endpoint in all_endpoints(found) if matches(endpoint.name, choices)]


def all_endpoints(found: Found) -> list[conf.Endpoint]:
    """The endpoints of pjsip.conf and the files that it includes."""
    texts = [found.texts[name] for name in found.with_includes("pjsip.conf")]
    return [endpoint for some in conf.endpoints(texts) for endpoint in some]


def lacks(endpoint: conf.Endpoint, choices: Choices) -> list[tuple[str, str]]:
    """The settings that it needs and does not have. Asterisk's default of direct_media is yes."""
    wanted = [("direct_media", "no")]
    if f"PJSIP/{endpoint.name}" in choices.supervisors:
        wanted += [("rtp_timeout", "60"), ("rtp_timeout_hold", "300")]
    found = []
    for key, value in wanted:
        said = endpoint.says(key)
        right = said is not None and (not conf.is_yes(said) if key == "direct_media" else said not in ("", "0"))
        if not right:
            found.append((key, value))
    return found


def likely_agents(found: Found) -> list[str]:
    """Patterns for phones whose names are numbers; a trunk (it registers or signs in elsewhere) is none."""
    names = [one.name for one in all_endpoints(found) if one.name.isdigit() and one.says("outbound_auth") is None]
    return [f"PJSIP/{'[0-9]' * length}" for length in sorted({len(name) for name in names})]


def recordings(found: Found) -> Path:
    """The folder of ARI's recordings, which the doctor's tones need (asterisk.conf, astspooldir); Debian has none."""
    return Path(found.value("asterisk.conf", "directories", "astspooldir") or "/var/spool/asterisk") / "recording"


def ami_at(found: Found) -> tuple[str, int]:
    """Where AMI will listen: host and port."""
    address = found.value("manager.conf", "general", "bindaddr") or ""
    enabled = conf.is_yes(found.value("manager.conf", "general", "enabled"))
    host = "127.0.0.1" if not enabled or address in LOOPBACK + EVERYWHERE else address
    port = found.value("manager.conf", "general", "port") or ""
    return host, int(port) if port.isdigit() else 5038


def ari_at(found: Found) -> str:
    """ARI's URL, as http.conf will have it."""
    address = found.value("http.conf", "general", "bindaddr") or ""
    enabled = conf.is_yes(found.value("http.conf", "general", "enabled"))
    host = "127.0.0.1" if not enabled or address in LOOPBACK + EVERYWHERE else address
    port = found.value("http.conf", "general", "bindport") or "8088"
    prefix = (found.value("http.conf", "general", "prefix") or "").strip("/")
    return f"http://{host}:{port}/{prefix + '/' if prefix else ''}ari"


def is_freepbx(texts: Sequence[str]) -> bool:
    """Whether FreePBX writes this folder: its extensions.conf says so (FreePBX core, etc/extensions.conf)."""
    return any("generated by FreePBX" in text or "extensions_override_freepbx.conf" in text for text in texts)
