"""The engine's search: its tree along a game, its limits, and its raw evaluations."""

import json

import numpy as np
import pytest

from alphazero import evaluator as evaluators
from alphazero.config import search as search_config
from alphazero.engine import engine_search
from alphazero.go import features, geometry, play, rules, symmetry
from alphazero.net import inference, leela

SIZE = 5
PASS = SIZE * SIZE


def new_game(moves=()):
    """Makes a game with the capacity of the search package's tests, 60, so that kernels compile only once."""
    game = play.Game(SIZE, 7, capacity=60)
    for action in moves:
        game.play(action)
    return game


class Counting:
    """Evaluator that counts the positions of its calls."""

    def __init__(self, seed=0):
        self._inner = evaluators.HashedEvaluator(SIZE, seed)
        self.num_positions = 0

    def evaluate(self, inputs):
        self.num_positions += len(inputs.planes)
        return self._inner.evaluate(inputs)


def make_search(evaluator, num_simulations=20):
    config = search_config.SearchConfig(
        algorithm=search_config.Algorithm.puct, num_simulations=num_simulations
    )
    return engine_search.EngineSearch(SIZE, config, evaluator, lambda: evaluator)


def test_new_searches_choose_the_same_move_for_a_position():
    choices = {make_search(Counting()).choose(new_game([3, 12])) for _ in range(2)}
    assert len(choices) == 1


def test_the_tree_is_kept_while_the_game_goes_on():
    evaluator = Counting()
    search = make_search(evaluator)
    game = new_game()
    first = search.choose(game)
    assert first.visits == 20
    assert evaluator.num_positions == 21, "the root and a leaf for each simulation"
    game.play(first.action)
    second = search.choose(game)
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
def test_a_position_that_does_not_follow_is_searched_from_scratch(change):
    search = make_search(Counting())
    game = new_game([12])
    # The tree contains this move, but must not be used for a position that is almost the same.
    game.play(search.choose(game).action)
    changed = change(game)
    choice = search.choose(changed)
    assert choice.visits == 20
    assert choice == make_search(Counting()).choose(changed)


def test_after_two_passes_it_passes_and_goes_on_when_the_game_does():
    uniform = evaluators.UniformEvaluator(SIZE)
    search = make_search(uniform, num_simulations=100)
    game = new_game([PASS])
    game.komi = 0.0  # a second pass is a draw, so it is searched, and another move may be chosen
    assert search.choose(game).visits == 100
    game.play(PASS)
    assert search.choose(game) == engine_search.MoveChoice(PASS, 0.0, 0)
    game.resume()
    choice = search.choose(game)
    assert choice == make_search(uniform, num_simulations=100).choose(game)
    assert choice.visits == 100


class Counter:
    """Stop condition that becomes true at call number `most`."""

    def __init__(self, most):
        self.most = most
        self.count = 0

    def __call__(self):
        self.count += 1
        return self.count >= self.most


def test_an_analysis_goes_on_until_it_is_stopped_and_its_tree_serves_the_next_move():
    evaluator = Counting()
    search = make_search(evaluator)
    game = new_game([12])
    stop = Counter(3000)
    search.analyse(game, engine_search.SearchLimits(should_stop=stop))
    assert stop.count == 3000, "past the simulations of a move, and of a slice"
    report = search.report()
    assert report.visits >= 3000
    assert report.moves[0].visits == max(move.visits for move in report.moves)
    before = evaluator.num_positions
    choice = search.choose(game)
    assert choice.visits == report.visits - 1 + 20 and evaluator.num_positions <= before + 20
    game.play(choice.action)
    search.analyse(game, engine_search.SearchLimits(num_simulations=5))
    assert search.report().visits > 100, "and the subtree of the move was kept"


def test_an_analysis_has_as_many_simulations_as_it_is_given():
    search = make_search(Counting())
    search.analyse(new_game(), engine_search.SearchLimits(num_simulations=33))
    assert search.report().visits == 34
    search.analyse(new_game(), engine_search.SearchLimits(num_simulations=33))
    assert search.report().visits == 67
    assert search.choose(new_game(), engine_search.SearchLimits(num_simulations=7)).visits == 66 + 7


def test_a_full_tree_ends_an_analysis(monkeypatch):
    monkeypatch.setattr(engine_search, "MOST_SIMULATIONS", 2000)
    search = make_search(Counting())
    game = new_game()
    for _ in range(4):
        search.analyse(game, engine_search.SearchLimits())
    num_visits = search.report().visits
    assert search.is_full and 4000 < num_visits < 6002
    search.analyse(game, engine_search.SearchLimits())
    assert search.report().visits == num_visits
    assert search.choose(game).visits == num_visits - 1 + 20, "a move still has its simulations"


def test_analyses_are_about_allowed_moves():
    search = make_search(Counting())
    allowed = np.zeros(PASS + 1, bool)
    allowed[[3, 4]] = True
    search.analyse(new_game(), engine_search.SearchLimits(allowed=allowed, num_simulations=50))
    assert {move.action for move in search.report().moves if move.visits} == {3, 4}
    assert search.choose(new_game(), engine_search.SearchLimits(allowed=~allowed)).action not in (3, 4)


def test_a_position_that_is_over_is_not_analysed():
    search = make_search(Counting())
    game = new_game([PASS, PASS])
    search.analyse(game, engine_search.SearchLimits())
    assert not search.is_full
    game.resume()
    search.analyse(game, engine_search.SearchLimits(num_simulations=5))
    assert search.report().visits == 6


def test_rollouts_are_the_same_while_the_position_is():
    search = make_search(Counting())
    game = new_game([12])
    first = search.rollouts(game)
    assert search.rollouts(game.copy()) is first
    game.play(3)
    assert search.rollouts(game) is not first
    second = search.rollouts(game)
    search.forget()
    assert search.rollouts(game) is not second


def test_the_tree_and_the_caches_can_be_forgotten():
    forgotten = []
    evaluator = Counting()
    config = search_config.SearchConfig(algorithm=search_config.Algorithm.puct, num_simulations=20)
    search = engine_search.EngineSearch(
        SIZE, config, evaluator, lambda: evaluator, lambda: forgotten.append(True)
    )
    first = search.choose(new_game())
    search.forget()
    assert search.choose(new_game()) == first and first.visits == 20
    assert forgotten == [True]


class Convinced:
    """Evaluator that gives White this value and makes A1 the best move."""

    def __init__(self, value):
        self._value = value

    def evaluate(self, inputs):
        planes = inputs.planes
        logits = np.zeros((len(planes), PASS + 1), np.float32)
        logits[:, 0] = 10
        is_white = planes[:, 17, 0, 0] == 1
        return evaluators.Outputs(logits, np.where(is_white, self._value, -self._value).astype(np.float32))


@pytest.mark.parametrize(("value", "action"), [(-0.95, PASS), (-0.8, 0)])
def test_a_lost_player_does_not_fill_its_own_territory(value, action):
    game = new_game()
    for point, color in ((1, rules.WHITE), (5, rules.WHITE), (12, rules.BLACK)):
        game.play(point, color)
    assert game.ownership()[0] == -1
    assert make_search(Convinced(value)).choose(game).action == action


def test_warming_up_changes_no_choice():
    search = make_search(Counting())
    search.warm_up()
    game = new_game([12])
    assert search.choose(game) == make_search(Counting()).choose(game)


@pytest.mark.parametrize("s", range(8))
def test_a_symmetry_turns_what_the_network_sees_and_its_answer_back(s):
    """The network receives the planes of the transformed game, so the reference is that game's answer."""
    evaluator = evaluators.HashedEvaluator(SIZE)
    search = make_search(evaluator)
    moves = [0, 8, 3, 17, 22]
    policy, value, *_ = search.evaluate(new_game(moves), s)
    back = symmetry.permutations(SIZE)[symmetry.inverse(s)]
    turned = new_game([int(back[action]) for action in moves])
    planes = np.zeros((1, features.NUM_PLANES, SIZE * SIZE), np.uint8)
    features.planes(geometry.make(SIZE), turned.record, np.zeros(1, np.int64), planes)
    logits, values, *_ = evaluator.evaluate(evaluators.Inputs(planes.reshape(1, -1, SIZE, SIZE)))
    expected = np.exp(logits[0]) / np.exp(logits[0]).sum()
    np.testing.assert_allclose(policy, expected[back], rtol=1e-6)
    assert value == values[0]


@pytest.mark.parametrize("oracle", ["lz9_oracle.jsonl", "lz19_oracle.jsonl"])
def test_it_agrees_with_leela_zero_under_every_symmetry(oracle, shared_data):
    cases = [json.loads(line) for line in (shared_data / "nn_oracle" / oracle).read_text().splitlines()]
    assert len({case["symmetry"] for case in cases}) >= 3
    weights = leela.read(shared_data / "lz_weights" / cases[0]["weights"])
    exact = inference.make_evaluator(weights, device="cpu", precision="fp32", backend="torch")
    search = engine_search.EngineSearch(weights.size, search_config.SearchConfig(), exact, lambda: exact)
    for case in cases:
        game = play.Game(weights.size, case["komi"])
        for color, move in case["moves"]:
            game.resume()
            game.play(rules.parse_move(move, weights.size), {"b": rules.BLACK, "w": rules.WHITE}[color])
        policy, value, *_ = search.evaluate(game, case["symmetry"])
        theirs = np.array(case["policy_A1_rowmajor_then_pass"])
        is_printed = np.append(game.stones == rules.EMPTY, True)
        assert np.abs(policy - theirs)[is_printed].max() <= 1e-5
        assert abs((1 + value) / 2 - case["winrate_to_move"]) <= 1e-5
