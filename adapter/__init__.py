"""Live call coaching on Asterisk: an inbox click becomes a ChanSpy action, confirmed by Asterisk."""

__version__ = "0.1.0"
