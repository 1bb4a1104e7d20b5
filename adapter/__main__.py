"""`python -m adapter` is `call-monitor`."""

from adapter.cli.main import main

if __name__ == "__main__":
    main()
