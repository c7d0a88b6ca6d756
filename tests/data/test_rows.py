"""Rows of batches, compared with symmetries applied to one position at a time."""

import numpy as np

from alphazero.data import rows as data_rows
from alphazero.go import input_families, symmetry
from tests.training import batches


def test_each_position_is_turned_in_its_own_symmetry():
    batch = batches.make_batch(seed=3, batch=24, size=4)
    symmetries = np.arange(24) % 8
    turned = data_rows.turn(batch, symmetries, 4)
    before = input_families.LEELA.unpack(batch.planes, 4).reshape(24, 18, 16)
    after = input_families.LEELA.unpack(turned.planes, 4).reshape(24, 18, 16)
    for row, s in enumerate(symmetries):
        assert np.array_equal(after[row], symmetry.apply(before[row], s, 4))
        assert np.array_equal(turned.policy[row], symmetry.apply(batch.policy[row], s, 4))
        for name in ("reply", "ownership"):
            expected = symmetry.apply(batch.auxiliary[name][row], s, 4)
            assert np.array_equal(turned.auxiliary[name][row], expected)
    assert np.array_equal(turned.value, batch.value)
    assert np.array_equal(data_rows.turn(batch, np.zeros(24, int), 4).planes, batch.planes)


def test_parts_join_to_the_whole():
    batch = data_rows.keep_fields(batches.make_batch(batch=10), frozenset({"score"}))
    assert data_rows.known(batch) == {"score"}
    joined = data_rows.join([data_rows.take(batch, slice(0, 3)), data_rows.take(batch, np.arange(3, 10))])
    assert data_rows.known(joined) == {"score"}
    assert np.array_equal(joined.planes, batch.planes) and np.array_equal(joined.policy, batch.policy)
