"""The embedded PBX and its phones, for trying and for tests."""
