"""Stand-ins for programs of a node: small shell scripts in a folder that comes first in PATH."""

import os
import subprocess
from pathlib import Path


def write(folder: Path, name: str, body: str) -> Path:
    """Makes an executable shell script."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text(f"#!/bin/bash\n{body}\n")
    path.chmod(0o755)
    return path


def run(script: Path, *words: str, programs: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Runs a script of clusters/ with the stand-ins in front of the real programs."""
    environment = {**os.environ, "PATH": f"{programs}:{os.environ['PATH']}", **variables}
    command = ["bash", str(script), *words]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
