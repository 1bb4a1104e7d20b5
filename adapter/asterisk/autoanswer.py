"""The SIP headers that ask phones to answer automatically, by make. No standard covers them all.

Sources: RFC 5373 (Answer-Mode), draft-ietf-sip-answermode, and the makers' administration guides. docs/phones.md has
the same table.
"""

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase

CALL_INFO = ("Call-Info", "<sip:call-monitor>\\;answer-after=0")
INFO = ("Alert-Info", "<sip:call-monitor>\\;info=alert-autoanswer\\;delay=0")

STYLES: Mapping[str, Sequence[tuple[str, str]]] = {
    "generic": (CALL_INFO, INFO),
    "call-info": (CALL_INFO,),
    "alert-info": (INFO,),
    "polycom": (("Alert-Info", "Auto Answer"),),
    "intercom": (("Alert-Info", "<http://call-monitor>\\;info=intercom"),),
    "answer-mode": (("Answer-Mode", "Auto\\;require"), ("Priv-Answer-Mode", "Auto")),
    "ring": (),
}
"""Headers by style; semicolons are escaped for AMI's Variable (main/manager.c splits there)."""


def style(device: str, styles: Mapping[str, str], default: str) -> str:
    """The style of the first pattern that matches this device, else the default."""
    return next((style for pattern, style in styles.items() if fnmatchcase(device, pattern)), default)


def headers(device: str, styles: Mapping[str, str], default: str) -> Sequence[tuple[str, str]]:
    """The headers of this device's style."""
    return STYLES[style(device, styles, default)]
