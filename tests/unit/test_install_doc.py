"""The commands of docs/install.md, "By hand", on an empty machine: each finds what the ones before it made."""

import re
import subprocess
from pathlib import Path

INSTALL = Path(__file__).parents[2] / "docs/install.md"
AS_ROOT = {"chown asterisk:": "true", " -o asterisk -g asterisk": "", "asterisk -rx": "true"}
"""What needs root, the user `asterisk`, or a running Asterisk, and what stands for it here."""


def test_the_secrets_by_hand(tmp_path: Path) -> None:
    text = INSTALL.read_text()
    found = re.search(r"^2\. Put the secrets.*?```\n(.*?)```", text, re.MULTILINE | re.DOTALL)
    assert found is not None
    (tmp_path / "etc/asterisk").mkdir(parents=True)  # Debian's package has it
    (tmp_path / "var/spool/asterisk").mkdir(parents=True)
    script = re.sub(r"/(etc|var)/", rf"{tmp_path}/\1/", found[1])
    for root, here in AS_ROOT.items():
        assert root in script
        script = script.replace(root, here)
    done = subprocess.run(["sh", "-eu", "-c", script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    for kind, name, key in (("ami", "manager", "secret"), ("ari", "ari", "password")):
        secret = (tmp_path / f"etc/call-monitor/{kind}.secret").read_text().strip()
        assert re.fullmatch(r"[0-9a-f]{48}", secret)
        file = tmp_path / f"etc/asterisk/call_monitor_{name}_secret.conf"
        assert (file.read_text(), file.stat().st_mode & 0o777) == (f"{key} = {secret}\n", 0o600)
    assert (tmp_path / "var/spool/asterisk/recording").is_dir()
