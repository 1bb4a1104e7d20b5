"""Recording beside a running adapter: the replay shows what the adapter showed, and names nobody."""

import re
from pathlib import Path

import pytest

from adapter.asterisk.recording import Header
from tests.support.client import Client
from tests.support.lab import Lab
from tests.support.replay import Life, Replay, Seen, is_within, read_file
from tests.support.scenarios import SCENARIOS, Stage, recording


@pytest.mark.parametrize("name", SCENARIOS)
async def test_the_replay_shows_what_the_adapter_showed(lab: Lab, tmp_path: Path, name: str) -> None:
    for number in ("101", "102", "103", "104"):
        await lab.unregister(number)  # who else would answer the queue
    stage, file = await Stage.of(lab), tmp_path / "calls.jsonl"
    async with recording(lab.conf, file, "--minutes", "5") as command:
        await SCENARIOS[name](stage)
    assert command.status == 0, command.said
    assert "attach it to a bug report" in command.said
    assert file.stat().st_mode & 0o777 == 0o600
    found = read_file(file)
    assert (found.end, found.missed, found.header.asterisk.count(".")) == ("stopped", 0, 2)
    masks = await masks_of(stage.admin, found.header)
    shown = {life.last.agent: life for life in stage.lives()}
    assert len(shown) == len(stage.lives()), "one call for each agent"
    replayed, finer = Replay(found), Replay(found, one_by_one=True)
    assert {life.last.agent for life in replayed.lives.values()} == {masks[agent] for agent in shown}
    for agent, life in shown.items():
        same(life, replayed.of(masks[agent]), finer.of(masks[agent]), masks)
    # Asterisk's ids and times may hold any digits; nothing else may hold these.
    text = re.sub(
        r'"t":[0-9.]+|[0-9]{10}\.[0-9]+|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|cm-[0-9a-f]+', "", file.read_text()
    )
    for leak in ("201", '"101"', "PJSIP/1", "PJSIP/2", "lab-", "Sam", "sam", "127.0.0.1", lab.pbx.ami_secret):
        assert leak not in text


async def masks_of(admin: Client, header: Header) -> dict[str, str]:
    """What the accounts' names and extensions are in the recording: both in the order of the accounts' ids."""
    users = sorted((await admin.get("/users"))[1]["users"], key=lambda user: user["id"])
    people = list(zip(users, header.people, strict=True))
    assert all(bool(user["device"]) == bool(who.device) for user, who in people)
    masks = {user["extension"]: who.extension for user, who in people}
    masks |= {user["name"]: who.name for user, who in people}
    assert len(set(masks.values())) == len(masks)
    return masks


def same(shown: Life, replayed: Life, finer: Life, masks: dict[str, str]) -> None:
    """The same life, masked. Asterisk's events reach two listeners in different reads, so each may skip a view that
    the other has: both have what lasted, and nothing that isn't in the finest replay."""
    assert shown.states == replayed.states
    assert shown.ended
    assert replayed.ended
    customer, other = shown.last_with, replayed.last_with
    assert masks.setdefault(customer.customer, other.customer) == other.customer
    masks.setdefault(customer.customer_name, other.customer_name)
    masks.setdefault("", "")
    views = [masked(view, masks) for view in shown.seen]
    assert {view.direction for view in views} == {view.direction for view in replayed.seen}
    assert any(view.barge_reaches_customer for view in views) == any(v.barge_reaches_customer for v in replayed.seen)
    assert is_within(views, finer.seen), (views, finer.seen)
    assert is_within(replayed.seen, finer.seen)


def masked(view: Seen, masks: dict[str, str]) -> Seen:
    """A view as the recording would have it."""
    return view._replace(
        agent=masks[view.agent],
        name=masks[view.name],
        customer=masks.get(view.customer, view.customer),
        customer_name=masks.get(view.customer_name, view.customer_name),
    )
