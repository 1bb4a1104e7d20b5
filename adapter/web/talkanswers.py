"""Output model of who talks in a call (`adapter.web.answers` has the others)."""

from pydantic import BaseModel, ConfigDict, Field


class Talk(BaseModel):
    """Who talks in a call, by what Asterisk hears of each side; nothing of what is said."""

    model_config = ConfigDict(extra="allow")

    since: str = Field(description="Since when it is listened to.")
    agent_share: int | None = Field(description="Percent of all the talk since then, in steps of 5.")
    recent_share: int | None = Field(description="The same of the last two minutes.")
    silent_since: str | None = Field(description="Since when neither side says anything, from five seconds on.")
    together_since: str | None = Field(description="Since when both talk at once, from three seconds on.")
