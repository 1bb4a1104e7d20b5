"""What failed in a whole run, once more, alone and one after the other: `make test` ends with it where little failed.

Four workers share two processors with real Asterisks, browsers and databases; now and then one of them gets no time
for seconds. What passes alone is named in what is printed last, so that nobody overlooks it; what fails alone too, or
more than a few, is a failure.
"""

import json
import subprocess
import sys
from pathlib import Path

FEW = 10
FAILED = Path(".pytest_cache/v/cache/lastfailed")


def main() -> int:
    """0 where all pass now."""
    failed = sorted(json.loads(FAILED.read_text())) if FAILED.exists() else []
    if not 0 < len(failed) <= FEW:
        return 1
    print(f"\nOnce more, alone: {', '.join(failed)}", flush=True)
    code = subprocess.run([sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *failed], check=False).returncode
    if code == 0:
        print("\nAll passed, but these FAILED BESIDE OTHERS and passed only alone. Look into each:")
        print("".join(f"  {name}\n" for name in failed), flush=True)
    return code


if __name__ == "__main__":
    sys.exit(main())
