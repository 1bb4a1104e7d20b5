"""Who talks: `[talk]`."""

from pydantic import Field

from adapter.config.section import Section


class Talk(Section):
    """Whether Asterisk tells who talks in each call (TALK_DETECT)."""

    detect: bool = Field(
        False,
        description="Show the agent's share of the talk, silence, both at once; an audiohook on each channel.",
    )
