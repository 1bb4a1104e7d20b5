"""The three monitoring modes, with the contract's names."""

from enum import StrEnum


class Mode(StrEnum):
    """Who hears the supervisor: nobody, only the agent, or agent and customer."""

    SILENT = "silent"
    WHISPER = "whisper"
    BARGE = "barge"

    @property
    def talks(self) -> bool:
        """Whether somebody on the call hears the supervisor."""
        return self is not Mode.SILENT

    @property
    def reaches_customer(self) -> bool:
        """Whether the customer is to hear the supervisor too."""
        return self is Mode.BARGE


ALL_MODES = frozenset(Mode)
