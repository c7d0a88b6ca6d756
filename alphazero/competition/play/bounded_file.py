"""Files of bounded size for output of unknown length."""

from pathlib import Path
from typing import IO

FIRST_BYTES, LAST_BYTES = 1 << 20, 1 << 16


class BoundedFile:
    """A file that keeps the beginning and the end of its input, and states how many bytes are missing.

    The beginning is written at once, the end when the file is closed. The first write creates the file.
    """

    def __init__(self, path: Path, *, first_bytes: int = FIRST_BYTES, last_bytes: int = LAST_BYTES) -> None:
        self.path = path
        self._first_left = first_bytes
        self._last_bytes = last_bytes
        self._file: IO[bytes] | None = None
        self._last = b""
        self._num_missing = 0

    def __enter__(self) -> "BoundedFile":
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def write(self, data: bytes) -> None:
        """Appends."""
        if self._file is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self.path.open("wb", buffering=0)
        first, rest = data[: self._first_left], data[self._first_left :]
        if first:
            self._file.write(first)
            self._first_left -= len(first)
        if rest:
            last = self._last + rest
            self._num_missing += max(0, len(last) - self._last_bytes)
            self._last = last[-self._last_bytes :]

    def close(self) -> None:
        """Writes the end and closes the file."""
        if self._file is None:
            return
        with self._file as file:
            if self._num_missing:
                file.write(f"\n[{self._num_missing} bytes omitted]\n".encode())
            file.write(self._last)
        self._file = None
