"""Replay windows of several board sizes: batches of one size each, and a restart from the log."""

from pathlib import Path

import numpy as np
import pytest

from alphazero.config import game as game_config
from alphazero.config import net as net_config
from alphazero.config import replay as replay_config
from alphazero.config import schema
from alphazero.config import training as training_config
from alphazero.data import rows as data_rows
from alphazero.data import size_windows, store
from alphazero.go import input_families
from tests.data import games
from tests.data import test_batches_golden as played


def config_of(sizes: dict[int, float] | None, **replay: float) -> schema.Config:
    settings: dict[str, float] = {"min_window": 300, "max_window": 300, "held_out_fraction": 0.3, **replay}
    return schema.Config(
        game=game_config.GameConfig(size=5, sizes=sizes),
        net=net_config.NetConfig(family=net_config.Family.katago),
        replay=replay_config.ReplayConfig(**settings),  # type: ignore[arg-type]
        training=training_config.TrainingConfig(min_positions=20),
    )


def add_games(target: store.ReplayStore, first: int = 0) -> None:
    """Twelve games on 5x5 and forty of four positions on 3x3."""
    target.add_games([played.random_game(number, 5) for number in range(first, first + 12)], "actor")
    target.add_games([games.make_record(game_id=f"small {first + n}") for n in range(40)], "actor")


def size_of(batch) -> int:
    return round(batch.policy.shape[1] ** 0.5)


def test_a_batch_has_one_size_and_all_positions_are_equally_likely(tmp_path: Path):
    source = store.ReplayStore(config_of({3: 1, 5: 2}, max_window=1000, min_window=1000), tmp_path)
    add_games(source)
    metrics = source.metrics()
    small, large = metrics["window_3x3"], metrics["window_5x5"]
    assert small + large == metrics["window"] and metrics["positions_3x3"] >= small > 50
    drawn = source.request_batches(100, 4)
    assert drawn is not None
    for batch in drawn:
        family = input_families.KATAGO_FAST
        assert batch.planes.shape == (4, family.num_packed_bytes(size_of(batch)))
        assert batch.globals.shape == (4, family.num_globals)
    share = np.mean([size_of(batch) == 3 for batch in drawn])
    assert share == pytest.approx(small / (small + large), abs=0.15)
    held_out = source.held_out_batches(20, 8)
    assert {size_of(batch) for batch in held_out} == {3, 5}


def test_windows_have_their_shares_of_the_settings():
    config = config_of({3: 1, 5: 2})
    windows = size_windows.SizeWindows(config, config.replay)
    assert [windows.capacity(size) for size in (3, 5)] == [100, 200]
    assert windows.has(3) and not windows.has(4)
    one = size_windows.SizeWindows(config_of(None), config.replay)
    with pytest.raises(ValueError, match="size 3, expected 5"):
        one.replay(games.make_record())


def test_bytes_and_limits_cover_every_size():
    config = config_of({3: 1, 5: 2})
    windows = size_windows.SizeWindows(config, config.replay)
    arrays = [
        array
        for window in windows._windows.values()
        for array in (*window._entries, *window._targets.values(), *window._inputs)
    ]
    assert size_windows.num_bytes(config) == sum(array.nbytes for array in arrays)
    assert size_windows.limit_texts(config) == []
    config.replay.max_window, config.replay.max_gib = 10_000_000, 1.0
    assert ["3x3" in line or "5x5" in line for line in size_windows.limit_texts(config)] == [True, True]


def test_a_restart_rebuilds_every_window(tmp_path: Path):
    """More positions than fit, so that the oldest games are counted and not unpacked."""
    config = config_of({3: 1, 5: 2}, max_window=150, min_window=150, held_out_fraction=0)
    before = store.ReplayStore(config, tmp_path)
    for first in (0, 100):
        add_games(before, first)
    after = store.ReplayStore(config, tmp_path)
    after.restore()
    metrics = [kept.metrics() for kept in (before, after)]
    for name in ("games", "positions", "window_3x3", "window_5x5", "positions_3x3", "positions_5x5"):
        assert metrics[0][name] == metrics[1][name]
    assert metrics[0]["window"] == 150
    found, expected = (kept.request_batches(10, 8) for kept in (before, after))
    assert found is not None and expected is not None
    for one, other in zip(found, expected, strict=True):
        for name, array in data_rows.arrays(one).items():
            assert np.array_equal(array, data_rows.arrays(other)[name])


def test_metrics_are_divided_by_size():
    config = config_of({3: 1, 5: 2})
    windows, rng = size_windows.SizeWindows(config, config.replay), np.random.default_rng(0)
    windows.add(games.make_record())
    small = windows.sample(2, rng)
    windows.add(played.random_game(0, 5))
    drawn = [small, *(windows.sample(2, rng) for _ in range(20))]
    parts = data_rows.by_size(drawn, "held_out")
    assert list(parts) == ["held_out", "held_out_3x3", "held_out_5x5"]
    assert len(parts["held_out"]) == 21 == len(parts["held_out_3x3"]) + len(parts["held_out_5x5"])
    assert {size_of(batch) for batch in parts["held_out_5x5"]} == {5}
    assert data_rows.by_size([small], "held_out") == {"held_out": [small]}
    assert data_rows.by_size([], "held_out") == {}
