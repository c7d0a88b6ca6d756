"""The whole way from moves to answers agrees with stock KataGo: rules, inputs, files and arithmetic."""

import json
from pathlib import Path

import numpy as np
import pytest

from alphazero.config import game as game_config
from alphazero.go import input_families, play, rules
from alphazero.net.katago import numpy_forward, reader
from tests.net.katago import raw_answers
from tests.net.katago.test_numpy_forward import NETWORKS, RAW_OPTIMISM

COLORS = {"b": rules.BLACK, "w": rules.WHITE}
DIGIT = {"whiteLead": 1e-3, "whiteScoreSelfplay": 1e-3, "whiteScoreSelfplaySq": 1e-2, "whiteOwnership": 1e-5}
"""Unit of the last digit that KataGo prints; the square of the score has six digits in all."""


def replay(row: dict) -> play.Game:
    """The game of a row."""
    ko = game_config.Ko[row["rules"]["ko"].lower()]
    game = play.Game(row["size"], row["komi"], ko=ko, suicide=row["rules"]["suicide"])
    for color, move in row["moves"]:
        game.resume()
        game.play(rules.parse_move(move, game.size), COLORS[color])
    game.to_play = COLORS[row["to_move"]]
    return game


def turn(boards: np.ndarray, number: int) -> np.ndarray:
    """Boards [..., N, N], rows from the top, in one of KataGo's symmetries."""
    boards = boards[..., ::-1, :] if number & 1 else boards
    boards = boards[..., ::-1] if number & 2 else boards
    return boards.swapaxes(-1, -2) if number & 4 else boards


def turn_back(boards: np.ndarray, number: int) -> np.ndarray:
    """The inverse of `turn`: 5 and 6 are inverse to each other, the others to themselves."""
    return turn(boards, {5: 6, 6: 5}.get(number, number))


def answer(network, row: dict, game: play.Game) -> dict[str, np.ndarray]:
    """Our answers in the terms of a row, rows from the top, over legal moves.

    The network sees the board as KataGo's did, in the symmetry of the row, but with the bottom row first.
    """
    size, number = row["size"], row["symmetry"]
    planes, global_inputs = input_families.encode_game(input_families.KATAGO, game)
    from_top = planes[:, :, ::-1]
    seen = turn(from_top, number)[:, :, ::-1]
    answers = numpy_forward.forward(network, seen, global_inputs, RAW_OPTIMISM)
    logits = turn_back(answers.logits[0, :-1].reshape(size, size)[::-1], number)
    is_legal = game.legal()
    is_legal[:-1] = is_legal[:-1].reshape(size, size)[::-1].ravel()
    turned = answers._replace(
        logits=np.append(logits, answers.logits[0, -1])[None],
        ownership=turn_back(answers.ownership.reshape(1, size, size)[:, ::-1], number).reshape(1, -1),
    )
    is_white = row["to_move"] == "w"
    return raw_answers.expected(turned, is_legal, is_white=is_white, ko=row["rules"]["ko"])


@pytest.mark.parametrize("name", NETWORKS)
def test_answers_are_those_of_katago(name: str, shared_data: Path):
    network = reader.read(shared_data / "katago" / f"{name}.bin.gz")
    lines = (shared_data / "katago" / f"{name}.jsonl").read_text().splitlines()
    assert len(lines) >= 48
    for row in map(json.loads, lines):
        game = replay(row)
        is_null = np.array([[value is None for value in values] for values in row["policy"]])
        is_legal = game.legal()[:-1].reshape(game.size, game.size)[::-1]
        assert np.array_equal(is_null, ~is_legal), game
        row["whiteOwnership"] = row["ownership"]
        for what, ours in answer(network, row, game).items():
            theirs = np.array(row[what], dtype=np.float64)
            allowed = max(1e-4, 3 * DIGIT.get(what, 1e-6))
            assert np.nanmax(np.abs(ours - theirs)) < allowed, (what, row["symmetry"], str(game))
