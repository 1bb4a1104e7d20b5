"""The embedded PBX and its phones, for trying out and for tests."""
