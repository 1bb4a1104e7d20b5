"""Output models of the page as a phone (`adapter.web.answers` has the others)."""

from adapter.web.answers import Answer, Time


class IceServer(Answer):
    """A STUN or TURN server for the browser."""

    urls: list[str]


class Softphone(Answer):
    """Credentials for using a page as a phone."""

    pbx: str
    """Where it registers, and for whose calls it can be rung."""
    endpoint: str
    password: str
    sip_url: str
    ice_servers: list[IceServer]
    expires_at: Time
