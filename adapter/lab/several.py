"""Several Asterisks in one lab: which numbers each has, and the trunks between them.

PBX n has the first one's numbers with 2n as their middle digit: 101 is 121 at PBX 1 and 141 at PBX 2.
"""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

MOST = 3
"""How many PBXes a lab may have."""
_NUMBER = re.compile(r"(?<![0-9])((?:\*8)?[123])0(?=[1-4](?![0-9])|\[[0-9-]+\]|\$)")
"""A phone's number, or a pattern of such, in the files of asterisk-conf/lab."""


def pbx_id(node: int, pbxes: int) -> str:
    """The id of a PBX in the configuration; where it is the only one, as ever."""
    return "lab" if pbxes == 1 else f"pbx{node}"


def renumbered(text: str, node: int) -> str:
    """Numbers of phones, and patterns of such, as PBX `node` has them."""
    return _NUMBER.sub(rf"\g<1>{2 * node}", text)


def agents(node: int) -> str:
    """The pattern of its agents' endpoints."""
    return renumbered("PJSIP/10[1-4]", node)


def lab_files(folder: Path, copy: Path, node: int) -> Path:
    """The folder with the lab's configuration for PBX `node`: `folder` itself, or a renumbered `copy` of it."""
    if node == 0:
        return folder
    copy.mkdir(parents=True, exist_ok=True)
    for file in folder.glob("*.conf"):
        (copy / file.name).write_text(renumbered(file.read_text(), node))
    return copy


def trunks(node: int, sip_ports: Sequence[int]) -> Mapping[str, str]:
    """What is appended to PBX `node`'s files so that it reaches the others, and they reach it. `sip_ports`: of all."""
    others = [other for other in range(len(sip_ports)) if other != node]
    if not others:
        return {}
    pjsip = "".join(_trunk(node, other, sip_ports[other]) for other in others)
    out = "".join(renumbered(_OUT.format(other=other), other) for other in others)
    return {"pjsip": pjsip, "extensions": _DIALPLAN.format(out=out) + renumbered(_IN, node)}


def _trunk(node: int, other: int, port: int) -> str:
    """One endpoint for both ways: the other end knows this one by its From, and each asks for the other's password."""
    theirs, ours = f"to-pbx{other}", f"to-pbx{node}"
    return f"""
[{theirs}](lab-phone)
context = lab-trunks
aors = {theirs}
auth = {theirs}
outbound_auth = {theirs}-out
from_user = {ours}
send_pai = yes
trust_id_inbound = yes
rtp_timeout = 60
[{theirs}](lab-auth)
username = {theirs}
password = lab-{theirs}
[{theirs}]
type = aor
contact = sip:127.0.0.1:{port}
[{theirs}-out](lab-auth)
username = {ours}
password = lab-{ours}
"""


_OUT = """exten => _10[1-4],1,Dial(PJSIP/${{EXTEN}}@to-pbx{other},60,T)
exten => _20[1-4],1,Dial(PJSIP/${{EXTEN}}@to-pbx{other},60,T)
exten => _30[12],1,Dial(PJSIP/${{EXTEN}}@to-pbx{other},60,T)
"""
_DIALPLAN = """
[lab-agents]
include => lab-others
[lab-supervisors]
include => lab-others

[lab-others]                                     ; phones of the other PBXes
{out}
"""
_IN = """[lab-trunks]                           ; from the other PBXes: phones and tickets, nothing else; no star codes
include => call-monitor-tickets
exten => _10[1-4],1,Gosub(call-monitor-reach,s,1(PJSIP/${EXTEN}))
 same => n,Goto(lab-ring,${EXTEN},1)
exten => _20[1-4],1,Dial(PJSIP/${EXTEN},60)
exten => _30[12],1,Gosub(call-monitor-reach,s,1(PJSIP/${EXTEN}))
 same => n,Dial(PJSIP/${EXTEN},60)
"""


def reach(node: int, pbxes: int) -> Mapping[str, str]:
    """`pbx.reach` of PBX `node`."""
    return {f"pbx{other}": f"PJSIP/{{extension}}@to-pbx{other}" for other in range(pbxes) if other != node}
