"""Benchmark of the learner in samples per second: `learner.<net>`; with K ranks, `learner.<net>.ranks<K>`."""

import multiprocessing
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent import futures
from pathlib import Path
from typing import Any

import numpy as np

from alphazero import files
from alphazero.benchmarks import measurement, peaks, settings
from alphazero.config import game as game_config
from alphazero.config import net as net_config
from alphazero.config import replay as replay_config
from alphazero.config import schema
from alphazero.config import training as training_config
from alphazero.data import record as records
from alphazero.data import replay
from alphazero.data import targets as game_targets
from alphazero.go import board, game_kernels, geometry, input_families
from alphazero.net import hardware, operations
from alphazero.training import data_parallel, learner, roofline

_NUM_POSITIONS = 4096
_ROUNDS = 10
"""Alternating turns, so that other work on the machine affects both sides."""
_NUM_WARM_UP = 3
_START_S = 300.0


def measure(options: settings.BenchmarkSettings) -> Iterator[measurement.Measurement]:
    """Measures whole steps of the learner, with drawing, symmetries, averaging and metrics.

    The limit is a bare step of the same network and optimizer, on tensors that are already on its device:
    forward, losses, backward, update. With several ranks, the limit is one rank's rate times their number.
    """
    for net in options.nets:
        yield _measure_step(net, options)
        if options.num_ranks > 1:
            yield measure_ranks(net, options)


def _measure_step(net: net_config.NetConfig, options: settings.BenchmarkSettings) -> measurement.Measurement:
    config = _make_config(net, options, num_ranks=1)
    window = _make_window(config)
    drawn = window.sample(options.batch_size, np.random.default_rng(0))
    trained, bare = _Learning(config, window), roofline.BareStep(config, drawn)
    sides: list[tuple[Callable[[], int], list[float]]] = [(trained.step, []), (bare.step, [])]
    for step, _ in sides:
        for _ in range(_NUM_WARM_UP):
            step()
    for _ in range(_ROUNDS):
        for step, rates in sides:
            rates.append(measurement.rate(step, options.seconds / (2 * _ROUNDS), options.clock))
    value, limit = (statistics.median(rates) for _, rates in sides)
    return measurement.Measurement(
        name=f"learner.{net.name}",
        value=value,
        unit="samples/s",
        limit=limit,
        setup=_setup(options) | {"optimizer": config.optimizer.name.value, **_share_of_peak(config, value)},
    )


def measure_ranks(
    net: net_config.NetConfig, options: settings.BenchmarkSettings, num_turns: int = 3
) -> measurement.Measurement:
    """Measures one rank and all ranks in turns, in wall-clock time because ranks wait for each other.

    Raises RuntimeError if a rank fails, or if ranks that learn together end with different networks.
    """
    rates: dict[int, list[float]] = {1: [], options.num_ranks: []}
    for _ in range(num_turns):
        for count, found in rates.items():
            found.append(_samples_per_s(net, options, count))
    return measurement.Measurement(
        name=f"learner.{net.name}.ranks{options.num_ranks}",
        value=statistics.median(rates[options.num_ranks]),
        unit="samples/s",
        limit=options.num_ranks * statistics.median(rates[1]),
        setup=_setup(options) | {"batch of all": options.batch_size * options.num_ranks},
    )


def _samples_per_s(net: net_config.NetConfig, options: settings.BenchmarkSettings, count: int) -> float:
    """Samples/s of `count` ranks together, each with batches of the usual size."""
    context = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory() as folder, futures.ProcessPoolExecutor(count, context) as pool:
        address = (Path(folder) / "rendezvous").as_uri()
        found = [pool.submit(_run_rank, number, address, count, net, options) for number in range(count)]
        return sum(future.result() for future in found)


def _run_rank(
    number: int,
    address: str,
    count: int,
    net: net_config.NetConfig,
    options: settings.BenchmarkSettings,
) -> float:
    """Runs one rank and returns its samples/s. The time of a few steps decides how many are measured."""
    config = _make_config(net, options, num_ranks=count)
    group = data_parallel.join(
        address, number, count, hardware.pick_device(config.training.device, number), _START_S
    )
    learning = _Learning(config, _make_window(config), group)
    learning.step()
    # All must take the same number of steps, so they agree on one.
    step_s = group.mean(_seconds_of(learning, _NUM_WARM_UP) / _NUM_WARM_UP)
    num_steps = max(2, round(options.seconds / 4 / step_s))
    rate = num_steps * options.batch_size / _seconds_of(learning, num_steps)
    networks = group.all(learning.digest())
    group.leave()
    require_one_network(networks)
    return rate


def require_one_network(digests: Sequence[str]) -> None:
    """Raises RuntimeError if ranks that learned together ended with different digests of their networks."""
    if len(set(digests)) > 1:
        raise RuntimeError(f"{len(digests)} ranks ended with {len(set(digests))} different networks")


def _seconds_of(learning: "_Learning", num_steps: int) -> float:
    """Wall-clock time of `num_steps` steps."""
    began = time.perf_counter()
    for _ in range(num_steps):
        learning.step()
    return time.perf_counter() - began


class _Learning:
    """A learner with a replay window, as in a run."""

    def __init__(
        self, config: schema.Config, window: replay.ReplayWindow, group: data_parallel.Ranks | None = None
    ) -> None:
        self._learner = learner.Learner(config, group)
        self._window = window
        self._batch_size = config.training.batch_size // config.training.num_ranks
        # Each rank draws different samples. Otherwise ranks without shared gradients would end equal, too.
        self._rng = np.random.default_rng(0 if group is None else group.number)

    def step(self) -> int:
        """Trains one step and returns the number of this rank's samples."""
        self._learner.train([self._window.sample(self._batch_size, self._rng)], progress=0)
        return self._batch_size

    def digest(self) -> str:
        """Digest of the averaged network's kernels. All ranks must call this at the same step."""
        averaged = self._learner.state()["averaged"].values()
        kernels = (tensor.numpy() for tensor in averaged if tensor.ndim == 4)
        return files.sha256(b"".join(kernel.tobytes() for kernel in kernels))


def _make_config(
    net: net_config.NetConfig, options: settings.BenchmarkSettings, num_ranks: int
) -> schema.Config:
    return schema.Config(
        game=game_config.GameConfig(size=options.size, komi=7),
        net=net,
        replay=replay_config.ReplayConfig(min_window=_NUM_POSITIONS, max_window=_NUM_POSITIONS),
        training=training_config.TrainingConfig(
            batch_size=num_ranks * options.batch_size,
            num_ranks=num_ranks,
            compile=options.is_compiled,
            device=training_config.Device(options.device),
        ),
    )


def _make_window(config: schema.Config) -> replay.ReplayWindow:
    """Returns a full window of random games. Their positions cost as much as real ones."""
    fields, family = game_targets.fields_of(config.net), input_families.of_net(config.net)
    window = replay.ReplayWindow(config.game.size, config.replay, fields, family)
    rng = np.random.default_rng(0)
    while len(window) < _NUM_POSITIONS:
        window.add(_random_game(config.game, rng))
    return window


def _random_game(rules: game_config.GameConfig, rng: np.random.Generator) -> records.GameRecord:
    """Plays random legal moves up to a usual length for the board."""
    points = rules.size**2
    tables, scratch = geometry.make(rules.size), board.make_scratch(points)
    position, legal = game_kernels.new_games(1, rules), np.zeros(points + 1, np.bool_)
    moves: list[int] = []
    while not position[0]["over"] and len(moves) < points:
        game_kernels.legal_actions(tables, position, 0, legal)
        moves.append(int(rng.choice(np.flatnonzero(legal))))
        game_kernels.play(tables, position, scratch, 0, moves[-1])
    owners = rng.integers(-1, 2, points).astype(np.int8)
    score = float(int(owners.sum(dtype=np.int64)) - rules.komi)
    return records.GameRecord(
        game_id=str(rng.random()),
        size=rules.size,
        komi=rules.komi,
        suicide=rules.suicide,
        move_limit=rules.moves_at_most,
        moves=np.array(moves, np.int16),
        num_played=len(moves),
        policy=rng.dirichlet(np.full(points + 1, 0.1), len(moves)).astype(np.float16),
        root_values=rng.uniform(-1, 1, len(moves)).astype(np.float32),
        surprise=np.full(len(moves), np.nan, np.float32),
        winner=int(np.sign(score)),
        score=score,
        ownership=owners,
        end="limit",
        oldest_weights=0,
        newest_weights=0,
        num_simulations=1,
        may_resign=True,
    )


def _setup(options: settings.BenchmarkSettings) -> dict[str, Any]:
    return {
        "board": f"{options.size}x{options.size}",
        "batch": options.batch_size,
        "device": str(hardware.pick_device(training_config.Device(options.device))),
        "ranks": options.num_ranks,
    }


def _share_of_peak(config: schema.Config, samples_per_s: float) -> dict[str, Any]:
    """Precision, and the step's share of the rate that a large product of matrices reaches here."""
    peak = peaks.of_training(config.training)
    share = peak.share(samples_per_s * operations.step_operations(config.net, config.game.size))
    return {"precision": peak.precision, measurement.SHARE_OF_PEAK: share}
