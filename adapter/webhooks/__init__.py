"""Telling programs what happens: Standard Webhooks, at least once, in order for each call."""
