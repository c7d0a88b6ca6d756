"""Where log messages go: all of them to the run's log.txt, warnings to the terminal as well."""

import contextlib
import logging
import os
import sys
from pathlib import Path
from typing import TextIO

LOG_FILE_VARIABLE = "ALPHAZERO_LOG_FILE"
"""Environment variable that tells a worker process where log.txt is."""

_FILE_FORMAT = "%(asctime)s %(levelname)s %(process)d %(name)s: %(message)s"


class TerminalHandler(logging.StreamHandler[TextIO]):
    """Writes to what sys.stderr is at that moment; a live table on the terminal replaces it for its time."""

    def __init__(self) -> None:
        super().__init__(sys.stderr)
        self.setLevel(logging.WARNING)
        self.setFormatter(logging.Formatter("%(levelname)s: %(message)s"))

    @property
    def stream(self) -> TextIO:  # pyright: ignore[reportIncompatibleVariableOverride] a property on purpose
        """The process's present stderr."""
        return sys.stderr

    @stream.setter
    def stream(self, value: TextIO) -> None:
        """What the base class sets is not kept."""


class LogFile(logging.FileHandler):
    """log.txt: what a full disk does not take is lost, and said once on stderr instead of once a message."""

    def __init__(self, path: Path | str) -> None:
        super().__init__(path)
        self.setFormatter(logging.Formatter(_FILE_FORMAT))
        self._is_in_trouble = False

    def emit(self, record: logging.LogRecord) -> None:
        """Writes a message; after trouble that is over the next one may bring the last lost one along."""
        self._has_failed = False
        super().emit(record)
        self._is_in_trouble = self._has_failed

    def close(self) -> None:
        """Also where the last message finds no room."""
        with contextlib.suppress(OSError):
            super().close()

    def handleError(self, record: logging.LogRecord) -> None:
        """Instead of a trace for each message."""
        error = sys.exc_info()[1]
        if not isinstance(error, OSError):
            super().handleError(record)
            return
        self._has_failed = True
        if not self._is_in_trouble:
            print(f"{self.baseFilename} does not take messages: {error.strerror}", file=sys.stderr)


def set_up(log_file: Path | str | None) -> None:
    """Sends this process's messages to `log_file` (INFO) and to the terminal (WARNING).

    Replaces an earlier set-up. Several processes may share the file: each message is one short
    append. Without a file, or where its folder does not exist (on another machine), only the
    terminal gets messages.
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
    """For a process that Ray starts: reads the file's place from LOG_FILE_VARIABLE."""
    set_up(os.environ.get(LOG_FILE_VARIABLE))
