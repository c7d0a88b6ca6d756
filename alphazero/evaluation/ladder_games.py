"""Results of a ladder's games, one line each in ladder/games.jsonl of a run's folder."""

import array
import contextlib
import errno
import json
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from scipy import sparse

from alphazero import json_lines, locks, run_paths
from alphazero.evaluation import result as results

_FIELDS = {"a", "b", "points", "settings"}


class LadderGames:
    """Games of the same settings. One process adds games at a time; any process may read."""

    def __init__(self, path: Path, settings: Sequence[float]) -> None:
        """settings: common to all games that count. Lines of other games stay in the file."""
        self._path = path
        self._settings = list(settings)
        self._position = 0
        self._forget()
        self._read()

    def _forget(self) -> None:
        # Compact arrays, as a run of weeks has a hundred thousand games.
        self._numbers: dict[str, int] = {}  # players' numbers, in the order of their first games
        self._first, self._second = array.array("i"), array.array("i")
        self._points = array.array("f")

    @property
    def count(self) -> int:
        """Number of games that count."""
        return len(self._points)

    def __contains__(self, name: str) -> bool:
        """Whether the player has played a game that counts."""
        return name in self._numbers

    def opponents(self) -> dict[str, set[str]]:
        """Returns the players that each player has met."""
        names = list(self._numbers)
        met: dict[str, set[str]] = defaultdict(set)
        for first, second in set(zip(self._first, self._second, strict=True)):
            met[names[first]].add(names[second])
            met[names[second]].add(names[first])
        return met

    def matrix(self, names: Sequence[str]) -> sparse.csr_array:
        """[n, n] points of each row's player against each column's, for the players of these names."""
        rows_of = np.full(len(self._numbers), -1)
        for row, name in enumerate(names):
            if name in self._numbers:
                rows_of[self._numbers[name]] = row
        first, second = rows_of[np.array(self._first)], rows_of[np.array(self._second)]
        is_selected = (first >= 0) & (second >= 0)
        first, second, won = first[is_selected], second[is_selected], np.array(self._points)[is_selected]
        rows, columns = np.concatenate([first, second]), np.concatenate([second, first])
        points = np.concatenate([won, 1 - won]).astype(np.float64)
        return sparse.csr_array((points, (rows, columns)), shape=(len(names), len(names)))

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """Locks the ladder and reads its games so far. Raises BlockingIOError if another process plays it."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        path = self._path.with_name(run_paths.LOCK)
        try:
            lock = locks.Lock(path)
        except BlockingIOError:
            message = f"another process plays this ladder ({path})"
            raise BlockingIOError(errno.EWOULDBLOCK, message) from None
        with lock:
            self._read()
            yield

    def append(self, a: str, b: str, played: results.MatchResult) -> None:
        """Adds the games of a match. On return they survive a crash of the machine."""
        lines = [
            {"a": a, "b": b, "a_is_black": game.a_is_black, "points": game.points, "settings": self._settings}
            for game in played.games
        ]
        json_lines.append(self._path, map(json.dumps, lines))
        self._read()

    def _read(self) -> None:
        """Counts the lines added since the last call, except an unfinished last line."""
        size = self._path.stat().st_size if self._path.exists() else 0
        if size < self._position:  # the file was replaced
            self._position = 0
            self._forget()
        if size == self._position:
            return
        for line in json_lines.complete_lines(self._path, self._position):
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
