"""Tests of the weight store: newest candidate, best network, and versions that only grow."""

from types import SimpleNamespace
from typing import Any

import pytest

from actors import weight_store
from alphazero.run_files import promotion
from tests.evaluation import networks


@pytest.fixture
def store(tmp_path):
    return weight_store.WeightStore(tmp_path)


def candidate(version):
    return SimpleNamespace(version=version)


def test_what_is_newer_is_handed_out_once(store):
    assert store.versions() == (-1, -1)
    assert store.best(-1) is None and store.newest_candidate(-1) is None
    store.promote(candidate(0))
    store.publish(candidate(250))
    assert store.best(-1) == (0, candidate(0))
    assert store.best(0) is None
    assert store.newest_candidate(0) == (250, candidate(250))
    assert store.newest_candidate(250) is None


def test_versions_only_grow(store):
    store.promote(candidate(500))
    store.promote(candidate(0))
    store.publish(candidate(750))
    store.publish(candidate(600))
    assert store.versions() == (750, 500)
    assert store.best(-1) == (500, candidate(500))
    assert store.newest_candidate(-1) == (750, candidate(750))


def test_weights_are_stored_once(tmp_path):
    stored = []
    store = weight_store.WeightStore(tmp_path, put=lambda value: stored.append(value) or len(stored))
    store.publish(candidate(1))
    assert store.newest_candidate(0) == (1, 1) and store.newest_candidate(0) == (1, 1)
    assert stored == [candidate(1)]


def test_a_store_that_was_killed_begins_with_the_promoted_network(tmp_path):
    facts = {"steps": 40, "games": 3, "positions": 100}
    promotion.Promotions(tmp_path).promote(networks.make_weights(), facts)
    again = weight_store.WeightStore(tmp_path)
    assert again.versions() == (-1, 40)
    best: Any = again.best(-1)
    assert best is not None and best.candidate.games == 3
