"""A sample of the self-play games as SGF files that people can look at."""

from collections.abc import Sequence
from pathlib import Path

from alphazero.data import files
from alphazero.data import record as records
from alphazero.go import rules, sgf


class SgfSample:
    """Keeps one game in `every`, starting with the first; the game log has all of them."""

    def __init__(self, folder: Path, every: int) -> None:
        """folder: `sgf/` of the run's folder."""
        self._folder = folder
        self._every = every
        self._num_seen = 0

    def add(self, games: Sequence[records.GameRecord]) -> None:
        """Writes those of the games whose turn it is, each as GAME_ID.sgf."""
        for game in games:
            if self._num_seen % self._every == 0:
                files.write_atomic(self._folder / f"{game.game_id}.sgf", to_sgf(game))
            self._num_seen += 1


def to_sgf(game: records.GameRecord) -> bytes:
    """The played moves, with the search's value for the player to move as a comment on the board it saw."""
    comments = {
        number: f"{'Black' if number % 2 == 0 else 'White'} to play, value {value:+.3f}"
        for number, value in enumerate(game.root_values)
        if value == value  # nan where there was no search
    }
    colors = (rules.BLACK, rules.WHITE)
    moves = [(colors[ply % 2], int(action)) for ply, action in enumerate(game.moves[: game.num_played])]
    # Both sides play with the same network; a promotion may exchange it during the game.
    versions = sorted({game.oldest_weights, game.newest_weights})
    players = f"weights {' to '.join(map(str, versions))}"
    return sgf.write(
        sgf.SgfGame(
            size=game.size,
            komi=game.komi,
            moves=moves,
            result=result_text(game),
            black_name=players,
            white_name=players,
            rules="Tromp-Taylor" if game.suicide else "Tromp-Taylor, no suicide",
            comments=comments,
            info={"GN": game.game_id},
        )
    )


def result_text(game: records.GameRecord) -> str:
    """SGF's RE: "B+R", "W+4.5" or "0"."""
    if game.winner == 0:
        return "0"
    margin = "R" if game.is_resigned else f"{abs(game.score):g}"
    return f"{'B' if game.winner > 0 else 'W'}+{margin}"
