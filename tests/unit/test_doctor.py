"""The doctor's judgement of what was heard, its sum and its report; what it takes of what Asterisk says."""

import asyncio
import dataclasses
import io
import json
import math
import wave
from datetime import UTC, datetime, timedelta

import pytest
from click.testing import CliRunner

from adapter.asterisk import tones
from adapter.cli.doctor import doctor
from adapter.core.modes import Mode
from adapter.doctor import dialplan, report
from adapter.doctor.audio import pcm_of
from adapter.doctor.findings import Area, Finding, Remedy, Verdict, exit_status
from adapter.doctor.hearing import (
    AGENT,
    CUSTOMER,
    LEVEL,
    MUST_HEAR,
    PARTIES,
    SUPERVISOR,
    TONES,
    Heard,
    Row,
    judge,
    measure,
)
from adapter.doctor.pbx import MessageLog, flat, is_event, name_of_run
from adapter.doctor.systemname import judge_system_name
from adapter.doctor.trialcall import is_left_over
from adapter.errors import PbxRefused

SOME = Area("ami")


def verdicts(findings: list[Finding]) -> dict[str, Verdict]:
    """By name."""
    return {finding.name: finding.verdict for finding in findings}


def one(findings: list[Finding], name: str) -> Finding:
    """The finding of this name, once."""
    (found,) = [finding for finding in findings if finding.name == name]
    return found


# --- the sum


def test_unknown_is_not_fit_and_neither_is_having_looked_at_nothing() -> None:
    fine, warned = SOME.ok("a", "."), SOME.warning("b", ".")
    assert exit_status([fine, warned]) == 0
    assert exit_status([fine, SOME.unknown("c", ".")]) == 1
    assert exit_status([fine, SOME.wrong("c", ".")]) == 1
    assert exit_status([]) == 1


def test_the_report_has_every_line_to_add_and_is_json_for_programs() -> None:
    remedy = Remedy("pjsip.conf, [101]", ("direct_media = no",), 'asterisk -rx "module reload res_pjsip.so"')
    findings = [Area("audio").ok("x", "fine."), SOME.wrong("101", "is on.", remedy)]
    row = Row("silent", Mode.SILENT, levels(Mode.BARGE))
    text = report.as_text("title", findings, [row])
    assert text.index("101: is on.") < text.index("x: fine."), "the areas have their order"
    for part in (
        "-> pjsip.conf, [101]:",
        "direct_media = no",
        'then: asterisk -rx "module reload res_pjsip.so"',
        "<- wrong",
        "Not fit",
    ):
        assert part in text
    told = json.loads(report.as_json({"pbx": "main"}, findings, [row]))
    assert (told["pbx"], told["fit"], told["counts"]["wrong"]) == ("main", False, 1)
    assert told["findings"][0]["remedy"]["lines"] == ["direct_media = no"]
    assert told["matrix"][0]["heard"]["customer"] == ["agent", "supervisor"]
    assert report.as_text("title", findings[:1], []).endswith("Fit.")


# --- what was heard


def levels(mode: Mode) -> dict[str, dict[str, Heard]]:
    """A measurement as it should be in a mode."""
    loud, quiet = Heard(LEVEL, LEVEL), Heard(3.0, 0.0)
    return {
        listener: {speaker: loud if speaker in MUST_HEAR[mode][listener] else quiet for speaker in PARTIES}
        for listener in PARTIES
    }


def changed(mode: Mode, listener: str, speaker: str, level: float) -> Row:
    """A row with one other level, for a tenth of a second."""
    found = levels(mode)
    found[listener][speaker] = Heard(level, 0.0)
    return Row(mode.value, mode, found)


GOOD = {mode: Row(mode.value, mode, levels(mode)) for mode in Mode}


def test_a_proof_that_holds() -> None:
    assert set(verdicts(judge(list(GOOD.values()), {})).values()) == {Verdict.OK}


@pytest.mark.parametrize(
    ("mode", "listener"), [(Mode.SILENT, AGENT), (Mode.SILENT, CUSTOMER), (Mode.WHISPER, CUSTOMER)]
)
@pytest.mark.parametrize("level", [LEVEL, 0.03 * LEVEL])
def test_a_supervisor_who_is_heard_and_must_not_be_is_wrong(mode: Mode, listener: str, level: float) -> None:
    remedy = dialplan.remedy_of("call-monitor", mode, keypad=False)
    rows = [changed(mode, listener, SUPERVISOR, level), *(GOOD[other] for other in Mode if other is not mode)]
    found = one(judge(rows, {mode.value: remedy}), mode.value)
    assert (found.verdict, found.remedy) == (Verdict.WRONG, remedy)
    assert f"the {listener} hears the supervisor" in found.what


def test_a_silence_proves_nothing_where_nothing_could_be_heard() -> None:
    deaf = Row("silent", Mode.SILENT, {listener: dict.fromkeys(PARTIES, Heard(0.0, 0.0)) for listener in PARTIES})
    rows = [deaf, GOOD[Mode.WHISPER], GOOD[Mode.BARGE]]
    assert one(judge(rows, {}), "silent").verdict is Verdict.UNKNOWN, "the call's own parties were not heard"
    assert verdicts(judge([GOOD[Mode.SILENT]], {}))["silent"] is Verdict.UNKNOWN, "the supervisor never spoke"
    mute = changed(Mode.BARGE, CUSTOMER, SUPERVISOR, 0.0)
    found = verdicts(judge([GOOD[Mode.SILENT], GOOD[Mode.WHISPER], mute], {}))
    assert found == {"silent": Verdict.UNKNOWN, "whisper": Verdict.UNKNOWN, "barge": Verdict.WRONG}


def test_a_supervisor_who_hears_nobody_is_wrong() -> None:
    rows = [changed(Mode.SILENT, SUPERVISOR, AGENT, 0.0), GOOD[Mode.WHISPER], GOOD[Mode.BARGE]]
    assert "the supervisor does not hear the agent" in one(judge(rows, {}), "silent").what


def test_a_voice_in_pieces_is_heard_and_told() -> None:
    rows = [changed(Mode.SILENT, CUSTOMER, AGENT, LEVEL), GOOD[Mode.WHISPER], GOOD[Mode.BARGE]]
    found = one(judge(rows, {}), "silent")
    assert (found.verdict, "with gaps" in found.what) == (Verdict.WARNING, True)
    rows[0] = Row("silent", Mode.SILENT, {**rows[0].levels, SUPERVISOR: dict.fromkeys(PARTIES, Heard(0.0, 0.0))})
    assert one(judge(rows, {}), "silent").verdict is Verdict.UNKNOWN, "too busy to be judged"


def voices_of(*speakers: str) -> bytes:
    """A second of these parties' voices."""
    voices = [TONES[speaker] for speaker in speakers]
    samples = (
        round(sum(LEVEL * math.sin(2 * math.pi * hertz * n / tones.RATE) for hertz in voices))
        for n in range(tones.RATE)
    )
    return b"".join(sample.to_bytes(2, "little", signed=True) for sample in samples)


def test_a_measurement_of_real_samples() -> None:
    heard = {AGENT: voices_of(CUSTOMER, SUPERVISOR), CUSTOMER: voices_of(AGENT), SUPERVISOR: voices_of(AGENT, CUSTOMER)}
    row = Row("x", Mode.WHISPER, {who: measure(pcm) for who, pcm in heard.items()})
    assert row.as_it_should_be
    leak = {**row.levels, CUSTOMER: measure(voices_of(AGENT, SUPERVISOR))}
    assert dataclasses.replace(row, levels=leak).leaks() == [(CUSTOMER, SUPERVISOR)]
    short = voices_of(AGENT, CUSTOMER)[: 2 * tones.WINDOW]  # a tenth of a second in which the supervisor is heard
    burst = short + voices_of(AGENT)[len(short) :]
    assert measure(burst)[CUSTOMER].loudest > 0.5 * LEVEL > measure(burst)[CUSTOMER].median


def test_recordings_that_are_none_are_refused() -> None:
    for rate, data in ((16000, b"\0\0" * 100), (8000, b"\0\0" * 100)):
        file = io.BytesIO()
        with wave.open(file, "wb") as out:
            out.setnchannels(1)
            out.setsampwidth(2)
            out.setframerate(rate)
            out.writeframes(data)
        if rate == tones.RATE:
            assert pcm_of(file.getvalue()) == data
        else:
            with pytest.raises(PbxRefused):
                pcm_of(file.getvalue())
    for junk in (b"", b'{"message":"Recording not found"}', b"RIFF\0\0\0\0WAVE"):
        with pytest.raises(PbxRefused):
            pcm_of(junk)


# --- what Asterisk says of our own


async def test_only_what_is_ours_is_kept_and_can_be_waited_for() -> None:
    log = MessageLog()
    waiting = asyncio.gather(log.wait_for(is_event("Hangup", Uniqueid="cmdoctor-1"), 5))
    await asyncio.sleep(0)
    log.add([{"Event": "Hangup", "Uniqueid": "17.1"}, {"Event": "Newstate", "Uniqueid": "cmdoctor-1"}])
    log.add([{"Event": "Hangup", "Uniqueid": "cmdoctor-1"}])
    assert (await waiting)[0] == {"Event": "Hangup", "Uniqueid": "cmdoctor-1"}
    assert [message["Event"] for message in log.messages] == ["Newstate", "Hangup"]
    assert await log.wait_for(is_event("Hangup"), 0.01, log.mark()) is None


@pytest.mark.parametrize("turns", range(5))
async def test_being_told_to_stop_is_not_lost_in_the_moment_in_which_news_come(turns: int) -> None:
    log = MessageLog()

    async def at_work() -> None:
        await log.wait_for(is_event("Hangup"), 60)
        await asyncio.sleep(60)

    work = asyncio.ensure_future(at_work())
    await asyncio.sleep(0)
    log.add([{"Event": "Hangup", "Uniqueid": "cmdoctor-1"}])
    for _ in range(turns):
        await asyncio.sleep(0)
    work.cancel()
    await asyncio.wait([work], timeout=2)
    assert work.cancelled()


async def test_no_waiter_takes_anothers_news() -> None:
    log, loop = MessageLog(), asyncio.get_running_loop()
    first = asyncio.ensure_future(log.wait_for(is_event("Hangup"), 5))
    loop.call_soon(log.add, [{"Event": "Hangup", "Uniqueid": "cmdoctor-1"}])
    second = asyncio.ensure_future(log.wait_for(is_event("Hold"), 0.05))
    assert await asyncio.wait_for(first, 2) is not None, "it came while the first went to sleep and the second looked"
    assert await second is None


def test_events_of_ari_in_amis_form() -> None:
    event = {"type": "StasisStart", "channel": {"id": "cmdoctor-1"}, "args": []}
    assert flat(json.dumps(event)) == {"Event": "ari:StasisStart", "channel": "cmdoctor-1"}
    for junk in ("", "[]", "1", "{}", '{"type": {}}'):
        assert "channel" not in flat(junk)


@pytest.mark.parametrize(
    ("name", "verdict"),
    [
        ("", Verdict.OK),
        ("east", Verdict.OK),
        ("cm-east", Verdict.WARNING),
        ("cmdoctor-1", Verdict.WARNING),
        ("our pbx", Verdict.WRONG),
        ("büro", Verdict.WRONG),
    ],
)
def test_the_name_that_stands_before_every_uniqueid(name: str, verdict: Verdict) -> None:
    assert judge_system_name(name).verdict is verdict


def test_what_a_killed_doctor_left_is_told_from_what_is_at_work() -> None:
    now, name = datetime.now(UTC), f"{name_of_run()}-0-line"
    assert not is_left_over(name, now)
    assert is_left_over(name, now + timedelta(minutes=11))
    for other in ("17.1", "cm-1", "cmdoctor-", "cmdoctor-x-y"):
        assert not is_left_over(other, now + timedelta(days=1))


def test_a_wrong_call_is_told_and_help_names_the_exit_statuses() -> None:
    wrong = CliRunner().invoke(doctor, ["--ring", "301"])
    assert (wrong.exit_code, "PJSIP/301" in wrong.output) == (2, True)
    assert "unknown is not fit" in CliRunner().invoke(doctor, ["--help"]).output
