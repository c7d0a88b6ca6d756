"""Results of a ladder's games in ladder/games.jsonl of a run's folder, one line for each game."""

import array
import contextlib
import errno
import fcntl
import json
import os
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from scipy import sparse

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
        self._forget()
        self._read()

    def _forget(self) -> None:
        # Arrays of numbers: a run of weeks has a hundred thousand of these games.
        self._numbers: dict[str, int] = {}  # of players in the order of their first games
        self._first, self._second = array.array("i"), array.array("i")
        self._points = array.array("f")

    @property
    def count(self) -> int:
        """Games that count."""
        return len(self._points)

    def opponents(self) -> dict[str, set[str]]:
        """The players that each player has met."""
        names = list(self._numbers)
        met: dict[str, set[str]] = defaultdict(set)
        for first, second in set(zip(self._first, self._second, strict=True)):
            met[names[first]].add(names[second])
            met[names[second]].add(names[first])
        return met

    def matrix(self, names: Sequence[str]) -> sparse.csr_array:
        """[n, n] points of each row's player against each column's, for the players of these names."""
        places = np.full(len(self._numbers), -1)
        for place, name in enumerate(names):
            if name in self._numbers:
                places[self._numbers[name]] = place
        first, second = places[np.array(self._first)], places[np.array(self._second)]
        is_asked = (first >= 0) & (second >= 0)
        first, second, won = first[is_asked], second[is_asked], np.array(self._points)[is_asked]
        rows, columns = np.concatenate([first, second]), np.concatenate([second, first])
        points = np.concatenate([won, 1 - won]).astype(np.float64)
        return sparse.csr_array((points, (rows, columns)), shape=(len(names), len(names)))

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
            self._forget()
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
            for name, numbers in ((fields["a"], self._first), (fields["b"], self._second)):
                numbers.append(self._numbers.setdefault(sys.intern(name), len(self._numbers)))
            self._points.append(fields["points"])


def _ends_in_half_a_line(file: Any) -> bool:
    if file.seek(0, os.SEEK_END) == 0:
        return False
    file.seek(-1, os.SEEK_END)
    return file.read(1) != b"\n"
