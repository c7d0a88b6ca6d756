"""Networks to train follow the table of targets, to which a row can be added."""

import dataclasses

import numpy as np
import pytest
import torch

from alphazero.config import net as net_config
from alphazero.config import training as training_config
from alphazero.data import record as records
from alphazero.data import replay
from alphazero.data import targets as game_targets
from alphazero.go import shapes
from alphazero.training import learner, losses, trainable
from tests.training import batches, positions

ALL = {"ownership": True, "score": True, "reply": True, "soft_policy": True, "short_term": True}


def test_the_layers_of_a_checkpoint_keep_their_names_and_channels():
    config = net_config.NetConfig(blocks=1, filters=8, **ALL)
    state = trainable.make_network(5, config).state_dict()
    shapes_found = {name: tuple(state[name].shape) for name in state if name.startswith("auxiliary.")}
    assert shapes_found == {
        "auxiliary.maps.weight": (3, 8, 1, 1),
        "auxiliary.maps.bias": (3,),
        "auxiliary.passes.weight": (2, 8),
        "auxiliary.passes.bias": (2,),
        "auxiliary.hidden.weight": (32, 16),
        "auxiliary.hidden.bias": (32,),
        "auxiliary.scalars.weight": (4, 32),
        "auxiliary.scalars.bias": (4,),
    }


def test_answers_come_from_the_channels_in_the_order_of_the_table():
    net = trainable.make_network(5, net_config.NetConfig(blocks=1, filters=8, **ALL))
    assert net.auxiliary is not None
    with torch.no_grad():
        for parameter in net.auxiliary.parameters():
            parameter.zero_()
        for layer in (net.auxiliary.maps, net.auxiliary.passes, net.auxiliary.scalars):
            assert layer is not None and layer.bias is not None
            layer.bias.copy_(torch.arange(1.0, 1 + len(layer.bias)))
        answers = {name: found[0].tolist() for name, found in net(torch.zeros(1, 18, 5, 5)).auxiliary.items()}
    assert answers["ownership"] == [1] * 25
    assert answers["reply"] == [2] * 25 + [1]
    assert answers["soft_policy"] == [3] * 25 + [2]
    assert answers["score"] == 20
    assert answers["short_term"] == [2, 3, 4]


def test_every_row_names_a_loss():
    assert {target.loss for target in game_targets.TARGETS} <= losses.LOSSES.keys()


@dataclasses.dataclass(kw_only=True, slots=True)
class NetWithOpening(net_config.NetConfig):
    opening: bool = True


@dataclasses.dataclass(kw_only=True, slots=True)
class TrainingWithOpening(training_config.TrainingConfig):
    opening_weight: float = 2.0


def turns_left(record: records.GameRecord, config: object) -> np.ndarray:
    return np.arange(record.num_played, 0, -1, dtype=np.float32)


def points_played(record: records.GameRecord, config: object) -> np.ndarray:
    played = np.bincount(record.moves, minlength=record.num_actions)[:-1]
    return np.tile(np.minimum(played, 1).astype(np.int8), (record.num_played, 1))


ROWS = {
    "scalar": (shapes.SCALAR, turns_left, np.float32, "huber"),
    "points": (shapes.POINTS, points_played, np.int8, "ownership"),
}


@pytest.mark.parametrize("name", ROWS)
def test_a_new_row_is_learned_without_other_changes(name: str, monkeypatch: pytest.MonkeyPatch):
    shape, source, dtype, loss = ROWS[name]
    row = game_targets.Target(
        name="opening",
        shape=shape,
        perspective=game_targets.Perspective.neutral,
        dtype=dtype,
        source=source,
        loss=loss,
    )
    monkeypatch.setattr(game_targets, "TARGETS", (*game_targets.TARGETS, row))
    config = batches.make_config()
    config.game.size = 5
    config.net = NetWithOpening(blocks=1, filters=8)
    config.training = TrainingWithOpening(
        device=training_config.Device.cpu, precision=training_config.Precision.fp32
    )
    window = replay.ReplayWindow(5, config.replay, game_targets.fields_of(config.net))
    record = positions.random_record(1)
    window.add(record)
    numbers = np.arange(record.num_targets)
    batch = window.gather(numbers, np.zeros_like(numbers))
    assert np.array_equal(batch.auxiliary["opening"], source(record, config)[record.has_target])
    one = learner.Learner(config)
    found = one.train([batch] * 60, progress=0)
    assert found[-1]["opening_loss"] < 0.9 * found[0]["opening_loss"]
    without = found[0]["policy_loss"] + found[0]["value_loss"] + 0.5 * found[0]["ownership_loss"]
    assert found[0]["loss"] == pytest.approx(without + 2.0 * found[0]["opening_loss"], rel=1e-5)
    assert "opening_loss" in one.evaluate([batch])
