"""Engines do not outlive us, even if we are killed: a helper process that notices our end ends them."""

import contextlib
import os
import subprocess
import sys
import threading
import uuid
from pathlib import Path

from alphazero.competition import guard_process

_GRACE_S = 5.0


class Guard:
    """An `engine_process.Keeper` whose memory is in another process; a context manager.

    That process lives in a session of its own, so that no signal for us reaches it, and holds the
    reading end of a pipe that only we can write to: it needs no help of ours to see that we are gone.
    Should it be gone itself, engines are merely unguarded.
    """

    def __init__(self) -> None:
        token = uuid.uuid4().hex
        self.environment = {guard_process.TOKEN: token}
        """For engines: marks them and all that they start."""
        self._lock = threading.Lock()
        self._process = subprocess.Popen(
            # Isolated, without site-packages: it starts in 20 ms and nothing beside the file can be imported.
            [sys.executable, "-I", "-S", str(Path(guard_process.__file__).absolute()), token],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            cwd="/",
            start_new_session=True,
        )
        assert self._process.stdin is not None
        # A helper that somebody has stopped must not stop us.
        os.set_blocking(self._process.stdin.fileno(), False)

    def __enter__(self) -> "Guard":
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def add(self, group: int) -> None:
        """This process group lives."""
        self._tell(f"+{group}\n")

    def remove(self, group: int) -> None:
        """It has been killed; to be said before its id can be used again."""
        self._tell(f"-{group}\n")

    def close(self) -> None:
        """Ends the helper, and what has escaped from the groups that were removed."""
        assert self._process.stdin is not None
        self._tell(".\n")
        self._process.stdin.close()
        try:
            self._process.wait(_GRACE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _tell(self, line: str) -> None:
        assert self._process.stdin is not None
        with self._lock, contextlib.suppress(OSError):
            self._process.stdin.write(line.encode())
