"""Rollouts: the moves that they may draw, their ends, and the ownership and statuses that they yield."""

import numpy as np
import pytest

from alphazero import evaluator as evaluators
from alphazero.engine import rollouts, statuses
from alphazero.go import diagram, play, rules, sgf
from tests.certify import gnugo

SIZE = 5
BLACK_EYES = [
    ("..... / ..... / ..... / XXX.. / .X.X.", "A1 C1"),
    ("..... / ..... / ..... / XX... / .X...", "A1"),
    ("..... / ..... / ..... / .X... / .X...", ""),
    ("..... / ..... / ..... / OX... / .X...", ""),
    ("..... / .XXX. / .X.X. / .XXX. / .....", "C3"),
    ("..... / .XXX. / .X.X. / .XXO. / .....", "C3"),
    ("..... / .XXO. / .X.X. / .XXO. / .....", ""),
    ("X.XX. / XXXX. / ..... / ..... / .....", "B5"),
    ("X.XX. / XOXX. / ..... / ..... / .....", ""),
    ("X.XX. / OXXX. / ..... / ..... / .....", ""),
]


def stones_of(picture):
    """[P] int8 board of a picture with the top row first."""
    rows = picture.replace(" ", "").split("/")
    return np.array([diagram.SYMBOLS.index(cell) for row in reversed(rows) for cell in row], np.int8)


def game_of(picture, komi=0.0, to_play=rules.BLACK, capacity=None):
    stones = stones_of(picture)
    size = round(len(stones) ** 0.5)
    game = play.Game(size, komi, capacity=60 if size == SIZE else capacity)
    black, white = (np.flatnonzero(stones == color).tolist() for color in (rules.BLACK, rules.WHITE))
    game.set_up(black, white, to_play)
    return game


def make_rollouts(game, num_games=16, seed=0, evaluator=None):
    evaluator = evaluator or evaluators.UniformEvaluator(game.size)
    return rollouts.Rollouts(game, evaluator, np.random.default_rng(seed), num_games)


@pytest.mark.parametrize(("picture", "names"), BLACK_EYES)
def test_own_eyes(picture, names):
    stones = stones_of(picture)
    eyes = rollouts.own_eyes(np.stack([stones, stones]), np.array([rules.BLACK, rules.WHITE], np.int8))
    assert [rules.format_move(point, SIZE) for point in np.flatnonzero(eyes[0])] == names.split()
    swapped = np.choose(stones, [0, 2, 1]).astype(np.int8)
    assert (rollouts.own_eyes(swapped[None], np.array([rules.WHITE], np.int8))[0] == eyes[0]).all()


def test_a_pass_is_drawn_only_if_it_is_the_likeliest_or_the_only_move():
    stones = np.stack([stones_of("..... / ..... / ..... / XXX.. / .X.X.")] * 4)
    policies = np.zeros((4, 26), np.float32)
    policies[0, [0, 7, 25]] = 0.5, 0.3, 0.2  # an own eye, a move, a pass
    policies[1, [7, 25]] = 0.4, 0.6
    policies[2, [0, 25]] = 0.9, 0.1
    policies[3, 0] = 1.0
    weights = rollouts.sensible(policies, stones, np.full(4, rules.BLACK, np.int8))
    assert [np.flatnonzero(row).tolist() for row in weights] == [[7], [7, 25], [25], [25]]


def test_they_end_and_repeat_and_leave_the_game_alone():
    game = game_of(". . . . . / . . . . . / . . X . . / . . . . . / . . . . .")
    before = game.record.copy()
    first, second, third = (make_rollouts(game, seed=seed).finish().owners() for seed in (0, 0, 1))
    np.testing.assert_array_equal(first, second)
    assert (first != third).any()
    assert first.shape == (16, SIZE**2) and set(np.unique(first)) <= {-1, 0, 1}
    assert game.record == before


def test_they_go_on_after_two_passes():
    game = game_of("..... / ..... / ..... / ..... / .....")
    game.play(SIZE**2)
    game.play(SIZE**2)
    games = make_rollouts(game)
    assert not games.is_done
    assert np.abs(games.finish().owners()).mean() > 0.5


def test_a_game_that_is_almost_too_long_has_an_end():
    game = game_of("..... / ..... / ..... / ..... / .....")
    while len(game.moves) < 58 - SIZE**2:
        game.resume()
        game.play(SIZE**2)
    assert make_rollouts(game).finish().is_done


def test_settled_points_keep_their_owner():
    """Black's dead stone in White's area may be captured or not."""
    game = game_of(".X.XX / XXXXX / OOOOO / OOOOX / .O.O.")
    owner = make_rollouts(game, num_games=2).owners()
    assert (owner == [-1] * 15 + [1] * 10).all(), "before the first move"


STATUSES = [
    ("all settled", ".X.XX / XXXXX / OOOOO / OOOOX / .O.O.", {"alive": 2, "dead": "E2", "seki": ""}),
    ("nothing there", "..... / ..... / ..... / ..... / .....", {"alive": 0, "dead": "", "seki": ""}),
    (
        "a long eye that becomes two",
        "..... / XXXXX / OOOOO / OOOOO / .O.O.",
        {"alive": 2, "dead": "", "seki": ""},
    ),
]


@pytest.mark.parametrize(("name", "picture", "expected"), STATUSES, ids=[case[0] for case in STATUSES])
def test_statuses(name, picture, expected):
    game = game_of(picture)
    chains = statuses.classify(game, make_rollouts(game))
    assert sum(chain.status == "alive" for chain in chains) == expected["alive"]
    for status in ("dead", "seki"):
        points = [point for chain in chains if chain.status == status for point in chain.points]
        assert " ".join(rules.format_move(point, SIZE) for point in points) == expected[status]


class AlwaysPass:
    """Evaluator that prefers a pass in every position."""

    def evaluate(self, inputs):
        planes = inputs.planes
        logits = np.full((len(planes), SIZE**2 + 1), -9.0, np.float32)
        logits[:, -1] = 9
        return evaluators.Outputs(logits, np.zeros(len(planes), np.float32))


def test_chains_that_share_unfilled_liberties_are_in_seki():
    # A tie, so that neither player must continue.
    game = game_of("XXXOO / XXXOO / XX.OO / XXXOO / XX.OO", komi=3)
    games = make_rollouts(game, evaluator=AlwaysPass())
    assert {chain.status for chain in statuses.classify(game, games)} == {"seki"}


FINISHED = [
    """
    . . X O . O . X .
    . X X O O O O . O
    X . X X O . O O O
    . X . X O O O . O
    X X X X X O O . O
    . X . X O O O O .
    X X X X X X O . O
    X O . X . X O O O
    . . X X X X O . O
    """,
    """
    . . . . X O . . .
    . X . X X O . O .
    . . X . X O O . .
    X X . X X X O . O
    O X X X O O O O .
    O O O O O . O . O
    . O . O . O O O .
    O O O . X . O . .
    . O . O O O . O .
    """,
]


@gnugo.needed
@pytest.mark.slow
@pytest.mark.parametrize("number", range(len(FINISHED)))
def test_dead_stones_of_finished_games_are_gnu_go_s(number):
    picture = " / ".join(FINISHED[number].strip().split("\n"))
    game = game_of(picture, komi=0.5)
    commands = [*gnugo.new_game(9), "komi 0.5"]
    commands += [gnugo.move(color, point, 9) for color in (1, 2) for point in game.set_up_points(color)]
    answers = gnugo.ask([*commands, "final_status_list dead", "final_status_list alive"])
    chains = statuses.classify(game, make_rollouts(game, num_games=32))
    for answer, is_alive in ((answers[-2], False), (answers[-1], True)):
        points = {point for chain in chains if (chain.status != "dead") == is_alive for point in chain.points}
        assert {rules.format_move(point, 9) for point in points} == set(answer.split())


@gnugo.needed
@pytest.mark.slow
def test_dead_stones_at_the_end_of_servers_games_are_mostly_gnu_go_s(shared_data):
    """Rollouts without a network err if a group needs good moves to live."""
    games, commands = [], []
    for path in sorted((shared_data / "cgos9").rglob("*.sgf"))[:50]:
        game = sgf.replay(sgf.read(path.read_bytes()))
        if game.is_over and len(game.moves) > 30:
            games.append(game)
            commands += [*gnugo.new_game(9), f"komi {game.komi}"]
            commands += [gnugo.move(color, action, 9) for color, action in game.moves]
            commands += ["final_status_list dead"]
    answers = [
        answer for command, answer in zip(commands, gnugo.ask(commands), strict=True) if "dead" in command
    ]
    num_equal = 0
    for game, answer in zip(games, answers, strict=True):
        chains = statuses.classify(game, make_rollouts(game, num_games=32))
        points = {point for chain in chains if chain.status == "dead" for point in chain.points}
        num_equal += {rules.format_move(point, 9) for point in points} == set(answer.split())
    assert len(games) > 30 and any(answers)
    assert num_equal >= 0.95 * len(games)
