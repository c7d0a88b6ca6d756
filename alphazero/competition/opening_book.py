"""First moves for pairs of games, the same ones however often a competition is stopped and goes on."""

import json
import logging
import threading
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from alphazero import files
from alphazero.competition import network_side, settings
from alphazero.competition import opening as starts
from alphazero.config import game as game_config
from alphazero.evaluation import openings
from alphazero.go import rules, sgf, sgf_collection

_DRAWN_AT_ONCE = 32
_logger = logging.getLogger(__name__)


class Book:
    """The openings of all matchups; those that a network draws are kept in the competition's folder."""

    def __init__(
        self, competition: settings.Competition, folder: Path, networks: network_side.Networks
    ) -> None:
        """folder: of the competition; openings/ is made in it when it is needed."""
        self._competition = competition
        self._folder = folder / "openings"
        self._networks = networks
        self._lock = threading.Lock()
        self._known: dict[str, list[starts.Opening]] = {}

    def opening(self, matchup: settings.Matchup, index: int) -> starts.Opening:
        """The start of pair `index`; ValueError where there are none to be had.

        A folder's openings come in an order of their own, and again when there are more pairs.
        """
        with self._lock:
            known = self._known.setdefault(matchup.id, [])
            if matchup.openings not in self._competition.players:
                if not known:
                    known += self._read_folder(matchup)
                return known[index % len(known)]
            if not known:
                known += self._read_drawn(matchup)
            while index >= len(known):
                known += self._draw(matchup, len(known))
                self._keep(matchup, known)
            return known[index]

    def _draw(self, matchup: settings.Matchup, first: int) -> list[starts.Opening]:
        player, game = self._competition.players[matchup.openings], matchup.game
        network = self._networks.at(player, game.board_size)
        drawn = openings.draw(
            network.evaluator,
            game_config.GameConfig(size=game.board_size, komi=game.komi),
            count=_DRAWN_AT_ONCE,
            plies=matchup.opening_plies,
            rng=np.random.default_rng([*self._seed(matchup), first]),
        )
        return [starts.Opening(moves=moves) for moves in drawn]

    def _read_folder(self, matchup: settings.Matchup) -> list[starts.Opening]:
        folder = Path(matchup.openings)
        place = f"matchup {matchup.id}: openings={folder}"
        if not folder.is_dir():
            raise ValueError(f"{place}: neither a folder nor a player with weights")
        found: set[starts.Opening] = set()
        paths = sorted(path for path in folder.rglob("*") if sgf_collection.is_name(path))
        for path in paths:
            found.update(_read_openings(path, matchup))
        if not found:
            size = matchup.game.board_size
            raise ValueError(
                f"{place}: no SGF file of a {size}x{size} game of {matchup.opening_plies} moves or more"
            )
        order = np.random.default_rng(self._seed(matchup)).permutation(len(found))
        return [sorted(found)[number] for number in order]

    def _seed(self, matchup: settings.Matchup) -> list[int]:
        return [self._competition.seed, zlib.crc32(matchup.id.encode())]

    def _path(self, matchup: settings.Matchup) -> Path:
        return self._folder / f"{matchup.id}.json"

    def _read_drawn(self, matchup: settings.Matchup) -> list[starts.Opening]:
        path = self._path(matchup)
        if not path.exists():
            return []
        try:
            return [starts.Opening(moves=tuple(map(int, moves))) for moves in json.loads(path.read_bytes())]
        except (ValueError, TypeError):
            raise ValueError(f"{path}: is damaged") from None

    def _keep(self, matchup: settings.Matchup, known: list[starts.Opening]) -> None:
        files.write_atomic(self._path(matchup), f"{json.dumps([start.moves for start in known])}\n".encode())


def _read_openings(path: Path, matchup: settings.Matchup) -> Iterator[starts.Opening]:
    """The openings of all games in a file; those that cannot be used are named in the log."""
    try:
        for number, text in enumerate(sgf_collection.games(path), 1):
            try:
                if found := _read_opening(text, matchup):
                    yield found
            except ValueError as error:
                reason = str(error).partition("\n")[0]
                _logger.warning("opening left out: %s, game %d: %s", path, number, reason)
    except OSError as error:
        _logger.warning("opening left out: %s: %s", path, error.strerror)


def _read_opening(text: bytes, matchup: settings.Matchup) -> starts.Opening | None:
    """The start of a game, None if it is too short, of another size, or not by both in turn.

    Stones before the first move may be a handicap alone.
    """
    game = sgf.read(text)
    moves = game.moves[: matchup.opening_plies]
    colors = [color for color, _ in moves]
    players = (game.to_play, rules.WHITE if game.to_play == rules.BLACK else rules.BLACK)
    is_even = not game.black_setup and not game.white_setup and game.to_play == rules.BLACK
    is_fitting = game.size == matchup.game.board_size and len(moves) == matchup.opening_plies
    in_turn = colors == [players[ply % 2] for ply in range(len(moves))]
    if not ((is_even or sgf.is_handicap(game)) and is_fitting and in_turn):
        return None
    sgf.replay(game, num_moves=len(moves))
    return starts.Opening(tuple(game.black_setup), tuple(action for _, action in moves))
