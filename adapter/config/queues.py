"""Limits of single queues: `[[queue]]`."""

from collections.abc import Sequence
from typing import Annotated, Self

from pydantic import Field, model_validator

from adapter.config.section import Seconds, Section


class Queue(Section):
    """When webhooks are told that a queue is over its limit (`queue.threshold`)."""

    name: str = Field(min_length=1, max_length=200, description="As Asterisk calls it; the same at every PBX.")
    waiting: Annotated[int, Field(ge=1, le=100_000)] | None = Field(
        None, description="From so many waiting callers on; left out: however many."
    )
    longest_wait_seconds: Seconds | None = Field(
        None, description="When somebody has waited for so long; left out: however long."
    )

    @model_validator(mode="after")
    def _some(self) -> Self:
        if self.waiting is None and self.longest_wait_seconds is None:
            raise ValueError("give waiting, or longest_wait_seconds, or both")
        return self


def distinct(queues: Sequence[Queue]) -> Sequence[Queue]:
    """Raises ValueError where one is named twice: Asterisk looks queues up whatever the case."""
    names = [queue.name.lower() for queue in queues]
    if len(set(names)) < len(names):
        raise ValueError("each queue is named once")
    return queues
