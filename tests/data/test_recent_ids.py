"""Recent ids: known until `count` newer ones were added, in constant memory."""

from alphazero.data import recent_ids


def test_the_newest_are_known_and_older_ones_forgotten():
    ids = recent_ids.RecentIds(3)
    assert "a" not in ids
    for name in "abc":
        ids.add(name)
    assert [name in ids for name in "abcd"] == [True, True, True, False]
    ids.add("d")
    assert [name in ids for name in "abcd"] == [False, True, True, True]


def test_many_similar_ids_are_distinguished():
    ids = recent_ids.RecentIds(1000)
    for number in range(1000):
        ids.add(f"selfplay{number % 7:03d}-0badcafe-{number}")
    assert all(f"selfplay{number % 7:03d}-0badcafe-{number}" in ids for number in range(1000))
    assert not any(f"selfplay{number % 7:03d}-0badcafe-{number}" in ids for number in range(1000, 2000))
    assert len(ids._hashes) == 1000
