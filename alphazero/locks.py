"""Advisory locks between processes: a lock counts only for processes that ask for it.

The system releases a lock when its process ends, however it ends. The locked files stay.
"""

import fcntl
import os
from pathlib import Path
from typing import BinaryIO


class NoLocksError(OSError):
    """The file system has no locks, such as NFS that is mounted with nolock."""

    def __str__(self) -> str:
        return (
            f"its file system has no locks ({self.strerror}); it must be on a local disk, or on NFS that is "
            "mounted with locks"
        )


class Lock:
    """An exclusive lock on a file or folder, until `release`; a context manager."""

    def __init__(self, path: Path, *, waits: bool = False) -> None:
        """Locks `path`, which is created as an empty file if it is missing.

        waits: for another process that holds the lock. Otherwise raises BlockingIOError if there is one.
        Raises NoLocksError if the file system has no locks, and other OSErrors if `path` cannot be opened.
        """
        flags = os.O_RDONLY if path.is_dir() else os.O_CREAT | os.O_RDWR
        self._descriptor: int | None = os.open(path, flags, 0o644)
        try:
            _lock(self._descriptor, waits)
        except BaseException:
            self.release()
            raise

    def release(self) -> None:
        """Releases the lock; a second call does nothing."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def __enter__(self) -> "Lock":
        return self

    def __exit__(self, *exception: object) -> None:
        self.release()


def lock_file(file: BinaryIO, *, waits: bool) -> None:
    """Locks an open file until it is closed. waits and errors: as in `Lock`."""
    _lock(file.fileno(), waits)


def _lock(descriptor: int, waits: bool) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX if waits else fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise
    except OSError as error:
        raise NoLocksError(error.errno, error.strerror) from None
