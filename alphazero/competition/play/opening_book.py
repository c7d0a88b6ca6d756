"""Openings for pairs of games, reproducible when a competition is interrupted and continued."""

import json
import logging
import threading
import zlib
from collections.abc import Iterator
from pathlib import Path

import msgspec
import numpy as np

from alphazero import files
from alphazero.competition.control_files import settings
from alphazero.competition.play import network_side, opening_moves
from alphazero.config import game as game_config
from alphazero.evaluation import openings
from alphazero.go import rules, sgf, sgf_collection

_DRAWN_AT_ONCE = 32
_logger = logging.getLogger(__name__)


class Book:
    """The openings of all matchups; stores those drawn from a network in the competition's folder."""

    def __init__(
        self, competition: settings.Competition, folder: Path, networks: network_side.Networks
    ) -> None:
        """folder: of the competition; its subfolder openings/ is created when needed."""
        self._competition = competition
        self._folder = folder / "openings"
        self._networks = networks
        self._lock = threading.Lock()
        self._known: dict[str, list[opening_moves.OpeningMoves]] = {}

    def opening(self, matchup: settings.Matchup, index: int) -> opening_moves.OpeningMoves:
        """The opening of pair `index`; raises ValueError if there is none.

        Openings from a folder are shuffled by the competition's seed. They repeat if there are more pairs.
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

    def _draw(self, matchup: settings.Matchup, first: int) -> list[opening_moves.OpeningMoves]:
        player, game = self._competition.players[matchup.openings], matchup.game
        network = self._networks.at(player, game.board_size)
        drawn = openings.draw(
            network.evaluator,
            game_config.GameConfig(size=game.board_size, komi=game.komi),
            count=_DRAWN_AT_ONCE,
            plies=matchup.opening_plies,
            rng=np.random.default_rng([*self._seed(matchup), first]),
        )
        return [opening_moves.OpeningMoves(moves=moves) for moves in drawn]

    def _read_folder(self, matchup: settings.Matchup) -> list[opening_moves.OpeningMoves]:
        folder = Path(matchup.openings)
        place = f"matchup {matchup.id}: openings={folder}"
        if not folder.is_dir():
            raise ValueError(f"{place}: neither a folder nor a player with weights")
        found: set[opening_moves.OpeningMoves] = set()
        paths = sorted(path for path in folder.rglob("*") if sgf_collection.is_name(path))
        for path in paths:
            found.update(_read_openings(path, matchup))
        if not found:
            size = matchup.game.board_size
            raise ValueError(
                f"{place}: no SGF file with a {size}x{size} game of at least {matchup.opening_plies} moves"
            )
        order = np.random.default_rng(self._seed(matchup)).permutation(len(found))
        return [sorted(found)[number] for number in order]

    def _seed(self, matchup: settings.Matchup) -> list[int]:
        return [self._competition.seed, zlib.crc32(matchup.id.encode())]

    def _path(self, matchup: settings.Matchup) -> Path:
        return self._folder / f"{matchup.id}.json"

    def _read_drawn(self, matchup: settings.Matchup) -> list[opening_moves.OpeningMoves]:
        path = self._path(matchup)
        if not path.exists():
            return []
        try:
            drawn = msgspec.json.decode(path.read_bytes(), type=list[tuple[int, ...]])
        except ValueError:
            raise ValueError(f"{path}: corrupt") from None
        return [opening_moves.OpeningMoves(moves=moves) for moves in drawn]

    def _keep(self, matchup: settings.Matchup, known: list[opening_moves.OpeningMoves]) -> None:
        files.write_atomic(self._path(matchup), f"{json.dumps([start.moves for start in known])}\n".encode())


def _read_openings(path: Path, matchup: settings.Matchup) -> Iterator[opening_moves.OpeningMoves]:
    """The openings of all games in a file; logs the invalid ones."""
    try:
        for number, text in enumerate(sgf_collection.games(path), 1):
            try:
                if found := _read_opening(text, matchup):
                    yield found
            except ValueError as error:
                reason = str(error).partition("\n")[0]
                _logger.warning("opening skipped: %s, game %d: %s", path, number, reason)
    except OSError as error:
        _logger.warning("opening skipped: %s: %s", path, error.strerror)


def _read_opening(text: bytes, matchup: settings.Matchup) -> opening_moves.OpeningMoves | None:
    """The opening of a game; None if it is too short, has another size, or its colours do not alternate.

    Stones before the first move are accepted only as a handicap.
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
    return opening_moves.OpeningMoves(tuple(game.black_setup), tuple(action for _, action in moves))
