"""Every event of the live stream is as the API's description says: no field too few, none that it doesn't name."""

from collections.abc import Iterator

from pydantic import BaseModel

from adapter.core import queueevents as qe
from adapter.core.record import RecordState
from adapter.web.openapi import Events
from tests.fake.floor import member
from tests.support.site import Site

DESCRIBED = {field.alias: field.annotation for field in Events.model_fields.values()}


def unnamed(value: object) -> Iterator[str]:
    """Fields that the description doesn't name, at any depth."""
    if isinstance(value, BaseModel):
        yield from value.model_extra or {}
        for _, inner in value:
            yield from unnamed(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from unnamed(inner)


async def test_all_events_are_as_described(site: Site) -> None:
    mona, sam = await site.client("mona"), await site.client("sam")
    site.talk()
    seen = [await mona.events(), await sam.events()]
    supervisor, agent = seen
    _, monitor = await mona.post("/monitors", {"call_id": await site.call_id(mona)})
    await supervisor.until(lambda kind, data: kind == "monitor.updated" and data["state"] == "live")
    await mona.patch(f"/monitors/{monitor['id']}", {"mode": "whisper"})
    await agent.until(lambda kind, data: kind == "coach.joined")
    assert (await mona.post(f"/monitors/{monitor['id']}/messages", {"text": "Offer a refund"}))[0] == 201
    await agent.until(lambda kind, data: kind == "message.sent")
    seen.append(await sam.events())  # a snapshot with something in it
    await mona.patch(f"/monitors/{monitor['id']}", {"mode": "silent"})
    await agent.until(lambda kind, data: kind == "coach.left")
    _, asked = await sam.post("/help", {"note": "A refund"})
    await supervisor.until(lambda kind, data: kind == "help.updated" and data["id"] == asked["id"])
    seen.append(await mona.events())  # a snapshot with a request in it
    await sam.delete(f"/help/{asked['id']}")
    await supervisor.until(lambda kind, data: kind == "help.removed")
    await mona.delete(f"/monitors/{monitor['id']}")
    await supervisor.until(lambda kind, data: kind == "monitor.ended")
    sam_id = (await sam.get("/session"))[1]["user"]["id"]
    _, follow = await mona.post("/follows", {"agent_user_id": sam_id})
    await supervisor.until(lambda kind, data: kind == "follow.updated" and data["state"] != "connecting")
    seen.append(await mona.events())  # a snapshot with a follow in it
    await mona.delete(f"/follows/{follow['id']}")
    await supervisor.until(lambda kind, data: kind == "follow.removed")
    waits = (qe.QueueCaller("9.9", "201", "", site.pbx.scene.now),)
    queue = qe.QueueListed("agents", 1, 1, 50.0, (member("101"),), waits)
    site.board.apply([qe.QueuesListed(site.pbx.scene.now, (queue,))])
    seen.append(await mona.events())  # a snapshot with agents and queues in it
    site.service.boards.set_record(RecordState(False, site.now))
    site.pbx.down()
    for stream in seen:
        await stream.until(lambda kind, data: kind == "pbx.state")
    await supervisor.until(lambda kind, data: kind == "record.state")

    events = [(kind, data) for stream in seen for _, kind, data in stream.events]
    assert {kind for kind, _ in events} == DESCRIBED.keys()
    for kind, data in events:
        model = DESCRIBED[kind]
        assert isinstance(model, type)
        assert issubclass(model, BaseModel)
        assert list(unnamed(model.model_validate(data))) == [], kind
