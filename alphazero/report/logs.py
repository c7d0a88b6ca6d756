"""Log messages: all go to the run's log.txt, warnings also to the terminal."""

import contextlib
import logging
import os
import sys
from pathlib import Path
from typing import TextIO

LOG_FILE_VARIABLE = "ALPHAZERO_LOG_FILE"
"""Environment variable with the path of log.txt, for worker processes."""

_FILE_FORMAT = "%(asctime)s %(levelname)s %(process)d %(name)s: %(message)s"


class TerminalHandler(logging.StreamHandler[TextIO]):
    """Writes to the current sys.stderr, which a live table on the terminal replaces temporarily."""

    def __init__(self) -> None:
        super().__init__(sys.stderr)
        self.setLevel(logging.WARNING)
        self.setFormatter(logging.Formatter("%(levelname)s: %(message)s"))

    @property
    def stream(self) -> TextIO:  # pyright: ignore[reportIncompatibleVariableOverride] a property on purpose
        """The current sys.stderr."""
        return sys.stderr

    @stream.setter
    def stream(self, value: TextIO) -> None:
        """Ignores the stream that the base class sets."""


class LogFile(logging.FileHandler):
    """log.txt. On a full disk, messages are lost, which stderr reports once and not for each message."""

    def __init__(self, path: Path | str) -> None:
        super().__init__(path)
        self.setFormatter(logging.Formatter(_FILE_FORMAT))
        self._is_in_trouble = False

    def emit(self, record: logging.LogRecord) -> None:
        """Writes a message. The first message after an error may also write the last lost one."""
        self._has_failed = False
        super().emit(record)
        self._is_in_trouble = self._has_failed

    def close(self) -> None:
        """Closes the file, even if the last message cannot be written."""
        with contextlib.suppress(OSError):
            super().close()

    def handleError(self, record: logging.LogRecord) -> None:
        """Reports an OSError in one line, instead of a traceback for each message."""
        error = sys.exc_info()[1]
        if not isinstance(error, OSError):
            super().handleError(record)
            return
        self._has_failed = True
        if not self._is_in_trouble:
            print(f"{self.baseFilename} cannot be written: {error.strerror}", file=sys.stderr)


def set_up(log_file: Path | str | None) -> None:
    """Sends this process's messages to `log_file` (INFO) and to the terminal (WARNING).

    Replaces an earlier set-up. Several processes may share the file, because each message is one
    short append. Without a file, or if its folder does not exist (on another machine), messages
    go to the terminal only.
    """
    root = logging.getLogger()
    for handler in list(root.handlers):
        if isinstance(handler, TerminalHandler | logging.FileHandler):
            root.removeHandler(handler)
            handler.close()
    root.setLevel(logging.INFO)
    root.addHandler(TerminalHandler())
    if log_file is not None and Path(log_file).parent.is_dir():
        root.addHandler(LogFile(log_file))


def set_up_worker() -> None:
    """Sets up a process that Ray starts, with the path in LOG_FILE_VARIABLE."""
    set_up(os.environ.get(LOG_FILE_VARIABLE))
