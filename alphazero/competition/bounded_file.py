"""Files for text that has no known end."""

from pathlib import Path
from typing import IO

FIRST_BYTES, LAST_BYTES = 1 << 20, 1 << 16


class BoundedFile:
    """A file with the beginning and the end of what is written, and a line that says what is missing.

    The beginning is on the disk at once, the end when the file is closed. The file is made when
    something is written.
    """

    def __init__(self, path: Path, *, first_bytes: int = FIRST_BYTES, last_bytes: int = LAST_BYTES) -> None:
        self.path = path
        self._room = first_bytes
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
        first, rest = data[: self._room], data[self._room :]
        if first:
            self._file.write(first)
            self._room -= len(first)
        if rest:
            last = self._last + rest
            self._num_missing += max(0, len(last) - self._last_bytes)
            self._last = last[-self._last_bytes :]

    def close(self) -> None:
        """Writes the end."""
        if self._file is None:
            return
        with self._file as file:
            if self._num_missing:
                file.write(f"\n[{self._num_missing} bytes are left out here]\n".encode())
            file.write(self._last)
        self._file = None
