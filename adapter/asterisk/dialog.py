"""What Asterisk is asked to know at which SIP dialog's end a channel is, and which header says that it is a leg's."""

from adapter.core.trunks import HEADER

CALL_ID = "CHANNEL(pjsip,call-id)"
"""The same at both ends of a trunk, unless something between them (an SBC) changes it
(channels/pjsip/dialplan_functions.c)."""
LEG = f"PJSIP_HEADER(read,{HEADER})"
"""Only of a channel that called in: of others Asterisk logs an error (res/res_pjsip_header_funcs.c)."""


def marked(leg: str) -> tuple[str, str]:
    """The header with which a leg goes over a trunk."""
    return HEADER, leg
