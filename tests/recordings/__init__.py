"""Recordings of real calls that are played again as tests (tests/unit/test_recordings.py)."""
