"""Client of a GTP engine in a child process, with time limits that no engine can evade."""

import contextlib
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NoReturn

from alphazero.engine_client import engine_process, gtp_text

MOST_RESPONSE_BYTES = 1 << 22


class CommandRefused(Exception):
    """The engine answered "? reason". It still runs and takes further commands."""


class EngineLost(Exception):
    """The engine could not start, died, hung or broke the protocol. Its processes are gone."""

    def __init__(self, message: str, reason: str = "") -> None:
        super().__init__(message)
        self.reason = reason or message
        """The same without the engine's command."""


class EngineLate(EngineLost):
    """The engine did not answer within its time limit. Its processes are gone."""


class GtpClient:
    """One engine, started without a shell as the leader of its own process group.

    `send` sends a command and waits. `start` and `finish` split that, so that many engines can think at
    once. If an engine exceeds its time limit, dies or breaks the protocol, its whole group is killed and
    EngineLost is raised; every later call raises it again. `close` leaves no process behind.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        cwd: str | Path | None = None,
        environment: Mapping[str, str] | None = None,
        time_limit_s: float = 60.0,
        stderr: engine_process.Stderr = subprocess.PIPE,
        log: Callable[[str], object] = lambda line: None,
        registry: engine_process.ProcessRegistry | None = None,
    ) -> None:
        """command: program and arguments. environment: added to ours. time_limit_s: for each command.

        log: receives each command ("> name"), answer ("< = GNU Go") and line of noise ("! hello").
        registry: receives the engine's process group.
        """
        self.command = list(command)
        self.time_limit_s = time_limit_s
        self._log = log
        self._loss: tuple[type[EngineLost], str] | None = None
        self._pending: str | None = None
        self._num_sent = 0
        self._reader = gtp_text.Reader(on_noise=lambda line: self._log(f"! {line}"))
        try:
            self._process = engine_process.EngineProcess(
                self.command, cwd=cwd, environment=environment, stderr=stderr, registry=registry
            )
        except OSError as error:
            place = f" in {cwd}" if cwd is not None and error.filename == cwd else ""
            reason = f"cannot be started{place} ({error.strerror})"
            raise EngineLost(f"{self.command[0]}: {reason}", reason) from None

    def __enter__(self) -> "GtpClient":
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    @property
    def process_id(self) -> int:
        """Id of the engine's process, and of its group."""
        return self._process.process_id

    @property
    def cpu_s(self) -> float | None:
        """CPU time of the engine and of the children that it waited for; None while it runs."""
        return self._process.cpu_s

    @property
    def last_stderr(self) -> str:
        """The end of the engine's stderr output, for error messages."""
        return self._process.last_stderr

    def send(self, command: str, time_limit_s: float | None = None) -> str:
        """Sends a command and waits; returns the answer without "=", its id and the empty line."""
        self.start(command)
        return self.finish(time_limit_s)

    def start(self, command: str) -> None:
        """Sends a command without waiting. `finish` must fetch its answer before the next command."""
        self._raise_if_lost()
        assert self._pending is None, f"{self._pending} has not been answered yet"
        assert "\n" not in command, "one command, one line"
        self._num_sent += 1
        self._pending = command
        self._log(f"> {command}")
        # After an OSError, `finish` finds out how the engine ended.
        with contextlib.suppress(OSError):
            # A command is shorter than a pipe's buffer. If it does not fit, the engine does not read.
            if not self._process.write(f"{self._num_sent} {command}\n".encode(errors="surrogateescape")):
                self._lose("does not read its commands")

    def finish(self, time_limit_s: float | None = None) -> str:
        """Waits for the answer to the command that `start` sent."""
        self._raise_if_lost()
        assert self._pending is not None, "start comes first"
        answer = self._wait_for_answer(self.time_limit_s if time_limit_s is None else time_limit_s)
        mark = "=" if answer.is_success else "?"
        if answer.number != self._num_sent:
            self._lose(
                f"answered {mark}{answer.number} to '{self._pending}', which had the id {self._num_sent}"
            )
        self._pending = None
        self._log(f"< {mark} {answer.text}")
        if not answer.is_success:
            raise CommandRefused(answer.text)
        return answer.text

    def kill(self) -> None:
        """Kills the engine, so that a waiting call raises EngineLost. Any thread may call this.

        `close` must follow.
        """
        self._process.kill()

    def close(self, grace_s: float = 2.0) -> None:
        """Sends `quit`, waits up to `grace_s`, then kills what is left of the engine's group."""
        if self._loss is None:
            self._loss = EngineLost, "it was closed"
            self._log("> quit")
            # An OSError means that the engine has already exited.
            with contextlib.suppress(OSError):
                self._process.write(b"quit\n")
                self._process.close_input()
            self._process.wait_for_exit(grace_s)
        self._process.end()

    def _wait_for_answer(self, limit_s: float) -> gtp_text.Answer:
        deadline = time.monotonic() + limit_s
        is_time_up = False
        while (answer := self._reader.next_answer()) is None:
            if is_time_up:
                self._lose(f"no answer to '{self._pending}' within {limit_s:g} s", EngineLate)
            is_time_up = time.monotonic() >= deadline
            data = self._process.read(deadline - time.monotonic())
            if data is None:
                self._process.wait_for_exit(1.0)
                self._lose(f"ended{self._process.exit_status()} at '{self._pending}'")
            self._reader.feed(data)
            if self._reader.num_bytes > MOST_RESPONSE_BYTES:
                self._lose(f"answers '{self._pending}' without end")
        return answer

    def _raise_if_lost(self) -> None:
        if self._loss is not None:
            kind, reason = self._loss
            raise kind(f"{' '.join(self.command)}: {reason}", reason)

    def _lose(self, reason: str, kind: type[EngineLost] = EngineLost) -> NoReturn:
        self._process.end()
        lines = ["".join(filter(str.isprintable, line)).strip() for line in self.last_stderr.split("\n")]
        last = next(filter(None, reversed(lines)), "")
        reason += f" (stderr: {last[:200]})" if last else ""
        self._loss = kind, reason
        self._log(f"! {reason}")
        raise kind(f"{' '.join(self.command)}: {reason}", reason)
