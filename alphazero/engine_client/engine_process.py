"""Child process that leads its own process group and has non-blocking pipes."""

import contextlib
import os
import selectors
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

MOST_STDERR_BYTES = 1 << 12
_PIPE_BYTES = 1 << 16

Stderr = Callable[[bytes], object] | int | None
"""Destination of stderr: a function that receives all of it, or a value for `subprocess.Popen`."""


class ProcessRegistry(Protocol):
    """Registry of the process groups that must end if this process is killed."""

    def add(self, group: int) -> None:
        """Adds a group that has started."""
        ...

    def remove(self, group: int) -> None:
        """Removes a group that has been killed. Its id is still in use."""
        ...


class EngineProcess:
    """A running program and its output. `end` kills its whole process group."""

    def __init__(
        self,
        command: Sequence[str],
        *,
        cwd: str | Path | None = None,
        environment: Mapping[str, str] | None = None,
        stderr: Stderr = subprocess.PIPE,
        registry: ProcessRegistry | None = None,
    ) -> None:
        """Starts the program without a shell. Raises OSError on failure. environment: added to ours."""
        self.cpu_s: float | None = None
        """CPU time of the program and of the children that it waited for; None until `end`."""
        self._last_stderr = b""
        self._on_stderr = stderr if callable(stderr) else None
        self._registry = registry
        self._has_stdout = True
        self._end_lock = threading.Lock()
        self._selector = selectors.DefaultSelector()
        try:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE if callable(stderr) else stderr,
                bufsize=0,
                cwd=cwd,
                env={**os.environ, **environment} if environment else None,
                start_new_session=True,
            )
        except BaseException:
            self._selector.close()
            raise
        if registry is not None:
            registry.add(self.process_id)
        for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
            if pipe is not None:
                os.set_blocking(pipe.fileno(), False)
                if pipe is not self._process.stdin:
                    self._selector.register(pipe, selectors.EVENT_READ)

    @property
    def process_id(self) -> int:
        """Id of the process, and of its group."""
        return self._process.pid

    @property
    def last_stderr(self) -> str:
        """The end of the stderr output that was read so far."""
        return self._last_stderr.decode(errors="replace")

    def write(self, data: bytes) -> bool:
        """Writes without waiting; returns whether the pipe took all of it. OSError if the pipe is closed."""
        assert self._process.stdin is not None
        return self._process.stdin.write(data) == len(data)

    def close_input(self) -> None:
        """Closes the program's stdin."""
        assert self._process.stdin is not None
        self._process.stdin.close()

    def read(self, wait_s: float) -> bytes | None:
        """Waits up to `wait_s` for any output; returns that of stdout, or None when stdout has ended."""
        received = b""
        for key, _ in self._selector.select(max(0.0, wait_s) if self._has_stdout else 0.0):
            data = os.read(key.fd, _PIPE_BYTES)
            if not data:
                self._selector.unregister(key.fileobj)
            if key.fileobj is self._process.stderr:
                self._take_stderr(data)
            else:
                received, self._has_stdout = data, bool(data)
        return received if self._has_stdout else None

    def wait_for_exit(self, limit_s: float) -> None:
        """Waits for the exit without reaping, so that the group's id stays ours. Drops output on stdout."""
        deadline = time.monotonic() + limit_s
        pause = 0.001
        while time.monotonic() < deadline and self._process.returncode is None:
            if self._exit_info() is not None:
                return
            if self.read(pause) is None:
                time.sleep(pause)
            pause = min(2 * pause, 0.05)

    def exit_status(self) -> str:
        """Describes how the process ended, to follow "ended"; empty while it runs and once it is reaped."""
        status = self._exit_info()
        if status is None:
            return ""
        if status.si_code == os.CLD_EXITED:
            return f" with exit code {status.si_status}"
        return f" by signal {signal.Signals(status.si_status).name}"

    def kill(self) -> None:
        """Kills the whole group. Any thread may call this; `end` must follow."""
        with self._end_lock:
            self._kill_group()

    def end(self) -> None:
        """Kills the group, reaps the process and closes the pipes. Further calls have no effect."""
        with self._end_lock:
            if self._process.returncode is None:
                self._kill_group()
                if self._registry is not None:
                    self._registry.remove(self.process_id)
                _, status, usage = os.wait4(self.process_id, 0)
                self._process.returncode = os.waitstatus_to_exitcode(status)
                self.cpu_s = usage.ru_utime + usage.ru_stime
        self._drain_stderr()
        self._selector.close()
        for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
            if pipe is not None:
                pipe.close()

    def _kill_group(self) -> None:
        # No other group can have this id until the process is reaped.
        if self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process_id, signal.SIGKILL)

    def _exit_info(self) -> os.waitid_result | None:
        if self._process.returncode is not None:
            return None
        return os.waitid(os.P_PID, self.process_id, os.WEXITED | os.WNOHANG | os.WNOWAIT)

    def _take_stderr(self, data: bytes) -> None:
        self._last_stderr = (self._last_stderr + data)[-MOST_STDERR_BYTES:]
        if self._on_stderr is not None and data:
            self._on_stderr(data)

    def _drain_stderr(self) -> None:
        """Reads the rest of the pipe once, as a process outside the group may still write to it."""
        pipe = self._process.stderr
        if pipe is None or pipe.closed:
            return
        with contextlib.suppress(BlockingIOError):
            self._take_stderr(os.read(pipe.fileno(), _PIPE_BYTES))
