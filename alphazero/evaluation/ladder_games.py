"""Results of a ladder's games in ladder/games.jsonl of a run's folder, one line for each game."""

import contextlib
import errno
import fcntl
import json
import os
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from alphazero import files
from alphazero.evaluation import result as results

_FIELDS = {"a", "b", "points", "settings"}


class LadderGames:
    """The games of the same settings; one process adds some at a time, any may read."""

    def __init__(self, path: Path, settings: Sequence[float]) -> None:
        """settings: what games must have in common; lines of others are kept and do not count."""
        self._path = path
        self._settings = list(settings)
        self._position = 0
        self._points: dict[tuple[str, str], float] = {}
        self._read()

    @property
    def points(self) -> Mapping[tuple[str, str], float]:
        """What the first of each pair won against the second; every pair that met is there both ways."""
        return self._points

    @property
    def count(self) -> int:
        """Games that count."""
        return round(sum(self._points.values()))

    def opponents(self) -> dict[str, set[str]]:
        """Whom each player has met."""
        met: dict[str, set[str]] = defaultdict(set)
        for a, b in self._points:
            met[a].add(b)
        return met

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """No other process plays meanwhile, and its games so far are known here; else BlockingIOError."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with (self._path.parent / "lock").open("a") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                told = f"another process plays this ladder ({lock.name})"
                raise BlockingIOError(errno.EWOULDBLOCK, told) from None
            self._read()
            yield

    def append(self, a: str, b: str, played: results.MatchResult) -> None:
        """Adds the games of a match; on return they survive a crash of the machine."""
        lines = [
            {"a": a, "b": b, "a_is_black": game.a_is_black, "points": game.points, "settings": self._settings}
            for game in played.games
        ]
        with self._path.open("a+b") as file:
            if _ends_in_half_a_line(file):
                file.write(b"\n")
            file.writelines(f"{json.dumps(line)}\n".encode() for line in lines)
            file.flush()
            os.fsync(file.fileno())
        files.sync_folder(self._path.parent)
        self._read()

    def _read(self) -> None:
        """Counts the lines that came since the last call; one that a kill cut short is left out."""
        size = self._path.stat().st_size if self._path.exists() else 0
        if size < self._position:  # somebody began a new file
            self._position = 0
            self._points.clear()
        if size == self._position:
            return
        with self._path.open("rb") as file:
            file.seek(self._position)
            for line in file:
                if not line.endswith(b"\n"):
                    break
                self._position += len(line)
                self._count(line)

    def _count(self, line: bytes) -> None:
        fields: Any = None
        with contextlib.suppress(ValueError):
            fields = json.loads(line.decode(errors="replace"))
        if isinstance(fields, dict) and fields.keys() >= _FIELDS and fields["settings"] == self._settings:
            # Each line brings its own copies of the names.
            a, b = sys.intern(fields["a"]), sys.intern(fields["b"])
            self._points[a, b] = self._points.get((a, b), 0.0) + fields["points"]
            self._points[b, a] = self._points.get((b, a), 0.0) + 1 - fields["points"]


def _ends_in_half_a_line(file: Any) -> bool:
    if file.seek(0, os.SEEK_END) == 0:
        return False
    file.seek(-1, os.SEEK_END)
    return file.read(1) != b"\n"
