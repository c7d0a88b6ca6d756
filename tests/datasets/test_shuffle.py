"""The order of positions: each once in a pass, resumable from any place, and shuffled."""

import itertools

import numpy as np
import pytest

from alphazero.data import rows as data_rows
from alphazero.datasets import shuffle, sources
from tests.datasets import corpus

READING = corpus.READING._replace(held_out_fraction=0.0)


def job_of(folder, **changes):
    fields = {
        "files": tuple(sources.find([str(folder)])),
        "reading": READING,
        "split": sources.Split(None, 0.0),
        "fields": frozenset(),
        "batch_size": 8,
        "window": 64,
        "seed": 1,
        "expected_rows": 100.0,
    }
    return shuffle.Job(**fields | changes)


START = shuffle.Place()


def draw(job, count, place=START):
    reported = []
    return list(itertools.islice(shuffle.draw(job, place, reported.append), count))


def keys(drawn):
    """Keys of positions that do not depend on symmetry: stones, history, value, side to move."""
    found = []
    for one in drawn:
        batch = one.batch
        bits = np.unpackbits(batch.planes, axis=1, count=18 * 25, bitorder="little").reshape(-1, 18, 25)
        found += [
            (*map(int, row.sum(axis=1)), float(value)) for row, value in zip(bits, batch.value, strict=True)
        ]
    return found


@pytest.fixture(scope="module")
def chunks(tmp_path_factory):
    """12 files of 2 games of 12 positions: 288 positions."""
    return corpus.write_chunks(tmp_path_factory.mktemp("data") / "chunks", 12)


@pytest.mark.parametrize("window", [1, 8, 50, 64, 288, 1000])
def test_a_pass_has_every_position_once(chunks, window):
    job = job_of(chunks, window=window)
    first, second = draw(job, 72)[:36], draw(job, 72)[36:]
    in_order = [block.batch for source in job.files for block in sources.read(source, READING, print)]
    expected = sorted(keys([shuffle.Drawn(batch, shuffle.Place()) for batch in in_order]))
    assert sorted(keys(first)) == sorted(keys(second)) == expected
    assert keys(first) != keys(second)
    assert first[-1].place.epochs == 1 and second[-1].place.epochs == 2
    epochs = [one.place.epochs for one in first + second]
    assert epochs == sorted(epochs)


@pytest.mark.parametrize("window", [8, 50, 1000])
def test_the_stream_goes_on_from_each_place_as_it_would_have(chunks, window):
    job = job_of(chunks, window=window, batch_size=10)
    whole = draw(job, 70)
    for at in (1, 7, 28, 29, 45, 57):
        rest = draw(job, 70 - at, whole[at - 1].place)
        for one, other in zip(whole[at:], rest, strict=True):
            assert one.place == other.place
            found = data_rows.arrays(one.batch)
            for name, expected in data_rows.arrays(other.batch).items():
                assert np.array_equal(found[name], expected)


def test_seeds_differ_and_positions_of_a_game_are_far_apart(chunks):
    first = keys(draw(job_of(chunks, window=288), 36))
    assert first != keys(draw(job_of(chunks, window=288, seed=2), 36))
    plies = np.array([sum(key[:16]) for key in first])
    assert np.abs(np.corrcoef(plies[:-1], plies[1:])[0, 1]) < 0.25


@pytest.mark.parametrize("num_shards", [2, 3, 5])
def test_shards_divide_a_pass(chunks, num_shards):
    """By files, or by positions if there are many shards."""
    parts = []
    for shard in range(num_shards):
        job = job_of(chunks, shard=shard, num_shards=num_shards, batch_size=1)
        drawn = itertools.takewhile(
            lambda one: one.place.epoch == 0, shuffle.draw(job, shuffle.Place(), print)
        )
        parts.append(keys(drawn))
    assert sorted(itertools.chain(*parts)) == sorted(keys(draw(job_of(chunks), 36)))
    assert max(map(len, parts)) - min(map(len, parts)) <= 24


def test_one_file_feeds_many_shards(tmp_path):
    folder = corpus.write_chunks(tmp_path / "chunks", 1)
    counts = [len(draw(job_of(folder, shard=s, num_shards=4, batch_size=2), 3)) for s in range(4)]
    assert counts == [3] * 4


def test_held_out_games_and_unwanted_fields_are_not_drawn(tmp_path):
    folder = corpus.write_log(tmp_path / "run", 20)
    reading = READING._replace(held_out_fraction=0.3)
    job = job_of(
        folder, reading=reading, split=sources.Split(None, 0.3), fields=frozenset({"score"}), batch_size=1
    )
    drawn = [one for one in draw(job, 240) if one.place.epoch == 0]
    (source,) = job.files
    kept = sum(len(b.is_held_out) for b in sources.read(source, reading, print) if not b.is_held_out.any())
    assert len(drawn) == kept < 240
    assert set(drawn[0].batch.auxiliary) == {"score"}


def test_data_without_a_position_are_refused(tmp_path):
    folder = corpus.write_sgf(tmp_path / "sgf", 2, size=9)
    with pytest.raises(ValueError, match=r"data\.path: no position of this board size is left"):
        draw(job_of(folder), 1)
