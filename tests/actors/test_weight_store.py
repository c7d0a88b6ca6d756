"""The weight store: newest candidate, best network, nothing goes backwards."""

from types import SimpleNamespace

from actors import weight_store


def candidate(version):
    return SimpleNamespace(version=version)


def test_what_is_newer_is_handed_out_once():
    store = weight_store.WeightStore()
    assert store.best(-1) is None and store.newest_candidate(-1) is None
    store.promote(candidate(0))
    store.publish(candidate(250))
    assert store.best(-1) == (0, candidate(0))
    assert store.best(0) is None
    assert store.newest_candidate(0) == (250, candidate(250))
    assert store.newest_candidate(250) is None


def test_versions_only_grow():
    store = weight_store.WeightStore()
    store.promote(candidate(500))
    store.promote(candidate(0))
    store.publish(candidate(750))
    store.publish(candidate(600))
    assert store.best(-1) == (500, candidate(500))
    assert store.newest_candidate(-1) == (750, candidate(750))


def test_weights_are_stored_once():
    stored = []
    store = weight_store.WeightStore(put=lambda value: stored.append(value) or len(stored))
    store.publish(candidate(1))
    assert store.newest_candidate(0) == (1, 1) and store.newest_candidate(0) == (1, 1)
    assert stored == [candidate(1)]
