"""Files that are written in pieces and appear only when they are complete."""

import contextlib
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from alphazero import files, locks

_SUFFIX = ".part"


@contextlib.contextmanager
def new_file(path: Path) -> Iterator[BinaryIO]:
    """A file for writing that becomes `path` at the end of the block; an error leaves `path` unchanged."""
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
    """Removes the temporary files of killed writers in `folder`; those of live writers stay."""
    for leftover in folder.glob(f".*{_SUFFIX}"):
        with contextlib.suppress(OSError), leftover.open("rb") as file:
            # The system releases a writer's lock when the writer dies.
            locks.lock_file(file, waits=False)
            leftover.unlink(missing_ok=True)


def _open(path: Path) -> tuple[BinaryIO, Path]:
    while True:
        temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}{_SUFFIX}")
        file = temporary.open("xb")
        locks.lock_file(file, waits=True)
        # `clean` may have removed the file between the two calls.
        if os.fstat(file.fileno()).st_nlink:
            return file, temporary
        file.close()
