"""Separate virtual environment for pgx and mctx, on which nothing else depends."""

import json
import os
import subprocess
import sys
from pathlib import Path

PACKAGES = {"jax": "0.10.2", "pgx": "2.6.0", "mctx": "0.0.71", "dm-haiku": "0.0.17"}
DEFAULT = Path.home() / ".cache" / "alphazero-peers" / "bin" / "python"
_ASK = """
import importlib.metadata, json, sys
found = {}
for name in sys.argv[1:]:
    try:
        found[name] = importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        pass
print(json.dumps(found))
"""


class Missing(Exception):
    """A peer is not installed; the message is one line that says what to install."""


def versions(python: Path) -> dict[str, str]:
    """Versions of the peers' packages for this interpreter; raises Missing if a package is not installed."""
    advice = f"`python -m tools.compare_peers --make-env --peers-python {python}` installs it"
    if not os.access(python, os.X_OK):
        raise Missing(f"{python}: there is no Python with pgx and mctx; {advice}")
    command = [str(python), "-c", _ASK, *PACKAGES]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    found = json.loads(answer.stdout) if answer.returncode == 0 else {}
    absent = [name for name in PACKAGES if name not in found]
    if absent:
        raise Missing(f"{python}: does not have {', '.join(absent)}; {advice}")
    return found


def make(python: Path) -> int:
    """Makes the environment of the interpreter `python`; 0, or the exit code of the command that failed."""
    pins = [f"{name}=={version}" for name, version in PACKAGES.items()]
    folder = python.parent.parent
    for command in (
        [sys.executable, "-m", "venv", str(folder)],
        [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", *pins],
    ):
        code = subprocess.run(command, check=False).returncode
        if code:
            return code
    return 0
