"""Tests against GNU Go: legal moves, boards and captures at every ply of random games."""

import collections
from typing import NamedTuple

import numpy as np
import pytest

from alphazero.config.game import Ko
from alphazero.go import board, diagram, game_kernels, geometry, rules
from tests.certify import gnugo, wanderer
from tests.go import diagrams, positions
from tests.reference import board as reference_board

pytestmark = [pytest.mark.slow, gnugo.needed]

NUM_GAMES = {
    Ko.positional: {5: 60, 7: 20, 9: 30, 13: 4, 19: 4},
    Ko.situational: {5: 60, 9: 10},
    Ko.simple: {5: 30, 9: 10},
}
"""Number of games by size, for each rule on suicide."""
CASES = [(ko, size) for ko, games in NUM_GAMES.items() for size in games]
MOST_PLIES = 450
QUESTIONS = ["all_legal black", "all_legal white", "list_stones black", "list_stones white"]
QUESTIONS += ["captures black", "captures white"]
assert MOST_PLIES < gnugo.LONGEST_GAME


class Ply(NamedTuple):
    """A position of a game by the kernels, with P points."""

    boards: list[np.ndarray]  # [P] int8 each: boards of all plies of the game, including later ones
    number: int  # number of this ply; boards[number] is its board
    to_play: int
    legal: np.ndarray  # [P] bool
    captures: list[int]  # by Black, by White
    reasons: list[int]  # codes of game_kernels.play for empty points that are illegal


@pytest.mark.parametrize("suicide", [False, True], ids=["no_suicide", "suicide"])
@pytest.mark.parametrize(("ko", "size"), CASES)
def test_random_games(ko, size, suicide):
    rng = np.random.default_rng(size)
    commands, plies = [], []
    for _ in range(NUM_GAMES[ko][size]):
        new_commands, new_plies = play_game(wanderer.new_game(size, ko=ko, suicide=suicide), rng)
        commands += new_commands
        plies += new_plies
    answers = iter(gnugo.ask(commands, ko=ko, suicide=suicide))
    for ply in plies:
        if ply.number == 0:
            assert [next(answers) for _ in gnugo.new_game(size)] == ["", ""]
        compare(ply, [next(answers) for _ in QUESTIONS], size, ko)
        assert next(answers) == ""
    reasons = collections.Counter(reason for ply in plies for reason in ply.reasons)
    assert reasons.keys() == {rules.SUPERKO} | (set() if suicide else {rules.SUICIDE})


def play_game(position, rng):
    """Plays a random game. Returns its plies and the GTP commands for all of them."""
    commands, plies, boards = gnugo.new_game(position.size), [], []
    for legal, action in wanderer.plies(position, wanderer.longest(position, MOST_PLIES), rng):
        boards.append(position.stones)
        captures = [position.captures(color) for color in (rules.BLACK, rules.WHITE)]
        reasons = why_illegal(position, legal)
        plies.append(Ply(boards, len(plies), position.to_play, legal[:-1], captures, reasons))
        commands += [*QUESTIONS, gnugo.move(position.to_play, action, position.size)]
    return commands, plies


def why_illegal(position, legal):
    """Codes of `game_kernels.play` for illegal points. The game is unchanged."""
    tables, scratch = geometry.make(position.size), board.make_scratch(position.size**2)
    points = np.flatnonzero((position.stones == rules.EMPTY) & ~legal[:-1])
    return [game_kernels.play(tables, position.record, scratch, 0, int(point)) for point in points]


def compare(ply, answers, size, ko):
    masks = [gnugo.mask(answer, size) for answer in answers[:4]]
    theirs, stones = masks[ply.to_play - rules.BLACK], rules.BLACK * masks[2] + rules.WHITE * masks[3]
    assert np.array_equal(ply.boards[ply.number], stones), show(ply, stones)
    assert ply.captures == [int(answer) for answer in answers[4:]], show(ply)
    for point in np.flatnonzero(theirs & ~ply.legal):
        # GNU Go compares the board before it removes the stones of a suicide, so it misses these repetitions:
        # is_superko_violation calls really_do_trymove, which does not support suicide.
        theirs[point] = not suicide_repeats(ply, int(point), size, ko)
    assert np.array_equal(ply.legal, theirs), show(ply, ply.legal, theirs)


def suicide_repeats(ply, point, size, ko):
    """Whether a stone on `point` is suicide and repeats a forbidden board, by the reference."""
    player = ".bw"[ply.to_play]
    stones = {positions.as_point(p, size): ".bw"[ply.boards[ply.number][p]] for p in range(size**2)}
    stones = {at: color for at, color in stones.items() if color != "."}
    stones[positions.as_point(point, size)] = player
    after = reference_board.without_captured(size, stones, reference_board.OTHER[player])
    after = positions.as_stones(reference_board.without_captured(size, after, player), size)
    forbidden = {
        Ko.positional: ply.boards[: ply.number + 1],
        Ko.situational: ply.boards[ply.number - 1 :: -2],  # this player moved to every second board
        Ko.simple: ply.boards[ply.number - 1 : ply.number],
    }[ko]
    return after[point] == rules.EMPTY and any(np.array_equal(after, other) for other in forbidden)


def show(ply, *points):
    """Diagrams of the position and of stones or masks [P]."""
    boards = [ply.boards[ply.number], *(array.astype(np.int8) for array in points)]
    return f"ply {ply.number}\n" + diagrams.side_by_side(*map(diagram.render, boards))
