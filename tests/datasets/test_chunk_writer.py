"""Chunks of our games and of SGF files: the same bytes as Leela Zero's, and complete files or none."""

import errno
import gzip
import os

import numpy as np
import pytest

from alphazero.config import replay as replay_config
from alphazero.data import replay
from alphazero.datasets import chunk_text, chunk_writer, positions, sgf_positions
from tests.data import games
from tests.datasets import chunks


def write(folder, batches, size=5, name="games", **options):
    with chunk_writer.ChunkWriter(folder, name, size, **options) as writer:
        return chunk_writer.write(writer, batches)


def test_an_sgf_game_becomes_the_records_worked_out_by_hand(tmp_path):
    (tmp_path / "a.sgf").write_bytes(chunks.SGF)
    counts = write(tmp_path / "out", sgf_positions.read(tmp_path / "a.sgf", 5))
    assert counts == chunk_writer.Counts(positions=4, games=1)
    text = gzip.decompress((tmp_path / "out" / "games.0.gz").read_bytes()).decode()
    assert text == "".join(chunks.RECORDS)


def test_numbers_have_six_digits_as_in_c():
    numbers = np.array([[1 / 3, 1e-5, 2 / 3e5, 0.25, 1, 0, 1 / 1024, 0.1, 123 / 1e9, 0.9999999]], np.float32)
    batch = positions.make_batch(positions.pack_planes(np.zeros((1, 18, 9), np.uint8)), numbers, np.ones(1))
    line = chunk_text.encode(batch, 3).split(b"\n")[17]
    assert line == b"0.333333 1e-05 6.66667e-06 0.25 1 0 0.000976562 0.1 1.23e-07 1"


def a_game(**changes):
    """5x5, White wins; the second move was searched cheaply, the third not at all."""
    actions = [12, 6, 4, 25, 18, 25, 25]
    policy = np.random.default_rng(0).dirichlet(np.ones(26), 7).astype(np.float16)
    policy[1:3] = 0
    values = np.array([0.5, 0.5, np.nan, -0.5, 0, 0, 0], np.float32)
    ownership = np.zeros(25, np.int8)
    ownership[[6, 12, 18]] = [-1, 1, 1]
    fields = {"size": 5, "komi": 7.5, "moves": np.array(actions, np.int16), "num_played": 7, "move_limit": 50}
    return games.make_record(
        **fields | {"policy": policy, "root_values": values, "ownership": ownership} | changes
    )


def test_a_game_record_agrees_with_the_replay_window(tmp_path):
    record = a_game()
    counts = write(tmp_path, [positions.of_record(record)])
    assert counts == chunk_writer.Counts(positions=5, games=1)
    batch, reported = chunks.read(tmp_path / "games.0.gz", 5)
    assert reported == []
    config = replay_config.ReplayConfig(max_window=100, min_window=10, outcome_weight=1, score_weight=0)
    window = replay.ReplayWindow(5, config)
    window.add(record)
    wanted = window.gather(np.array([0, 2, 3, 4, 5]), np.zeros(5, np.int64))  # those with a policy
    assert np.array_equal(batch.planes, wanted.planes)
    assert np.array_equal(batch.value, wanted.value)
    np.testing.assert_allclose(batch.policy, wanted.policy, rtol=6e-6)


def test_moves_of_a_play_out_are_not_positions():
    record = a_game(
        num_played=4, end="resign", winner=1, policy=a_game().policy[:4], root_values=np.zeros(4, np.float32)
    )
    batch = positions.of_record(record)
    assert batch.value.tolist() == [1, -1]
    assert positions.unpack_planes(batch)[:, 16, 0].tolist() == [1, 0]


def test_games_that_the_format_cannot_hold():
    drawn = a_game(komi=1.0)
    cheap = a_game(policy=np.zeros((7, 26), np.float16))
    illegal = a_game(game_id="g-7", moves=np.array([12, 12, 4, 25, 18, 25, 25], np.int16))
    reported = []
    batches = chunk_writer.of_records(
        [drawn, a_game(), cheap, illegal, games.make_record()], 5, "log", reported.append
    )
    counted = chunk_writer.write(Collector(), batches)
    assert counted == chunk_writer.Counts(positions=5, games=1, drawn=1, without_policy=1)
    assert [str(skipped) for skipped in reported] == [
        "log, game g-7: has an illegal move (move 2, C3: the point is occupied)",
        "log, game game-1: is for another board size (3x3, expected 5x5)",
    ]


class Collector:
    def add(self, game):
        assert set(game.value) == {1, -1}


def test_chunks_hold_a_fixed_number_of_whole_games(tmp_path):
    game = positions.of_record(a_game())
    write(tmp_path, [game] * 5, games_per_chunk=2)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["games.0.gz", "games.1.gz", "games.2.gz"]
    assert [len(chunks.read(tmp_path / f"games.{k}.gz", 5)[0].value) for k in range(3)] == [10, 10, 5]


def test_the_same_games_make_the_same_bytes(tmp_path):
    for name in ("one", "two"):
        write(tmp_path / name, [positions.of_record(a_game())])
    assert (tmp_path / "one/games.0.gz").read_bytes() == (tmp_path / "two/games.0.gz").read_bytes()
    assert (tmp_path / "one/games.0.gz").read_bytes()[8] == 2  # the mark of level 9


def test_nothing_is_left_when_the_disk_is_full(tmp_path, monkeypatch):
    calls = []

    def fsync(descriptor):
        calls.append(descriptor)
        if len(calls) > 2:  # a file and its folder take two
            raise OSError(errno.ENOSPC, "No space left on device")
        real(descriptor)

    real = os.fsync
    monkeypatch.setattr(os, "fsync", fsync)
    with pytest.raises(OSError) as error:
        write(tmp_path, [positions.of_record(a_game())] * 2, games_per_chunk=1)
    assert (error.value.filename, error.value.strerror) == (
        str(tmp_path / "games.1.gz"),
        "No space left on device",
    )
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_left_after_an_interruption(tmp_path):
    def interrupted():
        yield positions.of_record(a_game())
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write(tmp_path, interrupted(), games_per_chunk=1)
    assert list(tmp_path.iterdir()) == []


def test_existing_chunks_are_not_mixed_with_new_ones(tmp_path):
    write(tmp_path, [positions.of_record(a_game())])
    before = (tmp_path / "games.0.gz").read_bytes()
    with pytest.raises(ValueError, match=r"games\.0\.gz: already exists"):
        write(tmp_path, [])
    assert (tmp_path / "games.0.gz").read_bytes() == before
    write(tmp_path, [positions.of_record(a_game())], name="game")
    with pytest.raises(ValueError, match="is not a folder"):
        chunk_writer.ChunkWriter(tmp_path / "game.0.gz", "x", 5)


@pytest.mark.parametrize("number", [620764, 622643, 623554, 638132, 638370])
def test_equal_to_leela_zeros_dump_supervised(shared_data, number):
    (game,) = sgf_positions.read(shared_data / "cgos9" / f"{number}.sgf", 9)
    theirs = gzip.decompress((shared_data / "lz_supervised" / f"{number}.0.gz").read_bytes())
    assert chunk_text.encode(game, 9) == theirs


@pytest.mark.parametrize(("name", "size", "count"), [("lz9_synth_0", 9, 88), ("lz19_0k_0", 19, 120)])
def test_equal_to_leela_zeros_dump_training(shared_data, name, size, count):
    """Planes, side and result of the same game's SGF, and its own probabilities, give all its bytes."""
    folder = shared_data / "lz_pairs"
    theirs, reported = chunks.read(folder / f"{name}.0.gz", size)
    (ours,) = sgf_positions.read(folder / f"{name}.sgf", size)
    assert reported == []
    assert len(ours.value) == len(theirs.value) == count
    text = chunk_text.encode(ours._replace(policy=theirs.policy), size)
    assert text == gzip.decompress((folder / f"{name}.0.gz").read_bytes())
    # A move that was played had visits.
    played = theirs.policy[np.arange(count), ours.policy.argmax(axis=1)]
    assert (played > 0).all()
