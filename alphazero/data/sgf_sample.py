"""A sample of self-play games as SGF, for people to view."""

import logging
from collections.abc import Sequence
from pathlib import Path

from alphazero import files
from alphazero.data import record as records
from alphazero.go import sgf

_logger = logging.getLogger(__name__)


class SgfSample:
    """Writes one of every `every` games to a folder."""

    def __init__(self, folder: Path, every: int) -> None:
        self._folder = folder
        self._every = every
        self._num_seen = 0

    def add(self, games: Sequence[records.GameRecord]) -> None:
        """Counts games, and writes the sampled ones as `<game_id>.sgf`.

        A failure to write is only logged, because nothing else depends on these files.
        """
        for game in games:
            if self._num_seen % self._every == 0:
                try:
                    files.write_atomic(self._folder / f"{game.game_id}.sgf", as_sgf(game))
                except OSError as error:
                    _logger.warning("game %s was not kept as SGF: %s", game.game_id, error)
            self._num_seen += 1


def as_sgf(game: records.GameRecord) -> bytes:
    """The played moves as SGF; a searched move has its root value, for its player, as a comment."""
    comments = {
        ply + 1: f"value {value:+.3f}" for ply, value in enumerate(game.root_values) if game.has_target[ply]
    }
    margin = abs(game.score)
    side = "B" if game.winner > 0 else "W"
    result = "0" if game.winner == 0 else f"{side}+R" if game.is_resigned else f"{side}+{margin:g}"
    versions = f"weights {game.oldest_weights} to {game.newest_weights}"
    return sgf.write(
        sgf.SgfGame(
            size=game.size,
            komi=game.komi,
            moves=sgf.alternate(game.moves[: game.num_played]),
            result=result,
            black_name=versions,
            white_name=versions,
            rules=sgf.name_rules(game.rules),
            comments=comments,
        )
    )
