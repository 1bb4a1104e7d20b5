"""Coaching with a real Asterisk and real phones: do not monitor, help."""
