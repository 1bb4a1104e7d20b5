"""What the doctor advises where FreePBX writes Asterisk's files: its web interface, or files it leaves alone. Pure."""

import dataclasses
import re
from collections.abc import Iterable, Sequence

from adapter.doctor.findings import Finding, Remedy

CONTEXTS = ("from-internal-xfer", "from-did-direct")
"""Contexts of every FreePBX (core 17.0.18.4: etc/extensions.conf, and what it generates), hardly of anybody else."""
LABELS = {
    "direct_media": "Direct Media",
    "rtp_timeout": "RTP Timeout",
    "rtp_timeout_hold": "RTP Hold Timeout",
    "dtmf_mode": "DTMF Signaling",
    "max_contacts": "Max Contacts",
}
"""What FreePBX calls settings of an extension (core 17, drivers/PJSip.class.php)."""
APPLY = "Apply Config"


def advised(findings: Iterable[Finding]) -> list[Finding]:
    """The same findings; where they name a file that FreePBX overwrites, its own place instead."""
    return [
        dataclasses.replace(finding, remedy=_instead(finding.remedy)) if finding.remedy else finding
        for finding in findings
    ]


def _instead(remedy: Remedy) -> Remedy:
    if section := re.match(r"pjsip\.conf, \[([^\]]+)\]", remedy.where):
        return Remedy(f"FreePBX, Extensions -> {section[1]} -> Advanced", _labelled(remedy.lines), APPLY)
    if remedy.where == "extensions.conf, [from-internal]":
        return dataclasses.replace(remedy, where="extensions_custom.conf, [from-internal-custom]")
    return remedy


def _labelled(lines: Sequence[str]) -> tuple[str, ...]:
    pairs = [(key.strip(), value.strip()) for key, _, value in (line.partition("=") for line in lines)]
    return tuple(f"{LABELS[key]}: {value.capitalize()}" for key, value in pairs if key in LABELS) or tuple(lines)
