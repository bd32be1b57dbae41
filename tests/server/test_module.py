"""`python -m gatepost` is the command, where the script is not on the path."""

import subprocess
import sys


def test_the_package_runs_as_a_module() -> None:
    done = subprocess.run([sys.executable, "-m", "gatepost", "--help"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    for command in ("db", "keys", "secret", "users"):
        assert command in done.stdout
