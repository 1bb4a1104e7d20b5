"""The configuration of consent: what is played where the administrators' rules (`/consent`) ask for a sound."""

from typing import Annotated

from pydantic import Field

from adapter.config.section import Section

SoundName = Annotated[str, Field(max_length=200, pattern=r"^(?:[A-Za-z0-9_/-][A-Za-z0-9_./-]*)?$")]
"""As Playback takes it: no ending, one only; a whole path, or one below the folder of the language."""


class Consent(Section):
    """The sounds of consent."""

    announcement: SoundName = Field(
        "", description="The announcement, as Asterisk names sounds (custom/recorded); empty: there is none."
    )
    beep: Annotated[SoundName, Field(min_length=1)] = Field("beep", description="The beep, named in the same way.")
    longest_seconds: Annotated[int, Field(ge=5, le=300)] = Field(
        60, description="By then an announcement must have been played."
    )
