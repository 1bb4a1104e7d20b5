"""`python -m adapter` is `call-monitor`; both begin here, for the rest takes a second to import."""

import sys

from adapter.cli import interrupt


def main() -> None:
    """Import the command line and run it."""
    try:
        with interrupt.quiet():
            from adapter.cli.main import main as run
        run()
    except KeyboardInterrupt:  # between the two
        sys.exit(interrupt.STATUS)


if __name__ == "__main__":
    main()
