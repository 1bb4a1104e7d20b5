"""Scores by a form whose versions are kept, the agent's answer, the recording's address, notes after a call's end."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from adapter.config.recordings import recording_template
from adapter.core.help import HelpState
from adapter.core.notes import recording_of
from adapter.core.scores import Question, QuestionKind, ScoreForm, answered
from adapter.store.scores import dumped, loaded
from tests.fake.pbx import settle
from tests.support.client import Client
from tests.support.site import Site, is_problem
from tests.support.waiting import until
from tests.unit.test_notes import notes_of, over, write

QUESTIONS = [
    {"text": "Greeting", "kind": "rating"},
    {"text": "Asked for the number?", "kind": "yes_no"},
    {"text": "What next?", "kind": "text"},
]


async def define(admin: Client, questions: list[dict[str, Any]] = QUESTIONS) -> dict[str, Any]:
    """The administrator defines the form."""
    status, form = await admin.ask("PUT", "/score-form", {"questions": questions})
    assert status == 200, form
    return form


def plain(note: dict[str, Any]) -> list[tuple[str, Any]]:
    return [(one["text"], one["value"]) for one in note["scores"]["answers"]]


async def test_an_old_score_keeps_the_questions_that_were_asked(site: Site) -> None:
    site.talk()
    admin, mona = await site.client("admin"), await site.client("mona")
    assert (await mona.get("/score-form"))[1] == {
        "version": 0,
        "questions": [],
        "changed_at": None,
        "changed_by": None,
    }
    first = await define(admin)
    greeting, asked, after = [one["id"] for one in first["questions"]]
    call_id = await site.call_id(mona)
    given = {"form_version": 1, "answers": {after: "Practise", greeting: 4, asked: False}}
    note = await write(mona, call_id, scores=given)
    assert plain(note) == [("Greeting", 4), ("Asked for the number?", False), ("What next?", "Practise")]
    second = await define(admin, [{"id": greeting, "text": "Greeting and name", "kind": "rating"}])
    assert (second["version"], second["questions"][0]["id"], second["changed_by"]) == (2, greeting, "admin")
    assert (await define(admin, second["questions"]))["version"] == 2, "nothing is another"
    assert plain((await mona.get(f"/notes/{note['id']}"))[1]) == plain(note)
    assert (await mona.get("/score-form?version=1"))[1] == first
    is_problem(await mona.get("/score-form?version=3"), 404, "not_found")
    # Whoever had the old form open can still send it.
    assert plain(await write(mona, call_id, scores=given)) == plain(note)
    changed = (await mona.patch(f"/notes/{note['id']}", {"scores": {"form_version": 2, "answers": {greeting: 5}}}))[1]
    assert plain(changed) == [("Greeting and name", 5)]
    is_problem(await mona.patch(f"/notes/{note['id']}", {"scores": None}), 422, "invalid")
    assert (await mona.patch(f"/notes/{note['id']}", {"scores": None, "text": "x"}))[1]["scores"] is None
    entries = (await admin.get("/audit?action=score_form.changed"))[1]["entries"]
    assert [one["reason"] for one in entries] == ["version 2, questions: 1", "version 1, questions: 3"]


async def test_what_does_not_fit_is_refused(site: Site) -> None:
    site.talk()
    admin, mona, sam = await site.client("admin"), await site.client("mona"), await site.client("sam")
    greeting, asked, after = [one["id"] for one in (await define(admin))["questions"]]
    call_id = await site.call_id(mona)
    for answers in ({greeting: 6}, {greeting: True}, {greeting: "5"}, {asked: 1}, {after: " "}, {"none": 1}, {}):
        body = {"scores": {"form_version": 1, "answers": answers}}
        is_problem(await mona.post(f"/calls/{call_id}/notes", body), 422, "invalid")
    other = {"scores": {"form_version": 9, "answers": {greeting: 5}}}
    is_problem(await mona.post(f"/calls/{call_id}/notes", other), 422, "invalid")
    for questions in ([{"text": "?", "kind": "stars"}], [{"text": " ", "kind": "text"}], [{"text": "?"}]):
        is_problem(await admin.ask("PUT", "/score-form", {"questions": questions}), 422, "invalid")
    twice = [{"id": greeting, "text": "One", "kind": "rating"}, {"id": greeting, "text": "Two", "kind": "rating"}]
    is_problem(await admin.ask("PUT", "/score-form", {"questions": twice}), 422, "invalid")
    is_problem(await mona.ask("PUT", "/score-form", {"questions": QUESTIONS}), 403, "forbidden")
    is_problem(await sam.get("/score-form"), 403, "forbidden")
    assert await notes_of(mona) == []


async def test_words_of_an_answer_are_words(site: Site) -> None:
    site.talk()
    admin, mona = [await site.client(name) for name in ("admin", "mona")]
    questions = (await define(admin))["questions"]
    asked = next(one["id"] for one in questions if one["kind"] == "text")
    call_id = await site.call_id(mona)
    for text in ("bell\x07", "\u202eturned round"):
        scores = {"form_version": 1, "answers": {asked: text}}
        is_problem(await mona.post(f"/calls/{call_id}/notes", {"scores": scores}), 422, "invalid")
    scores = {"form_version": 1, "answers": {asked: "In two\nlines"}}
    assert (await mona.post(f"/calls/{call_id}/notes", {"scores": scores}))[0] == 201


async def test_the_agent_answers_what_was_released(site: Site) -> None:
    site.talk()
    admin, sam, ana, mona = [await site.client(name) for name in ("admin", "sam", "ana", "mona")]
    greeting = (await define(admin))["questions"][0]["id"]
    scores = {"form_version": 1, "answers": {greeting: 2}}
    note = await write(mona, await site.call_id(mona), text="Slower", scores=scores, visible_to_agent=True)
    at = f"/notes/{note['id']}"
    is_problem(await sam.ask("PUT", f"{at}/reply", {"text": "Yes"}), 404, "not_found")
    await over(site)
    shown = (await sam.get(at))[1]
    assert (plain(shown), shown["reply"], shown["recording_url"]) == ([("Greeting", 2)], None, None)
    is_problem(await ana.ask("PUT", f"{at}/reply", {"text": "Yes"}), 404, "not_found")
    is_problem(await mona.ask("PUT", f"{at}/reply", {"text": "Yes"}), 403, "forbidden")
    is_problem(await sam.ask("PUT", f"{at}/reply", {"text": " "}), 422, "invalid")
    assert len(await notes_of(mona, "?unanswered=true")) == 1
    status, replied = await sam.ask("PUT", f"{at}/reply", {"text": "The line was noisy"})
    assert (status, replied["reply"]["text"]) == (200, "The line was noisy")
    assert (await mona.get(at))[1]["reply"] == replied["reply"]
    assert await notes_of(mona, "?unanswered=true") == await notes_of(mona, "?author=coach") == []
    assert await notes_of(mona, "?author=MONA") == ["Slower"]
    await mona.patch(at, {"visible_to_agent": False})
    is_problem(await sam.ask("PUT", f"{at}/reply", {"text": "Again"}), 404, "not_found")
    await site.recorder.settled()
    entries = (await admin.get("/audit?action=note.changed"))[1]["entries"]
    assert [(one["actor"], one["reason"]) for one in entries if one["result"] == "ok"] == [
        ("mona", "visible"),
        ("sam", "reply"),
    ]
    assert "noisy" not in str(entries)


async def test_who_was_writing_when_the_call_ended_can_still_save_it(site: Site) -> None:
    site.talk()
    sam, mona, coach = [await site.client(name) for name in ("sam", "mona", "coach")]
    call_id = await site.call_id(mona)
    await over(site)
    assert await mona.calls() == []
    note = await write(mona, call_id, text="Said goodbye by name", visible_to_agent=True)
    assert (note["agent"]["name"], note["customer"]["number"]) == ("Sam", "201")
    assert await notes_of(sam) == await notes_of(coach) == ["Said goodbye by name"]
    is_problem(await sam.post(f"/calls/{call_id}/notes", {"text": "x"}), 403, "forbidden")
    site.pbx.scene.later += timedelta(minutes=31)
    site.talk("202", "102", "b2")
    await settle()
    is_problem(await mona.post(f"/calls/{call_id}/notes", {"text": "late"}), 404, "not_found")


async def test_who_was_in_it_can_t_write_about_it_afterwards(site: Site) -> None:
    site.talk("301", "101")
    admin, mona = await site.client("admin"), await site.client("mona")
    call_id = await site.call_id(mona)
    await over(site)
    is_problem(await admin.post(f"/calls/{call_id}/notes", {"text": "x"}), 409, "own_call")
    assert (await mona.post(f"/calls/{call_id}/notes", {"text": "x"}))[0] == 201


async def test_old_requests_for_help_go_once_they_are_closed(site: Site) -> None:
    site.talk()
    sam = await site.client("sam")
    assert (await sam.post("/help", {}))[0] == 201
    keep = timedelta(days=30)
    assert await site.store.help.sweep(keep, 0.1, site.now + timedelta(days=90)) == 0, "it is open"
    await over(site)
    await until(lambda: not site.service.boards.help, "it closes with its call")
    assert await site.store.help.running() == []
    assert await site.store.help.sweep(keep, 0.1, site.now + timedelta(days=90)) == 0, "the newest is not that old"
    site.now += timedelta(days=31)
    site.talk("201", "102", "b2")
    assert (await (await site.client("ana")).post("/help", {}))[0] == 201
    assert await site.store.help.sweep(keep, 0.1, site.now) == 1
    assert [one.state for one in await site.store.help.running()] == [HelpState.OPEN]


def test_scores_live_through_the_database() -> None:
    form = ScoreForm(3, (Question("a", "Grüße?", QuestionKind.RATING), Question("b", "“So”", QuestionKind.TEXT)))
    scores = answered(form, {"b": "x\ny", "a": 1})
    assert loaded(dumped(scores)) == scores
    assert loaded(None) is None


@pytest.mark.parametrize(
    "wrong",
    [
        *("recordings.example/{uniqueid}", "javascript://x/{uniqueid}", "https://x.example/", "https://{uniqueid}/"),
        *("https://x.example/{uniqueid}/{customer}", "https://x.example/{uniqueid!r}", "https://x.example/{uniqueid"),
        *("https://x.example/{uniqueid:>9}", "https://x.example/ {uniqueid}", "https://x.example/{}{uniqueid}"),
    ],
)
def test_a_template_of_recordings_is_checked(wrong: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        recording_template(wrong)


async def test_the_address_of_a_recording_is_escaped(site: Site) -> None:
    _, agent = site.talk()
    mona = await site.client("mona")
    made = await write(mona, await site.call_id(mona), text="x")
    note = await site.store.notes.get(made["id"])
    assert note is not None
    assert note.uniqueid == agent
    template = recording_template("https://rec.example/{date}/{uniqueid}.wav?by={extension}")
    address = recording_of(template, replace(note, uniqueid="pbx/1.2?&"))
    assert address == f"https://rec.example/{note.at.date()}/pbx%2F1.2%3F%26.wav?by=101"
    assert recording_of("", note) is None
    assert recording_of(template, replace(note, uniqueid="")) is None
