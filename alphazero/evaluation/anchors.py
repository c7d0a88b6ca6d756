"""Anchors: shipped networks of known strength, to which ladders of their board are tied.

`weights/anchors/9x9/calibration.json` has their files and the results of a competition among them, GNU Go and
KataGo's g170 b6c96 (`python -m tools.calibrate`). So a run's rating is Elo above GNU Go's level 10 although
neither program is needed.
"""

import functools
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import msgspec
import numpy as np
from scipy import sparse

from alphazero import shipped
from alphazero.config import game as game_config
from alphazero.net import weights as network_weights

REFERENCE = "gnugo-10"
"""The player whose rating is 0."""
CALIBRATION = "calibration.json"


class Anchor(msgspec.Struct, frozen=True):
    """One shipped network and its search."""

    file: str
    """Name of its weight file, in the calibration's folder."""
    simulations: int
    """Simulations per move, always the same, because they are part of its strength."""


class PairResult(msgspec.Struct, frozen=True):
    """All games of a pair of players."""

    a: str
    b: str
    games: int
    points: float
    """Points of a; draws count half."""


class Calibration(msgspec.Struct, frozen=True):
    """Players of known strength on one board."""

    size: int
    komi: float
    anchors: dict[str, Anchor]
    """By their names, such as anchor-01; the weakest first."""
    results: list[PairResult]


class Anchors:
    """The anchors of one board, which may have none."""

    def __init__(self, folder: Path, calibration: Calibration) -> None:
        """folder: contains the weight files."""
        self._folder = folder
        self._calibration = calibration

    @functools.cached_property
    def names(self) -> list[str]:
        """The anchors, the weakest first."""
        return list(self._calibration.anchors)

    @functools.cached_property
    def others(self) -> list[str]:
        """The other players of the calibration, with the reference first."""
        met = {name for result in self._calibration.results for name in (result.a, result.b)}
        return sorted(met.difference(self.names), key=lambda name: (name != REFERENCE, name))

    @functools.cached_property
    def simulations(self) -> dict[str, int]:
        """Simulations per move of each anchor."""
        return {name: anchor.simulations for name, anchor in self._calibration.anchors.items()}

    def weights(self, name: str) -> network_weights.Weights:
        """Reads the network of an anchor."""
        return network_weights.read(self._folder / self._calibration.anchors[name].file)

    def opponents(self) -> dict[str, set[str]]:
        """Returns the players that each player of the calibration has met."""
        met: dict[str, set[str]] = defaultdict(set)
        for result in self._calibration.results:
            met[result.a].add(result.b)
            met[result.b].add(result.a)
        return met

    def matrix(self, names: Sequence[str]) -> sparse.csr_array:
        """[n, n] points of each row's player against each column's in the calibration."""
        numbers = {name: number for number, name in enumerate(names)}
        entries = []
        for result in self._calibration.results:
            if result.a in numbers and result.b in numbers:
                a, b = numbers[result.a], numbers[result.b]
                entries += [(a, b, result.points), (b, a, result.games - result.points)]
        rows, columns, points = np.array(entries).reshape(-1, 3).T
        places = rows.astype(np.int64), columns.astype(np.int64)
        return sparse.csr_array((points, places), shape=(len(names), len(names)))


def of_game(game: game_config.GameConfig) -> Anchors:
    """The shipped anchors for a board, komi and rules; none if there was no calibration with these."""
    folder = shipped.folder("weights") / "anchors" / f"{game.size}x{game.size}"
    is_usual = game.ko is game_config.Ko.positional and not game.suicide
    if is_usual and (folder / CALIBRATION).is_file():
        found = msgspec.json.decode((folder / CALIBRATION).read_bytes(), type=Calibration)
        if found.komi == game.komi:
            return Anchors(folder, found)
    return Anchors(folder, Calibration(size=game.size, komi=game.komi, anchors={}, results=[]))
