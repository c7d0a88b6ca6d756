"""The replay store: counts each game once, keeps the replay ratio, and is restored from its log."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from alphazero.config import game as game_config
from alphazero.config import replay as replay_config
from alphazero.config import schema
from alphazero.config import training as training_config
from alphazero.data import gamelog, store
from alphazero.data import rows as data_rows
from tests.data import games


def make_store(
    folder: Path, *, max_window: int = 1000, held_out: float = 0.0, **training: float
) -> store.ReplayStore:
    """3x3; every game of `games.make_record` has 4 positions."""
    settings: dict[str, float] = {
        "replay_ratio": 2.0,
        "min_positions": 8,
        "max_lead_positions": 20,
        **training,
    }
    config = schema.Config(
        game=game_config.GameConfig(size=3),
        replay=replay_config.ReplayConfig(
            min_window=max_window, max_window=max_window, held_out_fraction=held_out
        ),
        training=training_config.TrainingConfig(**settings),  # type: ignore[arg-type]
    )
    return store.ReplayStore(config, folder)


def add(target: store.ReplayStore, numbers: Sequence[int], **changes: object) -> int:
    return target.add_games(
        [games.make_record(game_id=str(number), **changes) for number in numbers], "actor"
    )


def totals(target: store.ReplayStore) -> tuple[int, int, int]:
    counters = target.counters
    return counters.games, counters.positions, counters.samples


def test_games_count_once(tmp_path: Path):
    replay = make_store(tmp_path)
    assert add(replay, [1, 2]) == 2
    assert add(replay, [2, 3, 3]) == 1
    assert add(replay, [1]) == 0
    assert totals(replay) == (3, 12, 0)
    assert replay.metrics()["window"] == 12
    assert [entry.game_id for entry in gamelog.GameLog(tmp_path).entries()] == ["1", "2", "3"]


def test_games_are_counted_by_their_ends(tmp_path: Path):
    """Including those that are too old to be unpacked at a restart."""
    before = make_store(tmp_path, max_window=8)
    for number, end in enumerate(["limit", "passes", "settled", "limit", "resign", "limit"]):
        add(before, [number], end=end)
    after = make_store(tmp_path, max_window=8)
    after.restore()
    for replay in (before, after):
        metrics = replay.metrics()
        ends = {end: metrics[f"{end}_games"] for end in ("passes", "resign", "settled", "limit")}
        assert ends == {"passes": 1, "resign": 1, "settled": 1, "limit": 3}
        assert metrics["games"] == 6


def test_games_are_in_the_log_before_they_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    replay = make_store(tmp_path)

    def fail(*arguments: object) -> None:
        raise OSError("no space left")

    with monkeypatch.context() as patch:
        patch.setattr(gamelog.GameLog, "append_many", fail)
        with pytest.raises(OSError, match="no space left"):
            add(replay, [1])
    assert totals(replay) == (0, 0, 0)
    assert replay.metrics()["window"] == 0
    assert add(replay, [1]) == 1


def test_an_illegal_game_keeps_the_whole_push_out_of_the_log(tmp_path: Path):
    replay = make_store(tmp_path)
    illegal = games.make_record(game_id="bad", moves=np.array([4, 4, 9, 9], np.int16))
    with pytest.raises(ValueError, match="game bad: move 2, B2: the point is occupied"):
        replay.add_games([games.make_record(game_id="good"), illegal], "actor")
    assert totals(replay) == (0, 0, 0)
    assert gamelog.GameLog(tmp_path).entries() == []


def test_the_replay_ratio_limits_samples(tmp_path: Path):
    """Two samples for each position, after the first eight positions."""
    replay = make_store(tmp_path)
    add(replay, [1])
    assert replay.request_batches(1, 1) is None
    add(replay, [2])
    batches = replay.request_batches(2, 5)
    assert batches is not None
    assert [len(batch.value) for batch in batches] == [5, 5]
    assert replay.request_batches(1, 7) is None  # 10 + 7 > 16
    assert replay.request_batches(1, 6) is not None
    assert replay.request_batches(1, 1) is None
    assert totals(replay) == (2, 8, 16)
    assert replay.metrics()["samples_per_position"] == 2
    add(replay, [3])
    assert replay.request_batches(2, 4) is not None


def test_self_play_waits_when_it_is_far_ahead(tmp_path: Path):
    """The lead is the number of positions that training has not used yet; the limit is 20."""
    replay = make_store(tmp_path)
    add(replay, range(10))
    assert not replay.should_wait()  # 40 ahead, but the learner has not begun
    assert replay.request_batches(1, 38) is not None  # 38 samples use up 19 positions
    assert replay.should_wait()  # 21 ahead
    assert replay.request_batches(1, 2) is not None
    assert not replay.should_wait()  # 20 ahead
    add(replay, [10])
    assert replay.should_wait()


def test_self_play_never_waits_while_the_learner_does(tmp_path: Path):
    replay = make_store(tmp_path)
    add(replay, range(10))
    assert replay.request_batches(1, 10) is not None
    assert replay.should_wait()
    assert replay.request_batches(1, 1000) is None
    assert not replay.should_wait()
    assert replay.request_batches(1, 10) is not None
    assert replay.should_wait()


def test_the_state_is_restored_from_the_log(tmp_path: Path):
    before = make_store(tmp_path)
    add(before, [1, 2], komi=0.0)
    add(before, [3])
    assert before.request_batches(1, 10) is not None
    after = make_store(tmp_path)
    after.restore(samples=10)
    assert after.metrics() == before.metrics()
    one, other = (kept._window._windows[3] for kept in (before, after))
    numbers, symmetries = np.arange(12), np.arange(12) % 8
    found = data_rows.arrays(one.gather(numbers, symmetries))
    for name, expected in data_rows.arrays(other.gather(numbers, symmetries)).items():
        assert np.array_equal(found[name], expected)
    assert add(after, [1, 2, 3]) == 0
    assert after.request_batches(1, 15) is None
    assert after.request_batches(1, 14) is not None


def test_held_out_games_are_never_drawn(tmp_path: Path):
    """Their ids decide. They count, are restored from the log, and are drawn separately."""
    first = make_store(tmp_path, held_out=0.3, min_positions=1)
    add(first, range(200))
    assert first.counters.games == 200
    assert 40 < first.counters.held_out_games < 80
    second = make_store(tmp_path, held_out=0.3, min_positions=1)
    second.restore()
    for replay in (first, second):
        assert replay.counters.held_out_games == first.counters.held_out_games
        assert len(replay._held_out) == 4 * replay.counters.held_out_games
        assert len(replay._window) == 4 * (200 - replay.counters.held_out_games)
        once, again = (replay.held_out_batches(2, 8) for _ in range(2))
        for one, other in zip(once, again, strict=True):
            assert np.array_equal(one.planes, other.planes)
    assert make_store(tmp_path / "none").held_out_batches(2, 8) == []


def test_a_resumed_run_draws_the_same_batches(tmp_path: Path):
    first = make_store(tmp_path, min_positions=1, replay_ratio=100)
    add(first, range(10))
    first.request_batches(3, 8)
    expected = first.request_batches(2, 8)
    second = make_store(tmp_path, min_positions=1, replay_ratio=100)
    second.restore(samples=24)
    drawn = second.request_batches(2, 8)
    assert expected is not None
    assert drawn is not None
    for one, other in zip(expected, drawn, strict=True):
        assert np.array_equal(one.planes, other.planes)
        assert np.array_equal(one.policy, other.policy)


def test_old_games_count_without_being_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """The window holds 10 positions: two and a half of the ten games."""
    before = make_store(tmp_path, max_window=10)
    add(before, range(10))
    read = []
    original = gamelog.GameLog.read

    def counted(log: gamelog.GameLog, entry: gamelog.LogEntry) -> object:
        read.append(entry.game_id)
        return original(log, entry)

    monkeypatch.setattr(gamelog.GameLog, "read", counted)
    after = make_store(tmp_path, max_window=10)
    after.restore()
    assert read == ["7", "8", "9"]
    assert totals(after) == totals(before) == (10, 40, 0)
    assert after.metrics()["window"] == before.metrics()["window"] == 10
    assert add(after, [0]) == 0


def test_corruption_costs_its_games_and_is_counted(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    add(make_store(tmp_path), range(4))
    (path,) = tmp_path.iterdir()
    data = bytearray(path.read_bytes())
    second = data.find(gamelog.MAGIC, 1)
    data[second + 40] ^= 1
    path.write_bytes(bytes(data[:-7]))
    after = make_store(tmp_path)
    counters = after.restore()
    assert (counters.games, counters.positions, counters.damaged_games) == (2, 8, 2)
    assert f"skipped {path} at byte {second}: a game with a wrong checksum" in caplog.text
    assert add(after, range(4)) == 2


def test_a_game_of_another_size_in_the_log_is_corruption(tmp_path: Path):
    other = games.make_record(
        game_id="2x2",
        size=2,
        moves=np.array([4, 4], np.int16),
        num_played=2,
        policy=games.one_hot([4, 4], 5),
        root_values=np.zeros(2, np.float32),
        ownership=np.zeros(4, np.int8),
    )
    log = gamelog.GameLog(tmp_path)
    log.append_many([other, games.make_record()], "actor")
    replay = make_store(tmp_path)
    assert replay.restore().damaged_games == 1
    assert totals(replay) == (1, 4, 0)
