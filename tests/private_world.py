"""Scripts in private namespaces: a network with loopback only, processes, mounts.

They are needed because Ray listens on all interfaces and `ray stop` kills every Ray process that it sees. All
processes end with the script.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[1]
_WORLD = ["unshare", "-n", "-m", "--pid", "--fork", "--kill-child", "--mount-proc"]
_BEGIN = """
set -eu
ip link set lo up
for folder in /tmp/ray /tmp/alphazero-0; do mkdir -p $folder; mount -t tmpfs tmpfs $folder; done
"""


def is_possible() -> bool:
    """Whether this machine allows private namespaces."""
    if not all(shutil.which(name) for name in ("unshare", "ip")):
        return False
    return subprocess.run([*_WORLD, "ip", "link"], capture_output=True).returncode == 0


needed = pytest.mark.skipif(not is_possible(), reason="needs root, unshare and ip for a private network")


def run(script: str, home: Path, timeout_s: float) -> str:
    """Runs bash code in the project's folder with `home` as HOME; returns stdout, or raises an error."""
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "PYTHONPATH": str(PROJECT),
        "HOME": str(home),
        # Compiled kernels are shared, because compiling them for each home would take a minute.
        "ALPHAZERO_CACHE_DIR": os.environ.get("ALPHAZERO_CACHE_DIR")
        or str(Path.home() / ".cache" / "alphazero"),
        "RAY_AUTH_MODE": "token",
    }
    environment.pop("RAY_ADDRESS", None)
    done = subprocess.run(
        [*_WORLD, "bash", "-c", _BEGIN + script],
        env=environment,
        cwd=PROJECT,
        capture_output=True,
        text=True,
        timeout=timeout_s,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
