"""Watchdog that kills all engines when this process ends, even if it is killed."""

import contextlib
import os
import subprocess
import sys
import threading
import uuid
from pathlib import Path

from alphazero.competition.play import watchdog_process

_GRACE_S = 5.0


class Watchdog:
    """An `engine_process.ProcessRegistry` that is kept in a helper process; a context manager.

    The helper runs in a separate session, so signals to this process do not reach it. It reads from a pipe
    to which only this process writes, so it notices the end of this process without further help. If the
    helper itself dies, engines run without a watchdog.
    """

    def __init__(self) -> None:
        token = uuid.uuid4().hex
        self.environment = {watchdog_process.TOKEN: token}
        """Variables for engines, which mark them and all processes that they start."""
        self._lock = threading.Lock()
        self._process = subprocess.Popen(
            # Isolated and without site-packages: starts in 20 ms and cannot import modules beside the file.
            [sys.executable, "-I", "-S", str(Path(watchdog_process.__file__).absolute()), token],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            cwd="/",
            start_new_session=True,
        )
        assert self._process.stdin is not None
        # A stopped helper must not block this process.
        os.set_blocking(self._process.stdin.fileno(), False)

    def __enter__(self) -> "Watchdog":
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def add(self, group: int) -> None:
        """Registers a process group."""
        self._send(f"+{group}\n")

    def remove(self, group: int) -> None:
        """Removes a process group that was killed. Must be called before its id can be reused."""
        self._send(f"-{group}\n")

    def close(self) -> None:
        """Ends the helper, which first kills marked processes that have left their groups."""
        assert self._process.stdin is not None
        self._send(".\n")
        self._process.stdin.close()
        try:
            self._process.wait(_GRACE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _send(self, line: str) -> None:
        assert self._process.stdin is not None
        with self._lock, contextlib.suppress(OSError):
            self._process.stdin.write(line.encode())
