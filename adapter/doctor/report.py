"""The report of the findings as text and as JSON. Pure."""

import json
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import asdict

from adapter.doctor.findings import Finding, Remedy, Verdict, count, exit_status, in_order
from adapter.doctor.hearing import PARTIES, Row

WIDTH = 110


def as_text(title: str, findings: Sequence[Finding], matrix: Sequence[Row]) -> str:
    """One line for each finding with its remedy below, the matrix of who hears whom, and a summary."""
    lines = [title, ""]
    for finding in in_order(findings):
        lines += _finding(finding)
    if matrix:
        lines += ["", *_matrix(matrix)]
    return "\n".join([*lines, "", _sum(findings)])


def _finding(finding: Finding) -> list[str]:
    head = f"{finding.verdict.value:<8} {finding.area:<10} " + (f"{finding.pbx:<10} " if finding.pbx else "")
    text = f"{finding.name}: {finding.what}"
    lines = textwrap.wrap(text, WIDTH, initial_indent=head, subsequent_indent=" " * len(head), break_on_hyphens=False)
    return lines + (_remedy(finding.remedy) if finding.remedy else [])


def _remedy(remedy: Remedy) -> list[str]:
    lines = [f"           -> {remedy.where}:", *(f"              {line}" for line in remedy.lines)]
    return lines + ([f"           then: {remedy.then}"] if remedy.then else [])


def _matrix(matrix: Sequence[Row]) -> list[str]:
    """Who hears whom, as measured."""
    width = max(len(line.label) for line in matrix)
    row = f"{{:<{width}}}  {{:<22}} {{:<22}} {{}}"
    lines = ["Who hears whom, measured with tones:", "", row.format("", *(f"{party} hears" for party in PARTIES))]
    for line in matrix:
        heard = [", ".join(sorted(line.heard.get(party, ()))) or "nobody" for party in PARTIES]
        mark = "" if line.as_it_should_be else "   <- wrong"
        lines.append(row.format(line.label, *heard) + mark)
    return lines


def _sum(findings: Sequence[Finding]) -> str:
    numbers = count(findings)
    parts = ", ".join(f"{number} {verdict.value}" for verdict, number in numbers.items())
    if not exit_status(findings):
        return f"{len(findings)} checks: {parts}. Fit."
    why = "See above what to do." if numbers[Verdict.WRONG] else "Unknown results count as not fit."
    return f"{len(findings)} checks: {parts}. Not fit. {why}"


def as_json(about: Mapping[str, str], findings: Sequence[Finding], matrix: Sequence[Row]) -> str:
    """The same for programs: `{…about, fit, counts, findings, matrix}`."""
    report = {
        **about,
        "fit": not exit_status(findings),
        "counts": count(findings),
        "findings": [asdict(finding) for finding in in_order(findings)],
        "matrix": [
            {
                "phase": row.label,
                "as_it_should_be": row.as_it_should_be,
                "heard": {listener: sorted(speakers) for listener, speakers in row.heard.items()},
                "levels": {
                    listener: {k: round(v.loudest) for k, v in found.items()} for listener, found in row.levels.items()
                },
            }
            for row in matrix
        ],
    }
    return json.dumps(report, indent=2, ensure_ascii=False)
