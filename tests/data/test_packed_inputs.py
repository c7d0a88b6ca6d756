"""Packed inputs of every family, compared with its kernel and with symmetries of single planes."""

import numpy as np
import pytest

from alphazero.config import net as net_config
from alphazero.config import replay as replay_config
from alphazero.data import packed_inputs, replay
from alphazero.go import board, game_kernels, geometry, input_families, rules, symmetry
from tests.data import games
from tests.data import test_batches_golden as played

FAMILIES = list(input_families.FAMILIES.values())
EVERY = pytest.mark.parametrize("family", FAMILIES, ids=[family.name for family in FAMILIES])


def inputs_of(record, family):
    """[T, C, N, N] planes and [T, G] global inputs before each played move, each from a replay of its own."""
    size, planes, scalars = record.size, [], []
    tables, scratch = geometry.make(size), board.make_scratch(size * size)
    work, first = input_families.make_scratch(size * size), np.zeros(1, np.int64)
    for ply in range(record.num_played):
        position = game_kernels.new_games(1, record.rules, 2 * size * size)
        for action in record.moves[:ply]:
            assert game_kernels.play(tables, position, scratch, 0, int(action)) == rules.OK
        planes.append(np.zeros((1, family.num_planes, size * size), np.uint8))
        scalars.append(np.zeros((1, family.num_globals), np.float32))
        input_families.encode(family, tables, position, first, work, planes[-1], scalars[-1])
    return np.array(planes).reshape(-1, family.num_planes, size, size), np.concatenate(scalars)


@EVERY
@pytest.mark.parametrize("size", [5, 9])
def test_a_window_holds_the_inputs_of_every_position(family, size):
    """In every symmetry; the window is overwritten several times."""
    config = replay_config.ReplayConfig(min_window=40, max_window=40)
    window = replay.ReplayWindow(size, config, {"ownership"}, family)
    expected = []
    for number in range(3):
        record = played.random_game(number, size)
        window.add(record)
        planes, scalars = inputs_of(record, family)
        kept = np.flatnonzero(record.has_target)
        expected += list(zip(planes[kept], scalars[kept], strict=True))
    count = len(window)
    assert count == min(40, len(expected))
    for s in range(symmetry.NUM_SYMMETRIES):
        newest = np.arange(window.positions - count, window.positions)
        batch = window.gather(newest, np.full(count, s))
        assert batch.planes.shape == (count, family.num_packed_bytes(size))
        assert batch.globals.dtype == np.float32 and batch.globals.shape == (count, family.num_globals)
        shown = family.unpack(batch.planes, size)
        for row, (planes, scalars) in enumerate(expected[-count:]):
            turned = symmetry.apply(planes.reshape(family.num_planes, -1), s, size)
            assert np.array_equal(shown[row].reshape(turned.shape), turned)
            assert np.array_equal(batch.globals[row], scalars)


@EVERY
def test_turning_moves_every_plane_alike(family):
    """Random planes, so that no plane looks like another; unused bits stay zero."""
    rng = np.random.default_rng(0)
    for size in (2, 3, 4, 9, 19):
        planes = rng.integers(0, 2, (6, family.num_planes, size * size), dtype=np.uint8)
        rows, symmetries = rng.integers(0, 6, 16), np.arange(16) % 8
        turned = packed_inputs.turn(family.pack(planes), rows, symmetries, size)
        expected = [symmetry.apply(planes[row], s, size) for row, s in zip(rows, symmetries, strict=True)]
        assert np.array_equal(turned, family.pack(np.array(expected)))


@EVERY
def test_only_the_wanted_positions_are_kept(family):
    record = played.random_game(1, 5)
    replayer = packed_inputs.InputReplayer(family, 5)
    colors = np.where(np.arange(record.num_played) % 2 == 0, rules.BLACK, rules.WHITE)

    def replay_plies(plies):
        start = game_kernels.new_games(1, record.rules, 50)
        return replayer.replay(start, colors, record.moves, np.array(plies, np.int64))

    every, some = replay_plies(range(record.num_played)), replay_plies([0, 3, record.num_played - 1])
    for whole, part in zip(every, some, strict=True):
        assert np.array_equal(part, whole[[0, 3, -1]])
    assert all(len(array) == 0 for array in replay_plies([]))


def test_two_passes_end_a_game_of_ours_only():
    record = games.make_record()
    replayer = packed_inputs.InputReplayer(input_families.LEELA, 3)
    colors, actions = np.array([1, 2, 1], np.int8), np.array([9, 9, 4], np.int16)
    start = game_kernels.new_games(1, record.rules)
    with pytest.raises(ValueError, match=r"^move 3, B2: the game is over$"):
        replayer.replay(start.copy(), colors, actions, np.arange(3))
    inputs = replayer.replay(start, colors, actions, np.arange(3), ends_by_passes=False)
    assert len(inputs.planes) == 3 and start["stones"][0, 4] == rules.BLACK


def test_the_settings_of_a_network_name_its_inputs():
    family, inputs = net_config.Family, net_config.InputSet
    of_net = input_families.of_net
    assert of_net(net_config.NetConfig()) is input_families.LEELA
    assert of_net(net_config.NetConfig(family=family.katago)) is input_families.KATAGO_FAST
    full = net_config.NetConfig(family=family.katago, inputs=inputs.full)
    assert of_net(full) is input_families.KATAGO


def test_komi_reaches_the_inputs_of_a_window():
    """KataGo's inputs show komi, in twentieths, to White as it is and to Black with the other sign."""
    family = input_families.KATAGO
    window = replay.ReplayWindow(3, replay_config.ReplayConfig(min_window=9, max_window=9), {"score"}, family)
    for komi in (7.0, 2.0):
        window.add(games.make_record(game_id=str(komi), komi=komi, num_played=4))
    own = 20 * window.gather(np.arange(8), np.zeros(8, np.int64)).globals[:, 5]
    assert own.tolist() == pytest.approx([-7, 7, -7, 7, -2, 2, -2, 2])
