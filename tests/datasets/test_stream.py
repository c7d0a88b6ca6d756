"""Reader processes: their order, how they end, and reports of broken files."""

import os
import signal
import time

import numpy as np
import pytest

from alphazero.datasets import shuffle, sources, stream
from tests.datasets import corpus
from tests.datasets.test_shuffle import job_of

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return corpus.write_chunks(tmp_path_factory.mktemp("data") / "chunks", 12)


@pytest.fixture
def streams():
    """opened(jobs, places): a stream that is closed at the end of the test."""
    found = []

    def opened(jobs, places=()):
        found.append(stream.BatchStream(jobs, places))
        return found[-1]

    yield opened
    for one in found:
        one.close()


def take_many(opened):
    for _ in range(100):
        opened.take()


def is_alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_batches_are_those_of_the_order_and_readers_take_turns(folder, streams):
    jobs = [job_of(folder, shard=shard, num_shards=3) for shard in range(3)]
    expected = [shuffle.draw(job, shuffle.Place(), print) for job in jobs]
    opened = streams(jobs)
    for number in range(20):
        batch, wanted = opened.take(), next(expected[number % 3]).batch
        assert np.array_equal(batch.planes, wanted.planes) and np.array_equal(batch.policy, wanted.policy)
    assert opened.epochs == pytest.approx(160 / 288, rel=0.1) and opened.waited_s > 0
    again = streams(jobs, opened.places)
    for number in range(20, 30):
        assert np.array_equal(again.take().planes, next(expected[number % 3]).batch.planes)
    assert [place.batches for place in again.places] == [10, 10, 10]


def test_closing_ends_the_readers_at_once(folder, streams):
    opened = streams([job_of(folder), job_of(folder)])
    opened.take()
    pids = [reader.process.pid for reader in opened._readers]
    began = time.monotonic()
    opened.close()
    assert time.monotonic() - began < 2 and not any(map(is_alive, pids))


def test_a_dead_reader_is_reported(folder, streams):
    opened = streams([job_of(folder)])
    opened.take()
    os.kill(opened._readers[0].process.pid, signal.SIGKILL)
    with pytest.raises(RuntimeError, match="reader 1 ended by signal 9"):
        take_many(opened)


def test_readers_leave_signals_to_the_parent(folder, streams):
    opened = streams([job_of(folder)])
    opened.take()
    for number in (signal.SIGINT, signal.SIGTERM):
        os.kill(opened._readers[0].process.pid, number)
    for _ in range(40):
        opened.take()


def test_broken_files_are_skipped_and_counted_once(tmp_path, streams):
    folder = corpus.write_chunks(tmp_path / "chunks", 6)
    files = sorted(folder.glob("*.gz"))
    files[0].write_bytes(files[0].read_bytes()[:-40])
    files[1].write_text("nothing of use\n" * 40)
    opened = streams([job_of(folder, batch_size=4)])
    while opened.epochs < 3:
        opened.take()
    kinds = sorted((skipped.path.name, skipped.reason.name) for skipped in opened.corruptions.values())
    assert kinds == [("chunk.0.gz", "cut"), ("chunk.1.gz", "garbage")]


def test_data_without_positions_raise_one_line(tmp_path, streams):
    folder = corpus.write_sgf(tmp_path / "sgf", 2, size=9)
    job = job_of(folder, files=tuple(sources.find([str(folder)])))
    opened = streams([job])
    for _ in range(2):
        with pytest.raises(ValueError, match=r"data.path: no position.*9x9, expected 5x5") as caught:
            opened.take()
        assert "\n" not in str(caught.value)
