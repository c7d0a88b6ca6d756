"""Drives a GTP engine in a process of its own: nothing that it does or fails to do can hang us."""

import contextlib
import os
import selectors
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

MOST_RESPONSE_BYTES = 1 << 22
MOST_STDERR_BYTES = 1 << 12


class CommandRefused(Exception):
    """The engine answered "? reason"; it is well and can be asked again."""


class EngineLost(Exception):
    """The engine could not be started, died, hung or broke the protocol; its processes are gone."""


class GtpClient:
    """One engine, started without a shell as the head of its own process group.

    `send` asks and waits; `start` and `finish` split that, so that many engines can think at once.
    When an engine exceeds its time, dies or answers nonsense, its whole group is killed and
    EngineLost is raised; every later call raises it again. `close` leaves no process behind.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        cwd: str | Path | None = None,
        environment: Mapping[str, str] | None = None,
        time_limit_s: float = 60.0,
    ) -> None:
        """command: program and arguments. environment: added to ours. time_limit_s: for each command."""
        self.command = list(command)
        self.time_limit_s = time_limit_s
        self._loss: str | None = None
        self._asked: str | None = None
        self._num_asked = 0
        self._received = bytearray()
        self._stderr = bytearray()
        try:
            self._process = subprocess.Popen(
                self.command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                bufsize=0,
                cwd=cwd,
                env={**os.environ, **environment} if environment else None,
                start_new_session=True,
            )
        except OSError as error:
            raise EngineLost(f"{self.command[0]}: cannot be started ({error.strerror})") from None
        self._selector = selectors.DefaultSelector()
        for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
            assert pipe is not None
            os.set_blocking(pipe.fileno(), False)
        for pipe in (self._process.stdout, self._process.stderr):
            assert pipe is not None
            self._selector.register(pipe, selectors.EVENT_READ)

    def __enter__(self) -> "GtpClient":
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    @property
    def is_lost(self) -> bool:
        """Whether the engine is gone, by its fault or by `close`."""
        return self._loss is not None

    @property
    def process_id(self) -> int:
        """Id of the engine's process and of its group."""
        return self._process.pid

    @property
    def last_stderr(self) -> str:
        """The end of what the engine wrote to stderr, for error messages."""
        return self._stderr.decode(errors="replace")

    def send(self, command: str, time_limit_s: float | None = None) -> str:
        """Asks and waits; returns the answer without "=", its id and the empty line."""
        self.start(command)
        return self.finish(time_limit_s)

    def knows(self, command: str) -> bool:
        """Whether the engine has this command."""
        return self.send(f"known_command {command}").strip().lower() == "true"

    def start(self, command: str) -> None:
        """Sends a command without waiting; its answer is fetched by `finish` before the next one."""
        self._raise_if_lost()
        assert self._asked is None, f"{self._asked} has not been answered yet"
        assert "\n" not in command, "one command, one line"
        self._num_asked += 1
        self._asked = command
        self._write(f"{self._num_asked} {command}\n".encode())

    def finish(self, time_limit_s: float | None = None) -> str:
        """The answer to the command that `start` sent."""
        self._raise_if_lost()
        assert self._asked is not None, "start comes first"
        limit = self.time_limit_s if time_limit_s is None else time_limit_s
        deadline = time.monotonic() + limit
        while (answer := self._take_answer()) is None:
            if not self._read(deadline):
                self._lose(f"no answer to '{self._asked}' within {limit:g} s")
        self._asked = None
        is_success, text = answer
        if not is_success:
            raise CommandRefused(text)
        return text

    def close(self, grace_s: float = 2.0) -> None:
        """Says quit, waits up to `grace_s`, then kills whatever is left of the engine's group."""
        if self._loss is None:
            self._loss = "it was closed"
            try:
                assert self._process.stdin is not None
                self._process.stdin.write(b"quit\n")
                self._process.stdin.close()
            except OSError:
                pass  # it has left already, or its pipe is full: the kill below settles both
            self._wait_for_exit(grace_s)
        self._end()

    def _raise_if_lost(self) -> None:
        if self._loss is not None:
            raise EngineLost(self._complaint(self._loss))

    def _lose(self, reason: str) -> None:
        self._loss = reason
        self._end()
        raise EngineLost(self._complaint(reason))

    def _complaint(self, reason: str) -> str:
        lines = self.last_stderr.split("\n")
        last = next((line.strip() for line in reversed(lines) if line.strip()), "")
        return f"{' '.join(self.command)}: {reason}" + (f" (stderr: {last[:200]})" if last else "")

    def _write(self, data: bytes) -> None:
        assert self._process.stdin is not None
        try:
            # Commands are shorter than a pipe's buffer: one that does not fit was not being read.
            if self._process.stdin.write(data) != len(data):
                self._lose("does not read its commands")
        except OSError:
            # What it said before it died is the best explanation.
            while self._read(time.monotonic() + 0.2):
                pass

    def _read(self, deadline: float) -> bool:
        """Takes what the engine has written; False when nothing came before the deadline."""
        assert self._process.stdout is not None
        ready = self._selector.select(max(0.0, deadline - time.monotonic()))
        for key, _ in ready:
            data = os.read(key.fd, 1 << 16)
            if not data:
                self._selector.unregister(key.fileobj)
            if key.fileobj is self._process.stderr:
                self._stderr = (self._stderr + data)[-MOST_STDERR_BYTES:]
                continue
            self._received += data
            if not data:
                self._wait_for_exit(1.0)
                self._drain_stderr()
                self._lose(f"ended{self._exit_status()} at '{self._asked}'")
            if len(self._received) > MOST_RESPONSE_BYTES:
                self._lose(f"answers '{self._asked}' without end")
        return bool(ready) or time.monotonic() < deadline

    def _drain_stderr(self) -> None:
        assert self._process.stderr is not None
        with contextlib.suppress(OSError):
            self._stderr = (self._stderr + (self._process.stderr.read() or b""))[-MOST_STDERR_BYTES:]

    def _take_answer(self) -> tuple[bool, str] | None:
        """Removes the awaited answer from what was received; lines outside of answers are noise.

        An answer begins with "=ID" or "?ID" and ends with an empty line (GTP 2, section 2.6).
        """
        while True:
            text = bytes(self._received).replace(b"\r", b"")
            line, newline, rest = text.partition(b"\n")
            if not newline:
                return None
            mark, number, first = _split_first_line(line)
            if mark and number == str(self._num_asked):
                break
            if mark and number:
                self._lose(f"answered {mark}{number} to '{self._asked}', which had the id {self._num_asked}")
            self._received = bytearray(rest)
        end = text.find(b"\n\n")
        if end < 0:
            return None
        self._received = bytearray(text[end + 2 :])
        body = text[len(line) : end].decode(errors="surrogateescape")
        # In an answer of several lines, spaces at the left of the first line align columns.
        return mark == "=", (first.strip() + body.rstrip()).strip("\n")

    def _exit_status(self) -> str:
        status = os.waitid(os.P_PID, self._process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        if status is None:
            return ""
        if status.si_code == os.CLD_EXITED:
            return f" with exit code {status.si_status}"
        return f" by signal {signal.Signals(status.si_status).name}"

    def _wait_for_exit(self, limit_s: float) -> None:
        """Waits for the engine's end without reaping it, so that its group id stays ours."""
        deadline = time.monotonic() + limit_s
        pause = 0.001
        while time.monotonic() < deadline and self._process.returncode is None:
            if os.waitid(os.P_PID, self._process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT):
                return
            time.sleep(pause)
            pause = min(2 * pause, 0.05)

    def _end(self) -> None:
        """Kills the group, reaps the engine and closes the pipes; harmless when repeated."""
        if self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        self._selector.close()
        for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
            if pipe is not None:
                pipe.close()


def _split_first_line(line: bytes) -> tuple[str, str, str]:
    """Mark ("=", "?" or "" for noise), id and text of an answer's first line."""
    text = line.decode(errors="surrogateescape").replace("\t", " ")
    if text[:1] not in ("=", "?"):
        return "", "", ""
    head, _, rest = text[1:].partition(" ")
    if head and not head.isdigit():
        return text[0], "", text[1:]
    return text[0], head, rest
