"""Sections in separate processes, so that a failure loses the results of one section only."""

import contextlib
import json
import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any, NamedTuple

_PROJECT = Path(__file__).resolve().parents[2]
_POLL_S = 0.05
_KILLED_S = 5.0
"""Maximum time of waiting after SIGKILL, which a process in a driver call may survive."""


class SectionOutcome(NamedTuple):
    """Result of a section."""

    seconds: float
    failure: str  # why it is not complete, in one line; empty if it is
    items: list[dict[str, Any]]  # reported before the end or the failure


def run(
    command: Sequence[str], bound_s: float, log: IO[bytes], environment: dict[str, str]
) -> SectionOutcome:
    """Runs a command such as `python -m tools.gpu.section NAME` for at most bound_s seconds.

    The command receives its deadline and the file for its items as options. log: receives its output.
    Ctrl-C ends it, too.
    """
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="alphazero-") as folder:
        into = Path(folder) / "items.jsonl"
        process = subprocess.Popen(
            [*command, f"--deadline={began + bound_s}", f"--into={into}"],
            cwd=_PROJECT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        try:
            is_late = not _wait(process.pid, began + bound_s)
        finally:
            code = _end(process)
        items = read(into)
    failures = [item["failed"] for item in items if "failed" in item]
    if is_late:
        failures = [f"stopped after {bound_s:.0f} s, its time limit"]
    elif code and not failures:
        failures = [f"ended by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"]
    kept = [item for item in items if "failed" not in item]
    return SectionOutcome(round(time.monotonic() - began, 1), "".join(failures[:1]), kept)


def read(path: Path) -> list[dict[str, Any]]:
    """The items in a file that may be missing or have an incomplete last line."""
    items = []
    with contextlib.suppress(FileNotFoundError):
        for line in path.read_text().splitlines():
            with contextlib.suppress(ValueError):
                items.append(json.loads(line))
    return items


def _wait(pid: int, deadline: float) -> bool:
    """Whether the process ended in time; it stays a zombie, so that its id is not reused."""
    while os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
        if time.monotonic() > deadline:
            return False
        time.sleep(_POLL_S)
    return True


def _end(process: subprocess.Popen[bytes]) -> int:
    """Kills the remaining processes of the section's session; returns the exit code of its first process."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    try:
        assert process.stdin is not None
        process.stdin.close()
        return process.wait(_KILLED_S)
    except subprocess.TimeoutExpired:
        return -signal.SIGKILL
