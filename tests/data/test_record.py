"""Game records: bytes and back, and contradictions that are refused."""

import dataclasses

import numpy as np
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from alphazero.data import record as records
from tests.data import games


def assert_same(one: records.GameRecord, other: records.GameRecord) -> None:
    for field in dataclasses.fields(records.GameRecord):
        a, b = getattr(one, field.name), getattr(other, field.name)
        if isinstance(a, np.ndarray):
            assert a.dtype == b.dtype, field.name
            assert np.array_equal(a, b, equal_nan=a.dtype.kind == "f"), field.name
        else:
            assert a == b, field.name


@st.composite
def any_records(draw: st.DrawFn) -> records.GameRecord:
    size, num_moves = draw(st.integers(2, 9)), draw(st.integers(0, 30))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    num_played = draw(st.integers(0, num_moves))
    policy = rng.dirichlet(np.ones(size * size + 1), num_played).astype(np.float16)
    values = rng.uniform(-1, 1, num_played).astype(np.float32)
    unsearched = rng.random(num_played) < 0.3
    policy[unsearched], values[unsearched] = 0, np.nan
    is_resigned = num_played < num_moves
    return games.make_record(
        game_id=draw(st.text(min_size=1, max_size=20)),
        size=size,
        komi=draw(st.integers(-20, 20)) / 2,
        ko=draw(st.sampled_from(["positional", "situational", "simple"])),
        suicide=draw(st.booleans()),
        move_limit=num_moves + draw(st.integers(0, 5)),
        moves=rng.integers(0, size * size + 1, num_moves).astype(np.int16),
        num_played=num_played,
        policy=policy,
        root_values=values,
        ownership=rng.integers(-1, 2, size * size).astype(np.int8),
        end="resign" if is_resigned else "limit",
        may_resign=is_resigned or draw(st.booleans()),
    )


@given(any_records())
def test_bytes_and_back(record: records.GameRecord):
    data = record.to_bytes()
    again = records.GameRecord.from_bytes(data)
    assert_same(record, again)
    assert again.to_bytes() == data
    header = records.read_header(data)
    assert (header["game_id"], header["num_targets"]) == (record.game_id, record.num_targets)


def test_numpy_scalars_are_written_as_plain_numbers():
    record = games.make_record(num_simulations=np.int32(5), komi=np.float32(6.5), suicide=np.bool_(True))
    again = records.GameRecord.from_bytes(record.to_bytes())
    assert (again.num_simulations, again.komi, again.suicide) == (5, 6.5, True)


def test_positions_with_a_search_and_with_a_full_search():
    """The second move had no search, the third a cheap one."""
    policy = games.one_hot([4, 0, 9, 9], 10)
    policy[1:3] = 0
    record = games.make_record(policy=policy, root_values=np.array([0.5, np.nan, 0, 1], np.float32))
    assert record.has_target.tolist() == [True, False, True, True]
    assert record.has_policy.tolist() == [True, False, False, True]
    assert record.num_targets == 3


FOUR = np.zeros(4, np.float32)
CONTRADICTIONS = {
    "size 20": {"size": 20},
    "game_id is empty": {"game_id": ""},
    "komi 7.2": {"komi": 7.2},
    "end 'flag'": {"end": "flag"},
    "ko 'natural' is not one of positional": {"ko": "natural"},
    "weights from 4 to 3": {"oldest_weights": 4, "newest_weights": 3},
    "num_simulations -1": {"num_simulations": -1},
    r"moves must be int16 \[4\], not int64": {"moves": np.array([4, 0, 9, 9])},
    r"policy must be float16 \[4, 10\]": {"policy": games.one_hot([4, 0, 9], 10)},
    r"root_values must be float32 \[4\]": {"root_values": np.zeros(3, np.float32)},
    r"ownership must be int8 \[9\]": {"ownership": np.zeros(10, np.int8)},
    "outside 0 to 9": {"moves": np.array([4, 0, 9, 10], np.int16)},
    "4 moves and move_limit=3: must satisfy 0 <= num_played": {"move_limit": 3},
    "moves follow the end": {"moves": np.array([4, 0, 9, 9, 1], np.int16)},
    "policy does not sum": {"policy": np.full((4, 10), 0.2, np.float16)},
    "policy has a negative entry": {"policy": games.one_hot([4, 0, 9, 9], 10)
                                    + np.eye(4, 10, k=5, dtype=np.float16)
                                    - np.eye(4, 10, k=6, dtype=np.float16)},
    "value is not in": {"root_values": FOUR + 1.01},
    "value is not": {"root_values": FOUR * np.nan},
    "winner 2": {"winner": 2},
    "ownership is not": {"ownership": np.full(9, 2, np.int8)},
    "score 5.0 is not 0 points": {"score": 5.0},
    "winner 1 contradicts": {"winner": 1},
}  # fmt: skip


@pytest.mark.parametrize("reason", CONTRADICTIONS)
def test_contradictions_are_refused(reason: str):
    with pytest.raises(ValueError, match=f"game record.*{reason}"):
        games.make_record(**CONTRADICTIONS[reason])


def test_only_resigned_games_may_be_won_against_the_score():
    record = games.make_record(end="resign", winner=1)
    assert record.is_resigned
    assert record.score == -7


@given(st.data())
def test_altered_bytes_raise_value_errors_only(data: st.DataObject):
    """Any other exception would stop a run that reads its log."""
    good = games.make_record().to_bytes()
    place = data.draw(st.integers(0, len(good) - 1))
    altered = bytearray(good)
    altered[place] ^= data.draw(st.integers(1, 255))
    for bad in (bytes(altered), good[:place]):
        try:
            records.GameRecord.from_bytes(bad)
        except ValueError:
            continue


def test_games_without_the_ko_field_are_read():
    data = games.make_record().to_bytes().replace(b'"ko":"positional",', b"")
    old = (int.from_bytes(data[:4], "little") - 18).to_bytes(4, "little") + data[4:]
    assert records.GameRecord.from_bytes(old).ko == "positional"


def test_cut_bytes_are_refused():
    good = games.make_record().to_bytes()
    for length in range(len(good)):
        with pytest.raises(ValueError, match="game record"):
            records.GameRecord.from_bytes(good[:length])


def test_arrays_that_announce_another_size_are_refused():
    """They are refused before memory is allocated: a few bytes of zstandard can announce gigabytes."""
    good = games.make_record().to_bytes()
    start = 4 + int.from_bytes(good[:4], "little")
    bomb = good[:start] + zstandard.compress(bytes(50_000_000))
    with pytest.raises(ValueError, match="50000000 bytes of arrays"):
        records.GameRecord.from_bytes(bomb)


def test_other_versions_are_refused():
    data = games.make_record().to_bytes().replace(b'"version":2', b'"version":9')
    with pytest.raises(ValueError, match="version 9, expected at most 2"):
        records.GameRecord.from_bytes(data)
