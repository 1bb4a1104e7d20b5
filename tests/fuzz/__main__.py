"""One target under atheris, guided by coverage: python -m tests.fuzz <target> [options of libFuzzer] (`make fuzz`)."""

import sys

import atheris

with atheris.instrument_imports(include=["adapter"]):
    from tests.fuzz.targets import TARGETS

name, *options = sys.argv[1:]
atheris.Setup([sys.argv[0], *options], TARGETS[name])
atheris.Fuzz()
