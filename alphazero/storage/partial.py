"""Files that are written bit by bit, and that nobody sees before they are whole."""

import contextlib
import fcntl
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from alphazero import files

_SUFFIX = ".part"


@contextlib.contextmanager
def new_file(path: Path) -> Iterator[BinaryIO]:
    """A file to write to that becomes `path` when the block ends; an error in it leaves `path` as it was."""
    path.parent.mkdir(parents=True, exist_ok=True)
    file, temporary = _open(path)
    with file:
        try:
            yield file
            file.flush()
            os.fsync(file.fileno())
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
    files.sync_folder(path.parent)


def clean(folder: Path) -> None:
    """Removes what killed writers left in `folder`; the files of those at work stay."""
    for leftover in folder.glob(f".*{_SUFFIX}"):
        with contextlib.suppress(OSError), leftover.open("rb") as file:
            # The system gives a writer's lock back when it dies, however that came.
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            leftover.unlink(missing_ok=True)


def _open(path: Path) -> tuple[BinaryIO, Path]:
    while True:
        temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}{_SUFFIX}")
        file = temporary.open("xb")
        fcntl.flock(file, fcntl.LOCK_EX)
        # Somebody who cleans may have come between the two calls.
        if os.fstat(file.fileno()).st_nlink:
            return file, temporary
        file.close()
