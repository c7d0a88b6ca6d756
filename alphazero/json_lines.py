"""Files of JSON values, one a line, which are only appended to and keep every complete line after a crash.

A kill or a full disk can leave half a line at the end. Readers do not see it, and the next `append` removes
it. One process appends at a time; any process may read.
"""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

from alphazero import files


def append(path: Path, lines: Iterable[str]) -> None:
    """Adds lines, each one JSON value. On return they survive a crash of the machine."""
    is_new = not path.exists()
    with path.open("a+b") as file:
        _drop_half_line(file)
        file.write(b"".join(line.encode() + b"\n" for line in lines))
        file.flush()
        os.fsync(file.fileno())
    if is_new:
        files.sync_folder(path.parent)


def complete_lines(path: Path, start: int = 0) -> Iterator[bytes]:
    """Yields the complete lines with their newlines; none if there is no file.

    start: byte at which to begin, the end of an earlier line.
    """
    if not path.exists():
        return
    with path.open("rb") as file:
        file.seek(start)
        for line in file:
            if line.endswith(b"\n"):
                yield line


def _drop_half_line(file: BinaryIO) -> None:
    size = file.seek(0, os.SEEK_END)
    if size == 0:
        return
    file.seek(size - 1)
    if file.read(1) == b"\n":
        return
    file.seek(0)
    end = file.read().rfind(b"\n") + 1
    file.truncate(end)
