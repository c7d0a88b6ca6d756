"""Komi of self-play games: drawn around the run's, and the same in game, record, search and targets."""

import dataclasses

import numpy as np
import pytest

from alphazero import evaluator as evaluators
from alphazero.config import game as game_config
from alphazero.config import net as net_config
from alphazero.config import schema
from alphazero.go import input_families
from alphazero.selfplay import komi
from alphazero.selfplay import worker as workers
from tests.selfplay import test_worker

SIZE = test_worker.SIZE


def config_of(**game):
    return game_config.GameConfig(size=9, **game)


def test_komi_is_the_runs_without_a_spread():
    rng = np.random.default_rng(0)
    before = rng.bit_generator.state
    assert komi.draw(config_of(komi=6.5), 3, rng).tolist() == [6.5] * 3
    assert rng.bit_generator.state == before


@pytest.mark.parametrize("base", [7.0, 6.5, -3.0])
def test_komi_spreads_by_whole_points(base):
    drawn = komi.draw(config_of(komi=base, komi_spread=3.0), 20_000, np.random.default_rng(0))
    points = drawn - base
    assert np.array_equal(points, np.rint(points))
    assert np.abs(points).max() == 9
    assert points.mean() == pytest.approx(0, abs=0.1)
    # Rounding adds a twelfth to the variance; the cut at three deviations takes a little.
    assert points.std() == pytest.approx((9 + 1 / 12) ** 0.5, rel=0.03)


def test_komi_stays_within_the_board():
    small = game_config.GameConfig(size=2, komi=2.5, komi_spread=10.0)
    drawn = komi.draw(small, 1000, np.random.default_rng(0))
    assert (drawn.min(), drawn.max()) == (-3.5, 3.5)


def test_a_spread_needs_komi_among_the_inputs():
    game = game_config.GameConfig(komi_spread=2.0)
    with pytest.raises(ValueError, match=r"^game\.komi_spread=2\.0: must be 0 with net\.family=leela"):
        schema.Config(game=game)
    schema.Config(game=game, net=net_config.NetConfig(family=net_config.Family.katago))


class Komi:
    """A network of KataGo's family that expects the player with the better komi to win."""

    family = input_families.KATAGO_FAST

    def __init__(self):
        self.seen = set()

    def evaluate(self, inputs):
        own = np.rint(20 * inputs.globals[:, 5])
        self.seen |= set(np.abs(own).tolist())
        logits = np.zeros((len(own), SIZE**2 + 1), np.float32)
        return evaluators.Outputs(logits, np.tanh(own / 10).astype(np.float32))


def test_games_are_searched_scored_and_recorded_with_their_own_komi():
    config = test_worker.config_for()
    config.game = dataclasses.replace(config.game, komi=4.0, komi_spread=3.0)
    network = Komi()
    played = test_worker.play_games(config, network, moves=70)
    found = {record.komi for record in played}
    assert len(found) > 3 and {abs(number) for number in found} <= network.seen
    for record in played:
        assert record.score == record.ownership.sum() - record.komi
        assert record.rules.komi == record.komi
    # The first searched position is Black's or White's; the network's value has the sign of that side's komi.
    for record in played:
        ply = int(np.flatnonzero(record.has_target)[0])
        own = record.komi if ply % 2 else -record.komi
        if abs(own) >= 3:
            assert np.sign(record.root_values[ply]) == np.sign(own)


@pytest.mark.parametrize("family", [input_families.KATAGO_FAST, input_families.KATAGO])
def test_a_worker_shows_each_family_its_inputs(family):
    shapes = set()

    class Recorded(evaluators.UniformEvaluator):
        def evaluate(self, inputs):
            assert inputs.globals is not None
            shapes.add((inputs.planes.shape[1:], inputs.globals.shape[1:]))
            return super().evaluate(inputs)

    config = test_worker.config_for()
    test_worker.play_games(config, Recorded(SIZE, family), moves=30)
    assert shapes == {((22, SIZE, SIZE), (19,))}


def test_networks_of_another_family_are_refused():
    config = test_worker.config_for()
    network = evaluators.UniformEvaluator(SIZE, input_families.KATAGO_FAST)
    worker = workers.SelfPlayWorker(config, network, name="test", rng=np.random.default_rng(0))
    worker.set_weights(network, 1)
    with pytest.raises(AssertionError, match="other inputs"):
        worker.set_weights(evaluators.UniformEvaluator(SIZE), 2)
