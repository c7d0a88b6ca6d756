"""The engine's search follows its game, and its raw evaluations are the network's."""

import json

import numpy as np
import pytest

from alphazero.config import search as search_config
from alphazero.engine import thinking
from alphazero.go import features as planes_of
from alphazero.go import geometry, play, rules, symmetry
from alphazero.net import inference, leela
from alphazero.search import evaluator as evaluators

SIZE = 5
PASS = SIZE * SIZE


def new_game(moves=()):
    """A capacity of 60 is that of the search's own tests, so nothing is compiled twice."""
    game = play.Game(SIZE, 7, capacity=60)
    for action in moves:
        game.play(action)
    return game


class Counting:
    """An evaluator that counts what it is asked."""

    def __init__(self, seed=0):
        self._inner = evaluators.HashedEvaluator(SIZE, seed)
        self.num_positions = 0

    def evaluate(self, planes):
        self.num_positions += len(planes)
        return self._inner.evaluate(planes)


def make_thinker(evaluator, num_simulations=20):
    config = search_config.SearchConfig(
        algorithm=search_config.Algorithm.puct, num_simulations=num_simulations
    )
    return thinking.Thinker(SIZE, config, evaluator, lambda: evaluator)


def test_the_same_position_gets_the_same_move_from_fresh_thinkers():
    choices = {make_thinker(Counting()).choose(new_game([3, 12])) for _ in range(2)}
    assert len(choices) == 1


def test_the_tree_is_kept_while_the_game_goes_on():
    evaluator = Counting()
    thinker = make_thinker(evaluator)
    game = new_game()
    first = thinker.choose(game)
    assert first.visits == 20
    assert evaluator.num_positions == 21, "the root and a leaf for each simulation"
    game.play(first.action)
    second = thinker.choose(game)
    assert second.visits > 20, "descents of the first search count"
    assert evaluator.num_positions <= 41, "the new root was evaluated before"


def changed_komi(game):
    game.komi = 5.5
    return game


def other_color(game):
    _, action = game.moves[-1]
    game.undo()
    game.play(action, rules.BLACK)
    return game


def other_player_to_move(game):
    game.to_play = 3 - game.to_play
    return game


def other_history(game):
    moves = [action for _, action in game.moves]
    return new_game([17, *moves[1:]])


def stones_set_up(game):
    other = new_game()
    other.set_up([0], [24], rules.BLACK)
    for color, action in game.moves:
        other.play(action, color)
    return other


CHANGES = [changed_komi, other_color, other_player_to_move, other_history, stones_set_up]


@pytest.mark.parametrize("change", CHANGES)
def test_a_position_that_does_not_follow_is_searched_afresh(change):
    thinker = make_thinker(Counting())
    game = new_game([12])
    # Its move is in the tree, which must not be used for what is almost the same position.
    game.play(thinker.choose(game).action)
    changed = change(game)
    choice = thinker.choose(changed)
    assert choice.visits == 20
    assert choice == make_thinker(Counting()).choose(changed)


def test_after_two_passes_it_passes_and_goes_on_when_the_game_does():
    uniform = evaluators.UniformEvaluator(SIZE)
    thinker = make_thinker(uniform, num_simulations=100)
    game = new_game([PASS])
    game.komi = 0.0  # a second pass is a draw: the search looks at it, and may choose another move
    assert thinker.choose(game).visits == 100
    game.play(PASS)
    assert thinker.choose(game) == thinking.Choice(PASS, 0.0, 0)
    game.resume()
    choice = thinker.choose(game)
    assert choice == make_thinker(uniform, num_simulations=100).choose(game)
    assert choice.visits == 100


class Counter:
    """Says stop when it is asked for the last time."""

    def __init__(self, most):
        self.most = most
        self.count = 0

    def __call__(self):
        self.count += 1
        return self.count >= self.most


def test_an_analysis_goes_on_until_it_is_stopped_and_its_tree_serves_the_next_move():
    evaluator = Counting()
    thinker = make_thinker(evaluator)
    game = new_game([12])
    stop = Counter(3000)
    thinker.analyse(game, thinking.Limits(should_stop=stop))
    assert stop.count == 3000, "past the simulations of a move, and of a slice"
    report = thinker.report()
    assert report.visits >= 3000
    assert report.moves[0].visits == max(move.visits for move in report.moves)
    before = evaluator.num_positions
    choice = thinker.choose(game)
    assert choice.visits == report.visits - 1 + 20 and evaluator.num_positions <= before + 20
    game.play(choice.action)
    thinker.analyse(game, thinking.Limits(num_simulations=5))
    assert thinker.report().visits > 100, "and the answers to it were kept"


def test_an_analysis_has_as_many_simulations_as_it_is_given():
    thinker = make_thinker(Counting())
    thinker.analyse(new_game(), thinking.Limits(num_simulations=33))
    assert thinker.report().visits == 34
    thinker.analyse(new_game(), thinking.Limits(num_simulations=33))
    assert thinker.report().visits == 67
    assert thinker.choose(new_game(), thinking.Limits(num_simulations=7)).visits == 66 + 7


def test_a_full_tree_ends_an_analysis(monkeypatch):
    monkeypatch.setattr(thinking, "MOST_SIMULATIONS", 2000)
    thinker = make_thinker(Counting())
    game = new_game()
    for _ in range(4):
        thinker.analyse(game, thinking.Limits())
    num_visits = thinker.report().visits
    assert thinker.is_full and 4000 < num_visits < 6002
    thinker.analyse(game, thinking.Limits())
    assert thinker.report().visits == num_visits
    assert thinker.choose(game).visits == num_visits - 1 + 20, "a move still has its simulations"


def test_analyses_are_about_allowed_moves():
    thinker = make_thinker(Counting())
    allowed = np.zeros(PASS + 1, bool)
    allowed[[3, 4]] = True
    thinker.analyse(new_game(), thinking.Limits(allowed=allowed, num_simulations=50))
    assert {move.action for move in thinker.report().moves if move.visits} == {3, 4}
    assert thinker.choose(new_game(), thinking.Limits(allowed=~allowed)).action not in (3, 4)


def test_a_position_that_is_over_is_not_analysed():
    thinker = make_thinker(Counting())
    game = new_game([PASS, PASS])
    thinker.analyse(game, thinking.Limits())
    assert not thinker.is_full
    game.resume()
    thinker.analyse(game, thinking.Limits(num_simulations=5))
    assert thinker.report().visits == 6


def test_playouts_are_the_same_while_the_position_is():
    thinker = make_thinker(Counting())
    game = new_game([12])
    first = thinker.playouts(game)
    assert thinker.playouts(game.copy()) is first
    game.play(3)
    assert thinker.playouts(game) is not first
    second = thinker.playouts(game)
    thinker.forget()
    assert thinker.playouts(game) is not second


def test_what_it_knows_can_be_forgotten():
    forgotten = []
    evaluator = Counting()
    config = search_config.SearchConfig(algorithm=search_config.Algorithm.puct, num_simulations=20)
    thinker = thinking.Thinker(SIZE, config, evaluator, lambda: evaluator, lambda: forgotten.append(True))
    first = thinker.choose(new_game())
    thinker.forget()
    assert thinker.choose(new_game()) == first and first.visits == 20
    assert forgotten == [True]


class Convinced:
    """White has lost with this value, and A1 is the best move."""

    def __init__(self, value):
        self._value = value

    def evaluate(self, planes):
        logits = np.zeros((len(planes), PASS + 1), np.float32)
        logits[:, 0] = 10
        is_white = planes[:, 17, 0, 0] == 1
        return logits, np.where(is_white, self._value, -self._value).astype(np.float32)


@pytest.mark.parametrize(("value", "action"), [(-0.95, PASS), (-0.8, 0)])
def test_a_lost_player_does_not_fill_its_own_territory(value, action):
    game = new_game()
    for point, color in ((1, rules.WHITE), (5, rules.WHITE), (12, rules.BLACK)):
        game.play(point, color)
    assert game.ownership()[0] == -1
    assert make_thinker(Convinced(value)).choose(game).action == action


def test_warming_up_changes_no_choice():
    thinker = make_thinker(Counting())
    thinker.warm_up()
    game = new_game([12])
    assert thinker.choose(game) == make_thinker(Counting()).choose(game)


@pytest.mark.parametrize("s", range(8))
def test_a_symmetry_turns_what_the_network_sees_and_its_answer_back(s):
    """By hand: the network gets the turned game's planes, so its answer is the turned game's."""
    evaluator = evaluators.HashedEvaluator(SIZE)
    thinker = make_thinker(evaluator)
    moves = [0, 8, 3, 17, 22]
    policy, value = thinker.evaluate(new_game(moves), s)
    back = symmetry.permutations(SIZE)[symmetry.inverse(s)]
    turned = new_game([int(back[action]) for action in moves])
    planes = np.zeros((1, planes_of.NUM_PLANES, SIZE * SIZE), np.uint8)
    planes_of.planes(geometry.make(SIZE), turned.record, np.zeros(1, np.int64), planes)
    logits, values = evaluator.evaluate(planes.reshape(1, -1, SIZE, SIZE))
    expected = np.exp(logits[0]) / np.exp(logits[0]).sum()
    np.testing.assert_allclose(policy, expected[back], rtol=1e-6)
    assert value == values[0]


@pytest.mark.parametrize("oracle", ["lz9_oracle.jsonl", "lz19_oracle.jsonl"])
def test_it_agrees_with_leela_zero_under_every_symmetry(oracle, shared_data):
    cases = [json.loads(line) for line in (shared_data / "nn_oracle" / oracle).read_text().splitlines()]
    assert len({case["symmetry"] for case in cases}) >= 3
    weights = leela.read(shared_data / "lz_weights" / cases[0]["weights"])
    exact = inference.make_evaluator(weights, device="cpu", precision="fp32", backend="torch")
    thinker = thinking.Thinker(weights.size, search_config.SearchConfig(), exact, lambda: exact)
    for case in cases:
        game = play.Game(weights.size, case["komi"])
        for color, move in case["moves"]:
            game.resume()
            game.play(rules.parse_move(move, weights.size), {"b": rules.BLACK, "w": rules.WHITE}[color])
        policy, value = thinker.evaluate(game, case["symmetry"])
        theirs = np.array(case["policy_A1_rowmajor_then_pass"])
        is_printed = np.append(game.stones == rules.EMPTY, True)
        assert np.abs(policy - theirs)[is_printed].max() <= 1e-5
        assert abs((1 + value) / 2 - case["winrate_to_move"]) <= 1e-5
