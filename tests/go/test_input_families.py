"""Tests of input families."""

import numpy as np
import pytest

from alphazero.go import features, geometry, input_families, play


def test_leela_zeros_family_is_its_planes():
    position = play.Game(5, 7.0)
    for action in (12, 3, 25, 7):
        position.play(action)
    planes = np.full((input_families.LEELA.num_planes, 25), 9, np.uint8)
    nothing = np.zeros(input_families.LEELA.num_globals, np.float32)
    input_families.fill(input_families.LEELA.number, geometry.make(5), position.record, 0, planes, nothing)
    expected = np.zeros_like(planes)
    features.fill_planes(geometry.make(5), position.record, 0, expected)
    np.testing.assert_array_equal(planes, expected)


@pytest.mark.parametrize("family", input_families.FAMILIES.values(), ids=lambda family: family.name)
@pytest.mark.parametrize("size", [2, 5, 9, 19])
def test_packed_planes_are_the_planes(family, size):
    planes = np.random.default_rng(0).integers(0, 2, (3, family.num_planes, size, size), dtype=np.uint8)
    packed = family.pack(planes)
    assert packed.shape == (3, family.num_packed_bytes(size))
    np.testing.assert_array_equal(family.unpack(packed, size), planes)


def test_every_family_has_its_own_number():
    numbers = [family.number for family in input_families.FAMILIES.values()]
    assert sorted(set(numbers)) == sorted(numbers)
