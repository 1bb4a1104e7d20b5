"""Agents and queues as the adapter tells of them, against what Asterisk says when it is asked right then."""
